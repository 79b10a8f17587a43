"""The disk's image: symmetries, orientation, brightness, units."""

import pickle

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError
from diskarray.model.disk import Disk
from diskarray.parameters.priors import Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.layered import Layered
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.mask import Mask2D

GRID = Grid2D.uniform((41, 37), 0.08)
DENSITY = TwoPowerLaw(
    radius=70.0, alpha_in=8.0, alpha_out=-6.0, scale_height=3.0, eccentricity=0.2, argument_of_pericenter=35.0
)
BELT = Disk(
    density=DENSITY,
    phase_function=HenyeyGreenstein(0.4),
    inclination=70.0,
    position_angle=25.0,
    distance=80.0,
    optical_depth=2e-3,
    offset_x=3.0,
    offset_y=-2.0,
)


def changed(disk, **values):
    for path, value in values.items():
        disk = replace(disk, path.replace("__", "."), value)
    return disk


def image(disk, grid=GRID):
    return disk.image_2d_from(grid).array


def at(disk, *points):
    return disk.image_2d_from(Grid2DIrregular(points)).array


def assert_same(first, second, tolerance=1e-12):
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * np.max(np.abs(second)))


@pytest.mark.parametrize("inclination", [0.0, 33.0, 70.0, 88.0, 90.0])
def test_first_symmetry(inclination):
    disk = changed(BELT, inclination=inclination)
    other = changed(
        disk,
        position_angle=25.0 + 180,
        inclination=180.0 - inclination,
        density__argument_of_pericenter=180.0 - 35.0,
        offset_x=-3.0,
    )
    assert_same(image(other), image(disk))


@pytest.mark.parametrize("inclination", [0.0, 33.0, 70.0, 88.0, 90.0, 120.0])
def test_second_symmetry(inclination):
    disk = changed(BELT, inclination=inclination)
    other = changed(
        disk,
        position_angle=25.0 + 180,
        density__argument_of_pericenter=35.0 + 180,
        phase_function__g=-0.4,
        offset_x=-3.0,
        offset_y=2.0,
    )
    assert_same(image(other), image(disk))


@pytest.mark.parametrize("name", ["position_angle", "density__argument_of_pericenter"])
def test_angles_repeat_after_a_turn(name):
    value = {"position_angle": 25.0, "density__argument_of_pericenter": 35.0}[name]
    assert_same(image(changed(BELT, **{name: value - 360})), image(BELT))


@pytest.mark.parametrize("position_angle", range(0, 180, 15))
def test_position_angle_from_moments(position_angle):
    """The long axis of the image lies East of North (x is West) by the position angle."""
    grid = Grid2D(Mask2D.circular(Frame2D((81, 81), 0.05), 2.0))
    disk = Disk(
        density=TwoPowerLaw(radius=70.0, alpha_out=-9.0),
        phase_function=HenyeyGreenstein(0.0),
        distance=80.0,
        inclination=65.0,
        position_angle=position_angle,
    )
    weight, north, east = disk.image_2d_from(grid).slim, grid.y, -grid.x
    cross, difference = np.sum(weight * north * east), np.sum(weight * (north**2 - east**2))
    found = np.degrees(0.5 * np.arctan2(2 * cross, difference))
    assert (found - position_angle + 90) % 180 - 90 == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("inclination", "brighter"), [(50.0, -90), (80.0, -90), (100.0, 90), (130.0, 90)])
@pytest.mark.parametrize("position_angle", [0.0, 110.0, 200.0])
def test_forward_scattering_marks_the_near_side(inclination, brighter, position_angle):
    disk = Disk(
        phase_function=HenyeyGreenstein(0.5), distance=77.0, inclination=inclination, position_angle=position_angle
    )
    minor = abs(np.cos(np.radians(inclination)))
    angles = np.radians(position_angle + np.array([brighter, -brighter]))
    bright, faint = at(disk, *zip(minor * np.cos(angles), -minor * np.sin(angles), strict=True))
    assert bright > 2 * faint


@pytest.mark.parametrize(("omega", "towards"), [(0.0, 25.0), (90.0, 25.0 - 90), (180.0, 25.0 + 180)])
def test_pericenter_on_the_sky(omega, towards):
    """Face-on: 0 at the position angle, 90 at PA - 90 (clockwise), where a(1 - e) is the peak of the ring."""
    narrow = TwoPowerLaw(radius=70.0, alpha_in=40.0, alpha_out=-40.0, eccentricity=0.3, argument_of_pericenter=omega)
    disk = Disk(density=narrow, position_angle=25.0, distance=70.0)
    r, angle = np.linspace(0.5, 1.5, 2001), np.radians(towards)
    assert r[np.argmax(at(disk, *zip(r * np.cos(angle), -r * np.sin(angle), strict=True)))] == pytest.approx(
        0.7, abs=5e-3
    )


