"""The probability that a Gaussian has within bounds, which marginal likelihoods need where amplitudes are bounded.

In one dimension it is the difference of two normal distribution functions, in two an integral of such differences
along a line. That integrand is log-concave: its maximum and the ends beyond which nothing counts are bracketed, and the
stretch between them is cut where the inner interval opens and closes.
"""

__all__ = [
    "MOST_BOUNDED",
    "given_first",
    "log_box_probability",
    "log_first_density",
    "log_interval",
    "nodes_along_first",
]

import math

import numpy as np

from ..backend.loops import repeated
from ..backend.operations import given, log_normal_cdf

MOST_BOUNDED = 2
_FARTHEST = 1e100
_NEGLIGIBLE = 45.0  # nats below the maximum
_REACH = 10.0  # standard deviations: log-concavity leaves less than that much beyond
_HALVINGS = 64
_SHARES = (1 / 16, 1 / 5, 1 / 2, 1.0)
_KINK = (-8.0, -3.0, 0.0, 3.0, 8.0)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def log_interval(a, b, *, xp=np):
    """``ln(Phi(b) - Phi(a))`` for arrays a < b, either of which may be None: infinite.

    Both far on one side of 0 it keeps its relative accuracy.
    """
    if a is None and b is None:
        return xp.asarray(0.0)
    if b is None:
        a, b = None, -a
    b = xp.clip(b, -_FARTHEST, _FARTHEST)
    if a is None:
        return log_normal_cdf(b, xp=xp)
    a = xp.clip(a, -_FARTHEST, _FARTHEST)
    mirrored = a > 0
    a, b = xp.where(mirrored, -b, a), xp.where(mirrored, -a, b)
    above, below = log_normal_cdf(b, xp=xp), log_normal_cdf(a, xp=xp)
    return above + xp.log(-xp.expm1(xp.minimum(below - above, xp.asarray(-1e-300))))


def log_box_probability(mean, covariance, lower, upper, *, xp=np):
    """Logarithm of the probability of a box under a Gaussian of one or two dimensions.

    Parameters
    ----------
    mean, covariance : arrays, shapes (k,) and (k, k)
    lower, upper : numpy.ndarray, shape (k,)
        The box, whose ends may be infinite.
    """
    if mean.shape[0] == 1:
        return log_interval(*_standardized(mean[0], xp.sqrt(covariance[0, 0]), lower[0], upper[0]), xp=xp)
    edges = nodes_along_first(mean, covariance, lower, upper, xp=xp)
    length = (edges[1:] - edges[:-1])[:, None]
    nodes = xp.reshape(edges[:-1, None] + length * xp.asarray((_NODES + 1) / 2), (-1,))
    weights = xp.reshape(length * xp.asarray(_WEIGHTS / 2), (-1,))
    logarithms = log_first_density(nodes, mean, covariance, lower, upper, xp=xp)
    peak = given(xp.max(logarithms), xp=xp)
    return peak + xp.log(xp.sum(weights * xp.exp(logarithms - peak)))


def nodes_along_first(mean, covariance, lower, upper, *, xp=np):
    """Where to cut the first coordinate's range, increasing: all that counts is between the first and the last."""
    mean, covariance = given(mean, xp=xp), given(covariance, xp=xp)

    def density(x):
        return log_first_density(x, mean, covariance, lower, upper, xp=xp)

    reach = _REACH * xp.sqrt(covariance[0, 0])
    best = _constrained_first(mean, covariance, lower, upper, xp)
    first = xp.maximum(best - reach, xp.asarray(float(lower[0])))
    last = xp.minimum(best + reach, xp.asarray(float(upper[0])))
    mode = _crossing(lambda x: _slope(x, mean, covariance, lower, upper, xp) > 0, first, last, xp)
    level = density(mode) - _NEGLIGIBLE
    first = xp.maximum(mode - reach, xp.asarray(float(lower[0])))
    last = xp.minimum(mode + reach, xp.asarray(float(upper[0])))
    left = _crossing(lambda x: density(x) < level, first, mode, xp)
    right = _crossing(lambda x: density(x) > level, mode, last, xp)
    cuts = [mode, *[mode + share * (end - mode) for end in (left, right) for share in _SHARES]]
    _, slope, sigma = given_first(mode, mean, covariance, xp=xp)
    slope = _no_smaller(slope, mean, covariance, xp)
    for end in (lower[1], upper[1]):
        if math.isfinite(end):
            kink, width = mean[0] + (float(end) - mean[1]) / slope, sigma / xp.abs(slope)
            cuts += [xp.clip(kink + steps * width, left, right) for steps in _KINK]
    return given(xp.sort(xp.stack(cuts), axis=0), xp=xp)


