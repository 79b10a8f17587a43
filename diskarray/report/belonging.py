"""Whether the results in a folder are those of its run: of its posterior, and the very files that it wrote."""

__all__ = ["foreign_results"]

from ..pipeline.layout import FIT, SAMPLES, digest_of_file


def foreign_results(run, samples):
    """One sentence for every result that is not what the run's manifest says.

    Parameters
    ----------
    run : Run
    samples : SampleResult or None

    Returns
    -------
    tuple of str
    """
    manifest, found = run.manifest, []
    products = manifest.get("products", {})
    for name in (FIT, SAMPLES):
        path = run.path(name)
        if not path.is_file():
            continue
        if name not in products:
            found.append(f"{name} is in the folder, but this run did not write it")
        elif digest_of_file(path) != products[name]:
            found.append(f"{name} is not the file that this run wrote: its digest is another one")
    known = manifest.get("identity", {}).get("posterior")
    identity = getattr(samples, "identity", "")
    if known and identity and identity != known:
        found.append("the draws are of another posterior: other data, model or priors than this run's")
    return tuple(found)
