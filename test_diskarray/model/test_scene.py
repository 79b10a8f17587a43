"""Disks, star and instrument together."""

import pickle

import numpy as np
import pytest

from diskarray.backend.pytree import replace
from diskarray.errors import ParameterError, ShapeError
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.point_source import PointSource
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.optics.stellar_residual import StellarResidual
from diskarray.parameters.priors import LogUniform, Uniform
from diskarray.parameters.space import ParameterSpace, Tied
from diskarray.profiles.density import TwoPowerLaw
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D

GRID = Grid2D.uniform((31, 27), 0.1)
INNER = Disk(density=TwoPowerLaw(radius=40.0, scale_height=4.0), inclination=50.0, distance=60.0)
OUTER = Disk(density=TwoPowerLaw(radius=80.0, scale_height=4.0), inclination=70.0, position_angle=40.0, distance=60.0)
BLURRED = Instrument(psf=GaussianPSF(fwhm=0.25))


def test_two_disks_add():
    both = Scene(disks={"inner": INNER, "outer": OUTER}).image_2d_from(GRID)
    np.testing.assert_allclose(
        both.array, INNER.image_2d_from(GRID).array + OUTER.image_2d_from(GRID).array, rtol=1e-14
    )
    blurred = [
        Scene(disks=d, instrument=BLURRED).image_2d_from(GRID).array
        for d in ({"a": INNER, "b": OUTER}, {"a": INNER}, {"b": OUTER})
    ]
    np.testing.assert_allclose(blurred[0], blurred[1] + blurred[2], rtol=0, atol=1e-14 * blurred[0].max())


def test_order_of_disks_does_not_matter():
    first = Scene(disks={"inner": INNER, "outer": OUTER}).image_2d_from(GRID)
    second = Scene(disks={"outer": OUTER, "inner": INNER}).image_2d_from(GRID)
    np.testing.assert_allclose(first.array, second.array, rtol=1e-15)


@pytest.mark.parametrize("instrument", [Instrument(), BLURRED])
def test_star_scales_the_scene(instrument):
    relative = Scene(disks={"belt": OUTER}, instrument=instrument)
    physical = Scene(disks={"belt": OUTER}, instrument=instrument, star=Star(flux=250.0, unit="mJy"))
    np.testing.assert_allclose(physical.image_2d_from(GRID).array, 250 * relative.image_2d_from(GRID).array, rtol=1e-14)


def test_unit():
    assert Scene(disks={"belt": OUTER}).unit is None
    assert Scene(disks={"belt": OUTER}, star=Star(flux=2.0)).unit is None
    assert Scene(disks={"belt": OUTER}, star=Star(flux=2.0, unit="mJy")).unit == "mJy / arcsec2"


def test_pixels_and_points_agree():
    scene = Scene(disks={"inner": INNER, "outer": OUTER}, instrument=Instrument(offset_y=0.03), star=Star(flux=7.0))
    on_pixels, at_points = scene.image_2d_from(GRID).slim, scene.image_2d_from(Grid2DIrregular(GRID.array)).array
    away = np.hypot(GRID.y, GRID.x) > 0  # in the star's own pixel a grid takes the mean
    np.testing.assert_allclose(at_points[away], on_pixels[away], rtol=0, atol=1e-14 * on_pixels.max())


def test_disks_share_their_orientation_through_ties():
    """Two rings of one system: four free numbers move six parameters, and the image is that of both."""
    scene = Scene(disks={"inner": INNER, "outer": OUTER}, instrument=BLURRED)
    space = ParameterSpace.of(
        scene,
        {
            "disks.inner.inclination": Uniform(30, 85),
            "disks.outer.inclination": Tied("disks.inner.inclination"),
            "disks.inner.position_angle": Uniform(0, 180),
            "disks.outer.position_angle": Tied("disks.inner.position_angle"),
            "disks.inner.density.radius": Uniform(20, 60),
            "disks.outer.optical_depth": LogUniform(1e-5, 1e-1),
        },
    )
    assert space.size == 4
    made = space.to_model(np.array([66.0, 101.0, 33.0, 2e-3]))
    inner = replace(replace(replace(INNER, "inclination", 66.0), "position_angle", 101.0), "density.radius", 33.0)
    outer = replace(replace(replace(OUTER, "inclination", 66.0), "position_angle", 101.0), "optical_depth", 2e-3)
    expected = Scene(disks={"inner": inner, "outer": outer}, instrument=BLURRED).image_2d_from(GRID).array
    np.testing.assert_allclose(made.image_2d_from(GRID).array, expected, rtol=0, atol=1e-15 * expected.max())
    assert made.disks["outer"].density.radius == OUTER.density.radius


