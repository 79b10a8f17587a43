"""Points placed by hand on the sky: where do they lie in the disk?"""

import numpy as np
import pytest

from diskarray.geometry.angles import cosine_sine
from diskarray.geometry.disk_axes import major_minor_from, moved_along, sky_plane_point

NORTH, WEST, SOUTH, EAST = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)


@pytest.mark.parametrize(
    ("position_angle", "towards_major", "towards_minor"),
    [
        (0, NORTH, WEST),
        (90, EAST, NORTH),
        (180, SOUTH, EAST),
        (270, WEST, SOUTH),
        (-90, WEST, SOUTH),
    ],
)
def test_position_angle_runs_from_north_through_east(position_angle, towards_major, towards_minor):
    np.testing.assert_allclose(major_minor_from(*towards_major, position_angle), (1, 0), atol=1e-15)
    np.testing.assert_allclose(major_minor_from(*towards_minor, position_angle), (0, 1), atol=1e-15)


def test_a_point_at_an_oblique_position_angle():
    angle = np.radians(30.0)  # 2 arcsec away at 30 degrees East of North
    y, x = 2 * np.cos(angle), -2 * np.sin(angle)
    np.testing.assert_allclose(major_minor_from(y, x, 30.0), (2, 0), atol=1e-15)
    u, v = major_minor_from(y, x, 75.0)  # it lies 45 degrees back from this axis, on the side of PA - 90
    np.testing.assert_allclose((u, v), (2**0.5, 2**0.5), rtol=1e-15)


def disk_point_from(v, l, cos_i, sin_i):
    """(Y, Z) of points on lines of sight."""
    return moved_along(*sky_plane_point(v, cos_i, sin_i), l, cos_i, sin_i)


def towards_observer(v_side, inclination):
    """l of the mid-plane point seen at v = +1 or -1, by solving Z = 0 on a fine line of sight."""
    cosine, sine = cosine_sine(inclination)
    lengths = np.linspace(-30, 30, 600001)
    _, Z = disk_point_from(v_side, lengths, cosine, sine)
    return lengths[np.argmin(np.abs(Z))]


@pytest.mark.parametrize(("inclination", "near_side"), [(20, 1), (60, 1), (85, 1), (100, -1), (120, -1), (170, -1)])
def test_near_side(inclination, near_side):
    """Towards PA - 90 the mid-plane is on our side of the star for i < 90, beyond it for i > 90."""
    assert np.sign(towards_observer(+1.0, inclination)) == near_side
    assert np.sign(towards_observer(-1.0, inclination)) == -near_side
    assert abs(towards_observer(1.0, inclination)) == pytest.approx(abs(np.tan(np.radians(inclination))), abs=1e-4)


def test_face_on_and_edge_on():
    np.testing.assert_allclose(disk_point_from(3.0, 5.0, *cosine_sine(0)), (3, 5), atol=1e-15)
    np.testing.assert_allclose(disk_point_from(3.0, 5.0, *cosine_sine(90)), (5, -3), atol=1e-15)
    np.testing.assert_allclose(disk_point_from(3.0, 5.0, *cosine_sine(180)), (-3, -5), atol=1e-14)


def test_distances_are_kept():
    v, l = np.random.default_rng(1).normal(size=(2, 50))
    Y, Z = disk_point_from(v, l, *cosine_sine(37.0))
    np.testing.assert_allclose(np.hypot(Y, Z), np.hypot(v, l), rtol=1e-14)
