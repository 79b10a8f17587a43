"""What can be said of a run in plain words: every requirement, how it fared, what it means, and what to beware of."""

__all__ = ["FAILED", "OPEN", "PASSED", "Check", "Verdict", "checks_of", "notes_of", "verdict_of"]

import dataclasses
import math

from .numbers import rounded

PASSED, FAILED, OPEN = "passed", "failed", "not established"

_MEANINGS = {
    "belonging": "Fit and draws are the files that this run wrote, and of its own data, model and priors.",
    "search": "The search has arrived at the minimum of chi-squared: the numbers are not where it happened to stop.",
    "detection": "Light of the shape of this disk is in the image: noise of the kind seen in the residuals, with as "
    "many free parameters, does not look like it.",
    "finished": "The sampler ended by its own rule and was not cut short.",
    "finite": "No draw is broken: every parameter and every probability is a number.",
    "chains": "There are several chains, and none is the copy of another, so that they can be held against each other.",
    "rhat": "R-hat compares the scatter between chains (or between parts of the run) with that within them; 1 means "
    "that they all saw the same distribution, more means that the run is too short or stuck.",
    "rhat_walkers": "The same between the walkers of the ensemble, which depend on each other and agree less closely.",
    "length": "The run is long compared with the memory of its walkers, so that its own estimates of errors hold.",
    "ess_bulk": "The draws are worth this many independent ones for means and medians.",
    "ess_tail": "The draws are worth this many independent ones for the ends of the credible intervals.",
    "ess": "The weighted points of the nested sampling are worth this many independent draws.",
    "divergences": "Where a trajectory of the sampler diverges it cannot follow the posterior: many of these mean that "
    "a part of it is missing.",
    "bfmi": "The sampler moves fast enough between high and low probabilities to see the whole posterior.",
    "evidence_error": "The evidence is known well enough to compare models with it.",
    "maximum": "The draws reach as high as the best point that is known; if they do not, they sit in a lesser mode.",
}
_TITLES = {
    "belonging": "Results are the run's own",
    "search": "Search converged",
    "detection": "Disk detected",
    "finished": "Sampler finished",
    "finite": "Finite draws",
    "chains": "Independent chains",
    "rhat": "R-hat",
    "rhat_walkers": "R-hat of walkers",
    "length": "Length of the run",
    "ess_bulk": "Effective size, bulk",
    "ess_tail": "Effective size, tails",
    "ess": "Effective size",
    "divergences": "Divergences",
    "bfmi": "Energy (BFMI)",
    "evidence_error": "Error of the evidence",
    "maximum": "Highest point reached",
}
_NOISE_FACTOR = 1.1
_FAR = 3.0


