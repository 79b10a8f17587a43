"""VIP's arguments: angles, centers and brightness by hand, the way there and back, and what is refused.

Beside the real VIP the images are compared in workspace_test/compare_vip.py.
"""

import json
import math

import numpy as np
import pytest

import diskarray as da
from diskarray.conventions import from_vip, grid_from_vip, to_vip
from diskarray.errors import ParameterError, ShapeError
from diskarray.profiles.layered import Layered
from diskarray.profiles.phase_curves import SplinePhaseFunction, TabulatedPhaseFunction
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.profiles.phase_sums import DoubleHenyeyGreenstein
from diskarray.profiles.polarization import RayleighPolarization
from diskarray.profiles.radial import GaussianRing

DENSITY = {"name": "2PowerLaws", "a": 60.0, "ain": 8.0, "aout": -5.0, "ksi0": 2.0, "gamma": 2.0, "beta": 1.0, "e": 0.2}
PARAMETERS = {
    "nx": 40,
    "ny": 36,
    "distance": 50.0,
    "pxInArcsec": 0.1,
    "itilt": 65.0,
    "pa": 30.0,
    "omega": 75.0,
    "xdo": 3.0,
    "ydo": -2.0,
    "density_dico": DENSITY,
    "spf_dico": {"name": "HG", "g": 0.3},
}
ANGLES, VALUES = [0.0, 30.0, 70.0, 110.0, 180.0], [5.0, 2.0, 0.7, 0.5, 0.9]


def with_density(**changes):
    return {**PARAMETERS, "density_dico": {**DENSITY, **changes}}


def with_spf(**spf):
    return {**PARAMETERS, "spf_dico": spf}


def without(name):
    return {**PARAMETERS, "density_dico": {k: v for k, v in DENSITY.items() if k != name}}


def same(disk, other):
    """The same image, at places all around the star."""
    points = da.Grid2DIrregular([(r * np.sin(t), r * np.cos(t)) for r in (0.4, 0.9, 1.3, 2.0) for t in range(12)])
    expected = disk.image_2d_from(points).array
    assert np.max(expected) > 0
    np.testing.assert_allclose(other.image_2d_from(points).array, expected, rtol=1e-12)


def geometry(disk):
    return disk.inclination, disk.position_angle, disk.density.argument_of_pericenter, disk.offset_x, disk.offset_y


def test_the_names():
    disk = from_vip(PARAMETERS)
    density = disk.density
    assert (density.radius, density.alpha_in, density.alpha_out) == (60.0, 8.0, -5.0)
    assert (density.scale_height, density.gamma, density.beta, density.eccentricity) == (2.0, 2.0, 1.0, 0.2)
    assert disk.distance == 50.0 and disk.phase_function.g == 0.3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (65.0, 30.0, -105.0, 3.0, -2.0)),  # the pericenter is opposite to VIP's omega
        ({"omega": 0.0}, (65.0, 30.0, 180.0, 3.0, -2.0)),
        ({"omega": -150.0}, (65.0, 30.0, 30.0, 3.0, -2.0)),
        ({"pa": -120.0}, (65.0, -120.0, -105.0, 3.0, -2.0)),
        ({"itilt": 115.0}, (115.0, 30.0, -105.0, 3.0, -2.0)),
        ({"itilt": -65.0}, (65.0, 210.0, 75.0, -3.0, 2.0)),  # the other end of the major axis, the plane turned by half
        ({"itilt": 295.0}, (65.0, 210.0, 75.0, -3.0, 2.0)),
        ({"itilt": 360.0}, (0.0, 30.0, -105.0, 3.0, -2.0)),
    ],
)
def test_angles_and_offsets(given, expected):
    assert geometry(from_vip({**PARAMETERS, **given})) == pytest.approx(expected, abs=1e-12)


def test_the_apocenter_is_where_omega_says():
    disk = from_vip({**PARAMETERS, "itilt": 0.0, "pa": 0.0, "omega": 0.0, "xdo": 0.0, "ydo": 0.0})
    arcsec = np.linspace(0.5, 2.0, 301)
    north = disk.image_2d_from(da.Grid2DIrregular(np.stack([arcsec, 0 * arcsec], -1))).array
    south = disk.image_2d_from(da.Grid2DIrregular(np.stack([-arcsec, 0 * arcsec], -1))).array
    nearest, farthest = (50.0 * arcsec[np.argmax(image * arcsec**2)] for image in (south, north))
    assert nearest / farthest == pytest.approx((1 - 0.2) / (1 + 0.2), abs=0.01)


