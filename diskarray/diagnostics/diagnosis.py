"""The table of diagnostics of a run: one row per sampled quantity, and the figures that belong to whole chains."""

__all__ = ["Diagnosis", "diagnose"]

import dataclasses
import math

import numpy as np

from . import convergence as single

_BLOCKS = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnosis:
    """Diagnostics of a run's draws; NaN where a figure cannot be established.

    Attributes
    ----------
    names : tuple of str
        One per row: the free parameters, the linear ones, and "log_probability".
    rhat : array, shape (rows,)
        Rank-normalized split R-hat between chains (walkers).
    rhat_blocks : array, shape (rows,)
        The same between quarters of the run, each with the draws of all chains: sees what drifts.
    ess_bulk, ess_tail : array, shape (rows,)
        Effective numbers of independent draws.
    mcse_mean, mcse_sd : array, shape (rows,)
        Monte Carlo standard errors of mean and standard deviation, in the parameter's unit.
    tau : array, shape (rows,)
        Integrated autocorrelation time, in kept steps.
    bfmi : array, shape (chains,)
        Empty for engines without an energy.
    divergences, draws : int
        Divergent draws, and all of them; ``divergences`` is None for engines that cannot diverge.
    not_finite : int
        Draws with a parameter or a log probability that is not finite.
    chains, repeated_chains : int
        Chains, and those of them that repeat another draw by draw.
    """

    names: tuple
    rhat: np.ndarray
    rhat_blocks: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray
    mcse_mean: np.ndarray
    mcse_sd: np.ndarray
    tau: np.ndarray
    bfmi: np.ndarray
    divergences: int | None
    draws: int
    not_finite: int
    chains: int
    repeated_chains: int

    def row(self, name):
        """The figures of one quantity as a dictionary of floats."""
        k = self.names.index(name)
        return {column: float(getattr(self, column)[k]) for column in _COLUMNS}

    def __repr__(self):
        width = max(len(name) for name in self.names)
        lines = [" " * width + "".join(f"{column:>12}" for column in _COLUMNS)]
        for name in self.names:
            lines.append(f"{name:<{width}}" + "".join(f"{value:>12.4g}" for value in self.row(name).values()))
        return "\n".join(lines)


_COLUMNS = ("rhat", "rhat_blocks", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd", "tau")
_FIGURES = {
    "rhat": single.rhat,
    "ess_bulk": single.ess_bulk,
    "ess_tail": single.ess_tail,
    "mcse_mean": single.mcse_mean,
    "mcse_sd": single.mcse_sd,
    "tau": single.autocorrelation_time,
    "rhat_blocks": lambda draws: single.rhat(_blocks(draws)),
}


def diagnose(names, draws, *, statistics=None, effective_sample_size=None):
    """Diagnose draws.

    Parameters
    ----------
    names : sequence of str
    draws : array, shape (chains, draws, rows)
        Periodic angles without a seam.
    statistics : dict, optional
        Array per draw, shape (chains, draws): "diverging" and "energy" are looked at.
    effective_sample_size : float, optional
        For equally weighted draws from a weighted set, which are no chain: all their figures follow from this one.

    Returns
    -------
    Diagnosis
    """
    statistics = statistics or {}
    columns = np.moveaxis(np.asarray(draws, dtype=float), -1, 0)
    if effective_sample_size is None:
        figures = {name: np.array([function(column) for column in columns]) for name, function in _FIGURES.items()}
    else:
        figures = _figures_of_a_set(columns, float(effective_sample_size))
    diverging = statistics.get("diverging")
    energy = statistics.get("energy")
    return Diagnosis(
        names=tuple(names),
        **figures,
        bfmi=np.zeros(0) if energy is None else single.bfmi(energy),
        divergences=None if diverging is None else int(np.sum(np.asarray(diverging, dtype=bool))),
        draws=math.prod(columns.shape[1:]),
        not_finite=int(np.sum(~np.all(np.isfinite(columns), axis=0))),
        chains=columns.shape[1],
        repeated_chains=columns.shape[1] - len({columns[:, k].tobytes() for k in range(columns.shape[1])}),
    )


def _blocks(draws):
    """Quarters of the run as chains: every step's draws of all chains, one step after the other."""
    steps = draws.shape[1] // _BLOCKS
    kept = draws[:, draws.shape[1] - _BLOCKS * steps :]
    return np.reshape(kept.T, (_BLOCKS, steps * draws.shape[0]))


def _figures_of_a_set(columns, size):
    """Independent draws of a weighted set: one effective size for all rows, no chain to compare with another."""
    unknown = np.full(columns.shape[0], math.nan)
    known = np.array([bool(c.size and np.all(np.isfinite(c)) and np.ptp(c) > 0) for c in columns]) & (size > 0)
    ess = np.where(known, size, math.nan)
    spread = np.array([np.std(column) if k else math.nan for column, k in zip(columns, known, strict=True)])
    return {
        "rhat": unknown,
        "rhat_blocks": unknown,
        "tau": unknown,
        "ess_bulk": ess,
        "ess_tail": ess,
        "mcse_mean": spread / np.sqrt(ess),
        "mcse_sd": spread / np.sqrt(2 * ess),
    }
