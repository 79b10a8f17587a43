import math
from types import SimpleNamespace

import numpy as np
import pytest

from diskarray.errors import ParameterError, ShapeError
from diskarray.model.ring_shape import ring_shape
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D
from diskarray.viz.brightness_profile import profile_along, profile_around, ring_band
from diskarray.viz.plane import ring_coordinates

FRAME = Frame2D((31, 27), 0.1, center=(14.3, 13.6), north_angle=15.0, mirrored=True)
MASK = Mask2D.annular(FRAME, 0.2, 1.3)


def images(seed=1):
    random = np.random.default_rng(seed)
    return Image2D(random.normal(size=(31, 27)), mask=MASK), Image2D(random.uniform(1, 2, (31, 27)), mask=MASK)


def pixels(star=(0.0, 0.0)):
    for row, column in zip(*np.nonzero(~MASK.array), strict=True):
        y, x = FRAME.sky_from(row, column)
        yield row, column, float(y) - star[0], float(x) - star[1]


def checked(profile, members, image, noise):
    """Every bin holds the mean of its members and the error of that mean."""
    for k, inside in enumerate(members):
        assert profile.counts[k] == len(inside)
        if inside:
            values = [image.array[place] for place in inside]
            errors = [noise.array[place] for place in inside]
            assert profile.values[k] == pytest.approx(np.mean(values))
            assert profile.errors[k] == pytest.approx(math.sqrt(np.sum(np.square(errors))) / len(inside))
        else:
            assert np.isnan(profile.values[k]) and np.isnan(profile.errors[k])


@pytest.mark.parametrize(("angle", "half_angle", "width"), [(30.0, 20.0, None), (-60.0, 8.0, 0.25), (170.0, 90.0, 0.1)])
def test_a_profile_along_an_axis_is_the_mean_of_the_pixels_of_the_wedge(angle, half_angle, width):
    image, noise = images()
    star = (0.03, -0.05)
    profile = profile_along(image, angle, half_angle=half_angle, width=width, noise_map=noise, star=star)
    members = [[] for _ in profile.positions]
    for row, column, y, x in pixels(star):
        r = math.hypot(y, x)
        direction = math.degrees(math.atan2(-x, y))
        away = abs((direction - angle + 180.0) % 360.0 - 180.0)
        if min(away, 180.0 - away) <= half_angle:
            signed = r if away <= 90.0 else -r
            inside = (profile.edges[:-1] <= signed) & (signed < profile.edges[1:])
            members[int(np.flatnonzero(inside)[0])].append((row, column))
    assert sum(map(len, members)) > 20
    checked(profile, members, image, noise)
    np.testing.assert_allclose(np.diff(profile.edges), width or 0.1)
    np.testing.assert_allclose(profile.positions, -profile.positions[::-1], atol=1e-12)


def test_a_profile_around_a_ring_is_the_mean_of_the_pixels_between_two_ellipses(ring):
    image, noise = images(2)
    disk = ring()
    profile = profile_around(image, disk, 30.0, 60.0, width=25.0, noise_map=noise)
    assert profile.positions.size == 14 and profile.edges[-1] == 360.0
    members = [[] for _ in profile.positions]
    for row, column, y, x in pixels():
        axis, azimuth = ring_coordinates(y, x, disk)
        if 30.0 <= axis <= 60.0:
            members[min(int(azimuth // (360.0 / 14)), 13)].append((row, column))
    assert sum(map(len, members)) > 50
    checked(profile, members, image, noise)


def test_without_noise_there_are_no_errors_and_other_pixels_are_refused(ring):
    image, _ = images()
    assert np.all(np.isnan(profile_along(image, 0.0).errors))
    other = Image2D(np.ones((31, 27)), mask=FRAME)
    with pytest.raises(ShapeError, match="noise map"):
        profile_along(image, 0.0, noise_map=other)


@pytest.mark.parametrize(
    "wrong", [{"half_angle": 0.0}, {"half_angle": 91.0}, {"width": 0.0}, {"width": math.inf}, {"width": math.nan}]
)
def test_wedges_and_bins_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ParameterError):
        profile_along(images()[0], 0.0, **wrong)


def test_bands_that_make_no_sense_are_refused(ring):
    with pytest.raises(ParameterError, match="the first the smaller"):
        profile_around(images()[0], ring(), 50.0, 40.0)
    with pytest.raises(ParameterError, match="no peak"):
        ring_band(SimpleNamespace(density=Falling(), distance=50.0))


class Falling:
    """A density without a crest."""

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-np.sqrt(X**2 + Y**2 + Z**2) / 20.0)


def test_the_band_of_a_ring_is_its_half_maximum_or_the_resolution(ring):
    disk = ring()
    shape = ring_shape(disk.density)
    assert ring_band(disk) == pytest.approx((shape.inner_half_radius, shape.outer_half_radius))
    inner, outer = ring_band(disk, resolution=1.0)
    assert (inner, outer) == pytest.approx((shape.peak_radius - 25.0, shape.peak_radius + 25.0))
