"""The figures of a run, by name: what each shows, and how it is drawn from what the run found."""

__all__ = ["RUN_FIGURES", "RunFigure", "write_figures"]

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..errors import DataError, OutputError, ParameterError, nearest
from ..files.atomic import write_bytes
from ..fit.phase_curve import phase_curve_from_covariance, phase_curve_from_samples
from ..model.ring_shape import ring_shape
from ..profiles.phase_function import Polarized
from ..sampling.compare import Comparison
from ..viz.basins_figure import basins_figure
from ..viz.chain_figures import autocorrelation_figure, rank_figure, trace_figure
from ..viz.corner_figure import corner_figure
from ..viz.data_figure import data_figure
from ..viz.deprojected_figure import deprojected_figure
from ..viz.evidence_figure import evidence_figure
from ..viz.fit_figure import fit_figure
from ..viz.phase_figure import phase_function_figure
from ..viz.plane import STEEPEST
from ..viz.profile_figures import azimuthal_profile_figure, radial_profile_figure
from ..viz.style import FORMATS, SCREEN_DPI, figure_bytes

COMPARISON = "results/comparison.json"
_MOST_SAMPLES = 1000  # phase functions that a band is made of


@dataclass(frozen=True)
class RunFigure:
    """A figure that a run may have.

    Attributes
    ----------
    title : str
    caption : str
        What is seen, for a reader who did not make the run.
    draw : callable
        Takes a Run and returns the matplotlib Figure, or None where it does not apply to this run.
    """

    title: str
    caption: str
    draw: Callable


def write_figures(run, names=None, format="png", overwrite=False, dpi=SCREEN_DPI):
    """Draw figures of a run into its folder ``figures``.

    Parameters
    ----------
    run : Run
    names : sequence of str, optional
        Which of ``RUN_FIGURES``; default all that apply to this run and are not there yet.
    format : {"png", "pdf", "svg"}
    overwrite : bool
        Replace figures that are there.
    dpi : float
        Dots per inch.

    Returns
    -------
    tuple of Path
        The files that were written.

    Raises
    ------
    DataError
        If the results in the folder are not those that the run wrote.
    ParameterError
        For an unknown name or format, or a figure that was asked for and does not apply to this run.
    OutputError
        If a figure that was asked for exists and ``overwrite`` is False.
    """
    run.check_results()
    unknown = [name for name in names or () if name not in RUN_FIGURES]
    if unknown:
        raise ParameterError(f"there is no figure {unknown[0]!r}: {nearest(unknown[0], RUN_FIGURES)}")
    if format not in FORMATS:
        raise ParameterError(f"a figure is written as {', '.join(FORMATS)}, not {format!r}")
    places = {name: run.path(f"figures/{name}.{format}") for name in names or RUN_FIGURES}
    there = [name for name, place in places.items() if place.exists() and not overwrite]
    if names is not None and there:
        raise OutputError(f"{places[there[0]]} exists already: pass --overwrite (overwrite=True) to replace it.")
    written = []
    for name, place in places.items():
        figure = None if name in there else RUN_FIGURES[name].draw(run)
        if figure is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(place, figure_bytes(figure, format, dpi), overwrite=overwrite)
            written.append(place)
        elif names is not None:
            raise ParameterError(f"the figure {name!r} does not apply to {run.folder}: {_NEEDS[name]}")
    return tuple(written)


def _data(run):
    return data_figure(_one_or_many(run.data))


def _fit(run):
    if not _has_result(run):
        return None
    result = run.fit
    of_the_fit = result is not None and run.best_scene is result.scene
    title = f"reduced $\\chi^2$ = {result.reduced_chi_squared:.3f}" if of_the_fit else None
    return fit_figure(_one_or_many(run.fits), title=title)


def _radial(run):
    return radial_profile_figure(_one_or_many(run.fits), disk=_first_disk(run)) if _has_result(run) else None