def dark(grid, **members):
    """A scene whose disk gives no light."""
    empty = replace(OUTER, "optical_depth", 0.0)
    return Scene(disks={"none": empty}, **members).image_2d_from(grid).array


class Blob:
    """A Gaussian of unit flux, as an extended source that is known in closed form."""

    def __init__(self, y, x, sigma):
        self.y, self.x, self.sigma = y, x, sigma

    def image_2d_from(self, grid, *, xp=np):
        squared = (grid.y - self.y) ** 2 + (grid.x - self.x) ** 2
        values = xp.exp(-0.5 * squared / self.sigma**2) / (2 * np.pi * self.sigma**2)
        return Image2D.from_slim(values, grid.mask, xp=xp)


@pytest.mark.parametrize(
    "frame",
    [
        Frame2D((41, 44), 0.05),
        Frame2D((41, 44), 0.05, center=(19.3, 22.8), north_angle=40.0, mirrored=True),
    ],
)
@pytest.mark.parametrize("kind", ["formula", "measured"])
def test_a_point_source_is_the_limit_of_an_extended_one(frame, kind):
    """A Gaussian blob seen through a Gaussian PSF is a point source seen through a wider one: place, flux and unit."""
    sigma, blob = 0.15, 0.1
    per_fwhm = 2 * np.sqrt(2 * np.log(2))
    narrow = GaussianPSF(fwhm=sigma * per_fwhm, half_width=1.2)
    wide = GaussianPSF(fwhm=np.hypot(sigma, blob) * per_fwhm, half_width=1.4)
    wide = EmpiricalPSF(wide.kernel_from(0.05)) if kind == "measured" else wide
    offsets = {"offset_y": 0.013, "offset_x": -0.024}
    star = Star(flux=250.0, unit="mJy")
    extended = Scene(disks={"blob": Blob(0.31, -0.22, blob)}, instrument=Instrument(psf=narrow, **offsets), star=star)
    point = dark(
        Grid2D(frame),
        sources={"planet": PointSource(y=0.31, x=-0.22, flux=1.0)},
        star=star,
        instrument=Instrument(psf=wide, **offsets),
    )
    expected = extended.image_2d_from(Grid2D(frame)).array
    np.testing.assert_allclose(point, expected, rtol=0, atol=1e-11 * expected.max())


def test_point_sources_add_up_and_pass_the_throughput():
    throughput = np.linspace(0.2, 1.0, 31 * 27).reshape(31, 27)
    instrument = Instrument(psf=GaussianPSF(fwhm=0.25), throughput=throughput)
    planet, star = PointSource(y=0.5, x=0.3, flux=1e-3), PointSource(y=-0.7, x=0.1, flux=1e-2)
    both = dark(GRID, sources={"planet": planet, "star": star}, instrument=instrument)
    apart = [dark(GRID, sources={"only": source}, instrument=BLURRED) * throughput for source in (planet, star)]
    np.testing.assert_allclose(both, apart[0] + apart[1], rtol=0, atol=1e-15 * both.max())
    belt = Scene(disks={"belt": OUTER}, instrument=instrument)
    with_both = Scene(disks={"belt": OUTER}, sources={"planet": planet, "star": star}, instrument=instrument)
    sum_of_both = belt.image_2d_from(GRID).array + both
    np.testing.assert_allclose(with_both.image_2d_from(GRID).array, sum_of_both, rtol=1e-13)


def test_a_point_source_from_separation_and_position_angle():
    east = PointSource.at(0.8, 90.0, 1e-3)
    assert (east.y, east.x, east.flux) == (pytest.approx(0, abs=1e-15), pytest.approx(-0.8), 1e-3)
    north_east = PointSource.at(1.0, 30.0, 1.0)
    assert (north_east.y, north_east.x) == (pytest.approx(np.sqrt(3) / 2), pytest.approx(-0.5))


def test_stellar_residual_and_background_are_added_as_they_are():
    """Neither convolved, nor dimmed, nor scaled with the star's flux."""
    references = np.random.default_rng(1).normal(size=(2, 31, 27))
    added = {"stellar_residual": StellarResidual(references, [2.0, -0.5]), "background": 0.25}
    instrument = Instrument(psf=GaussianPSF(fwhm=0.25), throughput=np.full((31, 27), 0.5))
    observed = {"disks": {"belt": OUTER}, "instrument": instrument, "star": Star(flux=100.0)}
    difference = Scene(**observed, **added).image_2d_from(GRID).array - Scene(**observed).image_2d_from(GRID).array
    np.testing.assert_allclose(difference, 2 * references[0] - 0.5 * references[1] + 0.25, rtol=0, atol=1e-12)


