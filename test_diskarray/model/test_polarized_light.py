"""Polarized light of a disk and of a scene: Stokes Q and U, their convolution, and Q_phi and U_phi."""

import pickle

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.signal import convolve2d
from scipy.special import ive

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.observables import OBSERVABLES
from diskarray.model.point_source import PointSource
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.optics.stellar_residual import StellarResidual
from diskarray.optics.varying import SpatiallyVaryingPSF
from diskarray.parameters.parameter import parameters_of
from diskarray.parameters.priors import Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.profiles.polarization import RayleighPolarization
from diskarray.profiles.polarization_table import TabulatedPolarization
from diskarray.profiles.registry import POLARIZATIONS
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.mask import Mask2D
from diskarray.structures.vector import VectorYX2D, VectorYX2DIrregular

SCALE = 0.1
SHAPE = (24, 30)  # the star between pixels, none of which holds it
GRID = Grid2D.uniform(SHAPE, SCALE)
BELT = Disk(
    density=TwoPowerLaw(radius=60.0, scale_height=4.0),
    polarization=RayleighPolarization(maximum=0.4),
    inclination=65.0,
    position_angle=25.0,
    distance=60.0,
)
KERNEL = np.random.default_rng(2).uniform(0.1, 1, (6, 5))
VARYING = SpatiallyVaryingPSF(
    np.stack([KERNEL, KERNEL[::-1] ** 2]),
    np.stack([np.tile(np.linspace(a, 1 - a, 30), (24, 1)) for a in (0.0, 1.0)]),
    transmission=np.linspace(0.2, 1.0, 720).reshape(SHAPE),
)


def scene(disk=BELT, **instrument):
    return Scene(disks={"belt": disk}, instrument=Instrument(**instrument))


def drawn(cls, rng):
    """A polarization with values from its default priors."""
    shapes = {name: np.shape(getattr(cls(), name)) for name in parameters_of(cls)}
    return cls(**{n: s.prior.from_unit(rng.uniform(size=shapes[n])) for n, s in parameters_of(cls).items()})


def assert_same(first, second, tolerance=1e-13, peak=None):
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * (peak or np.max(np.abs(second))))


@pytest.mark.parametrize("polarization", POLARIZATIONS.values(), ids=POLARIZATIONS)
@pytest.mark.parametrize(("inclination", "position_angle"), [(0.0, 10.0), (40.0, 25.0), (88.0, 200.0), (120.0, -70.0)])
def test_every_grain_polarizes_across_the_direction_of_the_star(polarization, inclination, position_angle):
    """Q and U summed grain by grain: the field oscillates along (direction of the grain) x (line of sight)."""
    density = TwoPowerLaw(radius=60.0, scale_height=8.0, gamma=1.7, eccentricity=0.2, argument_of_pericenter=40.0)
    disk = Disk(
        density=density,
        phase_function=HenyeyGreenstein(0.3),
        inclination=inclination,
        position_angle=position_angle,
        polarization=drawn(polarization, np.random.default_rng(8)),
        distance=60.0,
    )
    points = np.random.default_rng(1).uniform(-1.3, 1.3, (12, 2))
    i, pa = np.radians([inclination, position_angle])
    l = np.linspace(-400.0, 400.0, 20001)
    expected = []
    for y, x in points:
        north, east = 60.0 * y, -60.0 * x
        u, v = north * np.cos(pa) + east * np.sin(pa), north * np.sin(pa) - east * np.cos(pa)
        n = density.density(u, v * np.cos(i) + l * np.sin(i), -v * np.sin(i) + l * np.cos(i))
        d = np.sqrt(north**2 + east**2 + l**2)
        light = n * disk.phase_function.phase(l / d) * disk.polarization.fraction(l / d) / d**2
        field = np.cross([north, east, 0.0] / np.hypot(north, east), [0.0, 0.0, 1.0])
        brightness = 1e-3 / density.vertical_column() * 60.0**2 * simpson(light, x=l)
        expected.append([2 * field[0] * field[1] * brightness, (field[0] ** 2 - field[1] ** 2) * brightness])
    assert_same(disk.stokes_2d_from(points), expected, 2e-3)


@pytest.mark.parametrize("psf", [None, GaussianPSF(fwhm=0.3)])
def test_turning_by_90_degrees_flips_q_and_u(psf):
    grid = Grid2D.uniform((26, 26), SCALE)
    first = scene(psf=psf).stokes_2d_from(grid)
    second = scene(replace(BELT, "position_angle", BELT.position_angle + 90), psf=psf).stokes_2d_from(grid)
    assert_same(second.array, -np.rot90(first.array, -1))  # counter-clockwise where rows run upwards


