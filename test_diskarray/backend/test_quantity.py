"""Quantities at every door: the same as plain numbers, or a UnitError."""

import subprocess
import sys

import numpy as np
import pytest
from astropy import units
from astropy.table import Column
from astropy.utils.masked import Masked

import diskarray as da
from diskarray.backend.quantity import arcsec_per_pixel, plain
from diskarray.errors import UnitError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.registry import DENSITIES, PHASE_FUNCTIONS, POLARIZATIONS, RADIAL_PROFILES, VERTICAL_PROFILES

CLASSES = [da.Disk, da.GaussianPSF, da.MoffatPSF, da.PointSource, da.Instrument]
for registry in (DENSITIES, RADIAL_PROFILES, VERTICAL_PROFILES, PHASE_FUNCTIONS, POLARIZATIONS):
    CLASSES += registry.values()
OTHER = {"au": units.pc, "deg": units.rad, "arcsec": units.mas, "pc": units.kpc, "": units.percent}


class Foreign:
    """Another package's quantity, which NumPy would strip of its unit."""

    units = "astronomical_unit"

    def __array__(self, dtype=None, copy=None):
        return np.array(77.0)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_parameter_takes_its_unit_in_another_guise(cls):
    for name, spec in parameters_of(cls).items():
        default = getattr(cls(), name)
        own, other = units.Unit(spec.unit), OTHER[spec.unit]
        assert np.all(getattr(cls(**{name: default * own}), name) == default)
        given = getattr(cls(**{name: (default * own).to(other)}), name)
        np.testing.assert_allclose(given, default, rtol=1e-14)
        assert type(given) is type(default)
        with pytest.raises(UnitError, match=rf"{cls.__name__}\.{name} is given in kg"):
            cls(**{name: default * units.kg})


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (14.166 * units.mas, "arcsec", 0.014166),
        (54 * units.mas, "arcsec", 0.054),
        (1.5 * units.arcmin, "arcsec", 90.0),
        (77 * units.au, "au", 77.0),
        (3 * units.kpc, "pc", 3000.0),
        (50 * units.percent, "", 0.5),
        (2 * units.one, "", 2.0),
        (60 * units.arcmin, "deg", 1.0),
        (np.pi * units.rad, "deg", 180.0),
        (7, "au", 7),
        ([1, 2], "au", [1, 2]),
        (10 * units.ABmag, "mJy", 363.0780547701),
        ("word", "au", "word"),
        (None, "au", None),
    ],
)
def test_conversions_are_exact(value, unit, expected):
    found = plain(value, unit, "it")
    assert found == (pytest.approx(expected, rel=1e-12) if "mag" in str(getattr(value, "unit", "")) else expected)


def test_lists_and_arrays():
    assert plain([77 * units.au, 1.0], "au", "it") == [77.0, 1.0]
    assert plain(((1 * units.arcmin, 2.0), (3.0, 4 * units.mas)), "arcsec", "it") == ((60.0, 2.0), (3.0, 0.004))
    np.testing.assert_array_equal(plain([[1, 2], [3, 4]] * units.mas, "arcsec", "it"), [[0.001, 0.002], [0.003, 0.004]])


@pytest.mark.parametrize(
    "value",
    [
        3 * units.kg,
        3 * units.one,
        3 * units.mag,
        [1, 2] * units.Jy,
        [1 * units.kg],
        Foreign(),
        Column([1.0], unit="au"),
        Masked(3 * units.au, mask=True),
        3 * units.dex,
        [[1 * units.kg]],
    ],
)
def test_what_does_not_convert_is_refused(value):
    with pytest.raises(UnitError, match="it"):
        plain(value, "au", "it")


def test_pixel_scales_are_angles_or_angles_per_pixel():
    assert arcsec_per_pixel(12.25 * units.mas) == arcsec_per_pixel(12.25 * units.mas / units.pix) == 0.01225
    assert arcsec_per_pixel(0.3) == 0.3 and arcsec_per_pixel(None) is None
    for wrong in (3 * units.pix, 3 * units.m, 3 * units.mas / units.pix**2):
        with pytest.raises(UnitError, match="pixel_scale"):
            arcsec_per_pixel(wrong)


