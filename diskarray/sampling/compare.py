"""Which of several models the data prefer: differences of log-evidence, with the priors they rest on.

The evidence is the likelihood averaged over the prior, so a model pays for prior volume that the data exclude:
doubling the width of the prior of a well-measured parameter lowers the log-evidence by ln 2. A comparison without its
priors says nothing.
"""

__all__ = ["Comparison", "compare"]

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..diagnostics.gates import FINISHED
from ..errors import ParameterError
from ..results.sample_result import SampleResult

_CERTAIN = 3.0  # combined errors that a difference must exceed


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """Models in the order of their evidence, the best first.

    Attributes
    ----------
    names : tuple of str
    log_evidence, log_evidence_error : arrays, shape (m,)
    difference, difference_error : arrays, shape (m,)
        Of the log-evidence to that of the best model, and the combined error of the two runs; 0 for the best.
    priors : tuple of dict
        For each model: name of a parameter -> its prior, linear parameters included.
    established : tuple of bool
        Whether all gates of each run passed.
    """

    names: tuple
    log_evidence: np.ndarray
    log_evidence_error: np.ndarray
    difference: np.ndarray
    difference_error: np.ndarray
    priors: tuple
    established: tuple

    @property
    def best(self):
        """Name of the model with the highest evidence."""
        return self.names[0]

    @property
    def certain(self):
        """True if the best model leads every other by more than three combined errors."""
        return bool(np.all(-self.difference[1:] > _CERTAIN * self.difference_error[1:]))

    @property
    def odds(self):
        """How many times less probable than the best each model is, shape (m,), if all were equally probable before."""
        with np.errstate(over="ignore"):
            return np.exp(-self.difference)

    @property
    def table(self):
        """Evidences, then the priors parameter by parameter, as text."""
        return "\n".join([*_aligned(self._evidence_rows()), "", "priors", *_aligned(self._prior_rows(), indent="  ")])

    def _evidence_rows(self):
        yield "model", "log-evidence", "difference", "odds", ""
        for k, name in enumerate(self.names):
            yield (
                name,
                f"{self.log_evidence[k]:.2f} +- {self.log_evidence_error[k]:.2f}",
                f"{self.difference[k]:.2f} +- {self.difference_error[k]:.2f}" if k else "best",
                f"1 : {self.odds[k]:.3g}",
                "" if self.established[k] else "NOT established",
            )

    def _prior_rows(self):
        yield "", *self.names
        for parameter in dict.fromkeys(name for priors in self.priors for name in priors):
            yield parameter, *(_text(priors[parameter]) if parameter in priors else "-" for priors in self.priors)

    def __repr__(self):
        verdict = (
            f"{self.best!r} is preferred"
            if self.certain
            else (f"not decided: {self.best!r} does not lead by more than {_CERTAIN:g} errors")
        )
        return f"Comparison of {len(self.names)} models of the same data: {verdict}\n{self.table}"


def compare(results: Mapping[str, SampleResult] | Sequence[SampleResult]) -> Comparison:
    """Compare models of the same data by their evidence.

    Parameters
    ----------
    results : dict or sequence
        Name -> SampleResult with an evidence, as nested sampling gives; without names they are numbered.

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError
        If there are fewer than two, one has no evidence or was stopped before it was complete, or they are not all of
        the same data.
    """
    numbered = {f"model {k}": result for k, result in enumerate(results, start=1)}
    named: dict[str, Any] = dict(results) if isinstance(results, Mapping) else numbered
    if len(named) < 2:
        raise ParameterError(f"a comparison needs at least two results, got {len(named)}")
    for name, result in named.items():
        _check_evidence(name, result)
    _check_same_data(named)
    order = sorted(named, key=lambda name: -named[name].log_evidence)
    best = named[order[0]]
    evidence = np.array([named[name].log_evidence for name in order])
    error = np.array([named[name].log_evidence_error for name in order])
    difference_error = np.hypot(error, best.log_evidence_error)
    difference_error[0] = 0.0
    return Comparison(
        names=tuple(map(str, order)),
        log_evidence=evidence,
        log_evidence_error=error,
        difference=evidence - evidence[0],
        difference_error=difference_error,
        priors=tuple(_priors(named[name]) for name in order),
        established=tuple(named[name].established for name in order),
    )


def _check_evidence(name, result):
    evidence = getattr(result, "log_evidence", None)
    if evidence is None:
        why = f"{getattr(result, 'engine', type(result).__name__)} does not measure it"
        if getattr(result, "kind", "") == "nested":
            why = "a linear parameter has a prior without a finite integral; give it two bounds, or a mean and a sigma"
        raise ParameterError(f"{name!r} has no evidence ({why}): sample its posterior with Dynesty()")
    if not (math.isfinite(evidence) and math.isfinite(result.log_evidence_error)):
        raise ParameterError(f"the evidence of {name!r} is {evidence} +- {result.log_evidence_error}")
    if result.status not in FINISHED:
        raise ParameterError(f"{name!r} ended before its evidence was complete ({result.status}: {result.message})")


def _check_same_data(named):
    unknown = [name for name, result in named.items() if not result.data_identity]
    if unknown:
        raise ParameterError(
            f"it is not known what data {unknown[0]!r} is of: evidences compare models of the same data"
        )
    first, *others = named
    for name in others:
        if named[name].data_identity != named[first].data_identity:
            raise ParameterError(
                f"{first!r} and {name!r} are of different data (pixels, noise, mask, unit or star position), which no "
                "evidence can compare"
            )


def _priors(result):
    names, priors = (*result.names, *result.linear_names), (*result.priors, *result.linear_priors)
    return dict(zip(names, priors, strict=True))


def _text(prior):
    """A prior as it is written in code, its numbers short."""
    if not dataclasses.is_dataclass(prior):
        return repr(prior)
    values = {f.name: getattr(prior, f.name) for f in dataclasses.fields(prior)}
    short = [f"{v:.6g}" if isinstance(v, float) else f"{v!r}" for v in values.values()]
    if None in values.values():
        short = [f"{name}={text}" for (name, v), text in zip(values.items(), short, strict=True) if v is not None]
    return f"{type(prior).__name__}({', '.join(short)})"


def _aligned(rows, indent=""):
    rows = list(rows)
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield (indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()
