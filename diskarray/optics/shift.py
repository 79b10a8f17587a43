"""Images moved by fractions of a pixel, exactly as a Fourier transform does it, but as small matrices.

A band-limited image is known between its samples: its value at x is the sum of the samples times an interpolating
function of the distance. Along one axis that is a matrix, so a shifted image is one matrix product per axis, and its
derivative with respect to the shift is exact. Nothing wraps around.
"""

__all__ = ["edge_shift_matrix", "sample_shift_matrix"]

import math

import numpy as np

_NEAR = 1e-4  # samples; the quotient is replaced by its series around zero


def sample_shift_matrix(n_out, n_in, shift, *, xp=np):
    """Weights that turn samples, zero beyond their ends, into values at ``p - shift`` for p = 0 .. n_out - 1.

    The weights are sinc(p - shift - j): Whittaker-Shannon interpolation.

    Parameters
    ----------
    n_out, n_in : int
    shift : 0-d array or array of shape (K,)
        Pixels; any real number.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (n_out, n_in) or (K, n_out, n_in)
    """
    distance, sine = _distances(np.arange(n_out)[:, None] - np.arange(n_in), shift, xp)
    near = xp.abs(distance) < _NEAR
    series = 1 - (math.pi * distance) ** 2 / 6
    return xp.where(near, series, sine / (math.pi * xp.where(near, xp.asarray(1.0), distance)))


def edge_shift_matrix(n, shift, *, xp=np):
    """Weights that turn n samples, mirrored at the edges, into values at ``p - shift``; shape (n, n) or (K, n, n).

    Mirroring (what a cosine transform implies) makes no jump at the edges; a constant image stays constant.
    Arguments as for ``sample_shift_matrix``.
    """
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return _periodic(rows - columns, shift, 2 * n, xp) + _periodic(rows + columns + 1, shift, 2 * n, xp)


def _periodic(steps, shift, period, xp):
    """Interpolating function of a signal with an even period: sin(pi x) / (period tan(pi x / period))."""
    distance, sine = _distances(steps, shift, xp)
    distance = distance - period * xp.round(distance / period)
    near = xp.abs(distance) < _NEAR
    series = 1 - (math.pi * distance) ** 2 * (1 / 6 + 1 / (3 * period**2))
    angle = (math.pi / period) * xp.where(near, xp.asarray(1.0), distance)
    return xp.where(near, series, sine * xp.cos(angle) / (period * xp.sin(angle)))


def _distances(steps, shift, xp):
    """``steps - shift`` and sin(pi (steps - shift)), the latter exact to rounding for large numbers too."""
    shift = xp.asarray(shift)[..., None, None]
    whole = xp.round(shift)
    fraction = shift - whole
    steps = xp.asarray(steps, dtype=fraction.dtype) - whole
    parity = 1 - 2 * (steps - 2 * xp.floor(steps / 2))
    return steps - fraction, -parity * xp.sin(math.pi * fraction)
