"""Rows of published tables: the near side has to be said, by a direction, a point of the compass or a column."""

import csv
import io

import pytest

import diskarray as da
from diskarray.conventions import from_esposito, to_esposito
from diskarray.errors import ParameterError

ROW = {"Name": "hr4796a", "Radius": 78.5, "Inclination": 76.5, "Position Angle": 26.1, "Distance": 72.78}


def test_by_hand():
    disk = from_esposito(ROW, near_side="NW")
    assert (disk.density.radius, disk.inclination, disk.distance) == (78.5, 76.5, 72.78)
    assert disk.position_angle == 26.1  # near side at 26.1 - 90 = 296.1, between West and North


@pytest.mark.parametrize(
    ("axis", "near_side", "position_angle"),
    [
        (26.1, 296.1, 26.1),
        (26.1, 116.1, 206.1),
        (26.1, "SE", 206.1),
        (206.1, "se", 206.1),
        (206.1, "NW", 26.1),
        (0.0, "W", 0.0),
        (0.0, "E", 180.0),
        (179.8, "NE", 179.8),
        (179.8, "W", 359.8),
        (90.0, "N", 90.0),
        (90.0, -179.0, 270.0),
        (165.8, "S", 345.8),
    ],
)
def test_near_side(axis, near_side, position_angle):
    disk = from_esposito({**ROW, "Position Angle": axis}, near_side=near_side)
    assert disk.position_angle == pytest.approx(position_angle)


def test_the_near_side_is_bright():
    disk = from_esposito({**ROW, "Position Angle": 0.0}, near_side="E")
    west, east = disk.image_2d_from(da.Grid2DIrregular([(0.0, 0.25), (0.0, -0.25)])).array
    assert east > 1.5 * west


def test_a_file_with_spaces():
    text = "Name, Radius, Inclination, Position Angle, Distance, Near Side\nhd35841, 60.3, 84.9, 165.8, 103.68, 255.8\n"
    (row,) = csv.DictReader(io.StringIO(text))
    disk = from_esposito(row)
    assert (disk.density.radius, disk.inclination, disk.distance) == (60.3, 84.9, 103.68)
    assert disk.position_angle == pytest.approx(345.8)


def test_the_rest_comes_from_a_disk():
    like = da.Disk(density=da.TwoPowerLaw(alpha_in=3.0), phase_function=da.HenyeyGreenstein(0.6), optical_depth=2e-4)
    disk = from_esposito(ROW, near_side="W", like=like)
    assert (disk.density.alpha_in, disk.phase_function.g, disk.optical_depth) == (3.0, 0.6, 2e-4)
    assert disk.density.radius == 78.5


@pytest.mark.parametrize("near_side", ["NW", "SE"])
def test_there_and_back(near_side):
    disk = from_esposito(ROW, near_side=near_side)
    row = to_esposito(disk, "hr4796a")
    assert {name: row[name] for name in ROW} == pytest.approx(ROW)
    assert from_esposito(row).position_angle == pytest.approx(disk.position_angle)


def test_above_90_degrees_the_near_side_is_the_other_one():
    row = to_esposito(da.Disk(inclination=110.0, position_angle=200.0))
    assert (row["Inclination"], row["Position Angle"], row["Near Side"]) == (70.0, 20.0, 290.0)


@pytest.mark.parametrize(
    ("row", "near_side", "words"),
    [
        (ROW, None, ("296.1", "116.1", "near_side")),
        (ROW, 26.0, ("major axis",)),
        (ROW, "NWN", ("NWN", "compass")),
        ({**ROW, "PA": 3.0}, "W", ("PA",)),
        ({k: v for k, v in ROW.items() if k != "Radius"}, "W", ("Radius",)),
        ({**ROW, "Radius": "large"}, "W", ("Radius", "large")),
        ({**ROW, "Inclination": 200.0}, "W", ("inclination",)),
        ("hr4796a", "W", ("dictionary",)),
    ],
)
def test_refused(row, near_side, words):
    with pytest.raises(ParameterError) as raised:
        from_esposito(row, near_side)
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_row_needs_a_radius():
    class Sphere:
        def density(self, X, Y, Z, *, xp):
            return xp.exp(-(X**2 + Y**2 + Z**2))

    with pytest.raises(ParameterError, match="radius"):
        to_esposito(da.Disk(density=Sphere()))