def test_background_holds_at_points_too():
    points = Grid2DIrregular([(0.1, 0.2), (0.4, -0.3)])
    plain, lifted = (Scene(disks={"belt": OUTER}, background=b).image_2d_from(points).array for b in (0.0, 0.3))
    np.testing.assert_allclose(lifted, plain + 0.3)


def test_everything_in_a_scene_can_be_free():
    scene = Scene(
        disks={"belt": OUTER},
        instrument=BLURRED,
        sources={"planet": PointSource(y=0.5)},
        stellar_residual=StellarResidual(np.ones((2, 31, 27))),
    )
    space = ParameterSpace.of(
        scene,
        {
            "sources.planet.y": Uniform(0, 1),
            "sources.planet.flux": LogUniform(1e-6, 1e-2),
            "background": Uniform(-1, 1),
            "stellar_residual.weights": Uniform(-2, 2),
            "stellar_residual.shift_y": Uniform(-0.1, 0.1),
            "instrument.psf.angle": Uniform(0, 180),
            "instrument.psf.axis_ratio": Uniform(0.5, 1),
        },
    )
    assert space.size == 8 and "stellar_residual.weights[1]" in space.names
    made = space.to_model(np.array([0.7, 1e-3, 0.1, 0.5, -0.5, 0.02, 30.0, 0.8]))
    assert (made.sources["planet"].y, made.background, made.instrument.psf.axis_ratio) == (0.7, 0.1, 0.8)
    np.testing.assert_array_equal(made.stellar_residual.weights, [0.5, -0.5])
    copy = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(copy.image_2d_from(GRID).array, made.image_2d_from(GRID).array)


def test_psf_needs_pixels():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED)
    with pytest.raises(ShapeError, match="give a Grid2D as it was made"):
        scene.image_2d_from(Grid2DIrregular([(0.1, 0.2)]))
    with pytest.raises(ShapeError, match="instrument.offset_y and offset_x"):
        scene.image_2d_from(GRID + (0.01, 0.0))


def test_replace_reaches_every_level():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED, star=Star(flux=2.0))
    for path, value in (
        ("disks.belt.inclination", 60.0),
        ("disks.belt.density.radius", 90.0),
        ("instrument.psf.fwhm", 0.3),
        ("instrument.offset_x", 0.05),
        ("star.flux", 3.0),
    ):
        other = replace(scene, path, value)
        assert not np.allclose(other.image_2d_from(GRID).array, scene.image_2d_from(GRID).array, rtol=1e-6, atol=0)


def test_pickle_keeps_the_image():
    scene = Scene(disks={"belt": OUTER}, instrument=BLURRED, star=Star(flux=2.0, unit="mJy"))
    copy = pickle.loads(pickle.dumps(scene))
    assert copy.unit == scene.unit
    np.testing.assert_array_equal(copy.image_2d_from(GRID).array, scene.image_2d_from(GRID).array)


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"disks": {}}, "a dictionary of at least one named disk"),
        ({"disks": None}, "a dictionary of at least one named disk"),
        ({"disks": OUTER}, "a dictionary of at least one named disk"),
        ({"disks": {"two words": OUTER}}, "a disk's name is a word like 'belt'"),
        ({"disks": {1: OUTER}}, "a disk's name is a word like 'belt'"),
        ({"disks": {"belt": TwoPowerLaw()}}, r"disk 'belt' needs the method image_2d_from\(grid, \*, xp\)"),
        ({"disks": {"belt": OUTER}, "instrument": GaussianPSF()}, "Scene.instrument is an Instrument"),
        ({"disks": {"belt": OUTER}, "star": 3.0}, "Scene.star is a Star"),
        ({"disks": {"belt": OUTER}, "sources": [PointSource()]}, "Scene.sources is a dictionary"),
        (
            {"disks": {"belt": OUTER}, "sources": {"my planet": PointSource()}},
            "a source's name is a word like 'planet'",
        ),
        ({"disks": {"belt": OUTER}, "sources": {"planet": 1e-3}}, "source 'planet' is a PointSource"),
        ({"disks": {"belt": OUTER}, "sources": {"planet": PointSource()}}, "give the scene an Instrument with a psf"),
        (
            {"disks": {"belt": OUTER}, "stellar_residual": np.ones((3, 3))},
            "Scene.stellar_residual needs the method image_2d_from",
        ),
        ({"disks": {"belt": OUTER}, "background": np.nan}, "Scene.background must be finite"),
    ],
)
def test_construction_errors_name_the_cure(wrong, cure):
    with pytest.raises(ParameterError, match=cure):
        Scene(**wrong)


def test_star_errors():
    with pytest.raises(ParameterError, match="Star.flux"):
        Star(flux=-1.0)