def test_grids_and_frames():
    grid = da.Grid2D.uniform((5, 4), 100 * units.mas, center=(2 * units.pix, 1.5))
    assert grid.frame == da.Frame2D((5, 4), 0.1, (2.0, 1.5))
    assert da.Grid2D.uniform((5, 4), 0.1, center=(2.0, 1.5)).mask == grid.mask
    assert da.Frame2D((5, 4), 0.1, north_angle=0.5 * np.pi * units.rad).north_angle == 90.0
    points = da.Grid2DIrregular([(100 * units.mas, 0.2 * units.arcsec), (0.3, 0.4)])
    np.testing.assert_array_equal(points.array, [[0.1, 0.2], [0.3, 0.4]])
    for wrong in (
        lambda: da.Grid2D.uniform((5, 4), 0.1 * units.pc),
        lambda: da.Grid2DIrregular([[1, 2]] * units.au),
        lambda: da.Frame2D((5, 4), 0.1, (2 * units.arcsec, 1.0)),
        lambda: da.Frame2D((5, 4), 0.1, north_angle=1 * units.m),
    ):
        with pytest.raises(UnitError):
            wrong()


def test_masks():
    frame, make, mas, radian = da.Frame2D((21, 21), 0.1), da.Mask2D, units.mas, units.rad
    pairs = [
        (make.circular(frame, 600 * mas, (1 * mas, 0.1)), make.circular(frame, 0.6, (0.001, 0.1))),
        (make.annular(frame, 300 * mas, 0.8), make.annular(frame, 0.3, 0.8)),
        (make.elliptical(frame, 800 * mas, 0.5, 1 * radian), make.elliptical(frame, 0.8, 0.5, 57.2957795)),
        (make.elliptical_annular(frame, 0.3, 800 * mas, 0.5, 9.0), make.elliptical_annular(frame, 0.3, 0.8, 0.5, 9.0)),
        (make.wedge(frame, 0.5 * radian, 100.0), make.wedge(frame, 28.64788976, 100.0)),
    ]
    for given, expected in pairs:
        assert given == expected and 0 < given.n_unmasked < 441
    with pytest.raises(UnitError, match="radii"):
        da.Mask2D.annular(frame, 1 * units.au, 2.0)


def test_raw_points_are_not_stripped_of_their_unit():
    disk, y, x = da.Disk(inclination=60.0), np.array([0.1, 0.4]), np.array([-0.3, 0.2])
    expected = disk.image_2d_from((y, x))
    np.testing.assert_allclose(disk.image_2d_from((1e3 * y * units.mas, x * units.arcsec)), expected, rtol=1e-12)
    np.testing.assert_allclose(disk.image_2d_from(np.stack([y, x], axis=-1) * units.arcsec), expected, rtol=1e-12)
    with pytest.raises(UnitError):
        disk.image_2d_from((y * units.au, x))


def test_a_star_takes_the_unit_of_its_flux():
    assert [
        (s.flux, s.unit)
        for s in (
            da.Star(1.2 * units.Jy),
            da.Star(5 * units.adu),
            da.Star(1.2 * units.Jy, unit="uJy"),
            da.Star(3.0, unit="mJy"),
            da.Star(2 * units.electron / units.s),
        )
    ] == [(1200.0, "mJy"), (5.0, "adu"), (pytest.approx(1.2e6), "uJy"), (3.0, "mJy"), (2.0, "electron / s")]
    assert da.Star(10 * units.ABmag).flux == pytest.approx(363.078, rel=1e-5)
    assert da.replace(da.Star(1.2 * units.Jy), "flux", 2 * units.Jy).flux == 2000.0
    for unit in ("mJy / arcsec2", "", "mag", "W", "adu / pix"):
        wrong = 3.0 * units.Unit(unit)
        with pytest.raises(UnitError, match="Star.flux"):
            da.Star(wrong)
    with pytest.raises(UnitError, match="Star.flux"):
        da.Star(3 * units.Jy, unit="adu")


def test_kernels_and_other_arrays_are_plain():
    psf = da.GaussianPSF(fwhm=54 * units.mas, half_width=200 * units.mas)
    assert psf.fwhm == 0.054 and psf.reach == psf.half_width == 0.2
    assert da.EmpiricalPSF(np.ones((3, 3)), pixel_scale=12 * units.mas / units.pix).pixel_scale == 0.012
    frame, values = da.Frame2D((3, 3), 0.1), np.ones((3, 3)) * units.mJy
    for wrong in (lambda: da.EmpiricalPSF(values), lambda: da.Image2D(values, frame)):
        with pytest.raises(UnitError, match="would be lost"):
            wrong()


def test_recognizing_a_quantity_imports_nothing():
    code = (
        "import sys, diskarray as da; da.Disk(inclination=3.0, density=da.TwoPowerLaw(radius=[1, 2][0])); "
        "da.Grid2D.uniform((3, 3), 0.1); assert not {'astropy', 'astropy.units'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
