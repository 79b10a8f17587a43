"""Whether the results in a folder are those of its run: of its posterior, and the very files that it wrote."""

__all__ = ["foreign_draws", "foreign_files", "foreign_results"]

from .layout import FIT, SAMPLES, digest_of_file


def foreign_files(run, names=(FIT, SAMPLES)):
    """One sentence for every file of results that is not the one in the run's manifest; a tuple of str."""
    products, found = run.manifest.get("products", {}), []
    for name in names:
        path = run.path(name)
        if not path.is_file():
            continue
        if name not in products:
            found.append(f"{name} is in the folder, but this run did not write it")
        elif digest_of_file(path) != products[name]:
            found.append(f"{name} is not the file that this run wrote: its digest is another one")
    return tuple(found)


def foreign_draws(run, samples):
    """A sentence if draws (a SampleResult or None) are not of the run's own posterior; a tuple of str."""
    known, identity = run.manifest.get("identity", {}).get("posterior"), getattr(samples, "identity", "")
    if not (known and identity) or identity == known:
        return ()
    return ("the draws are of another posterior: other data, model or priors than this run's",)


def foreign_results(run, samples):
    """Everything that is not the run's own; a tuple of str."""
    return foreign_files(run) + foreign_draws(run, samples)