def test_turning_by_45_degrees_turns_q_into_u():
    points = np.random.default_rng(1).uniform(-1.3, 1.3, (40, 2))
    y, x = points.T
    turned = np.stack([y + x, x - y], axis=-1) / np.sqrt(2)
    first, second = BELT.stokes_2d_from(points), replace(BELT, "position_angle", 70.0).stokes_2d_from(turned)
    assert_same(second, np.stack([first[:, 1], -first[:, 0]], axis=-1))


@pytest.mark.parametrize("polarization", POLARIZATIONS.values(), ids=POLARIZATIONS)
@pytest.mark.parametrize("inclination", [0.0, 35.0, 80.0, 90.0])
def test_unblurred_q_phi_is_the_polarized_brightness_and_u_phi_is_zero(polarization, inclination):
    fraction = drawn(polarization, np.random.default_rng(5))
    disk = replace(replace(BELT, "inclination", inclination), "polarization", fraction)
    frame = Frame2D(SHAPE, SCALE, center=(11.3, 15.2), north_angle=30.0, mirrored=True)
    grid = Grid2D(Mask2D.annular(frame, 0.15, 1.2))
    q_phi, u_phi = (scene(disk).observed_2d_from(grid, o).slim for o in ("Q_phi", "U_phi"))
    alone = Disk(
        **{n: getattr(disk, n) for n in ("density", "inclination", "position_angle", "distance")},
        phase_function=Polarized(disk.phase_function, fraction),
    )
    assert np.all(q_phi >= 0)
    assert_same(q_phi, alone.image_2d_from(grid).slim)
    assert_same(u_phi, 0.0, 1e-15, q_phi.max())


def test_negative_fractions_are_polarized_towards_the_star():
    disk = replace(BELT, "polarization", TabulatedPolarization(angles=(60.0, 90.0, 120.0), values=np.full(3, -0.1)))
    assert scene(disk).observed_2d_from(Grid2DIrregular(GRID.array), "Q_phi").max() <= 0


def test_magnitude_is_the_fraction_of_the_total_intensity_where_one_angle_is_seen():
    """Face-on and thin, every grain scatters by 90 degrees."""
    flat = Disk(density=TwoPowerLaw(scale_height=0.05), polarization=RayleighPolarization(0.37))
    points = Grid2DIrregular([(0.6, 0.3), (-0.7, 0.2), (0.1, 0.8)])
    assert_same(flat.stokes_2d_from(points).magnitude.array, 0.37 * flat.image_2d_from(points).array, 1e-3)


def sky_around(shape, before, after):
    """Q and U on pixels that reach beyond an image."""
    rows, columns = (np.arange(-b, n + a) - (n - 1) / 2 for n, b, a in zip(shape, before, after, strict=True))
    return BELT.stokes_2d_from(tuple(np.meshgrid(rows * SCALE, columns * SCALE, indexing="ij")))


def test_the_psf_acts_on_q_and_u():
    """Against scipy's direct convolution of both, with light from beyond the edge, masked or not."""
    center = (3, 1)
    before = [k - 1 - c for k, c in zip(KERNEL.shape, center, strict=True)]
    sky = sky_around(SHAPE, before, center)
    u, q = (convolve2d(sky[..., k], KERNEL / KERNEL.sum(), mode="valid") for k in (0, 1))
    psi = np.arctan2(-GRID.x, GRID.y).reshape(SHAPE)
    expected = {
        "Q": q,
        "U": u,
        "Q_phi": -q * np.cos(2 * psi) - u * np.sin(2 * psi),
        "U_phi": q * np.sin(2 * psi) - u * np.cos(2 * psi),
    }
    blurred = scene(psf=EmpiricalPSF(KERNEL, center=center))
    mask = Mask2D.annular(GRID.frame, 0.3, 1.1)
    for name, image in expected.items():
        assert_same(blurred.observed_2d_from(GRID, name).array, image, 1e-12, np.max(np.abs(q)))
        masked = blurred.observed_2d_from(Grid2D(mask), name)
        assert masked.mask == mask
        assert_same(masked.array, np.where(mask.array, 0.0, image), 1e-12, np.max(np.abs(q)))
    assert np.max(np.abs(expected["U_phi"])) > 0.05 * np.max(np.abs(q))


