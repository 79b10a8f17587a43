"""The mean over the star's pixel, where brightness grows towards the star."""

import numpy as np
import pytest
from scipy.integrate import dblquad

from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D
from diskarray.structures.star_pixel import star_pixel_points

INSIDE = [(0.0, 0.0), (0.2, -0.35), (-0.31, 0.04), (0.5, 0.5), (-0.5, 0.5), (0.5, 0.1)]


def one_over_distance(star):
    """The exact mean of 1 / b over a unit pixel: four rectangles with a corner at the star."""
    return sum(
        a * np.arcsinh(b / a) + b * np.arcsinh(a / b)
        for a in (0.5 + star[0], 0.5 - star[0])
        for b in (0.5 + star[1], 0.5 - star[1])
        if a > 0 and b > 0
    )


def power_mean(star, power):
    """scipy's adaptive mean of b^power over the four rectangles."""
    return sum(
        dblquad(lambda y, x: np.hypot(y, x) ** power, 0, b, 0, a, epsabs=1e-9, epsrel=1e-9)[0]
        for a in (0.5 + star[0], 0.5 - star[0])
        for b in (0.5 + star[1], 0.5 - star[1])
        if a > 0 and b > 0
    )


def mean(function, star, size):
    points, weights = star_pixel_points(star, size)
    return np.sum(weights * function(points[:, 0] - star[0], points[:, 1] - star[1]))


@pytest.mark.parametrize("star", [*INSIDE, (0.55, 0.2), (-0.58, 0.53)])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 32])
def test_points_fill_the_pixel_and_avoid_the_star(star, size):
    points, weights = star_pixel_points(star, size)
    triangles = 4 - sum(abs(s) >= 0.5 for s in star)
    assert points.shape == (triangles * size**2, 2) and weights.shape == (triangles * size**2,)
    assert np.all(np.abs(points) < 0.5) and np.all(weights > 0) and np.sum(weights) == pytest.approx(1, abs=1e-13)
    assert np.min(np.hypot(*(points - star).T)) > 1e-4
    if size > 1:
        np.testing.assert_allclose(weights @ points, 0, atol=1e-14)


@pytest.mark.parametrize("star", INSIDE)
@pytest.mark.parametrize("power", [-1.0, -0.5, 0.5])
def test_the_mean_converges_faster_than_second_order(star, power):
    exact = one_over_distance(star) if power == -1 else power_mean(star, power)
    errors = np.array([abs(mean(lambda y, x: np.hypot(y, x) ** power, star, n) - exact) for n in (4, 8, 16, 32)])
    assert errors[0] < 0.02 * exact and np.all(errors[2:] < errors[:2] / 16 + 1e-12)
    assert errors[-1] < 1e-5 * exact


def test_regular_sub_pixels_would_not():
    for power, ratio in ((-1.0, 2.1), (-0.5, 3.0)):
        exact = one_over_distance((0, 0)) if power == -1 else power_mean((0, 0), power)
        errors = []
        for n in (8, 16, 32):
            y, x = np.meshgrid(*2 * [(np.arange(n) + 0.5) / n - 0.5])
            errors.append(abs(np.mean(np.hypot(y, x) ** power) - exact))
        assert errors[0] / errors[1] < ratio and errors[1] / errors[2] < ratio


def test_a_smooth_function_of_direction_is_integrated_too():
    def function(y, x):
        return np.hypot(y, 3 * x) ** -0.5 * (1 + 0.5 * y / np.hypot(y, x))

    fine = mean(function, (0.1, -0.2), 200)
    errors = [abs(mean(function, (0.1, -0.2), n) / fine - 1) for n in (2, 4, 8, 16)]
    assert errors[1] < 0.03 and errors[2] < errors[0] / 16 and errors[3] < errors[1] / 16


@pytest.mark.parametrize("center", [(4.0, 4.0), (4.5, 3.5), (4.2, 3.45)])
@pytest.mark.parametrize("masked", [False, True])
def test_a_grid_around_the_star_has_the_right_means(center, masked):
    frame = Frame2D((9, 8), 0.3, center, north_angle=35.0, mirrored=True)
    mask = Mask2D.annular(frame, 0.2, 0.8) if masked else Mask2D.none(frame)
    grid = Grid2D(mask, 16)
    values = grid.over_sample_size.binned(1 / np.hypot(grid.sub_array[:, 0], grid.sub_array[:, 1]))
    rows, columns = np.unravel_index(mask.indices, frame.shape_native)
    exact = [_outside(center[0] - r, center[1] - c) / 0.3 for r, c in zip(rows, columns, strict=True)]
    np.testing.assert_allclose(values, exact, rtol=3e-3)


def _outside(up, right):
    """The mean of 1 / b over a unit pixel wherever the star is: signed rectangles with a corner at the star."""

    def corner(a, b):
        size = abs(a) * np.arcsinh(abs(b / a)) + abs(b) * np.arcsinh(abs(a / b)) if a and b else 0.0
        return np.sign(a) * np.sign(b) * size

    return sum(corner(a, b) for a in (0.5 + up, 0.5 - up) for b in (0.5 + right, 0.5 - right))
