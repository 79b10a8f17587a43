"""What a reader wants to know of every parameter: meaning, prior, and what the fit and the draws say of it."""

__all__ = [
    "Estimate",
    "Parameter",
    "difference",
    "fixed_parameters",
    "fit_estimates",
    "label_of",
    "parameters_of_run",
    "sample_estimates",
]

import dataclasses
import math
import re

import numpy as np

from ..backend.pytree import children
from ..errors import ParameterError
from ..parameters.parameter import parameters_of
from ..parameters.space import spec_at

_QUANTILES = (0.05, 0.16, 0.5, 0.84, 0.95)
_INDEX = re.compile(r"\[\d+\]$")


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter that was free.

    Attributes
    ----------
    name : str
        Its path.
    unit, meaning : str
    prior : Prior or None
    linear : bool
        Solved for instead of searched.
    tied : tuple of str
        Paths of what always equals it.
    """

    name: str
    unit: str = ""
    meaning: str = ""
    prior: object = None
    linear: bool = False
    tied: tuple = ()

    @property
    def period(self):
        """Degrees after which it repeats, or None."""
        return getattr(self.prior, "period", None)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What was found for a parameter; NaN where a figure is unknown.

    Attributes
    ----------
    value, sigma : float
        Best value and error of a fit; mean and standard deviation of draws.
    truth, pull : float
        The true value where it is known, and (value - truth) / sigma.
    flags : tuple of str
    limit : Limit or None
    maximum : float
        Of draws: the value where the posterior is highest.
    quantiles : tuple of float
        Of draws: at 5, 16, 50, 84 and 95 %.
    """

    value: float
    sigma: float
    truth: float = math.nan
    pull: float = math.nan
    flags: tuple = ()
    limit: object = None
    maximum: float = math.nan
    quantiles: tuple = ()


def label_of(name):
    """A path as words: "disks.belt.density.scale_height" is "scale height", a second disk's name is kept apart."""
    last = name.rsplit(".", 1)[-1].replace("_", " ")
    return last if len(last) <= 2 else last[0].upper() + last[1:]


def difference(value, other, period=None):
    """value - other, of angles the short way round."""
    gap = float(value) - float(other)
    return gap if not period else (gap + period / 2) % period - period / 2


def parameters_of_run(space):
    """Every free parameter of a ParameterSpace, the linear ones last.

    Returns
    -------
    dict of str to Parameter
    """
    tied = {to: tuple(path for path, other in space.tied if other == to) for _, to in space.tied}
    rows = [
        *((False, *row) for row in zip(space.names, space.units, space.priors, strict=True)),
        *((True, *row) for row in zip(space.linear_names, space.linear_units, space.linear_priors, strict=True)),
    ]
    return {
        name: Parameter(name, unit, meaning_of(space.template, name), prior, linear, tied.get(_INDEX.sub("", name), ()))
        for linear, name, unit, prior in rows
    }


def meaning_of(model, name):
    """The one line that a component says about a parameter; "" for one that says nothing."""
    try:
        spec = spec_at(model, _INDEX.sub("", name))
    except ParameterError:
        return ""
    return spec.doc if spec is not None else ""


def fit_estimates(fit, parameters=None, truth=None):
    """What a fit found: name -> Estimate, the linear parameters last."""
    linear, parameters, truth = fit.linear, parameters or {}, truth or {}
    rows = [
        *zip(fit.names, fit.vector, fit.sigma, strict=True),
        *zip(linear.names, linear.values, linear.sigma, strict=True),
    ]
    found = {}
    for name, value, sigma in rows:
        flags = [
            flag
            for flag, names in (
                ("at bound", (*fit.at_bound, *linear.at_bound)),
                ("not constrained", fit.unconstrained),
                ("solved for", linear.names),
            )
            if name in names
        ]
        known = _truth(name, value, sigma, parameters, truth)
        found[name] = Estimate(float(value), float(sigma), *known, flags=tuple(flags), limit=fit.limit(name))
    return found


def sample_estimates(samples, parameters=None, truth=None):
    """What draws say: name -> Estimate, the linear parameters last."""
    found, parameters, truth = {}, parameters or {}, truth or {}
    columns = (samples.names, samples.mean, samples.sigma, samples.vector, samples.quantile(_QUANTILES).T)
    for name, mean, sigma, maximum, quantiles in zip(*columns, strict=True):
        known = _truth(name, mean, sigma, parameters, truth)
        found[name] = Estimate(
            float(mean), float(sigma), *known, maximum=float(maximum), quantiles=tuple(map(float, quantiles))
        )
    draws = samples.linear_samples.reshape(len(samples.flat), len(samples.linear_names))
    for k, name in enumerate(samples.linear_names):
        column = draws[:, k]
        if column.size < 2:
            found[name] = Estimate(math.nan, math.nan, flags=("solved for",))
            continue
        mean, sigma = float(np.mean(column)), float(np.std(column, ddof=1))
        quantiles = tuple(map(float, np.quantile(column, _QUANTILES)))
        known = _truth(name, mean, sigma, parameters, truth)
        found[name] = Estimate(mean, sigma, *known, flags=("solved for",), quantiles=quantiles)
    return found


def _truth(name, value, sigma, parameters, truth):
    """True value and pull, NaN where unknown."""
    if name not in truth:
        return math.nan, math.nan
    period = parameters[name].period if name in parameters else None
    gap = difference(value, truth[name], period)
    return float(truth[name]), gap / float(sigma) if sigma > 0 else math.nan


def fixed_parameters(scene, free):
    """Parameters of a scene that were held: path -> (value, unit, meaning), and the kinds of its components.

    Parameters
    ----------
    scene : Scene
    free : iterable of str
        Paths that are not listed: free ones and those tied to them.

    Returns
    -------
    held : dict of str to (float or array, str, str)
    kinds : dict of str to str
        Path -> class name of every component.
    """
    held, kinds, varied = {}, {}, {_INDEX.sub("", name) for name in free}
    _walk(scene, "", varied, held, kinds)
    return held, kinds


def _walk(node, prefix, varied, held, kinds):
    specs = parameters_of(node) if dataclasses.is_dataclass(node) else {}
    for name, child in (children(node) or {}).items():
        path = f"{prefix}{name}"
        if name in specs:
            if path not in varied and not any(v.startswith(f"{path}.") for v in varied):
                held[path] = (np.asarray(child, dtype=float), specs[name].unit, specs[name].doc)
        elif dataclasses.is_dataclass(child):
            kinds[path] = type(child).__name__
            _walk(child, f"{path}.", varied, held, kinds)
        elif children(child) is not None:
            _walk(child, f"{path}.", varied, held, kinds)
