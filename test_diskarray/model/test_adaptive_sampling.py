"""Pixel means of a disk against brute force, uniform and adaptive: at sharp edges and in the star's pixel."""

import numpy as np
import pytest
from scipy.integrate import fixed_quad

from diskarray.backend.pytree import component, replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.model.adaptive_sampling import adaptive_over_sample_size
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.optics.psf import GaussianPSF
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.structures.decorators import over_sample, to_image
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D


def disk(inclination, **density):
    values = {"radius": 77.0, "alpha_in": 10.0, "alpha_out": -5.0, "scale_height": 2.0, **density}
    return Disk(
        density=TwoPowerLaw(**values),
        phase_function=HenyeyGreenstein(g=0.3),
        inclination=inclination,
        position_angle=27.0,
        distance=70.0,
    )


SHARP = disk(60.0, alpha_in=30.0, alpha_out=-12.0)
FRAME = Frame2D((19, 21), 0.16, (9.2, 9.7), north_angle=20.0)
WHOLE = Grid2D(FRAME)


def brute(model, frame, n):
    """Means over n x n points in every pixel, written out."""
    steps = (np.arange(n) + 0.5) / n - 0.5
    row, column = np.indices(frame.shape_native).reshape(2, -1)
    total = 0.0
    for a in steps:
        for b in steps:
            points = np.stack(frame.sky_from(row + a, column + b), axis=-1)
            total = total + model.image_2d_from(Grid2DIrregular(points)).array
    return (total / n**2).reshape(frame.shape_native)


@pytest.fixture(scope="module")
def sharp():
    return brute(SHARP, FRAME, 36)


def error(model, sizes, exact, frame=FRAME):
    return np.max(np.abs(model.image_2d_from(Grid2D(frame, sizes)).array - exact)) / exact.max()


def test_uniform_and_adaptive_means_converge_to_second_order_across_a_sharp_edge(sharp):
    uniform = [error(SHARP, n, sharp) for n in (2, 4, 8, 16)]
    sizes = [adaptive_over_sample_size(SHARP, WHOLE, tolerance=2e-4, largest=n) for n in (2, 4, 8, 16)]
    adaptive = [error(SHARP, s, sharp) for s in sizes]
    assert uniform[0] > 0.02
    for errors in (uniform, adaptive):
        for coarse, fine in zip(errors[1:], errors[2:], strict=False):
            assert 3.4 < coarse / fine < 5.5
    assert np.all(np.abs(np.array(adaptive) / uniform - 1) < 0.05)
    assert np.sum(sizes[-1] ** 2) < 0.7 * 16**2 * FRAME.shape_native[0] * FRAME.shape_native[1]


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3])
def test_the_tolerance_is_kept_with_few_sub_pixels(sharp, tolerance):
    sizes = adaptive_over_sample_size(SHARP, WHOLE, tolerance=tolerance)
    assert tolerance / 50 < error(SHARP, sizes, sharp) < 1.2 * tolerance
    largest = sizes.max()
    assert np.sum(sizes**2) < 0.5 * largest**2 * sizes.size
    assert sizes[0, 0] == sizes[9, 10] == 1  # no dust in the corner nor around the star
    assert set(np.unique(sizes)) <= {1, 2, 4, 8, 16, 32}
    assert error(SHARP, np.maximum(sizes // 4, 1), sharp) > tolerance


def edge_distance(angle, star):
    """How far the pixel's side is from a star inside it."""
    c, s = np.cos(angle), np.sin(angle)
    up = (np.where(c > 0, 0.5, -0.5) - star[0]) / c
    right = (np.where(s > 0, 0.5, -0.5) - star[1]) / s
    return np.minimum(up, right)


def star_pixel_mean(model, frame):
    """scipy's Gauss quadrature in polar coordinates, from the star to the pixel's sides, corner to corner."""
    pixel = np.round(frame.center)
    star = frame.center - pixel
    corners = [np.arctan2(b - star[1], a - star[0]) for a, b in ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5))]
    angles = np.unique(np.concatenate([corners, np.linspace(-np.pi, np.pi, 9)]))

    def ray(angle):
        def along(tau):  # distance = edge * tau^4
            edge = edge_distance(angle, star)[:, None]
            b = edge * tau**4
            where = frame.sky_from(*(frame.center[k] + b * f(angle)[:, None] for k, f in ((0, np.cos), (1, np.sin))))
            values = model.image_2d_from(Grid2DIrregular(np.stack([w.ravel() for w in where], axis=-1))).array
            return values.reshape(b.shape) * b * edge * 4 * tau**3

        return fixed_quad(along, 0.0, 1.0, n=40)[0]

    return sum(fixed_quad(ray, a, b, n=24)[0] for a, b in zip(angles, angles[1:], strict=False))


