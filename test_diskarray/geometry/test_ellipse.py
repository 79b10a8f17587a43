"""Kepler ellipses: the star at a focus, the pericenter where it is said to be."""

import numpy as np
import pytest

from diskarray.geometry.ellipse import (
    ellipse_crossings,
    ellipse_radius,
    kepler_ellipse,
    relative_radius,
    relative_slope,
)

A, E = 50.0, 0.4


def radius_towards(angle, omega, eccentricity=E):
    theta = np.radians(angle)
    X, Y = 3.7 * np.cos(theta), 3.7 * np.sin(theta)
    return ellipse_radius(X, Y, np.hypot(X, Y), kepler_ellipse(A, eccentricity, omega))


@pytest.mark.parametrize("omega", [0.0, 30.0, 90.0, 215.0, -120.0])
def test_pericenter_and_apocenter(omega):
    assert radius_towards(omega, omega) == pytest.approx(A * (1 - E), rel=1e-14)
    assert radius_towards(omega + 180, omega) == pytest.approx(A * (1 + E), rel=1e-14)
    angles = np.arange(0.0, 360.0, 0.1)
    assert (angles[np.argmin(radius_towards(angles, omega))] - omega) % 360 == pytest.approx(0, abs=0.05)


def test_distances_to_both_foci_add_up_to_the_major_axis():
    omega, angles = 25.0, np.linspace(0, 360, 73)
    r = radius_towards(angles, omega)
    x, y = r * np.cos(np.radians(angles)), r * np.sin(np.radians(angles))
    other = -2 * A * E * np.array([np.cos(np.radians(omega)), np.sin(np.radians(omega))])
    np.testing.assert_allclose(r + np.hypot(x - other[0], y - other[1]), 2 * A, rtol=1e-13)


def test_circle():
    np.testing.assert_array_equal(radius_towards(np.linspace(0, 360, 13), 77.0, eccentricity=0.0), A)


@pytest.mark.parametrize("omega", [0.0, 40.0, 90.0, 200.0])
def test_crossings_lie_on_the_ellipse(omega):
    X = np.linspace(-20.0, 20.0, 9)
    ellipse = kepler_ellipse(A, E, omega)
    for Y in ellipse_crossings(X, ellipse.parameter, ellipse, softness=1e-12):
        r = np.hypot(X, Y)
        expected = A * (1 - E**2) / (1 + E * np.cos(np.arctan2(Y, X) - np.radians(omega)))
        np.testing.assert_allclose(r, expected, rtol=1e-10)


def test_crossings_are_ordered_and_pass_smoothly_into_a_miss():
    X = np.linspace(0.0, 3 * A, 4001)
    lower, upper = ellipse_crossings(X, A, kepler_ellipse(A, 0.0, 0.0), softness=(0.05 * A) ** 4)
    assert np.all(upper >= lower) and np.all(np.isfinite(upper))
    hit = X < 0.9 * A
    np.testing.assert_allclose(upper[hit], np.sqrt(A**2 - X[hit] ** 2), rtol=1e-4)
    assert upper[-1] < 0.01 * A
    assert np.all(np.abs(np.diff(upper)) < 0.03 * A)


@pytest.mark.parametrize("eccentricity", [0.0, 0.3])
def test_relative_radius_and_its_slope(eccentricity):
    """r over the ellipse's radius in that direction, and its derivative along Y by differences."""
    X, Y, h = np.array([30.0, -20.0, 5.0]), np.array([10.0, 40.0, -60.0]), 1e-4
    ellipse = kepler_ellipse(50.0, eccentricity, 40.0)

    def ratio(Y):
        return relative_radius(X, Y, np.hypot(X, Y), ellipse)

    np.testing.assert_allclose(ratio(Y), np.hypot(X, Y) / ellipse_radius(X, Y, np.hypot(X, Y), ellipse), rtol=1e-14)
    slope = relative_slope(Y, np.hypot(X, Y), ellipse)
    np.testing.assert_allclose(slope, (ratio(Y + h) - ratio(Y - h)) / (2 * h), rtol=1e-8)


def test_crossings_far_beyond_the_ellipse_meet_without_cancellation():
    first, last = ellipse_crossings(np.array([110.0]), 0.2, kepler_ellipse(0.2, 0.0, 0.0), 0.01**4)
    assert np.all(last > first) and np.all(np.abs([first, last]) < 1e-4)
