"""DDiT's parameters: against its formulas integrated in its own coordinates, there and back, and what is refused."""

import dataclasses
import math

import array_api_strict
import numpy as np
import pytest
from scipy.integrate import quad

import diskarray as da
from diskarray.backend.pytree import on_namespace
from diskarray.conventions import RoundHeight, from_ddit, grid_from_ddit, to_ddit
from diskarray.errors import ParameterError
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.profiles.phase_sums import RayleighScattering

PARAMETERS = {
    "a": 0.8,
    "incl": 60.0,
    "pa": 30.0,
    "pin": 10.0,
    "pout": -5.0,
    "e": 0.2,
    "omega": 50.0,
    "opang": 0.03,
    "gamma": 1.5,
    "gsca": 0.4,
    "gpol": 0.6,
    "dpc": 70.0,
    "nx": 80,
    "pixscale": 0.03,
}
POINTS = [(0.5, -0.4), (-0.3, 0.6), (0.35, 0.1), (-0.7, 0.45), (0.9, -0.5)]


def brightness_by_quadrature(y, x, polarized, a, incl, pa, pin, pout, e, omega, opang, gamma, gsca, gpol, **_):
    """DDiT's image per square arcsec: its x along the major axis, its y on the far side of our minor axis.

    Where DDiT takes the scattering angle of the point mirrored at the mid-plane, this takes the point's own.
    """
    i, pa, omega = np.radians([incl, pa, omega])
    along = np.cos(pa) * y - np.sin(pa) * x
    midplane = -(np.sin(pa) * y + np.cos(pa) * x) / np.cos(i)
    g = gpol if polarized else gsca

    def integrand(s):
        Y, Z = midplane + s * np.sin(i), s * np.cos(i)
        r, d = np.hypot(along, Y), np.sqrt(along**2 + Y**2 + Z**2)
        ring = a * (1 - e**2) / (1 + e * np.cos(np.arctan2(Y, along) + omega))
        n = ((r / ring) ** (-2 * pout) + (r / ring) ** (-2 * pin)) ** -0.5
        n *= np.exp(-((abs(Z) / (np.tan(opang) * r)) ** gamma))
        cosine = (np.sin(i) * Y + np.cos(i) * Z) / d
        p = (1 - g**2) / (4 * np.pi) / (1 + g**2 - 2 * g * cosine) ** 1.5
        return n * p * ((1 - cosine**2) / (1 + cosine**2) if polarized else 1.0) / d**2

    return sum(quad(integrand, *ends, epsabs=0, epsrel=1e-9, limit=400)[0] for ends in ((-0.6, 0.0), (0.0, 0.6)))


@pytest.mark.parametrize("polarized", [False, True])
@pytest.mark.parametrize(
    "changes",
    [{}, {"e": 0.0}, {"incl": 35.0, "pa": -110.0, "omega": -80.0}, {"incl": 120.0}, {"e": 0.4, "omega": 200.0}],
)
def test_brightness(changes, polarized):
    parameters = {**PARAMETERS, **changes}
    disk = dataclasses.replace(from_ddit(parameters, polarized), rule=da.Quadrature(nodes="panels", order=24))
    expected = [brightness_by_quadrature(y, x, polarized, **parameters) for y, x in POINTS]
    got = disk.image_2d_from(da.Grid2DIrregular(POINTS)).array
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5 * max(expected))


def test_by_hand():
    disk = from_ddit({**PARAMETERS, "e": 0.0})
    assert isinstance(disk.density, TwoPowerLaw)
    assert disk.density.radius == pytest.approx(56.0)  # 0.8 arcsec at 70 pc
    assert disk.density.scale_height == pytest.approx(1.6805, abs=1e-4)  # 56 tan(0.03)
    assert disk.position_angle == 210.0 and disk.inclination == 60.0
    assert from_ddit(PARAMETERS).density.ring.argument_of_pericenter == -130.0  # 50 + 180
    assert disk.optical_depth == pytest.approx(math.sqrt(2) * 0.8 * math.tan(0.03) * math.gamma(1 + 1 / 1.5))


def test_the_height_of_an_eccentric_ring_is_the_same_at_the_same_distance():
    ring = TwoPowerLaw(eccentricity=0.3, argument_of_pericenter=20.0, beta=0.5, scale_height=2.0, radius=60.0)
    density = RoundHeight(ring)
    X, Y = 50.0 * np.cos(np.linspace(0, 6, 9)), 50.0 * np.sin(np.linspace(0, 6, 9))
    drop = density.density(X, Y, np.full(9, 1.7)) / density.density(X, Y, np.zeros(9))
    np.testing.assert_allclose(drop, np.exp(-((1.7 / (2.0 * (50 / 60) ** 0.5)) ** 2)), rtol=1e-12)
    np.testing.assert_allclose(density.density(X, Y, np.zeros(9)), ring.density(X, Y, np.zeros(9)), rtol=1e-12)
    assert np.isfinite(density.density(np.zeros(1), np.zeros(1), np.zeros(1))).all()
    strict = [array_api_strict.asarray(values) for values in (X, Y, np.full(9, 1.7))]
    values = on_namespace(density, array_api_strict).density(*strict, xp=array_api_strict)
    np.testing.assert_allclose(np.asarray(values), density.density(X, Y, np.full(9, 1.7)), rtol=1e-12)