def test_a_blurred_ring_has_the_q_phi_of_the_bessel_integral():
    """Face-on: the double angle turns the kernel of a Gaussian over rings from I_0 into I_2, and keeps U_phi at 0."""
    ring = Disk(
        density=TwoPowerLaw(radius=30.0, alpha_in=12.0, alpha_out=-12.0, scale_height=1.0),
        distance=60.0,
        polarization=RayleighPolarization(1.0),
    )
    sigma = 0.12
    blurred = scene(ring, psf=GaussianPSF(fwhm=sigma * np.sqrt(8 * np.log(2))))
    grid = Grid2D.uniform((81, 81), 0.02, over_sample_size=2)
    r, s = np.hypot(grid.y, grid.x), np.linspace(1e-4, 3.0, 6001)
    sharp = scene(ring).observed_2d_from(Grid2DIrregular(np.stack([s, 0 * s], axis=-1)), "Q_phi").array
    radii = np.linspace(0.0, 0.8, 41)
    for observable, order in (("Q_phi", 2), ("U_phi", None)):
        image = blurred.observed_2d_from(grid, observable).slim
        if order is None:
            assert np.max(np.abs(image)) < 1e-3 * sharp.max()
            continue
        kernel = np.exp(-((radii[:, None] - s) ** 2) / (2 * sigma**2)) * ive(order, radii[:, None] * s / sigma**2)
        expected = simpson(sharp * s / sigma**2 * kernel, x=s)
        inside = r < 0.8
        assert_same(image[inside], np.interp(r[inside], radii, expected), 5e-3)


class OneComponent:
    """Q or U of a disk as if it were a brightness."""

    def __init__(self, disk, component):
        self.disk, self.component = disk, component

    def image_2d_from(self, grid, *, xp=np):
        return getattr(self.disk.stokes_2d_from(grid, xp=xp), self.component)


@pytest.mark.parametrize(
    "instrument",
    [
        {},
        {"offset_y": 0.04, "offset_x": -0.03},
        {"psf": GaussianPSF(fwhm=0.3), "throughput": np.linspace(0.1, 1, 720).reshape(SHAPE)},
        {"psf": EmpiricalPSF(KERNEL, over_sample_size=2)},
        {"psf": VARYING, "offset_y": 0.04},
    ],
    ids=["none", "offset", "throughput", "over-sampled kernel", "varying"],
)
@pytest.mark.parametrize("over_sample_size", [1, 3])
def test_each_component_goes_through_the_instrument_like_a_brightness(instrument, over_sample_size):
    frame = GRID.frame
    grid = Grid2D(Mask2D.annular(frame, 0.25, 1.3), over_sample_size)
    star = Star(flux=7.0, unit="mJy")
    made = Scene(disks={"belt": BELT}, instrument=Instrument(**instrument), star=star).stokes_2d_from(grid)
    for component in ("y", "x"):
        alone = Scene(disks={"one": OneComponent(BELT, component)}, instrument=Instrument(**instrument), star=star)
        assert_same(getattr(made, component).array, alone.image_2d_from(grid).array)


def test_two_disks_add():
    other = replace(replace(BELT, "position_angle", 100.0), "density.radius", 40.0)
    psf = Instrument(psf=GaussianPSF(fwhm=0.3))
    both, one, two = (
        Scene(disks=d, instrument=psf).stokes_2d_from(GRID).array
        for d in ({"a": BELT, "b": other}, {"a": BELT}, {"b": other})
    )
    assert_same(both, one + two)


def test_what_is_not_polarized_belongs_to_the_total_intensity_alone():
    instrument = Instrument(psf=GaussianPSF(fwhm=0.3))
    bare = Scene(disks={"belt": BELT}, instrument=instrument)
    full = Scene(
        disks={"belt": BELT},
        instrument=instrument,
        sources={"planet": PointSource(y=0.5, flux=1e-3)},
        stellar_residual=StellarResidual(references=np.ones((1, *SHAPE)), weights=[1e-3]),
        background=2e-3,
    )
    np.testing.assert_array_equal(full.observed_2d_from(GRID, "total").array, full.image_2d_from(GRID).array)
    assert np.all(full.observed_2d_from(GRID, "total").array > bare.observed_2d_from(GRID, "total").array)
    for observable in OBSERVABLES[1:]:
        np.testing.assert_array_equal(
            full.observed_2d_from(GRID, observable).array, bare.observed_2d_from(GRID, observable).array
        )


def test_total_intensity_does_not_know_the_polarization():
    np.testing.assert_array_equal(
        BELT.image_2d_from(GRID).array, replace(BELT, "polarization.maximum", 0.1).image_2d_from(GRID).array
    )


def test_a_polarized_phase_function_is_the_same_polarized_light():
    polarized = Polarized(BELT.phase_function, BELT.polarization)
    other = replace(replace(BELT, "polarization", None), "phase_function", polarized)
    np.testing.assert_array_equal(other.stokes_2d_from(GRID).array, BELT.stokes_2d_from(GRID).array)


def test_azimuthal_parameters_are_about_the_frame_center():
    """A star away from it mixes some U_phi into the image, as it does in data reduced about a wrong center."""
    moved = scene(offset_x=0.05)
    points = Grid2DIrregular([(0.4, 0.3), (-0.5, 0.2)])
    u, q = np.moveaxis(BELT.stokes_2d_from(points - (0.0, 0.05)).array, -1, 0)
    psi = np.arctan2(-points.x, points.y)
    assert_same(moved.observed_2d_from(points, "U_phi").array, q * np.sin(2 * psi) - u * np.cos(2 * psi), 1e-12)


