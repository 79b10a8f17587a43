"""Curves through knots, against SciPy's."""

import array_api_strict
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicHermiteSpline, CubicSpline, PchipInterpolator

from diskarray.errors import ParameterError, ShapeError
from diskarray.profiles.curves import (
    clamped_slopes,
    knots_in_order,
    monotone_slopes,
    natural_slopes,
    one_per_knot,
    piecewise_cubic,
    scattering_angle,
    sphere_weights,
)


def knots_and_values(n):
    rng = np.random.default_rng(n)
    return np.sort(rng.uniform(0, 10, n)), rng.normal(size=n)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 13, 40])
def test_splines_are_scipys(n):
    knots, values = np.arange(float(n)), knots_and_values(n)[1]
    x = np.linspace(0, n - 1, 301)
    clamped = piecewise_cubic(x, knots, values, clamped_slopes(values, 0.4, -1.5))
    np.testing.assert_allclose(clamped, CubicSpline(knots, values, bc_type=((1, 0.4), (1, -1.5)))(x), atol=1e-12)
    natural = piecewise_cubic(x, knots, values, natural_slopes(values))
    np.testing.assert_allclose(natural, CubicSpline(knots, values, bc_type="natural")(x), atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 13, 40])
def test_the_monotone_curve_is_scipys(n):
    knots, values = knots_and_values(n)
    x = np.linspace(knots[0], knots[-1], 301)
    steep = values[0] + np.where(np.arange(n) % 2, 1.0, -9.0) * (np.arange(n) > 0)
    for row in (values, np.sort(values), np.round(values), 0 * values, steep, -steep[::-1]):
        curve = piecewise_cubic(x, knots, row, monotone_slopes(knots, row))
        np.testing.assert_allclose(curve, PchipInterpolator(knots, row)(x), atol=1e-12)


@pytest.mark.parametrize("n", [3, 20])
def test_outside_its_knots_a_curve_keeps_its_ends_and_takes_any_shape(n):
    knots, values = knots_and_values(n)
    x = np.array([[-50.0, knots[0]], [knots[-1], 99.0]])
    curve = piecewise_cubic(x, knots, values, monotone_slopes(knots, values))
    np.testing.assert_allclose(curve, [[values[0]] * 2, [values[-1]] * 2], rtol=1e-12)
    strict = array_api_strict
    slopes = monotone_slopes(strict.asarray(knots), strict.asarray(values), xp=strict)
    again = piecewise_cubic(strict.asarray(x), strict.asarray(knots), strict.asarray(values), slopes, xp=strict)
    np.testing.assert_allclose(np.asarray(again), curve, rtol=1e-12)


def test_scattering_angle():
    angles = np.array([0.0, 1e-3, 30.0, 90.0, 150.0, 180.0])
    np.testing.assert_allclose(scattering_angle(np.cos(np.radians(angles))), angles, atol=1e-5)
    np.testing.assert_allclose(scattering_angle(np.cos(np.radians(angles[2:5]))), angles[2:5], rtol=1e-13)
    assert np.isfinite(scattering_angle(1 + 1e-12)) and scattering_angle(0.0) == 90.0


def test_sphere_weights_integrate_over_all_directions():
    angles = (12.0, 40.0, 90.0, 150.0)
    values = np.array([3.0, 1.0, 0.5, 0.9])
    slopes = monotone_slopes(np.array(angles), values)
    of_values, of_slopes = sphere_weights(angles)
    pchip = PchipInterpolator(angles, values)
    edges = (0.0, *angles, 180.0)

    def term(angle):
        return 2 * np.pi * np.sin(np.radians(angle)) * np.pi / 180 * float(pchip(np.clip(angle, 12.0, 150.0)))

    expected = sum(quad(term, a, b, epsabs=1e-13)[0] for a, b in zip(edges[:-1], edges[1:], strict=True))
    assert of_values @ values + of_slopes @ slopes == pytest.approx(expected, rel=1e-11)
    assert np.sum(of_values) == pytest.approx(4 * np.pi, rel=1e-13)


def test_sphere_weights_of_many_knots():
    rng = np.random.default_rng(6)
    angles = np.sort(rng.uniform(5, 175, 2001))
    values, slopes = rng.normal(size=(2, 2001))
    of_values, of_slopes = sphere_weights(tuple(angles))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.concatenate([[0.0], angles, [180.0]])
    length = np.diff(edges)[:, None]
    points = edges[:-1, None] + length * (nodes + 1) / 2
    curve = CubicHermiteSpline(angles, values, slopes)(np.clip(points, angles[0], angles[-1]))
    expected = np.sum(length / 2 * weights * curve * 2 * np.pi * np.sin(np.radians(points)) * np.pi / 180)
    assert of_values @ values + of_slopes @ slopes == pytest.approx(expected, rel=1e-11)


def test_one_number_stands_for_all_knots():
    np.testing.assert_array_equal(one_per_knot("A", "b", 2.0, count=3), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(one_per_knot("A", "b", [1, 2], count=2), [1, 2])
    with pytest.raises(ShapeError, match=r"A\.b must be 3 numbers"):
        one_per_knot("A", "b", [1.0, 2.0], count=3)
    with pytest.raises(ShapeError, match=r"A\.b must be a list of at least 2"):
        one_per_knot("A", "b", [1.0], fallback=4)


@pytest.mark.parametrize(
    "wrong", [(), (10.0,), (20.0, 10.0), (10.0, 10.0), (-1.0, 10.0), (10.0, 181.0), "ab", None, (np.nan, 10.0)]
)
def test_knots_are_increasing_angles(wrong):
    with pytest.raises(ParameterError, match=r"Own\.angles"):
        knots_in_order("Own", wrong)