@pytest.mark.parametrize("center", [(7.0, 7.0), (7.31, 6.8)])
@pytest.mark.parametrize(("inclination", "beta"), [(0.0, 0.0), (40.0, 1.0), (65.0, 1.0), (120.0, 0.5)])
def test_the_stars_pixel_converges_at_least_to_second_order_where_dust_reaches_the_star(center, inclination, beta):
    model = disk(inclination, alpha_in=0.5, scale_height=6.0, beta=beta)
    frame = Frame2D((15, 15), 0.2, center, north_angle=-30.0)
    exact = star_pixel_mean(model, frame)
    means = [model.image_2d_from(Grid2D(frame, n)).array[7, 7] for n in (2, 4, 8, 16)]
    errors = np.abs(np.array(means) / exact - 1)
    assert errors[0] < 0.15
    assert np.all(errors <= 0.6 / np.array([2, 4, 8, 16]) ** 2 + 1e-3)  # 1e-3: of the line of sight, next to the star
    sizes = adaptive_over_sample_size(model, Grid2D(frame), tolerance=1e-3)
    assert sizes[7, 7] > 1 and abs(model.image_2d_from(Grid2D(frame, sizes)).array[7, 7] / exact - 1) < 2e-3


@component
class Cusp:
    """Brightness b^(-1/2) that depends on direction, known at every point."""

    @to_image
    @over_sample
    def image_2d_from(self, grid, *, xp=np):
        b = xp.sqrt(grid.y * grid.y + grid.x * grid.x + 1e-20)
        return (1 + 0.5 * grid.y / b) / xp.sqrt(b)


@pytest.mark.parametrize("center", [(7.0, 7.0), (7.31, 6.8)])
def test_the_stars_pixel_of_a_cusp(center):
    frame = Frame2D((15, 15), 0.2, center, north_angle=-30.0)
    exact = star_pixel_mean(Cusp(), frame)
    errors = [abs(Cusp().image_2d_from(Grid2D(frame, n)).array[7, 7] / exact - 1) for n in (4, 8, 16)]
    assert errors[0] < 6e-3 and errors[2] < errors[0] / 16 and errors[2] < 1e-4
    for tolerance in (1e-2, 1e-3, 1e-4):
        sizes = adaptive_over_sample_size(Cusp(), Grid2D(frame), tolerance=tolerance)
        assert abs(Cusp().image_2d_from(Grid2D(frame, sizes)).array[7, 7] / exact - 1) < 1.5 * tolerance


def test_an_image_is_one_of_unmasked_pixels_and_the_peak_too(sharp):
    model = disk(30.0, alpha_in=0.5)
    mask = Mask2D.annular(FRAME, 0.6, 1.4)
    whole = adaptive_over_sample_size(model, WHOLE, tolerance=0.02)
    masked = adaptive_over_sample_size(model, Grid2D(mask), tolerance=0.02)
    assert np.all(masked >= whole) and np.any(masked > whole)  # the bright star's pixel counts no more
    image = model.image_2d_from(Grid2D(mask, masked))
    assert isinstance(image, Image2D) and image.mask == mask
    full = model.image_2d_from(Grid2D(FRAME, masked)).array
    np.testing.assert_allclose(image.array, np.where(mask.array, 0.0, full), rtol=1e-13)