def test_sub_pixels_are_averaged_as_q_and_u():
    grid = Grid2D.uniform(SHAPE, SCALE, over_sample_size=3)
    fine = Grid2D.uniform([3 * n for n in SHAPE], SCALE / 3)
    values = BELT.stokes_2d_from(fine).array.reshape(24, 3, 30, 3, 2).mean(axis=(1, 3))
    away = np.hypot(grid.y, grid.x).reshape(SHAPE) > 0.15  # pixels at the star have points of their own
    assert_same(BELT.stokes_2d_from(grid).array[away], values[away])


@pytest.mark.parametrize("inclination", [0.0, 55.0, 90.0])
def test_finite_and_zero_in_the_direction_of_the_star(inclination):
    filled = Disk(
        density=TwoPowerLaw(radius=40.0, alpha_in=0.5), polarization=RayleighPolarization(0.4), inclination=inclination
    )
    on_center = Grid2D.uniform((25, 31), SCALE)
    for made in (filled, scene(filled, psf=GaussianPSF(fwhm=0.3))):
        assert np.all(np.isfinite(made.stokes_2d_from(on_center).array))
    np.testing.assert_array_equal(filled.stokes_2d_from((0.0, 0.0)), [0.0, 0.0])
    assert scene(filled).observed_2d_from(on_center, "Q_phi").array[12, 15] == 0


def test_types_and_same_numbers_on_every_grid():
    for made in (BELT, scene()):
        on_pixels, at_points = made.stokes_2d_from(GRID), made.stokes_2d_from(Grid2DIrregular(GRID.array))
        raw = made.stokes_2d_from((GRID.y.reshape(SHAPE), GRID.x.reshape(SHAPE)))
        assert isinstance(on_pixels, VectorYX2D) and isinstance(at_points, VectorYX2DIrregular)
        assert isinstance(raw, np.ndarray) and raw.shape == (*SHAPE, 2)
        np.testing.assert_array_equal(at_points.array, on_pixels.slim)
        np.testing.assert_array_equal(raw, on_pixels.array)
    for observable in OBSERVABLES:
        assert isinstance(scene().observed_2d_from(GRID, observable), Image2D)
        assert isinstance(scene().observed_2d_from(Grid2DIrregular([(0.1, 0.2)]), observable), ImageIrregular)
    assert isinstance(scene().observed_2d_from(grid=GRID, observable="U"), Image2D)


class Constant:
    """A user's plain class."""

    def fraction(self, cos_phi, *, xp=np):
        return 0.25 + 0 * cos_phi


def test_a_users_own_polarization():
    disk = replace(BELT, "polarization", Constant())
    assert_same(scene(disk).observed_2d_from(GRID, "Q_phi").array, 0.25 * disk.image_2d_from(GRID).array)


def test_polarization_is_a_parameter_and_pickles():
    space = ParameterSpace.of(scene(), {"disks.belt.polarization.maximum": Uniform(0, 1)})
    made = space.to_model(np.array([0.8]))
    assert_same(made.stokes_2d_from(GRID).array, 2 * scene().stokes_2d_from(GRID).array, 1e-14)
    again = pickle.loads(pickle.dumps(BELT))
    np.testing.assert_array_equal(again.stokes_2d_from(GRID).array, BELT.stokes_2d_from(GRID).array)


@pytest.mark.parametrize(
    ("wrong", "error", "cure"),
    [
        (lambda: Disk(polarization=0.3), ParameterError, r"polarization needs a \.fraction\(cos_phi, \*, xp\) method"),
        (lambda: Disk(polarization=RayleighPolarization), ParameterError, r"polarization needs a \.fraction"),
        (
            lambda: Disk(polarization=RayleighPolarization(), phase_function=Polarized()),
            ParameterError,
            "is Polarized alr",
        ),
        (lambda: Disk().stokes_2d_from(GRID), ParameterError, "has no polarization: give it polarization="),
        (lambda: scene(Disk()).observed_2d_from(GRID, "Q_phi"), ParameterError, "has no polarization"),
        (
            lambda: scene(OneComponent(BELT, "x")).stokes_2d_from(GRID),
            ParameterError,
            "'belt' in polarized light needs",
        ),
        (lambda: scene().observed_2d_from(GRID, "Qphi"), ParameterError, "one of total, Q, U.*did you mean Q_phi"),
        (lambda: scene(psf=GaussianPSF(fwhm=0.2)).stokes_2d_from((0.1, 0.2)), ShapeError, "give a Grid2D"),
    ],
)
def test_errors_name_the_cure(wrong, error, cure):
    with pytest.raises(error, match=cure):
        wrong()