def given_first(x, mean, covariance, *, xp=np):
    """Mean of the second coordinate given the first, how it changes with that, and its standard deviation."""
    slope = covariance[0, 1] / covariance[0, 0]
    variance = covariance[1, 1] - slope * covariance[0, 1]
    sigma = xp.sqrt(xp.maximum(variance, 1e-14 * covariance[1, 1]))
    return mean[1] + slope * (x - mean[0]), slope, sigma


def log_first_density(x, mean, covariance, lower, upper, *, xp=np):
    """Logarithm of the first coordinate's density times the probability that the second lies within its bounds."""
    center, _, sigma = given_first(x, mean, covariance, xp=xp)
    z = (x - mean[0]) * (x - mean[0]) / covariance[0, 0]
    inner = log_interval(*_standardized(center, sigma, lower[1], upper[1]), xp=xp)
    return -0.5 * (z + xp.log(2 * math.pi * covariance[0, 0])) + inner


def _slope(x, mean, covariance, lower, upper, xp):
    """Derivative of ``log_first_density``."""
    center, slope, sigma = given_first(x, mean, covariance, xp=xp)
    a, b = _standardized(center, sigma, lower[1], upper[1])
    inside = log_interval(a, b, xp=xp)
    change = 0.0
    for end, sign in ((a, 1.0), (b, -1.0)):
        if end is not None:
            change = change + sign * xp.exp(-0.5 * end * end - 0.5 * math.log(2 * math.pi) - inside)
    return -(x - mean[0]) / covariance[0, 0] + slope / sigma * change


def _standardized(center, sigma, lower, upper):
    return tuple((float(end) - center) / sigma if math.isfinite(end) else None for end in (lower, upper))


def _crossing(is_before, first, last, xp):
    """Where a condition that holds at the start of an interval ends to hold, by halving."""

    def halved(ends):
        middle = 0.5 * (ends[0] + ends[1])
        before = is_before(middle)
        return xp.where(before, middle, ends[0]), xp.where(before, ends[1], middle)

    ends = repeated(halved, (first, last), _HALVINGS, xp=xp)
    return 0.5 * (ends[0] + ends[1])


def _constrained_first(mean, covariance, lower, upper, xp):
    """First coordinate of the most probable point of the box.

    With the second coordinate at its best, the squared distance is convex along the first, and least between the
    first's own mean and the place where the second needs no bound.
    """
    slope = _no_smaller(covariance[0, 1] / covariance[0, 0], mean, covariance, xp)
    _, _, sigma = given_first(mean[0], mean, covariance, xp=xp)

    def still_falling(x):
        center = mean[1] + slope * (x - mean[0])
        excess = center - xp.clip(center, float(lower[1]), float(upper[1]))
        return (x - mean[0]) / covariance[0, 0] + slope * excess / (sigma * sigma) < 0

    kink = mean[0] + (xp.clip(mean[1], float(lower[1]), float(upper[1])) - mean[1]) / slope
    first, last = xp.minimum(mean[0], kink), xp.maximum(mean[0], kink)
    first, last = (xp.clip(end, float(lower[0]), float(upper[0])) for end in (first, last))
    return _crossing(still_falling, first, last, xp)


def _no_smaller(slope, mean, covariance, xp):
    """A slope that can be divided by."""
    _, _, sigma = given_first(mean[0], mean, covariance, xp=xp)
    smallest = 1e-12 * sigma / xp.sqrt(covariance[0, 0])
    return xp.where(xp.abs(slope) < smallest, smallest, slope)
