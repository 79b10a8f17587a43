"""The one place where JAX is switched on and its floating-point precision chosen."""

__all__ = ["check_precision", "enable_jax", "require_jax"]

from typing import Any

from ..errors import BackendError, MissingExtraError
from .namespace import is_jax_namespace
from .pytree import register_pending

_single_precision_accepted: list[bool] = []


def require_jax():
    """Import JAX and return it; MissingExtraError names the extra when it is not installed."""
    try:
        import jax
    except ImportError as error:
        raise MissingExtraError("JAX is not installed: pip install 'diskarray[jax]'") from error
    register_pending()
    return jax


def enable_jax(x64: bool = True) -> Any:
    """Import JAX, choose its precision, and make every diskarray object known to it.

    Parameters
    ----------
    x64 : bool
        True (default) for double precision, which inference needs. False leaves JAX at single precision and
        accepts it in a Posterior.

    Returns
    -------
    module
        ``jax.numpy``, to be passed as ``xp=``.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.
    """
    jax = require_jax()
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", bool(x64))
    _single_precision_accepted[:] = [] if x64 else [True]
    return jnp


def check_precision(xp):
    """Raise BackendError if ``xp`` is JAX at 32 bit without ``enable_jax(x64=False)`` having asked for it."""
    if not is_jax_namespace(xp):
        return
    jax = require_jax()
    if not jax.config.jax_enable_x64 and not _single_precision_accepted:
        raise BackendError(
            "JAX runs at 32 bit, too coarse for a likelihood: call da.enable_jax() before making arrays, "
            "or da.enable_jax(x64=False) to accept single precision"
        )
