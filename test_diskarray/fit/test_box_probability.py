"""Probabilities of boxes, against integrals made another way."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr
from scipy.stats import multivariate_normal

from diskarray.fit.box_probability import log_box_probability, log_interval

INF = np.inf


def test_an_interval_in_the_middle():
    assert log_interval(np.array(-0.3), np.array(1.2)) == pytest.approx(np.log(ndtr(1.2) - ndtr(-0.3)), rel=1e-14)
    assert log_interval(np.array(0.4), None) == pytest.approx(np.log(1 - ndtr(0.4)), rel=1e-14)
    assert log_interval(None, np.array(0.4)) == pytest.approx(np.log(ndtr(0.4)), rel=1e-14)


@pytest.mark.parametrize(("a", "b"), [(30.0, 31.0), (-31.0, -30.0), (1e4, 1e4 + 1e-3), (8.0, 8.5), (-1e-7, 1e-7)])
def test_an_interval_far_out_or_narrow(a, b):
    nearest = min(abs(a), abs(b))
    scaled = quad(lambda t: np.exp(-t * nearest * np.sign(a * b) - 0.5 * t * t), 0, b - a, epsabs=0, epsrel=1e-12)[0]
    expected = np.log(scaled) - 0.5 * nearest**2 - 0.5 * np.log(2 * np.pi)
    assert log_interval(np.array(a), np.array(b)) == pytest.approx(expected, rel=1e-12, abs=1e-8)


@pytest.mark.parametrize("rho", [0.0, 0.6, -0.95])
@pytest.mark.parametrize(
    "box", [((0, 0), (INF, INF)), ((-1, -INF), (0.5, 2)), ((-0.2, 0.1), (2, 0.3)), ((-INF, -INF), (INF, 0.4))]
)
def test_two_dimensions_against_scipy(rho, box):
    mean, sigma = np.array([0.4, -0.3]), np.array([1.3, 0.2])
    covariance = np.outer(sigma, sigma) * np.array([[1, rho], [rho, 1]])
    lower, upper = np.array(box, dtype=float)
    exact = multivariate_normal(mean, covariance, maxpts=10**6, abseps=1e-15, releps=1e-12)
    expected = exact.cdf(upper, lower_limit=lower)
    assert np.exp(log_box_probability(mean, covariance, lower, upper)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def reference(mean, covariance, lower, upper):
    """Adaptive integration over the second coordinate, where the maximum is found on a fine grid."""
    slope = covariance[0, 1] / covariance[1, 1]
    sigma = np.sqrt(covariance[0, 0] - slope * covariance[0, 1])

    def density(y):
        center = mean[0] + slope * (y - mean[1])
        a, b = (lower[0] - center) / sigma, (upper[0] - center) / sigma
        a, b = (-b, -a) if a > 0 else (a, b)
        inner = log_ndtr(b) + np.log1p(-np.exp(log_ndtr(a) - log_ndtr(b)))
        return -0.5 * (y - mean[1]) ** 2 / covariance[1, 1] - 0.5 * np.log(2 * np.pi * covariance[1, 1]) + inner

    width = np.sqrt(covariance[1, 1])
    first, last = max(lower[1], mean[1] - 200 * width), min(upper[1], mean[1] + 200 * width)
    for _ in range(6):
        grid = np.linspace(first, last, 2001)
        values = np.array([density(y) for y in grid])
        near = grid[values > values.max() - 60]
        step = grid[1] - grid[0]
        first, last = max(near[0] - step, first), min(near[-1] + step, last)
    peak = values.max()
    return peak + np.log(quad(lambda y: np.exp(density(y) - peak), first, last, epsrel=1e-11, limit=500)[0])


@pytest.mark.parametrize(
    ("mean", "rho", "box"),
    [
        ((-40.0, -3.0), 0.9, ((0, 0), (INF, INF))),
        ((-40.0, 30.0), -0.99, ((0, 0), (INF, INF))),
        ((25.0, -12.0), 0.5, ((-1, 0), (2, 5))),
        ((3.0, 4.0), -0.9999, ((0, 0), (INF, INF))),
        ((0.0, -50.0), 0.0, ((0, 0), (INF, INF))),
    ],
)
def test_far_tails_and_strong_correlations(mean, rho, box):
    sigma = np.array([1.0, 3.0])
    covariance = np.outer(sigma, sigma) * np.array([[1, rho], [rho, 1]])
    lower, upper = np.array(box, dtype=float)
    expected = reference(np.array(mean), covariance, lower, upper)
    assert log_box_probability(np.array(mean), covariance, lower, upper) == pytest.approx(expected, rel=1e-10, abs=1e-8)


def test_no_bounds_hold_everything():
    assert log_interval(None, None) == 0.0
