"""Units of brightness."""

import math

import pytest

from diskarray.dataset.units import surface_brightness_unit
from diskarray.errors import UnitError

ARCSEC2 = math.radians(1 / 3600) ** 2


@pytest.mark.parametrize(
    ("given", "factor", "name"),
    [
        ("mJy/arcsec^2", 1.0, "mJy / arcsec2"), ("mJy arcsec-2", 1.0, "mJy / arcsec2"), ("mJy/arcsec**2", 1.0, "mJy / arcsec2"),
        ("uJy/arcsec2", 1e-3, "mJy / arcsec2"), ("MJy/sr", 1e9 * ARCSEC2, "mJy / arcsec2"), ("mJy/mas2", 1e6, "mJy / arcsec2"),
        ("Jy", 4000.0, "mJy / arcsec2"), ("mJy/pixel", 4.0, "mJy / arcsec2"), ("Jy/pix2", 4000.0, "mJy / arcsec2"),
        ("ADU", 4.0, "adu / arcsec2"), ("adu/arcsec2", 1.0, "adu / arcsec2"), ("DN/s", 4.0, "DN / (s arcsec2)"),
        ("COUNTS/S", 4.0, "ct / (s arcsec2)"), ("e-/s", 4.0, "electron / (s arcsec2)"),
        ("ADU per coadd", 4.0, "adu / (coadd arcsec2)"), ("ADU/coadd", 4.0, "adu / (coadd arcsec2)"),
        ("ADU coadd^-1", 4.0, "adu / (coadd arcsec2)"), ("contrast", 4.0, "contrast / arcsec2"),
        ("contrast/arcsec2", 1.0, "contrast / arcsec2"), ("1/arcsec2", 1.0, "contrast / arcsec2"),
        ("1e-17 erg/s/cm2/A", 4e-17, "erg / (Angstrom s arcsec2 cm2)"), ("arbitrary", 4.0, "arbitrary / arcsec2"),
    ],
)
def test_everything_becomes_a_surface_brightness(given, factor, name):
    found, unit = surface_brightness_unit(given, 0.25)
    assert (found, unit) == (pytest.approx(factor, rel=1e-7), name)
    assert surface_brightness_unit(unit, 0.25) == (1.0, unit)


@pytest.mark.parametrize(
    "given", [None, "", "  ", "bitmap", "Jy/beam", "mag/arcsec2", "mag(AB)", "K", "mJy/as2", "mJy/arcsec", "mjy", "1", "adu2", "%"]
)
def test_what_is_no_brightness_is_refused_with_a_way_out(given):
    with pytest.raises(UnitError, match="f.fits, card BUNIT.*unit="):
        surface_brightness_unit(given, 0.25, where="f.fits, card BUNIT")


def test_flux_per_pixel_needs_the_area():
    with pytest.raises(UnitError, match="per pixel"):
        surface_brightness_unit("mJy")
