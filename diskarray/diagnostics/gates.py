"""Gates: what has to hold before a sampled posterior may be called established.

Each gate passes, fails, or is not established; a figure that is NaN, or that needs several chains where there is one,
establishes nothing and so never passes.
"""

__all__ = ["Gate", "gates_of"]

import dataclasses
import math

import numpy as np

RHAT = 1.01
RHAT_WALKERS = 1.05  # walkers are short and not independent of each other: between them R-hat stays above 1
ESS = 400.0
DIVERGENT = 0.01
BFMI = 0.3
AUTOCORRELATION_TIMES = 50.0
EVIDENCE_ERROR = 0.5
FINISHED = ("converged", "finished")


@dataclasses.dataclass(frozen=True)
class Gate:
    """One requirement and how a run fared.

    Attributes
    ----------
    name : str
    passed : bool or None
        None: not established.
    value, limit : float
        The figure that decides and what it is compared with.
    text : str
        The verdict in a sentence.
    """

    name: str
    passed: bool | None
    value: float
    limit: float
    text: str

    @property
    def verdict(self):
        """One of "passed", "failed" and "not established"."""
        return {True: "passed", False: "failed", None: "not established"}[self.passed]

    def __repr__(self):
        return f"Gate({self.name}, {self.verdict}: {self.text})"


def gates_of(result):
    """The gates of a SampleResult: those of chains, of an ensemble of walkers, or of nested sampling.

    Returns
    -------
    tuple of Gate
    """
    table = result.diagnostics
    kinds = {"chains": _chains, "ensemble": _ensemble, "nested": _nested}
    return (_finished(result), _finite(table), *kinds[result.kind](result, table), _maximum(result))


def _chains(result, table):
    yield _distinct(table)
    yield _worst("rhat", table.names, table.rhat, RHAT, "R-hat", most=True)
    yield from _sizes(table)
    if table.divergences is not None:
        share = table.divergences / table.draws if table.draws else math.nan
        yield _one("divergences", share, DIVERGENT, "the share of divergent draws", most=True)
    if table.bfmi.size:
        chains = [f"chain {k}" for k in range(table.bfmi.size)]
        yield _worst("bfmi", chains, table.bfmi, BFMI, "BFMI", most=False)


def _ensemble(result, table):
    yield _distinct(table)
    steps = result.samples.shape[1]
    yield _worst("rhat", table.names, table.rhat_blocks, RHAT, "R-hat between quarters of the run", most=True)
    yield _worst("rhat_walkers", table.names, table.rhat, RHAT_WALKERS, "R-hat between walkers", most=True)
    yield _worst(
        "length",
        table.names[:-1],
        steps / table.tau[:-1],
        AUTOCORRELATION_TIMES,
        "the number of autocorrelation times in the run",
        most=False,
    )
    yield from _sizes(table)


def _nested(result, table):
    yield _worst("ess", table.names, table.ess_bulk, ESS, "the effective sample size", most=False)
    error = result.log_evidence_error
    known = error is not None and result.log_evidence is not None and math.isfinite(result.log_evidence)
    yield _one(
        "evidence_error", error if known else math.nan, EVIDENCE_ERROR, "the error of the log-evidence", most=True
    )


def _sizes(table):
    yield _worst("ess_bulk", table.names, table.ess_bulk, ESS, "the bulk effective sample size", most=False)
    yield _worst("ess_tail", table.names, table.ess_tail, ESS, "the tail effective sample size", most=False)


def _finished(result):
    done = result.status in FINISHED
    return Gate("finished", done, float(done), 1.0, f"the engine ended as {result.status!r}: {result.message}")


def _distinct(table):
    text = f"{table.repeated_chains} of {table.chains} chains repeat another (two different ones are needed)"
    different = table.chains - table.repeated_chains
    passed = False if table.repeated_chains else (True if different >= 2 else None)
    return Gate("chains", passed, float(different), 2.0, text)


def _finite(table):
    if table.draws == 0:
        return Gate("finite", None, math.nan, 0.0, "there is no draw")
    text = f"{table.not_finite} of {table.draws} draws have a parameter or log probability that is not finite"
    return Gate("finite", table.not_finite == 0, float(table.not_finite), 0.0, text)


def _maximum(result):
    """Draws of n parameters come within about n / 2 of the highest log probability; those of a lesser mode do not."""
    limit = max(3.0, float(len(result.names)))
    finite = result.log_probability[np.isfinite(result.log_probability)]
    gap = result.maximum_log_probability - float(np.max(finite)) if finite.size else math.nan
    what = "how far the highest draw stays below the highest log probability known"
    return _one("maximum", gap, limit, what, most=True)


def _one(name, value, limit, what, *, most):
    value = float(value)
    relation = "at most" if most else "at least"
    if not math.isfinite(value):
        return Gate(name, None, value, limit, f"{what} is not established ({relation} {limit:g} is needed)")
    passed = value <= limit if most else value >= limit
    return Gate(name, passed, value, limit, f"{what} is {value:.5g} ({relation} {limit:g} is needed)")


def _worst(name, names, values, limit, what, *, most):
    """The gate of a column: the worst row decides; a row that is NaN leaves it open unless another one fails."""
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values)
    if not np.any(known):
        return _one(name, math.nan, limit, what, most=most)
    worst = int(np.argmax(np.where(known, values if most else -values, -math.inf)))
    gate = _one(name, values[worst], limit, f"{what} of {names[worst]}", most=most)
    if gate.passed and not np.all(known):
        unknown = ", ".join(n for n, k in zip(names, known, strict=True) if not k)
        relation = "at most" if most else "at least"
        text = f"{what} of {unknown} is not established ({relation} {limit:g} is needed)"
        return Gate(name, None, math.nan, limit, text)
    return gate
