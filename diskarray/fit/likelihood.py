"""The one log-likelihood: independent Gaussian noise, summed (not averaged) over the pixels that count."""

__all__ = ["gaussian_log_likelihood", "noise_normalization"]

import math

import numpy as np


def noise_normalization(sigma, *, xp=np):
    """Sum over pixels of ln(2 pi sigma^2)."""
    return xp.sum(2 * xp.log(sigma)) + sigma.shape[0] * math.log(2 * math.pi)


def gaussian_log_likelihood(whitened_residual, sigma, *, xp=np):
    """-1/2 sum of [(d - m)^2 / sigma^2 + ln 2 pi sigma^2].

    Parameters
    ----------
    whitened_residual : array, shape (N,)
        (data - model) / sigma.
    sigma : array, shape (N,)
        Noise of the same pixels.
    xp : module
        Array namespace.
    """
    return -0.5 * (xp.sum(whitened_residual * whitened_residual) + noise_normalization(sigma, xp=xp))