def test_forward_scattering_is_bright_west_of_a_north_south_axis():
    disk = from_vip({**PARAMETERS, "pa": 0.0, "xdo": 0.0, "ydo": 0.0, "omega": 0.0})
    at = 60.0 * (1 - 0.2**2) * math.cos(math.radians(65.0)) / 50.0
    west, east = disk.image_2d_from(da.Grid2DIrregular([(0.0, at), (0.0, -at)])).array
    assert west > 2 * east


@pytest.mark.parametrize(
    ("gamma", "factor"), [(1.0, 2 * 2.0), (2.0, 2 * 2.0 * 0.886226925452758), (3.0, 2 * 2.0 * 0.892979511569249)]
)
def test_optical_depth(gamma, factor):
    assert from_vip(with_density(gamma=gamma)).optical_depth == pytest.approx(factor, rel=1e-12)
    assert from_vip(with_density(gamma=gamma, dens_at_r0=3e-4)).optical_depth == pytest.approx(3e-4 * factor, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "default"),
    [("gamma", 1.0), ("a", 60.0), ("ain", 5.0), ("aout", -5.0), ("ksi0", 1.0), ("beta", 1.0), ("e", 0.0)],
)
def test_an_absent_name_takes_the_default_of_the_code(name, default):
    ours = {"a": "radius", "ain": "alpha_in", "aout": "alpha_out", "ksi0": "scale_height", "e": "eccentricity"}
    assert getattr(from_vip(without(name)).density, ours.get(name, name)) == default


def test_without_any_dictionary_the_constructor_has_other_defaults():
    disk = from_vip({})
    assert (disk.density.radius, disk.density.gamma, disk.inclination, disk.distance) == (40.0, 2.0, 60.0, 50.0)
    assert disk.phase_function.g == 0.0
    assert grid_from_vip({}).shape_native == (200, 200)


