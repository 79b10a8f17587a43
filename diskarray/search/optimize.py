"""The verb: find the best fit of a posterior with an optimizer's settings."""

__all__ = ["optimize"]

from typing import Any

import numpy as np

from ..errors import ParameterError
from ..fit.posterior import Posterior
from ..results.optimize_result import OptimizeResult


def optimize(
    posterior: Posterior, optimizer: Any, start: Any = None, *, xp: Any = np, progress: bool = True
) -> OptimizeResult:
    """Find the best-fitting parameters.

    Parameters
    ----------
    posterior : Posterior
    optimizer : LeastSquares
        Settings; any object with ``run(posterior, start, *, xp, progress)``.
    start : array of shape (n,), Scene or None
        Where to begin; default the values of the posterior's model.
    xp : module
        numpy (default): central differences. jax.numpy: compiled, forward-mode derivatives.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    OptimizeResult

    Raises
    ------
    ParameterError
        If the start is outside the bounds or gives residuals that are not finite.
    """
    if not hasattr(optimizer, "run"):
        raise ParameterError(f"optimizer must be settings such as LeastSquares(), got {optimizer!r}")
    from tqdm import tqdm

    with tqdm(desc="fit", unit=" images", disable=None if progress else True, leave=False) as bar:
        return optimizer.run(posterior, start, xp=xp, progress=bar)
