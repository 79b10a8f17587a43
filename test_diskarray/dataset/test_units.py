"""Units of brightness."""

import math

import numpy as np
import pytest
from astropy import units
from astropy.utils.masked import Masked

from diskarray.dataset.imaging import Imaging
from diskarray.dataset.units import surface_brightness_unit
from diskarray.errors import UnitError

ARCSEC2 = math.radians(1 / 3600) ** 2


@pytest.mark.parametrize(
    ("given", "factor", "name"),
    [
        ("mJy/arcsec^2", 1.0, "mJy / arcsec2"),
        ("mJy arcsec-2", 1.0, "mJy / arcsec2"),
        ("mJy/arcsec**2", 1.0, "mJy / arcsec2"),
        ("uJy/arcsec2", 1e-3, "mJy / arcsec2"),
        ("MJy/sr", 1e9 * ARCSEC2, "mJy / arcsec2"),
        ("mJy/mas2", 1e6, "mJy / arcsec2"),
        ("Jy", 4000.0, "mJy / arcsec2"),
        ("mJy/pixel", 4.0, "mJy / arcsec2"),
        ("Jy/pix2", 4000.0, "mJy / arcsec2"),
        ("ADU", 4.0, "adu / arcsec2"),
        ("adu/arcsec2", 1.0, "adu / arcsec2"),
        ("DN/s", 4.0, "DN / (s arcsec2)"),
        ("COUNTS/S", 4.0, "ct / (s arcsec2)"),
        ("e-/s", 4.0, "electron / (s arcsec2)"),
        ("ADU per coadd", 4.0, "adu / (coadd arcsec2)"),
        ("ADU/coadd", 4.0, "adu / (coadd arcsec2)"),
        ("ADU coadd^-1", 4.0, "adu / (coadd arcsec2)"),
        ("contrast", 4.0, "contrast / arcsec2"),
        ("contrast/arcsec2", 1.0, "contrast / arcsec2"),
        ("1/arcsec2", 1.0, "contrast / arcsec2"),
        ("1e-17 erg/s/cm2/A", 4e-17, "erg / (Angstrom s arcsec2 cm2)"),
        ("arbitrary", 4.0, "arbitrary / arcsec2"),
    ],
)
def test_everything_becomes_a_surface_brightness(given, factor, name):
    found, unit = surface_brightness_unit(given, 0.25)
    assert (found, unit) == (pytest.approx(factor, rel=1e-7), name)
    assert surface_brightness_unit(unit, 0.25) == (1.0, unit)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "  ",
        "bitmap",
        "Jy/beam",
        "mag/arcsec2",
        "mag(AB)",
        "K",
        "mJy/as2",
        "mJy/arcsec",
        "mjy",
        "1",
        "adu2",
        "%",
    ],
)
def test_what_is_no_brightness_is_refused_with_a_way_out(given):
    with pytest.raises(UnitError, match="f.fits, card BUNIT.*unit="):
        surface_brightness_unit(given, 0.25, where="f.fits, card BUNIT")


def test_flux_per_pixel_needs_the_area():
    with pytest.raises(UnitError, match="per pixel"):
        surface_brightness_unit("mJy")


IMAGE = np.linspace(1.0, 2.0, 12).reshape(3, 4)


@pytest.mark.parametrize(
    ("unit", "calibration", "factor", "name"),
    [
        ("adu/coadd", "2.5e-7 mJy coadd / adu", 2.5e-7, "mJy / arcsec2"),
        ("adu", 3e-6 * units.Jy / units.adu, 3e-3, "mJy / arcsec2"),
        ("mJy/arcsec2", 1 / (1200 * units.mJy), 1 / 1200, "contrast / arcsec2"),
        ("mJy/arcsec2", "8e-4 contrast / mJy", 8e-4, "contrast / arcsec2"),
        ("DN/s", "4 electron / DN", 4.0, "electron / (s arcsec2)"),
    ],
)
def test_a_calibration_leads_to_another_unit(unit, calibration, factor, name):
    counts = Imaging(IMAGE, 0.1 * IMAGE, pixel_scale=0.5, unit=unit)
    calibrated = counts.calibrated(calibration)
    np.testing.assert_allclose(calibrated.data.array, factor * counts.data.array, rtol=1e-12)
    np.testing.assert_allclose(calibrated.noise_map.array, factor * counts.noise_map.array, rtol=1e-12)
    assert calibrated.unit == name and calibrated.mask == counts.mask


@pytest.mark.parametrize("unit", ["adu/coadd", None])
@pytest.mark.parametrize(
    "calibration",
    [
        3.0,
        "3",
        "mJy / adu",
        "-1 mJy coadd / adu",
        "1e-7 mJy / adu",
        2 * units.m,
        [1, 2] * units.Jy / units.adu,
        "2 parsnips",
        3 * units.one,
        None,
    ],
)
def test_a_calibration_without_a_fitting_unit_is_refused(unit, calibration):
    with pytest.raises(UnitError, match="calibration"):
        Imaging(IMAGE, IMAGE, pixel_scale=0.5, unit=unit).calibrated(calibration)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("MJy / sr", "mJy / arcsec2"), ("adu / pix", "adu / arcsec2"), ("1 / arcsec2", "contrast / arcsec2")],
)
def test_quantities_and_texts_convert_alike(unit, expected):
    given = Imaging(IMAGE * units.Unit(unit), IMAGE * units.Unit(unit), pixel_scale=500 * units.mas)
    spelled = Imaging(IMAGE, IMAGE, pixel_scale=0.5, unit=unit)
    np.testing.assert_array_equal(given.data.array, spelled.data.array)
    assert given.unit == spelled.unit == expected and given.frame == spelled.frame
    if unit == "MJy / sr":
        exact = (IMAGE * units.MJy / units.sr).to_value(units.mJy / units.arcsec**2)
        np.testing.assert_allclose(given.data.array, exact, rtol=1e-14)


def test_masked_quantities_are_masked():
    hidden = IMAGE > 1.5
    data, noise = Masked(IMAGE, mask=hidden) * units.mJy, Masked(IMAGE, mask=IMAGE < 1.2) * units.uJy
    imaging = Imaging(data, noise, pixel_scale=0.5)
    np.testing.assert_array_equal(imaging.mask.array, hidden | (IMAGE < 1.2))
    np.testing.assert_allclose(imaging.noise_map.slim, 1e-3 * 4 * IMAGE[~imaging.mask.array], rtol=1e-12)


def test_dimensionless_data_have_no_brightness():
    with pytest.raises(UnitError):
        Imaging(IMAGE * units.one, IMAGE * units.one, pixel_scale=0.5)
