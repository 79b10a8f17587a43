"""GRaTeR-JAX's dictionaries: by hand, there and back, and what is refused.

Beside the real GRaTeR-JAX the images are compared in workspace_test/compare_vip.py.
"""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import diskarray as da
from diskarray.conventions import from_grater_jax, from_vip, grid_from_grater_jax, to_grater_jax
from diskarray.errors import ParameterError
from diskarray.profiles.layered import Layered
from diskarray.profiles.phase_curves import TabulatedPhaseFunction
from diskarray.profiles.phase_function import Polarized

DISK = {
    "alpha_in": 8.0,
    "alpha_out": -5.0,
    "sma": 60.0,
    "e": 0.1,
    "ksi0": 2.0,
    "gamma": 1.5,
    "beta": 0.5,
    "inclination": 65.0,
    "position_angle": 30.0,
    "omega": 75.0,
    "x_center": 20.25,
    "y_center": 17.5,
}
HG, TWO = {"g": 0.3}, {"g1": 0.7, "g2": -0.2, "weight": 0.6}
SPLINE = {"backscatt_bound": -0.9, "forwardscatt_bound": 0.8, "num_knots": 5, "knot_values": [2.6, 1.5, 0.8, 0.75, 0.9]}
MISC = {"distance": 50.0, "pxInArcsec": 0.1, "nx": 40, "ny": 36, "flux_scaling": 2e3}


def test_it_is_vip_in_other_words():
    theirs = {
        "distance": 50.0,
        "itilt": 65.0,
        "pa": 30.0,
        "omega": 75.0,
        "spf_dico": {"name": "HG", "g": 0.3},
        "density_dico": {
            "name": "2PowerLaws",
            "a": 60.0,
            "ain": 8.0,
            "aout": -5.0,
            "e": 0.1,
            "ksi0": 2.0,
            "gamma": 1.5,
            "beta": 0.5,
            "dens_at_r0": 2e3,
        },
    }
    disk, vip = from_grater_jax(DISK, HG, MISC), from_vip(theirs)
    assert disk.density.argument_of_pericenter == vip.density.argument_of_pericenter == -105.0
    for name in ("inclination", "position_angle", "distance", "optical_depth"):
        assert getattr(disk, name) == pytest.approx(getattr(vip, name))
    for name in ("radius", "alpha_in", "alpha_out", "scale_height", "gamma", "beta", "eccentricity"):
        assert getattr(disk.density, name) == getattr(vip.density, name)


def test_defaults():
    disk = from_grater_jax({}, HG)
    assert (disk.density.radius, disk.density.scale_height, disk.density.gamma, disk.distance) == (50.0, 3.0, 2.0, 50.0)
    assert disk.optical_depth == pytest.approx(1e6 * 2 * 3.0 * 0.886226925452758)
    grid = grid_from_grater_jax({})
    assert grid.shape_native == (140, 140) and grid.frame.center == (70.0, 70.0)


def test_the_star_is_where_it_is_put():
    grid = grid_from_grater_jax(DISK, MISC)
    assert grid.shape_native == (36, 40) and grid.frame.center == (17.5, 20.25) and grid.frame.pixel_scale == 0.1


@pytest.mark.parametrize("spf", [HG, TWO])
@pytest.mark.parametrize("rmin", [0.0, 60.0])
def test_there_and_back(spf, rmin):
    given = {**DISK, "rmin": rmin}
    disk, grid = from_grater_jax(given, spf, MISC), grid_from_grater_jax(given, MISC)
    disk_params, spf_params, misc_params = to_grater_jax(disk, grid)
    assert spf_params == pytest.approx(spf)
    assert list(disk_params) == [
        "accuracy",
        "alpha_in",
        "alpha_out",
        "sma",
        "e",
        "ksi0",
        "gamma",
        "beta",
        "rmin",
        "dens_at_r0",
        "inclination",
        "position_angle",
        "x_center",
        "y_center",
        "omega",
    ]
    assert {name: disk_params[name] for name in given} == pytest.approx(given)
    assert {name: misc_params[name] for name in MISC} == pytest.approx(MISC)
    again = from_grater_jax(disk_params, spf_params, misc_params)
    assert again.optical_depth == pytest.approx(disk.optical_depth)
    assert isinstance(again.density, Layered) is bool(rmin)


def test_any_rmin_empties_the_ring_up_to_its_radius():
    assert from_grater_jax({**DISK, "rmin": 3.0}, HG, MISC).density.radial.edge_radius == 60.0


def test_the_spline():
    disk, plain = from_grater_jax(DISK, SPLINE, MISC), from_grater_jax(DISK, HG, MISC)
    knots = [0.8, 0.4, 0.0, -0.3, -0.6, -0.9]
    spline = CubicSpline(knots[::-1], [0.9, 0.75, 0.8, 1.0, 1.5, 2.6])
    cosines = np.array([0.8, 0.55, 0.4, 0.1, 0.0, -0.2, -0.3, -0.75, -0.9])
    got = disk.phase_function.phase(cosines) * disk.optical_depth / plain.optical_depth
    np.testing.assert_allclose(got, spline(cosines), rtol=2e-5)
    ahead, behind = disk.phase_function.phase(np.array([0.95, -0.97])) * disk.optical_depth / plain.optical_depth
    assert ahead == pytest.approx(2.6 + 0.15 * spline(0.8, 1), rel=1e-5) and behind == pytest.approx(0.9, rel=1e-9)


@pytest.mark.parametrize(
    ("disk", "spf", "misc", "words"),
    [
        ({"a": 60.0}, HG, MISC, ("'a'",)),
        ({"semimajor": 60.0}, HG, MISC, ("semimajor", "sma")),
        (DISK, {"G": 0.3}, MISC, ("g (HG)",)),
        (DISK, {**HG, **TWO}, MISC, ("g (HG)",)),
        (DISK, {"g1": 0.3, "w": 0.5}, MISC, ("'w'", "weight")),
        (DISK, {**SPLINE, "num_knots": 6}, MISC, ("num_knots",)),
        (DISK, {**SPLINE, "forwardscatt_bound": -0.1}, MISC, ("forwardscatt_bound",)),
        (DISK, HG, {**MISC, "pxscale": 0.1}, ("pxscale",)),
        ({**DISK, "e": 1.2}, HG, MISC, ("eccentricity",)),
        (None, HG, MISC, ("dictionary",)),
    ],
)
def test_refused(disk, spf, misc, words):
    with pytest.raises(ParameterError) as raised:
        from_grater_jax(disk, spf, misc)
    assert all(word in str(raised.value) for word in words), raised.value


@pytest.mark.parametrize(
    ("disk", "word"),
    [
        (da.Disk(offset_x=1.0), "offset"),
        (da.Disk(phase_function=Polarized()), "polarization"),
        (da.Disk(phase_function=TabulatedPhaseFunction()), "TabulatedPhaseFunction"),
        (da.Disk(density=from_vip({"density_dico": {"name": "2PowerLaws", "amin": 30.0}}).density), "inner edge"),
    ],
)
def test_no_counterpart(disk, word):
    with pytest.raises(ParameterError, match=word):
        to_grater_jax(disk)


def test_isotropic_scattering_is_an_asymmetry_of_zero():
    disk = da.Disk(density=da.TwoPowerLaw(radius=60.0), phase_function=da.IsotropicScattering(), distance=50.0)
    theirs = to_grater_jax(disk)
    assert {"g": 0.0} in theirs.values() if isinstance(theirs, dict) else {"g": 0.0} in theirs
