"""Everything that the page shows of a run, gathered first; what cannot be read any more is named, not fatal."""

__all__ = ["Facts", "facts_of"]

import dataclasses
import json
import math

from ..dataset.checks import check_imaging
from ..errors import DataError, DiskArrayError
from ..pipeline.belonging import foreign_results
from ..pipeline.figures import RUN_FIGURES
from ..pipeline.manifest import now
from ..pipeline.products import bayesian_information_criterion
from ..viz.style import figure_bytes
from .derived import derived_of_fit, derived_of_samples
from .parameters import fit_estimates, parameters_of_run, sample_estimates
from .run_sections import Picture

_COMPARISON, _LOG = "results/comparison.json", "run.log"
_LARGEST = 4 * 2**20
_LINES = 200
_PAGE = 7.1  # inches, of two columns of a journal


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a run.

    Attributes
    ----------
    name, folder, made : str
        Of the run folder, and when the report was made.
    manifest : dict
    config_name, config_text : str or None
    fit, samples : results or None
    data, fits : dict
        Name of a data set -> Imaging, FitImaging of the best scene.
    parameters : dict of str to Parameter
    best, posterior : dict of str to Estimate
        By the fit, and by the draws.
    derived : tuple of Derived
    derived_problem : str
    information : float
        Bayesian information criterion of the fit.
    findings : dict of str to tuple of Finding
    comparison : dict or None
    pictures : tuple of Picture
    log : str
    foreign : tuple of str
        What says that fit or draws are not the run's own.
    problems : tuple of str
        What could not be read.
    """

    name: str
    folder: str
    made: str
    manifest: dict
    config_name: str | None = None
    config_text: str | None = None
    fit: object = None
    samples: object = None
    data: dict = dataclasses.field(default_factory=dict)
    fits: dict = dataclasses.field(default_factory=dict)
    parameters: dict = dataclasses.field(default_factory=dict)
    best: dict = dataclasses.field(default_factory=dict)
    posterior: dict = dataclasses.field(default_factory=dict)
    derived: tuple = ()
    derived_problem: str = ""
    information: float = math.nan
    findings: dict = dataclasses.field(default_factory=dict)
    comparison: dict | None = None
    pictures: tuple = ()
    log: str = ""
    foreign: tuple = ()
    problems: tuple = ()

    @property
    def scene(self):
        """The best Scene known, or None."""
        result = self.fit if self.samples is None else self.samples
        return None if result is None else result.scene

    @property
    def estimates(self):
        """Those of the draws where there are some, else of the fit."""
        return self.posterior or self.best


class _Reader:
    """Reads parts of a run; what fails with one of our errors is noted, once."""

    def __init__(self):
        self.problems = []

    def read(self, about, get, otherwise=None):
        try:
            return get()
        except DiskArrayError as error:
            said = str(error)
            if not any(said in known for known in self.problems):
                self.problems.append(f"{about}: {said}")
            return otherwise


def facts_of(run, figures=RUN_FIGURES):
    """Gather what the page shows.

    Parameters
    ----------
    run : Run
    figures : mapping of str to RunFigure

    Returns
    -------
    Facts
    """
    reader = _Reader()
    config = reader.read("The configuration cannot be read", lambda: run.config)
    fit = reader.read("The fit cannot be read", lambda: run.fit)
    samples = reader.read("The draws cannot be read", lambda: run.samples)
    data = reader.read("The data cannot be read", lambda: run.data, {})
    posterior = reader.read("The model cannot be made again", lambda: run.posterior) if data else None
    fits = (
        reader.read("The best model cannot be compared with the data", lambda: run.fits, {})
        if _has(fit, samples) and data
        else {}
    )
    parameters = parameters_of_run(posterior.space) if posterior is not None else {}
    truth = run.truth
    derived, problem = _derived(fit, samples, posterior, data)
    comparison = reader.read("The comparison cannot be read", lambda: _comparison(run))
    return Facts(
        name=run.folder.resolve().name,
        folder=str(run.folder),
        made=now(),
        manifest=run.manifest,
        config_name=None if config is None else str(config.document.name),
        config_text=None if config is None else config.document.text,
        fit=fit,
        samples=samples,
        data=data,
        fits=fits,
        parameters=parameters,
        best={} if fit is None else fit_estimates(fit, parameters, truth),
        posterior={} if samples is None else sample_estimates(samples, parameters, truth),
        derived=derived,
        derived_problem=problem,
        information=math.nan if fit is None else bayesian_information_criterion(fit),
        findings=_findings(data, fit, samples),
        comparison=comparison,
        pictures=tuple(_pictures(run, figures)) if _has(fit, samples) else (),
        log=reader.read("The log cannot be read", lambda: _log(run), ""),
        foreign=reader.read("The results cannot be checked", lambda: foreign_results(run, samples), ()),
        problems=tuple(reader.problems),
    )


def _has(fit, samples):
    return fit is not None or samples is not None


def _derived(fit, samples, posterior, data):
    """Derived numbers, and why there are none."""
    if not _has(fit, samples):
        return (), ""
    if posterior is None:
        return (), "the model cannot be made again without the data."
    frame = next(iter(data.values())).frame
    try:
        if samples is not None:
            return derived_of_samples(samples, posterior.space, frame), ""
        return derived_of_fit(fit, posterior.space, frame), ""
    except DiskArrayError as error:
        return (), str(error)


def _findings(data, fit, samples):
    """What the rules find in every image."""
    result = fit if samples is None else samples
    instrument = getattr(getattr(result, "scene", None), "instrument", None)
    psf = getattr(instrument, "psf", None)
    return {name: check_imaging(imaging, psf=psf) for name, imaging in data.items()}


def _pictures(run, figures):
    for name, entry in figures.items():
        try:
            drawn = entry.draw(run)
            if drawn is not None:
                yield Picture(
                    name, entry.title, entry.caption, figure_bytes(drawn), float(drawn.get_figwidth()) / _PAGE
                )
        except DiskArrayError as error:
            yield Picture(name, entry.title, entry.caption, problem=str(error))


def _comparison(run):
    """The comparison in the run's folder, or None."""
    text = _text(run, _COMPARISON)
    if text is None:
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{run.folder}: {_COMPARISON} is damaged.") from error
    if not isinstance(content, dict):
        raise DataError(f"{run.folder}: {_COMPARISON} is no comparison.")
    return content


def _log(run):
    """The last lines of the log."""
    return "\n".join((_text(run, _LOG) or "").splitlines()[-_LINES:])


def _text(run, name):
    path = run.path(name)
    if not path.is_file():
        return None
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{path} is larger than anything a run writes there.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
