"""Winnie's ring parameters: VIP with another position angle, heights over radii, several rings."""

import pytest

import diskarray as da
from diskarray.conventions import disks_from_winnie, from_vip, from_winnie, grid_from_winnie, to_winnie
from diskarray.errors import ParameterError, UnitError
from diskarray.profiles.phase_function import Polarized

RING = {
    "r0": 60.0,
    "h0": 0.05,
    "ain": 8.0,
    "aout": -5.0,
    "pa": 100.0,
    "incl": 65.0,
    "g1": 0.7,
    "g2": -0.2,
    "wg1": 0.6,
    "e": 0.1,
    "omega": 40.0,
    "gamma": 1.5,
    "beta": 0.5,
    "xdo": 2.0,
    "ydo": -1.0,
}
IMAGE = {"distance": 20.0, "nx": 30, "ny": 25, "pxscale": 0.063, "cent": (14.5, 11.25)}


def test_by_hand():
    disk = from_winnie({**RING, **IMAGE})
    assert disk.position_angle == -80.0 and disk.inclination == 65.0
    assert disk.density.scale_height == pytest.approx(3.0)  # 0.05 of 60 au
    assert disk.density.argument_of_pericenter == -140.0  # opposite to the apocenter at 40
    assert (disk.offset_x, disk.offset_y, disk.distance) == (2.0, -1.0, 20.0)
    phase = disk.phase_function
    assert (phase.g1, phase.g2, phase.weight) == (0.7, -0.2, 0.6)


def test_forward_scattering_is_bright_at_position_angle_plus_90():
    disk = from_winnie({**RING, "pa": 0.0, "xdo": 0.0, "ydo": 0.0, "e": 0.0})
    west, east = disk.image_2d_from(da.Grid2DIrregular([(0.0, 2.5), (0.0, -2.5)])).array
    assert east > 2 * west


def test_it_is_what_it_hands_to_vip():
    density = {
        "name": "2PowerLaws",
        "a": 60.0,
        "ksi0": 3.0,
        "ain": 8.0,
        "aout": -5.0,
        "e": 0.1,
        "gamma": 1.5,
        "beta": 0.5,
    }
    vip = from_vip(
        {
            "itilt": 65.0,
            "pa": -80.0,
            "omega": 40.0,
            "xdo": 2.0,
            "ydo": -1.0,
            "distance": 20.0,
            "density_dico": density,
            "spf_dico": {"name": "DoubleHG", "g": [0.7, -0.2], "weight": 0.6},
        }
    )
    disk = from_winnie({**RING, **IMAGE, "F": 3.0})
    assert disk.optical_depth == pytest.approx(3.0 * vip.optical_depth)


def test_a_negative_inclination_turns_the_disk():
    disk = from_winnie({**RING, "incl": -65.0})
    assert (disk.inclination, disk.position_angle, disk.offset_x) == (65.0, 100.0, -2.0)
    assert disk.density.argument_of_pericenter == pytest.approx(40.0)


def test_pixels():
    grid = grid_from_winnie({**RING, **IMAGE})
    assert grid.shape_native == (25, 30) and grid.frame.center == (11.25, 14.5)
    assert grid_from_winnie({}).frame.center == (160.0, 160.0)


@pytest.mark.parametrize("per_pixel", [True, False])
def test_a_pixel_scale_with_a_unit(per_pixel):
    from astropy import units

    scale = 63.0 * units.mas / (units.pixel if per_pixel else 1.0)
    assert grid_from_winnie({"pxscale": scale}).frame.pixel_scale == pytest.approx(0.063)
    with pytest.raises(UnitError, match="angle"):
        grid_from_winnie({"pxscale": 3.0 * units.m})


@pytest.mark.parametrize("polar", [False, True])
def test_there_and_back(polar):
    given = {**RING, **IMAGE, "F": 2.5, "polar": polar}
    disk = from_winnie(given)
    assert isinstance(disk.phase_function, Polarized) is polar
    written = to_winnie(disk, grid_from_winnie(given))
    assert {k: v for k, v in written.items() if k not in ("cent", "polar")} == pytest.approx(
        {k: v for k, v in given.items() if k not in ("cent", "polar")}
    )
    assert written["cent"] == given["cent"] and written["polar"] is polar
    assert from_winnie(written).optical_depth == pytest.approx(disk.optical_depth)


def test_one_henyey_greenstein_function():
    written = to_winnie(da.Disk())
    assert (written["g1"], written["wg1"]) == (pytest.approx(0.3), 1.0)
    points = da.Grid2DIrregular([(0.5, 0.6), (-0.7, 0.2)])
    assert from_winnie(written).image_2d_from(points).array == pytest.approx(da.Disk().image_2d_from(points).array)


def test_several_rings():
    second = {**RING, "r0": 90.0, "F": 0.2}
    given = {f"{name}_1": v for name, v in RING.items()} | {f"{name}_2": v for name, v in second.items()} | IMAGE
    disks = disks_from_winnie(given)
    assert list(disks) == ["ring_1", "ring_2"]
    assert disks["ring_1"].density.radius == 60.0 and disks["ring_2"].density.radius == 90.0
    assert disks["ring_2"].optical_depth == pytest.approx(0.3 * disks["ring_1"].optical_depth)  # 0.2 of it, 1.5 as high
    da.Scene(disks=disks)
    grid = grid_from_winnie(given)
    written = to_winnie(disks["ring_1"], grid, ring=1) | to_winnie(disks["ring_2"], grid, ring=2)
    assert {name: written[name] for name in given if name != "cent"} == pytest.approx(
        {name: value for name, value in given.items() if name != "cent"}
    )


@pytest.mark.parametrize(
    ("read", "parameters", "words"),
    [
        (from_winnie, {**RING, "inc": 30.0}, ("inc", "incl")),
        (from_winnie, {"r0": 60.0}, ("h0", "wg1", "no default")),
        (from_winnie, {**RING, "flux_max": 2.0}, ("flux_max",)),
        (from_winnie, {**RING, "wg1": 1.5}, ("weight",)),
        (from_winnie, 3, ("dictionary",)),
        (disks_from_winnie, {f"{name}_2": value for name, value in RING.items()}, ("numbered",)),
        (disks_from_winnie, {}, ("numbered",)),
        (disks_from_winnie, {"r0_1": 60.0, "incl": 30.0}, ("'incl'", "incl_1")),
        (disks_from_winnie, {"r0_1": 60.0, "radius_1": 30.0}, ("radius_1",)),
        (grid_from_winnie, {"cent": 3.0}, ("cent",)),
    ],
)
def test_refused(read, parameters, words):
    with pytest.raises(ParameterError) as raised:
        read(parameters)
    assert all(word in str(raised.value) for word in words), raised.value


def test_no_counterpart():
    table = {"name": "interpolated", "phi": [0, 90, 180], "spf": [3, 1, 2]}
    with pytest.raises(ParameterError, match="Henyey"):
        to_winnie(from_vip({"spf_dico": table}))
    with pytest.raises(ParameterError, match="inner edge"):
        to_winnie(from_vip({"density_dico": {"name": "2PowerLaws", "amin": 30.0}}))