@dataclasses.dataclass(frozen=True)
class Check:
    """One requirement.

    Attributes
    ----------
    name, title : str
    state : str
        PASSED, FAILED or OPEN.
    text : str
        How it fared.
    meaning : str
        What it is about.
    value, limit : float
        The figure that decides, and what it is compared with; NaN where there is none.
    """

    name: str
    title: str
    state: str
    text: str
    meaning: str
    value: float = math.nan
    limit: float = math.nan


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The verdict on a run: one of PASSED, FAILED and OPEN, and why in one sentence and a few more."""

    state: str
    headline: str
    sentences: tuple = ()


def checks_of(fit, samples, foreign=()):
    """Every requirement on a fit and its samples, either of which may be None.

    Parameters
    ----------
    fit : OptimizeResult or None
    samples : SampleResult or None
    foreign : sequence of str
        What says that they are not the run's own; see ``foreign_results``.

    Returns
    -------
    tuple of Check
    """
    found = [_check("belonging", False, "; ".join(foreign))] if foreign else []
    if fit is not None:
        arrived = fit.status in ("converged", "not_constrained")
        found.append(_check("search", arrived, f"{fit.status}: {fit.message}"))
        found.append(_detected(fit.detection))
    if samples is not None:
        found += [_check(g.name, g.passed, g.text, g.value, g.limit) for g in samples.gates]
    return tuple(found)


def _check(name, passed, text, value=math.nan, limit=math.nan):
    state = {True: PASSED, False: FAILED, None: OPEN}[None if passed is None else bool(passed)]
    title = _TITLES.get(name, name.replace("_", " "))
    return Check(name, title, state, text, _MEANINGS.get(name, ""), float(value), float(limit))


def _detected(detection):
    if detection is None:
        return _check("detection", None, "was not tested: the model has no disk whose light could be switched off")
    text = (
        f"with the disk chi-squared is lower by {rounded(detection.chi_squared_gain)} than without; "
        f"noise alone stays below {rounded(detection.threshold)}"
    )
    return _check("detection", detection.is_detected, text, detection.chi_squared_gain, detection.threshold)


def verdict_of(fit, samples, foreign=()):
    """The Verdict on a fit and its samples; arguments as for ``checks_of``."""
    if fit is None and samples is None:
        return Verdict(FAILED, "This run holds no result: neither a fit nor samples were found in its folder.")
    if foreign:
        said = "The results in this folder are not those of its run: nothing below can be trusted."
        return Verdict(FAILED, said, tuple(f"{text[0].upper()}{text[1:]}." for text in foreign))
    checks = checks_of(fit, samples)
    failed, unknown = ([c for c in checks if c.state == state] for state in (FAILED, OPEN))
    names = {c.name for c in failed}
    if "search" in names:
        return Verdict(FAILED, "The search did not converge: these numbers are not the best fit.", (fit.message + ".",))
    if "detection" in names:
        said = "The data contain no significant disk: only the upper limits mean something."
        return Verdict(FAILED, said, ("The best values below describe noise.",))
    if samples is None:
        return _of_a_fit(unknown)
    return _of_samples(fit, checks, failed, unknown)


def _of_a_fit(unknown):
    errors = (
        "No posterior was sampled: the errors are those of a Gaussian approximation at the best fit, which is good "
        "where they are small and the parameters stay away from their bounds.",
    )
    if unknown:
        return Verdict(OPEN, "The fit converged; whether there is a disk was not tested.", errors)
    return Verdict(PASSED, "The fit converged and the disk is detected.", errors)


def _of_samples(fit, checks, failed, unknown):
    before = (
        ""
        if fit is None
        else "The fit converged. "
        if fit.detection is None
        else ("The fit converged and the disk is detected. ")
    )
    gates = [c for c in checks if c.name not in ("search", "detection")]
    bad, doubtful = (sum(c in gates for c in group) for group in (failed, unknown))
    if bad:
        said = f"{before}The sampled posterior is NOT to be trusted: {bad} of {len(gates)} requirements failed."
        return Verdict(FAILED, said, tuple(f"{c.title}: {c.text}." for c in failed))
    if doubtful:
        said = f"{before}The sampled posterior is not established: {doubtful} of {len(gates)} requirements are open."
        return Verdict(OPEN, said, tuple(f"{c.title}: {c.text}." for c in unknown if c in gates))
    said = f"{before}The sampled posterior is established: it passed all {len(gates)} requirements."
    return Verdict(PASSED, said)


def notes_of(fit, estimates=None, findings=()):
    """What a reader should know before quoting a number, as sentences.

    Parameters
    ----------
    fit : OptimizeResult or None
    estimates : dict of str to Estimate
        Of the draws where there are some, else of the fit.
    findings : iterable of Finding
        On the data.
    """
    found = [*_notes_of_fit(fit)] if fit is not None else []
    found += _pulls(estimates or {})
    graver = [one for one in findings if one.severity in ("ERROR", "WARNING")]
    return (*found, *(f"The check of the data says {one.severity}: {one.message}" for one in graver))


def _notes_of_fit(fit):
    bounds = (*fit.at_bound, *fit.linear.at_bound)
    if bounds:
        yield f"At a bound of what they may be, so without a symmetric error: {', '.join(bounds)}."
    loose = [name for name in fit.unconstrained if name not in bounds]
    if loose:
        yield f"Not constrained by the data: {', '.join(loose)}."
    for one, other, correlation in fit.degenerate:
        yield f"{one} and {other} are nearly degenerate (correlation {rounded(correlation, digits=3)})."
    if fit.loss != "linear":
        yield f"The robust loss {fit.loss!r} was minimized: chi-squared and errors refer to it."
    yield from _noise(fit)
    if _same_image(fit):
        yield (
            "Another set of parameters gives exactly the same image. Which side of the disk is near is decided by the "
            "convention that dust scatters forwards, not by these data."
        )


def _noise(fit):
    scale = fit.noise_scale
    if not math.isfinite(scale) or 1 / _NOISE_FACTOR < scale < _NOISE_FACTOR:
        return
    said = f"The residuals are {rounded(scale, digits=3)} times what the noise map says"
    if fit.errors == "independent":
        yield f"{said}: the errors, which take the noise map at its word, are off by about that factor or more."
    else:
        yield f"{said}; the errors allow for that."


def _same_image(fit):
    return any(basin.image_of is not None for basin in fit.basins)


def _pulls(estimates):
    """A sentence on parameters that are more than three errors from what they are known to be."""
    known = {name: e for name, e in estimates.items() if math.isfinite(e.pull)}
    far = [name for name, e in known.items() if abs(e.pull) > _FAR]
    if far:
        return [f"The data are simulated; more than three errors from the truth: {', '.join(far)}."]
    if known and len(known) == len(estimates):
        return ["The data are simulated, and every free parameter was found within three errors of its true value."]
    return []