def test_the_sky_of_a_scene_is_examined_where_the_offset_puts_it():
    offset = Instrument(psf=GaussianPSF(fwhm=0.3), throughput=np.zeros(FRAME.shape_native), offset_y=0.33)
    scene = Scene(disks={"one": SHARP, "two": disk(60.0)}, instrument=offset, star=Star(flux=7.0))
    sizes = adaptive_over_sample_size(scene, WHOLE, tolerance=3e-3)
    moved = Frame2D(FRAME.shape_native, FRAME.pixel_scale, FRAME.pixel_from(0.33, 0.0), FRAME.north_angle)
    alone = Scene(disks={"one": SHARP, "two": disk(60.0)})
    np.testing.assert_array_equal(sizes, adaptive_over_sample_size(alone, Grid2D(moved), tolerance=3e-3))
    assert np.any(sizes != adaptive_over_sample_size(alone, WHOLE, tolerance=3e-3))


@component
class Thread:
    """A straight line of light, a tenth of a pixel wide, that passes between the first sub-pixels of some pixels."""

    @to_image
    @over_sample
    def image_2d_from(self, grid, *, xp=np):
        return xp.exp(-(((grid.x - 0.21 * grid.y - 0.04) / 0.009) ** 2))


def test_a_feature_is_followed_into_pixels_whose_first_sub_pixels_miss_it():
    exact, one, two = (Thread().image_2d_from(Grid2D(FRAME, n)).array for n in (96, 1, 2))
    missed = (np.maximum(one, two) < 1e-3 * exact.max()) & (exact > 0.3 * exact.max())
    sizes = adaptive_over_sample_size(Thread(), WHOLE, tolerance=1e-2, margin=0)
    assert np.any(missed) and np.all(sizes[missed] >= 4) and np.mean(sizes > 1) < 0.1
    assert error(Thread(), sizes, exact) < 1.2e-2


def test_margin_and_largest():
    bare = adaptive_over_sample_size(SHARP, WHOLE, tolerance=1e-3, margin=0)
    wide = adaptive_over_sample_size(SHARP, WHOLE, tolerance=1e-3, margin=2)
    for row, column in np.ndindex(*bare.shape):
        nearby = bare[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        assert wide[row, column] == nearby.max()
    assert np.all(adaptive_over_sample_size(SHARP, WHOLE, tolerance=1e-3, largest=1) == 1)
    assert adaptive_over_sample_size(SHARP, WHOLE, tolerance=1e-9, largest=5).max() == 4


def test_nothing_to_see_needs_nothing():
    dark = replace(SHARP, "optical_depth", 0.0)
    assert np.all(adaptive_over_sample_size(dark, WHOLE) == 1)
    assert np.all(adaptive_over_sample_size(SHARP, Grid2D(Mask2D(np.ones(FRAME.shape_native, bool), FRAME))) == 1)


@pytest.mark.parametrize(
    ("error_type", "change"),
    [
        (ShapeError, {"grid": WHOLE + 0.1}),
        (ShapeError, {"grid": Grid2DIrregular([(0.0, 1.0)])}),
        (ParameterError, {"tolerance": 0.0}),
        (ParameterError, {"tolerance": np.nan}),
        (ParameterError, {"tolerance": "fine"}),
        (ParameterError, {"largest": 0}),
        (ParameterError, {"largest": 4.5}),
        (ParameterError, {"margin": -1}),
        (ParameterError, {"margin": True}),
    ],
)
def test_bad_input_is_named(error_type, change):
    arguments = {"grid": WHOLE, **change}
    with pytest.raises(error_type, match=next(iter(change)) if error_type is ParameterError else "Grid2D"):
        adaptive_over_sample_size(SHARP, arguments.pop("grid"), **arguments)