@pytest.mark.parametrize(("n", "star"), [(40, 20), (41, 20), (100, 50), (101, 50)])
def test_the_star_of_even_and_odd_images(n, star):
    grid = grid_from_vip({**PARAMETERS, "nx": n, "ny": n + 1})
    assert grid.frame.center == ((n + 1) // 2, star)
    y, x = (values.reshape(n + 1, n) for values in (grid.y, grid.x))
    assert y[(n + 1) // 2, star] == 0.0 and x[(n + 1) // 2, star] == 0.0
    assert x[0, star + 1] == pytest.approx(0.1)


def test_the_star_where_it_is_put():
    assert grid_from_vip({**PARAMETERS, "xs": 12.25, "ys": 20.5}).frame.center == (20.5, 12.25)
    assert grid_from_vip({**PARAMETERS, "xs": 12.25}).frame.center == (18, 20)  # VIP wants both


@pytest.mark.parametrize(
    "parameters",
    [
        PARAMETERS,
        with_density(amin=40.0, e=0.0),
        with_density(gamma=1.0, beta=0.0, dens_at_r0=0.02),
        with_spf(name="DoubleHG", g=[0.7, -0.2], weight=0.6),
        with_spf(name="HG", g=-0.4, polar=True),
        with_spf(name="DoubleHG", g=[0.7, -0.2], weight=0.6, polar=True),
        with_spf(name="interpolated", phi=ANGLES, spf=VALUES),
        with_spf(name="interpolated", phi=ANGLES, spf=VALUES, kind="linear"),
        with_spf(name="interpolated", phi=ANGLES, spf=VALUES, polar=True),
    ],
)
def test_there_and_back_and_there(parameters):
    disk, grid = from_vip(parameters), grid_from_vip(parameters)
    arguments = to_vip(disk, grid)
    again = from_vip(json.loads(json.dumps(arguments)))
    assert grid_from_vip(arguments).frame == grid.frame
    assert geometry(again) == pytest.approx(geometry(disk))
    assert again.optical_depth == pytest.approx(disk.optical_depth, rel=1e-12)
    assert type(again.density) is type(disk.density) and type(again.phase_function) is type(disk.phase_function)
    same(disk, again)
    for name in ("itilt", "pa", "omega", "xdo", "ydo", "distance", "nx", "ny", "pxInArcsec"):
        assert arguments[name] == pytest.approx(parameters[name])
    for name, value in parameters["density_dico"].items():
        assert arguments["density_dico"][name] == (value if isinstance(value, str) else pytest.approx(value))


def test_every_name_of_the_density_is_written():
    assert set(to_vip(from_vip(PARAMETERS))["density_dico"]) == {
        "name",
        "a",
        "ain",
        "aout",
        "e",
        "ksi0",
        "gamma",
        "beta",
        "amin",
        "dens_at_r0",
    }


def test_phase_functions():
    two = from_vip(with_spf(name="DoubleHG", g=(0.7, -0.2), weight=0.6)).phase_function
    assert isinstance(two, DoubleHenyeyGreenstein) and (two.g1, two.g2, two.weight) == (0.7, -0.2, 0.6)
    polarized = from_vip(with_spf(name="HG", g=0.4, polar=True)).phase_function
    assert isinstance(polarized, Polarized) and isinstance(polarized.polarization, RayleighPolarization)


@pytest.mark.parametrize(
    ("kind", "between"), [("pchip", None), ("linear", 1.35), ("quadratic", None), ("cubic", None), (2, None)]
)
def test_a_table_keeps_its_own_scale(kind, between):
    from scipy.interpolate import PchipInterpolator, interp1d

    spf = {} if kind == "pchip" else {"kind": kind}
    disk, plain = from_vip(with_spf(name="interpolated", phi=ANGLES, spf=VALUES, **spf)), from_vip(PARAMETERS)
    angles = np.array([4.0, 30.0, 50.0, 70.0, 100.0, 145.0, 175.0])
    got = disk.phase_function.phase(np.cos(np.radians(angles))) * disk.optical_depth / plain.optical_depth
    theirs = PchipInterpolator(ANGLES, VALUES) if kind == "pchip" else interp1d(ANGLES, VALUES, kind=kind)
    np.testing.assert_allclose(got, theirs(angles), rtol=1e-4)
    assert between is None or got[2] == pytest.approx(between, rel=1e-9)


def test_polarization_by_a_polynomial_above_1_goes_into_the_brightness():
    disk = from_vip(with_spf(name="HG", g=0.0, polar=True, polar_polynom_coeff=[-0.002, 0.36, 0.0]))
    fraction = disk.phase_function.polarization.fraction(np.cos(np.radians([30.0, 90.0, 120.0])))
    strength = disk.optical_depth / from_vip(PARAMETERS).optical_depth
    np.testing.assert_allclose(fraction * strength, [9.0, 16.2, 14.4], rtol=1e-6)


def test_phase_functions_it_has_no_name_for_go_as_tables():
    disk = da.Disk(phase_function=SplinePhaseFunction([3.0, 1.5, 0.8, 0.7], inclination=70.0), inclination=60.0)
    spf = to_vip(disk)["spf_dico"]
    assert spf["name"] == "interpolated"
    middle = spf["phi"].index(90.0)
    assert spf["spf"][middle] == pytest.approx(1 / (4 * np.pi))
    points = da.Grid2DIrregular([(0.5, 0.2), (0.76, -0.1), (-0.4, 0.3)])
    again = from_vip(to_vip(disk)).image_2d_from(points).array
    np.testing.assert_allclose(again, disk.image_2d_from(points).array, rtol=1e-5)


def test_the_maximum_of_the_polarization_goes_into_the_density():
    half = da.Disk(phase_function=Polarized(HenyeyGreenstein(0.3), RayleighPolarization(0.5)))
    full = da.Disk(phase_function=Polarized(HenyeyGreenstein(0.3), RayleighPolarization(1.0)))
    densities = [to_vip(disk)["density_dico"]["dens_at_r0"] for disk in (half, full)]
    assert densities[0] == pytest.approx(densities[1] / 2)


def test_an_inner_edge():
    disk = from_vip(with_density(amin=52.0))
    assert isinstance(disk.density, Layered) and disk.density.radial.edge_radius == 52.0
    along = np.radians(75.0)  # of the apocenter: the ellipse through 52 (1 + e) there has a semi-major axis of 52
    r = np.array([0.999, 1.001]) * 52.0 * 1.2
    inside, outside = disk.density.density(r * np.cos(along), r * np.sin(along), np.zeros(2))
    plain = from_vip(PARAMETERS).density.density(r * np.cos(along), r * np.sin(along), np.zeros(2))
    assert inside < 1e-6 * plain[0] and outside == pytest.approx(plain[1], rel=1e-6)


def test_near_edge_on_is_not_lowered():
    assert from_vip({**PARAMETERS, "itilt": 89.9}).inclination == 89.9


@pytest.mark.parametrize("changes", [{"ain": 0.02}, {"aout": -0.05}, {"beta": -0.5}])
def test_slopes_are_not_clamped(changes):
    density, (name, value) = from_vip(with_density(**changes)).density, *changes.items()
    assert getattr(density, {"ain": "alpha_in", "aout": "alpha_out"}.get(name, name)) == value


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({**PARAMETERS, "pxinarcsec": 0.01}, ("pxinarcsec", "pxInArcsec")),
        ({**PARAMETERS, "incl": 30.0}, ("incl",)),
        (with_density(alpha_in=3.0), ("alpha_in", "ain")),
        (with_density(name="Gaussian"), ("2PowerLaws", "Gaussian")),
        ({**PARAMETERS, "density_dico": {"a": 60.0}}, ("name", "2PowerLaws")),
        (with_spf(name="HG", G=0.3), ("'G'", "g")),
        (with_spf(name="HG"), ("'g'",)),
        (with_spf(g=0.3), ("name", "'HG'")),
        (with_spf(name="TripleHG", g=[0.1, 0.2, 0.3]), ("DoubleHG",)),
        (with_spf(name="DoubleHG", g=0.3, weight=0.5), ("two numbers",)),
        (with_spf(name="interpolated", phi=ANGLES, spf=VALUES[:-1]), ("one length",)),
        (with_spf(name="interpolated", phi=ANGLES, spf=VALUES, kind="nearest"), ("nearest", "cubic")),
        ({**PARAMETERS, "flux_max": 3.0}, ("flux_max", "multiply")),
        ({**PARAMETERS, "itilt": "60"}, ("itilt", "number")),
        ({**PARAMETERS, "pa": float("nan")}, ("pa", "finite")),
        (with_density(e=1.0), ("eccentricity",)),
        (with_density(e=-0.1), ("eccentricity",)),
        (with_density(ain=0.0), ("alpha_in",)),
        (with_density(gamma=-1.0), ("gamma",)),
        (with_density(dens_at_r0=-1.0), ("optical_depth",)),
        (with_density(amin=-1.0), ("inner edge",)),
        (with_spf(name="HG", g=1.0), ("g",)),
        (7, ("dictionary",)),
    ],
)
def test_refused(parameters, words):
    with pytest.raises(ParameterError) as raised:
        from_vip(parameters)
    assert all(word in str(raised.value) for word in words), raised.value


