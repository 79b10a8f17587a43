import math

import numpy as np
import pytest

from diskarray.errors import ParameterError
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D
from diskarray.viz.plane import deprojected, plane_coordinates, ring_coordinates, scattering_angle_at


def on_the_sky(X, Y, disk):
    """Where a point (au) of the mid-plane is seen: (y, x) in arcsec, by rotation matrices."""
    i, angle = math.radians(disk.inclination), math.radians(disk.position_angle)
    v = Y * math.cos(i)  # Y = v cos i + l sin i and 0 = -v sin i + l cos i
    east, north = math.sin(angle), math.cos(angle)
    along = np.array([north, east])
    across = np.array([math.cos(angle - math.pi / 2), math.sin(angle - math.pi / 2)])
    y, minus_x = (X * along + v * across) / disk.distance
    return y, -minus_x


@pytest.mark.parametrize("inclination", [0.0, 60.0, 120.0, 180.0])
def test_points_of_the_plane_are_found_again(ring, inclination):
    disk = ring(inclination=inclination)
    for X, Y in ((30.0, 12.0), (-20.0, 40.0), (5.0, -60.0)):
        y, x = on_the_sky(X, Y, disk)
        np.testing.assert_allclose(plane_coordinates(y, x, disk), (X, Y), atol=1e-9)


def test_points_of_an_ellipse_share_their_semi_major_axis(ring):
    disk = ring(offset_x=3.0, offset_y=-2.0)
    e, omega = disk.density.eccentricity, math.radians(disk.density.argument_of_pericenter)
    for theta in np.radians([0.0, 40.0, 130.0, 250.0, 359.0]):
        r = 47.0 * (1 - e**2) / (1 + e * math.cos(theta - omega))
        y, x = on_the_sky(r * math.cos(theta) + 3.0, r * math.sin(theta) - 2.0, disk)
        axis, azimuth = ring_coordinates(y, x, disk)
        turned = (azimuth - math.degrees(theta) + 180.0) % 360.0
        assert axis == pytest.approx(47.0) and turned == pytest.approx(180.0, abs=1e-9)


def test_scattering_angles_run_from_the_near_to_the_far_side():
    np.testing.assert_allclose(scattering_angle_at(np.array([0, 90, 180, 270]), 60.0), [90, 30, 90, 150])


@pytest.mark.parametrize("inclination", [60.0, 130.0])
@pytest.mark.parametrize(("method", "tolerance"), [("linear", 1e-12), ("nearest", None)])
def test_a_deprojected_image_holds_what_is_seen_there(ring, inclination, method, tolerance):
    frame = Frame2D((61, 57), 0.06, center=(29.2, 30.7), north_angle=20.0)
    rows, columns = np.indices(frame.shape_native)
    image = Image2D(1.0 + 0.3 * rows - 0.2 * columns, mask=frame)
    disk = ring(inclination=inclination)
    seen = deprojected(image, disk, half_width=60.0, method=method, star=(0.05, -0.02))
    n, i, angle = len(seen.values), math.radians(inclination), math.radians(disk.position_angle)
    for k, m in ((0, 0), (n // 2, n // 3), (n - 1, n // 2), (n // 4, n - 1)):
        north, west = ((place - (n - 1) / 2) * seen.step for place in (k, m))
        u = north * math.cos(angle) - west * math.sin(angle)
        v = (north * math.sin(angle) + west * math.cos(angle)) * abs(math.cos(i))
        y = (u * math.cos(angle) + v * math.sin(angle)) / disk.distance + 0.05
        x = (-u * math.sin(angle) + v * math.cos(angle)) / disk.distance - 0.02
        row, column = frame.pixel_from(y, x)
        if tolerance is None:
            inside = 0 <= round(float(row)) < 61 and 0 <= round(float(column)) < 57
            expected = image.array[round(float(row)), round(float(column))] if inside else np.nan
            assert seen.values[k, m] == pytest.approx(expected, nan_ok=True)
        else:
            inside = 0 <= row <= 60 and 0 <= column <= 56
            expected = 1.0 + 0.3 * row - 0.2 * column if inside else np.nan
            assert seen.values[k, m] == pytest.approx(expected, rel=tolerance, nan_ok=True)
    assert np.isfinite(seen.values).mean() > 0.4


def test_squared_radii_masks_and_sides(ring):
    frame = Frame2D((41, 41), 0.1)
    mask = Mask2D.annular(frame, 0.5, 3.0)
    image = Image2D(np.ones((41, 41)), mask=mask)
    plain, scaled = (deprojected(image, ring(), squared_radius=flag) for flag in (False, True))
    offsets = (np.arange(len(plain.values)) - (len(plain.values) - 1) / 2) * plain.step
    radius = np.hypot(offsets[:, None], offsets[None, :])
    known = np.isfinite(plain.values)
    np.testing.assert_allclose(plain.values[known], 1.0)
    np.testing.assert_allclose(scaled.values[known], radius[known] ** 2)
    assert not known[len(known) // 2, len(known) // 2], "the star is masked"
    assert plain.near_side == pytest.approx(295.0)
    assert deprojected(image, ring(inclination=120.0)).near_side == pytest.approx(115.0)
    assert deprojected(image, ring(inclination=0.0)).half_width < plain.half_width


def test_what_cannot_be_deprojected_is_refused(ring, fit):
    for inclination in (86.0, 94.0):
        with pytest.raises(ParameterError, match="too obliquely"):
            deprojected(fit.data, ring(inclination=inclination))
    with pytest.raises(ParameterError, match="method is one of"):
        deprojected(fit.data, ring(), method="cubic")
    with pytest.raises(ParameterError, match="half_width"):
        deprojected(fit.data, ring(), half_width=-1.0)
