"""Disks, star and instrument together."""

import pickle

import numpy as np
import pytest

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.optics.psf import GaussianPSF
from diskarray.profiles.density import TwoPowerLaw
from diskarray.structures.grid import Grid2D, Grid2DIrregular

GRID = Grid2D.uniform((31, 27), 0.1)
INNER = Disk(density=TwoPowerLaw(radius=40.0, scale_height=4.0), inclination=50.0, distance=60.0)
OUTER = Disk(density=TwoPowerLaw(radius=80.0, scale_height=4.0), inclination=70.0, position_angle=40.0, distance=60.0)
BLURRED = Instrument(psf=GaussianPSF(fwhm=0.25))


def test_two_disks_add():
    both = Scene(disks={"inner": INNER, "outer": OUTER}).image_2d_from(GRID)
    np.testing.assert_allclose(
        both.array, INNER.image_2d_from(GRID).array + OUTER.image_2d_from(GRID).array, rtol=1e-14
    )
    blurred = [Scene(disks=d, instrument=BLURRED).image_2d_from(GRID).array
               for d in ({"a": INNER, "b": OUTER}, {"a": INNER}, {"b": OUTER})]
    np.testing.assert_allclose(blurred[0], blurred[1] + blurred[2], rtol=0, atol=1e-14 * blurred[0].max())


def test_order_of_disks_does_not_matter():
    first = Scene(disks={"inner": INNER, "outer": OUTER}).image_2d_from(GRID)
    second = Scene(disks={"outer": OUTER, "inner": INNER}).image_2d_from(GRID)
    np.testing.assert_allclose(first.array, second.array, rtol=1e-15)


@pytest.mark.parametrize("instrument", [Instrument(), BLURRED])
def test_star_scales_the_scene(instrument):
    relative = Scene(disks={"belt": OUTER}, instrument=instrument)
    physical = Scene(disks={"belt": OUTER}, instrument=instrument, star=Star(flux=250.0, unit="mJy"))
    np.testing.assert_allclose(
        physical.image_2d_from(GRID).array, 250 * relative.image_2d_from(GRID).array, rtol=1e-14
    )


def test_unit():
    assert Scene(disks={"belt": OUTER}).unit is None
    assert Scene(disks={"belt": OUTER}, star=Star(flux=2.0)).unit is None
    assert Scene(disks={"belt": OUTER}, star=Star(flux=2.0, unit="mJy")).unit == "mJy / arcsec2"


def test_pixels_and_points_agree():
    scene = Scene(disks={"inner": INNER, "outer": OUTER}, instrument=Instrument(offset_y=0.03), star=Star(flux=7.0))
    on_pixels, at_points = scene.image_2d_from(GRID).slim, scene.image_2d_from(Grid2DIrregular(GRID.array)).array
    np.testing.assert_allclose(at_points, on_pixels, rtol=0, atol=1e-14 * on_pixels.max())


def test_psf_needs_pixels():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED)
    with pytest.raises(ShapeError, match="give a Grid2D as it was made"):
        scene.image_2d_from(Grid2DIrregular([(0.1, 0.2)]))
    with pytest.raises(ShapeError, match="instrument.offset_y and offset_x"):
        scene.image_2d_from(GRID + (0.01, 0.0))


def test_replace_reaches_every_level():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED, star=Star(flux=2.0))
    for path, value in (("disks.belt.inclination", 60.0), ("disks.belt.density.radius", 90.0),
                        ("instrument.psf.fwhm", 0.3), ("instrument.offset_x", 0.05), ("star.flux", 3.0)):
        other = replace(scene, path, value)
        assert not np.allclose(other.image_2d_from(GRID).array, scene.image_2d_from(GRID).array, rtol=1e-6, atol=0)


def test_pickle_keeps_the_image():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED, star=Star(flux=2.0, unit="mJy"))
    copy = pickle.loads(pickle.dumps(scene))
    assert copy.unit == scene.unit
    np.testing.assert_array_equal(copy.image_2d_from(GRID).array, scene.image_2d_from(GRID).array)


@pytest.mark.parametrize(("wrong", "cure"), [
    ({"disks": {}}, "a dictionary of at least one named disk"),
    ({"disks": None}, "a dictionary of at least one named disk"),
    ({"disks": OUTER}, "a dictionary of at least one named disk"),
    ({"disks": {"two words": OUTER}}, "a disk's name is a word like 'belt'"),
    ({"disks": {1: OUTER}}, "a disk's name is a word like 'belt'"),
    ({"disks": {"belt": TwoPowerLaw()}}, r"disk 'belt' needs an \.image_2d_from\(grid, \*, xp\) method"),
    ({"disks": {"belt": OUTER}, "instrument": GaussianPSF()}, "Scene.instrument is an Instrument"),
    ({"disks": {"belt": OUTER}, "star": 3.0}, "Scene.star is a Star"),
])
def test_construction_errors_name_the_cure(wrong, cure):
    with pytest.raises(ParameterError, match=cure):
        Scene(**wrong)


def test_star_errors():
    with pytest.raises(ParameterError, match="Star.flux"):
        Star(flux=-1.0)
