"""The verb: draw from a posterior with a sampler's settings."""

__all__ = ["sample"]

from os import PathLike
from typing import Any

import numpy as np

from ..errors import ParameterError
from ..fit.posterior import Posterior
from ..results.sample_result import SampleResult
from .checkpoint import identity_of, open_journal
from .evaluations import Evaluations
from .progress import open_progress
from .warm_start import checked_start


def sample(
    posterior: Posterior,
    engine: Any,
    *,
    start: Any = None,
    seed: int = 0,
    xp: Any = np,
    checkpoint: str | PathLike | None = None,
    checkpoint_every: float = 10.0,
    progress: bool = True,
) -> SampleResult:
    """Draw from a posterior.

    Parameters
    ----------
    posterior : Posterior
    engine : Emcee, Dynesty, NUTS, Consensus
        Settings; any object with ``run(posterior, start, *, seed, xp, journal, progress)``.
    start : OptimizeResult, Scene, vector or None
        Where to begin. A best fit must have converged and be a maximum; else it is refused with the reason.
    seed : int
        Of the random numbers. The same seed, settings, data, library versions and machine give the same draws.
    xp : module
        numpy (default) or jax.numpy.
    checkpoint : path or None
        A folder of its own for what is computed. Called again with the same arguments, an interrupted run goes on, and
        ends with exactly the draws it would have had; a finished one is returned again without computing anything.
    checkpoint_every : float
        Seconds of work that a killed process may lose.
    progress : bool
        Show a bar on a terminal; elsewhere a log line every 30 s.

    Returns
    -------
    SampleResult

    Raises
    ------
    SamplerError
        If the start is no place to begin, or the log probability is NaN.
    CheckpointError
        If the checkpoint is damaged, in use, or of another run. Nothing in it is changed.
    Interrupted
        With a checkpoint: on SIGTERM, SIGINT or SIGUSR1, after writing it.
    """
    if not hasattr(engine, "run") or isinstance(engine, type):
        raise ParameterError(f"engine must be settings such as Emcee(), got {engine!r}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ParameterError(f"seed must be a whole number, at least 0, got {seed!r}")
    if hasattr(start, "image_2d_from"):
        start = posterior.space.to_vector(start)
    identity = None if checkpoint is None else identity_of(posterior, engine, start, seed=int(seed), xp=xp)
    with (
        open_journal(checkpoint, identity, checkpoint_every) as journal,
        open_progress(type(engine).__name__, getattr(engine, "counts", "steps"), enabled=progress) as shown,
    ):
        start = checked_start(posterior, start, Evaluations(posterior, journal, xp=xp))
        return engine.run(posterior, start, seed=int(seed), xp=xp, journal=journal, progress=shown)