@pytest.mark.parametrize(
    ("g", "gamma", "beta", "r"), [(0.0, 2.0, 1.0, 70.0), (0.5, 1.0, 0.0, 70.0), (-0.3, 3.0, 1.5, 90.0)]
)
def test_face_on_brightness(g, gamma, beta, r):
    """A thin face-on ring scatters tau p(90 deg) of the starlight that falls on it.

    Relative to the star at distance D, light falls on it as D^2 / r^2; with r in au and D in pc, (r / D)^2 is in
    arcsec^2, so that I = tau p(90 deg) (D / r)^2 per arcsec^2, tau following the density and the height outwards.
    """
    density = TwoPowerLaw(radius=70.0, alpha_in=6.0, alpha_out=-6.0, scale_height=0.01, gamma=gamma, beta=beta)
    disk = Disk(density=density, phase_function=HenyeyGreenstein(g), distance=50.0, optical_depth=3e-3)
    fall = np.sqrt(2 / ((r / 70.0) ** -12 + (r / 70.0) ** 12)) * (r / 70.0) ** beta
    sideways = (1 - g**2) / (4 * np.pi * (1 + g**2) ** 1.5)
    expected = 3e-3 * fall * sideways / (r / 50.0) ** 2
    found = at(disk, (r / 50.0, 0.0), (0.0, -r / 50.0), (-r / 50.0 * 0.6, r / 50.0 * 0.8))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_face_on_flux():
    """Summed over pixels: the integral of tau p(90 deg) 2 pi r dr / r^2, whatever the distance."""
    density = TwoPowerLaw(radius=70.0, alpha_in=6.0, alpha_out=-8.0, scale_height=0.05)
    column = quad(lambda r: np.sqrt(2 / ((r / 70) ** -12 + (r / 70) ** 16)) * (r / 70) / r, 1, 2000, points=[70])[0]
    for distance in (50.0, 100.0):
        disk = Disk(density=density, phase_function=HenyeyGreenstein(0.0), distance=distance, optical_depth=1e-3)
        grid = Grid2D.uniform((201, 201), 7.0 / distance)
        flux = disk.image_2d_from(grid).sum() * grid.frame.pixel_area
        assert flux == pytest.approx(1e-3 / (4 * np.pi) * 2 * np.pi * column, rel=1e-3)


def test_scaling_laws():
    assert_same(image(changed(BELT, optical_depth=6e-3)), 3 * image(BELT), 1e-14)
    far = changed(BELT, distance=160.0)
    assert_same(image(far, Grid2D.uniform((41, 37), 0.04)), 4 * image(BELT))
    np.testing.assert_array_equal(image(changed(BELT, optical_depth=0.0)), 0)


def test_ring_offset_leaves_the_light_at_the_star():
    """Face-on the ring moves along PA and PA - 90; it is illuminated as (distance from the star)^-2."""
    narrow = TwoPowerLaw(radius=70.0, alpha_in=60.0, alpha_out=-60.0, scale_height=0.05)
    disk = Disk(density=narrow, distance=70.0, position_angle=0.0, offset_x=7.0, offset_y=-14.0)
    r = np.linspace(0.6, 1.4, 4001)
    half_chords = np.sqrt(1 - 0.2**2), np.sqrt(1 - 0.1**2)
    for (north, west), expected in (
        ((1, 0), half_chords[0] + 0.1),
        ((-1, 0), half_chords[0] - 0.1),
        ((0, 1), half_chords[1] - 0.2),
        ((0, -1), half_chords[1] + 0.2),
    ):
        profile = at(disk, *zip(north * r, west * r, strict=True))
        assert r[np.argmax(profile)] == pytest.approx(expected, abs=2e-3)
        assert profile.max() == pytest.approx(1e-3 * float(HenyeyGreenstein(0.3).phase(0.0)) / expected**2, rel=2e-3)


def test_types_and_same_numbers_on_every_grid():
    on_pixels = BELT.image_2d_from(GRID)
    at_points = BELT.image_2d_from(Grid2DIrregular(GRID.array))
    raw = BELT.image_2d_from((GRID.y.reshape(41, 37), GRID.x.reshape(41, 37)))
    assert isinstance(on_pixels, Image2D) and isinstance(at_points, ImageIrregular) and isinstance(raw, np.ndarray)
    away = np.hypot(GRID.y, GRID.x) > 0  # in the star's own pixel a grid takes the mean
    assert_same(at_points.array[away], on_pixels.slim[away], 1e-14)
    assert_same(raw.reshape(-1), at_points.array, 1e-14)
    mask = Mask2D.annular(GRID.frame, 0.3, 1.2)
    assert_same(BELT.image_2d_from(Grid2D(mask)).slim, on_pixels.slim[mask.indices], 1e-14)