def test_pixels_refused():
    with pytest.raises(ShapeError):
        grid_from_vip({**PARAMETERS, "nx": 0})
    with pytest.raises(ParameterError, match="north-up"):
        to_vip(da.Disk(), da.Grid2D(da.Frame2D((20, 20), 0.1, north_angle=20.0)))
    with pytest.raises(ParameterError, match="Grid2D"):
        to_vip(da.Disk(), da.Grid2DIrregular([(0.1, 0.2)]))


def test_densities_it_does_not_have():
    with pytest.raises(ParameterError, match="TwoPowerLaw"):
        to_vip(da.Disk(density=Layered(radial=GaussianRing())))


def test_a_table_with_its_scale_is_read_as_one():
    disk = da.Disk(phase_function=TabulatedPhaseFunction(angles=ANGLES, values=VALUES))
    again = from_vip(to_vip(disk))
    assert again.optical_depth == pytest.approx(disk.optical_depth)
    assert again.phase_function.angles == tuple(ANGLES)


def test_isotropic_scattering_is_an_asymmetry_of_zero():
    theirs = to_vip(da.Disk(density=da.TwoPowerLaw(radius=60.0), phase_function=da.IsotropicScattering()))
    assert theirs["spf_dico"] == {"name": "HG", "g": 0.0, "polar": False}