def test_defaults_and_pixels():
    disk = from_ddit({"dpc": 50.0})
    assert disk.inclination == pytest.approx(5.7296, abs=1e-4)  # 0.1 radian
    assert disk.position_angle == pytest.approx(27.9) and disk.density.radius == 50.0
    for n in (80, 81):
        assert grid_from_ddit({**PARAMETERS, "nx": n}).frame.center == ((n - 1) / 2, (n - 1) / 2)
    assert grid_from_ddit({}).shape_native == (300, 300)


@pytest.mark.parametrize("polarized", [False, True])
@pytest.mark.parametrize("e", [0.0, 0.2])
def test_there_and_back(e, polarized):
    given = {**PARAMETERS, "e": e}
    disk, grid = da.replace(from_ddit(given, polarized), "optical_depth", 2e-3), grid_from_ddit(given)
    parameters, brightness = to_ddit(disk, grid, polarized)
    unused = "gsca" if polarized else "gpol"
    assert unused not in parameters
    assert parameters == pytest.approx({name: value for name, value in given.items() if name != unused})
    again = from_ddit(parameters, polarized)
    assert brightness * again.optical_depth == pytest.approx(2e-3)
    points = da.Grid2DIrregular(POINTS)
    np.testing.assert_allclose(
        brightness * again.image_2d_from(points).array, disk.image_2d_from(points).array, rtol=1e-11
    )


@pytest.mark.parametrize("polarized", [False, True])
def test_tables(polarized):
    angles = np.linspace(0.0, 180.0, 37)
    table = 0.5 + 0.3 * np.cos(np.radians(angles)) ** 3
    name, other = ("s12", "s11") if polarized else ("s11", "s12")
    given = {**PARAMETERS, name: np.stack([table, table], -1)}
    disk, plain = from_ddit(given, polarized), from_ddit(PARAMETERS)
    at = np.array([2.0, 5.0, 47.3, 90.0, 178.0])
    got = disk.phase_function.phase(np.cos(np.radians(at))) * disk.optical_depth / plain.optical_depth
    np.testing.assert_allclose(got, np.interp(at, angles, table), rtol=1e-6)
    even = from_ddit(given, not polarized)  # DDiT puts ones for the table that is not given
    assert even.phase_function.phase(0.3) * even.optical_depth == pytest.approx(plain.optical_depth)
    written, brightness = to_ddit(disk, polarized=polarized)
    assert written[name].shape[1] == 2 and other not in written
    again = from_ddit(written, polarized)
    points = da.Grid2DIrregular(POINTS)
    expected = disk.image_2d_from(points).array
    np.testing.assert_allclose(brightness * again.image_2d_from(points).array, expected, rtol=3e-4)


def test_other_phase_functions_go_as_tables():
    disk = da.Disk(phase_function=Polarized(RayleighScattering()), inclination=60.0)
    parameters, brightness = to_ddit(disk, polarized=True)
    points = da.Grid2DIrregular([(0.5, 0.3), (0.2, 0.7)])
    again = brightness * from_ddit(parameters, True).image_2d_from(points).array
    np.testing.assert_allclose(again, disk.image_2d_from(points).array, rtol=3e-4)
    total, _ = to_ddit(da.Disk(phase_function=Polarized(HenyeyGreenstein(0.5))), polarized=False)
    assert "gsca" not in total and "s11" in total


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inclination": 50.0}, ("inclination", "incl")),
        ({"dpc": None}, ("dpc", "distance")),
        ({"thermal": True}, ("thermal",)),
        ({"gaussian": True}, ("gaussian",)),
        ({"nm": 3.0}, ("nm",)),
        ({"pmid": 0.5}, ("pmid",)),
        ({"s11": np.ones(7)}, ("two columns",)),
        ({"s11": np.stack([np.ones(7), np.arange(7)], -1)}, ("two sides",)),
        ({"pin": -3.0}, ("alpha_in",)),
    ],
)
def test_refused(changes, words):
    with pytest.raises(ParameterError) as raised:
        from_ddit({**PARAMETERS, **changes})
    assert all(word in str(raised.value) for word in words), raised.value


@pytest.mark.parametrize(
    ("disk", "grid", "word"),
    [
        (da.Disk(density=TwoPowerLaw(beta=0.5)), None, "beta"),
        (da.Disk(density=TwoPowerLaw(eccentricity=0.1)), None, "RoundHeight"),
        (da.Disk(offset_y=1.0), None, "offset"),
        (da.Disk(), da.Grid2D.uniform((20, 21), 0.1), "squares"),
        (da.Disk(), da.Grid2D.uniform((20, 20), 0.1, center=(10, 10)), "middle"),
    ],
)
def test_no_counterpart(disk, grid, word):
    with pytest.raises(ParameterError, match=word):
        to_ddit(disk, grid)
