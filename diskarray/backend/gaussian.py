"""The logarithm of the normal distribution function, and numbers that derivatives take as given."""

__all__ = ["given", "log_normal_cdf"]

import numpy as np

from .namespace import is_jax_namespace


def log_normal_cdf(value, *, xp=np):
    """Logarithm of the standard normal distribution function, accurate far below zero too."""
    if is_jax_namespace(xp):
        from jax.scipy.special import log_ndtr

        return log_ndtr(value)
    from scipy.special import log_ndtr

    return xp.asarray(log_ndtr(np.asarray(value)))


def given(value, *, xp=np):
    """The same value, which derivatives treat as a constant."""
    if not is_jax_namespace(xp):
        return value
    from jax.lax import stop_gradient

    return stop_gradient(value)