def _azimuthal(run):
    if not (_has_result(run) and _is_open(run)) or math.isnan(ring_shape(_disk(run).density).peak_radius):
        return None
    return azimuthal_profile_figure(_one_or_many(run.fits), disk=_first_disk(run))


def _deprojected(run):
    if not (_has_result(run) and _is_open(run)):
        return None
    return deprojected_figure(_one_or_many(run.fits), disk=_first_disk(run))


def _phase_function(run):
    if not _has_result(run):
        return None
    names = [name for name, disk in run.best_scene.disks.items() if hasattr(disk, "phase_function")]
    try:
        curves = {name: _phase_curve(run, name) for name in names}
    except ParameterError:  # the covariance does not describe this posterior
        return None
    if not curves:
        return None
    polarized = all(isinstance(run.best_scene.disks[name].phase_function, Polarized) for name in names)
    quantity = "Polarized phase function" if polarized else "Phase function"
    single = len(curves) == 1
    truth = _true_phase_function(run, names[0]) if single else None
    return phase_function_figure(curves[names[0]] if single else curves, truth=truth, quantity=quantity)


def _phase_curve(run, name):
    space = run.posterior.space
    if run.samples is not None:
        flat = run.samples.flat
        return phase_curve_from_samples(space, flat[:: max(len(flat) // _MOST_SAMPLES, 1)], disk=name)
    return phase_curve_from_covariance(space, run.fit.vector, run.fit.covariance, disk=name)


def _true_phase_function(run, name):
    space = run.posterior.space
    if run.truth is None or any(one not in run.truth for one in space.names):
        return None
    return space.to_model(np.array([run.truth[one] for one in space.names])).disks[name].phase_function


def _basins(run):
    return basins_figure(run.fit) if run.fit is not None and len(run.fit.basins) > 1 else None


def _corner(run):
    if run.samples is None or not np.any(np.ptp(run.samples.flat, axis=0) > 0):
        return None
    return corner_figure(run.samples, truths=run.truth)


def _trace(run):
    return None if run.samples is None else trace_figure(run.samples, truths=run.truth)


def _ranks(run):
    return rank_figure(run.samples) if _has_chains(run) and run.samples.samples.shape[0] > 1 else None


def _autocorrelation(run):
    return autocorrelation_figure(run.samples) if _has_chains(run) else None


def _evidence(run):
    """From the comparison that ``diskarray compare`` left in the run's folder."""
    path = run.path(COMPARISON)
    if not path.is_file():
        return None
    try:
        models = (json.loads(path.read_text(encoding="utf-8")).get("evidence") or {}).get("models", {})
        return evidence_figure(_comparison(models)) if len(models) > 1 else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no comparison of runs, or was changed ({error}).") from error


def _comparison(models):
    columns = ("log_evidence", "log_evidence_error", "difference", "difference_error")
    arrays = {column: np.array([float(model[column]) for model in models.values()]) for column in columns}
    return Comparison(
        names=tuple(models),
        **arrays,
        priors=tuple(model["priors"] for model in models.values()),
        established=tuple(bool(model["established"]) for model in models.values()),
    )


def _one_or_many(named):
    """The only one by itself, several with their names."""
    return next(iter(named.values())) if len(named) == 1 else named


def _has_result(run):
    return run.fit is not None or run.samples is not None


def _has_chains(run):
    return run.samples is not None and run.samples.kind != "nested"


def _first_disk(run):
    return next(iter(run.best_scene.disks))


def _disk(run):
    return run.best_scene.disks[_first_disk(run)]


def _is_open(run):
    inclination = float(_disk(run).inclination)
    return min(inclination, 180.0 - inclination) <= STEEPEST


RUN_FIGURES = MappingProxyType(
    {
        "data": RunFigure(
            "Data",
            "The observed image, its noise map, and one over the other. Masked pixels are grey, within a line; the "
            "cross is where the star is said to be.",
            _data,
        ),
        "fit": RunFigure(
            "Data, model and residuals",
            "The observed image, the best model on the same scale, their difference, and that difference over the "
            "noise. Grey pixels are masked. A good fit leaves residuals without structure. The filled ellipse is the "
            "size of the point-spread function, the bar the scale.",
            _fit,
        ),
        "radial_profiles": RunFigure(
            "Profiles along the axes",
            "Brightness along the major and the minor axis of the (first) disk: points are means of the data over a "
            "double wedge of 20 degrees, the line is the model's mean over the same pixels, in a band as wide as the "
            "error of the data. Below, residuals over that error.",
            _radial,
        ),
        "azimuthal_profile": RunFigure(
            "Profile around the ring",
            "Brightness between two ellipses around the crest of the (first) disk's ring, over the azimuth in its "
            "plane; the upper axis is the scattering angle. Points, line and band as in the profiles along the axes.",
            _azimuthal,
        ),
        "deprojected": RunFigure(
            "Seen from above",
            "Data, model and residuals stretched along the minor axis and multiplied by the squared distance from the "
            "star, as if the (first) disk were seen face-on. For looking only: pixels repeat one another and the "
            "point-spread function is stretched with them.",
            _deprojected,
        ),
        "phase_function": RunFigure(
            "Phase function",
            "How the dust scatters over the scattering angle, with its 68 per cent band. On grey ground are angles "
            "that the disk does not show: there the curve is its formula's extrapolation.",
            _phase_function,
        ),
        "basins": RunFigure(
            "Minima of the search",
            "Chi-squared above the lowest of every minimum that the search found from its several starts, over each "
            "parameter in which they differ. The ring marks the chosen one, dashed lines join exact mirror images, "
            "open symbols were found on a binned image only.",
            _basins,
        ),
        "corner": RunFigure(
            "Posterior",
            "Distributions of every parameter and of every pair of them. Contours hold 39 and 86 per cent of the "
            "draws, dashed lines are the 16, 50 and 84 per cent quantiles, squares the highest point, dotted lines "
            "the truth where it is known.",
            _corner,
        ),
        "trace": RunFigure(
            "Traces",
            "What the sampler drew, step by step, with the distribution beside it. Chains that have converged look "
            "alike and show no trend. For nested sampling: its points over the prior volume that was left.",
            _trace,
        ),
        "ranks": RunFigure(
            "Ranks",
            "How the draws of every chain rank among those of all. Where chains agree the histograms are flat, within "
            "the grey band 95 times of 100.",
            _ranks,
        ),
        "autocorrelation": RunFigure(
            "Autocorrelation",
            "How long the chains remember where they were; the dashed line is the integrated autocorrelation time. It "
            "should fall to zero long before the chain ends.",
            _autocorrelation,
        ),
        "evidence": RunFigure(
            "Evidence",
            "Differences of log-evidence to the best model, from the comparison in this folder. Open symbols are runs "
            "that are not established; dashed lines are odds of 1 to 10 and 1 to 100.",
            _evidence,
        ),
    }
)
"""Name -> RunFigure, in the order in which a reader wants to see them; read-only."""

_NEEDS = MappingProxyType(
    {
        **dict.fromkeys(("data",), "its data cannot be drawn."),
        **dict.fromkeys(("fit", "radial_profiles"), "it has no result yet."),
        **dict.fromkeys(
            ("azimuthal_profile", "deprojected"),
            f"that takes a result, with a disk inclined by at most {STEEPEST:g} degrees and a density with a peak.",
        ),
        "phase_function": "that takes a result whose errors are known.",
        "basins": "that takes a search from several starts.",
        **dict.fromkeys(("corner", "trace"), "that takes samples: diskarray sample."),
        **dict.fromkeys(("ranks", "autocorrelation"), "that takes chains: diskarray sample with emcee or nuts."),
        "evidence": f"that takes {COMPARISON} with the evidence of two models or more: diskarray compare.",
    }
)