def test_over_sampling_converges_to_second_order():
    disk = changed(BELT, density__scale_height=6.0)
    best, *rough = (disk.image_2d_from(Grid2D.uniform((21, 21), 0.12, over_sample_size=n)).array for n in (16, 1, 2, 4))
    errors = [np.sqrt(np.mean((values - best) ** 2)) for values in rough]
    assert 3 < errors[0] / errors[1] < 5 and 3.5 < errors[1] / errors[2] < 5


@pytest.mark.parametrize("inclination", [0.0, 90.0, 180.0])
def test_finite_with_the_star_on_a_pixel_center(inclination):
    values = image(changed(BELT, inclination=inclination, density__eccentricity=0.0))
    assert np.all(np.isfinite(values)) and np.all(values >= 0)


class FlatDensity:
    """A user's plain class."""

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-0.5 * ((xp.sqrt(X * X + Y * Y) - 60.0) / 10.0) ** 2 - 0.5 * (Z / 4.0) ** 2)


class SmallParticles:
    def phase(self, cos_phi, *, xp=np):
        return 3 / (16 * np.pi) * (1 + cos_phi**2)


def test_a_users_plain_classes():
    """Without vertical_column() the optical depth is an opacity per au: I = opacity column p D^2 / r^2 face-on."""
    disk = Disk(density=FlatDensity(), phase_function=SmallParticles(), distance=60.0, optical_depth=1e-4)
    expected = 1e-4 * np.sqrt(2 * np.pi) * 4.0 * 3 / (16 * np.pi)
    assert at(disk, (1.0, 0.0))[0] == pytest.approx(expected, rel=2e-2)


def test_pickle_keeps_the_image():
    np.testing.assert_array_equal(image(pickle.loads(pickle.dumps(BELT))), image(BELT))


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"density": HenyeyGreenstein()}, r"density needs a \.density\(X, Y, Z, \*, xp\) method"),
        ({"density": TwoPowerLaw}, r"density needs a \.density\(X, Y, Z, \*, xp\) method"),
        ({"phase_function": 0.3}, r"phase_function needs a \.phase\(cos_phi, \*, xp\) method"),
        ({"inclination": 181.0}, r"Disk.inclination = 181.0 deg is outside its physical range \[0, 180\]"),
        ({"inclination": -1.0}, r"physical range \[0, 180\]"),
        ({"distance": 0.0}, r"Disk.distance = 0.0 pc is outside its physical range \(0, inf\)"),
        ({"optical_depth": -1e-3}, r"Disk.optical_depth"),
        ({"position_angle": np.nan}, r"Disk.position_angle must be finite"),
        ({"offset_x": "wide"}, r"Disk.offset_x must be a"),
    ],
)
def test_construction_errors_name_the_cure(wrong, cure):
    with pytest.raises(ParameterError, match=cure):
        Disk(**wrong)


def test_a_wrong_path_names_the_nearest():
    with pytest.raises(ParameterError, match="did you mean scale_height"):
        replace(BELT, "density.scaleheight", 1.0)


def test_a_layer_is_summed_in_halves_where_the_vertical_exponent_is_free():
    """At 2 the nodes across the whole of it would be as good, but not what the image changes by with the exponent."""
    priors = {"density.radius": Uniform(50.0, 90.0), "inclination": Uniform(0.0, 60.0)}
    assert not ParameterSpace.of(BELT, priors).template.rule.halves
    space = ParameterSpace.of(BELT, priors | {"density.gamma": Uniform(1.0, 4.0)})
    assert space.template.rule.halves
    start, step = space.to_vector(), 1e-4 * np.eye(3)[2]
    start[space.names.index("inclination")] = 30.0

    def slope(above, below):
        images = [space.to_model(v).image_2d_from(GRID).array for v in (above, below)]
        return (images[0] - images[1]) / (above - below)[2]

    assert space.names[2] == "density.gamma" and start[2] == 2.0
    central, onesided = slope(start + step, start - step), slope(start + step, start)
    np.testing.assert_allclose(onesided, central, atol=2e-4 * np.max(np.abs(central)))


def test_other_densities_are_asked_whether_their_vertical_exponent_varies():
    class Plain:
        def density(self, X, Y, Z, *, xp=np):
            return np.exp(-((Z / 3.0) ** 2))

    assert Disk(density=Plain()).prepare({"inclination": (0.0, 90.0)}).rule.halves is False
    layered = Disk(density=Layered())
    assert layered.prepare({"density.vertical.gamma": (1.0, np.inf)}).rule.halves
    assert not layered.prepare({"density.vertical.scale_height": (0.1, 5.0)}).rule.halves
