"""Maps of the mid-plane, against points placed in it and projected with rotation matrices."""

import array_api_strict
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import diskarray as da
from diskarray.backend.pytree import on_namespace
from diskarray.errors import ParameterError, ShapeError

DISTANCE = 72.0


def made(inclination, position_angle=27.0):
    return da.Midplane(da.Disk(inclination=inclination, position_angle=position_angle, distance=DISTANCE))


def placed(inclination, position_angle):
    """Radius and angle of points in the mid-plane, and where they are seen: (y, x) in arcsec.

    Axes: West, North, towards the observer. Face-on, the reference axis points North; tilted, the West comes closer;
    then the sky is turned counter-clockwise by the position angle.
    """
    rng = np.random.default_rng(5)
    r, azimuth = rng.uniform(5, 200, 80), rng.uniform(0, 2 * np.pi, 80)
    flat = np.stack([r * np.sin(azimuth), r * np.cos(azimuth), np.zeros(80)], axis=-1)
    tilted = Rotation.from_euler("y", -inclination, degrees=True).apply(flat)
    west, north, closer = Rotation.from_euler("z", position_angle, degrees=True).apply(tilted).T
    return r, np.degrees(np.arccos(closer / r)), (north / DISTANCE, west / DISTANCE), closer


@pytest.mark.parametrize("inclination", [0.0, 20.0, 76.0, 89.0, 91.0, 130.0, 180.0])
@pytest.mark.parametrize("position_angle", [0.0, 27.0, -100.0])
def test_points_of_the_midplane_have_their_radius_and_angle(inclination, position_angle):
    r, angle, points, closer = placed(inclination, position_angle)
    middle = made(inclination, position_angle)
    np.testing.assert_allclose(middle.radius_2d_from(points), r, rtol=1e-6)
    found = middle.scattering_angle_2d_from(points)
    np.testing.assert_allclose(found, angle, atol=1e-4)
    assert inclination in (0.0, 180.0) or np.all((found < 90) == (closer > 0))


def test_structures_in_structures_out():
    frame = da.Frame2D((21, 25), 0.1)
    grid = da.Grid2D(da.Mask2D.annular(frame, 0.2, 1.0), over_sample_size=3)
    middle = made(70.0)
    angle, radius = middle.scattering_angle_2d_from(grid), middle.radius_2d_from(grid)
    assert isinstance(angle, da.Image2D) and angle.mask == radius.mask == grid.mask
    assert angle.slim.min() >= 20.0 - 1e-6 and angle.slim.max() <= 160.0 + 1e-6
    np.testing.assert_array_equal(angle.slim, middle.scattering_angle_2d_from((grid.y, grid.x)))
    assert isinstance(middle.radius_2d_from(da.Grid2DIrregular([(0.1, 0.2)])), da.ImageIrregular)


@pytest.mark.parametrize("inclination", [0.0, 90.0, 180.0])
def test_face_on_edge_on_and_the_star_itself_are_finite(inclination):
    middle = made(inclination, 0.0)
    points = (np.array([0.0, 0.3, 0.0, 0.0]), np.array([0.0, 0.0, 0.4, -0.4]))
    angle, radius = middle.scattering_angle_2d_from(points), middle.radius_2d_from(points)
    assert np.all(np.isfinite(angle)) and np.all(np.isfinite(radius))
    np.testing.assert_allclose(angle[:2], 90.0)
    assert radius[1] == pytest.approx(0.3 * DISTANCE)
    expected = [0.0, 180.0] if inclination == 90.0 else [90.0, 90.0]
    np.testing.assert_allclose(angle[2:], expected, atol=1e-2)


def test_the_array_standard_and_numpy_agree():
    middle, points = made(65.0), np.random.default_rng(2).normal(size=(2, 30))
    strict = on_namespace(middle, array_api_strict)
    given = tuple(array_api_strict.asarray(p) for p in points)
    for name in ("scattering_angle_2d_from", "radius_2d_from"):
        values = getattr(strict, name)(given, xp=array_api_strict)
        np.testing.assert_allclose(np.asarray(values), getattr(middle, name)(tuple(points)), rtol=1e-12)


def test_what_is_refused():
    for wrong in (3, da.Disk, None, da.TwoPowerLaw()):
        with pytest.raises(ParameterError, match="Midplane needs a Disk"):
            da.Midplane(wrong)
    with pytest.raises(ShapeError):
        made(60.0).radius_2d_from(3.0)
