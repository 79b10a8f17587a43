"""Scale and orientation from header cards, held against astropy.wcs."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from diskarray.dataset.wcs import frame_from_header, offset_cards, product_cards, sky_axes, window_cards
from diskarray.errors import DataError
from diskarray.files.fits import FitsHeader
from diskarray.structures.frame import Frame2D

BASE = {
    "NAXIS": 2,
    "NAXIS1": 41,
    "NAXIS2": 31,
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 189.0,
    "CRVAL2": -39.8,
    "CRPIX1": 18.5,
    "CRPIX2": 14.0,
}


def header_of(cards):
    header = fits.Header()
    for keyword, value in cards.items():
        header[keyword] = value
    return FitsHeader(header, "data.fits", "HDU 1 (SCI)")


def cd_cards(scale, angle, mirrored):
    """Degrees East and North per column and row, North at ``angle`` counter-clockwise from +y."""
    t = np.radians(angle)
    north = np.array([-np.sin(t), np.cos(t)])
    east = np.array([-np.cos(t), -np.sin(t)]) * (-1 if mirrored else 1)
    return np.array([east, north]) * scale / 3600


def spelled(kind, matrix, angle, mirrored, unit="deg"):
    """The same matrix in the cards of one kind."""
    if kind == "CD":
        return {f"CD{i + 1}_{j + 1}": matrix[i, j] for i in (0, 1) for j in (0, 1)}
    steps = np.array([-1.0, 1.0]) * np.hypot(*matrix[0])
    if kind == "PC":
        pc = matrix / steps[:, None]
        return {"CDELT1": steps[0], "CDELT2": steps[1]} | {
            f"PC{i + 1}_{j + 1}": pc[i, j] for i in (0, 1) for j in (0, 1)
        }
    if mirrored:
        steps[0] *= -1
    return {"CDELT1": steps[0], "CDELT2": steps[1], "CROTA2": -angle if mirrored else angle}


def assert_placed_as_astropy_does(frame, cards):
    wcs = WCS(cards)
    np.testing.assert_allclose(frame.pixel_scale, proj_plane_pixel_scales(wcs) * 3600, rtol=1e-9)
    star = SkyCoord(189.0, -39.8, unit="deg")
    for position_angle, (y, x) in {0.0: (0.5, 0.0), 90.0: (0.0, -0.5)}.items():
        source = star.directional_offset_by(position_angle * units.deg, 0.5 * units.arcsec)
        column, row = wcs.world_to_pixel(source)
        np.testing.assert_allclose(frame.pixel_from(y, x), (row, column), atol=2e-4)


@pytest.mark.parametrize("kind", ["CD", "PC", "CROTA"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_north_and_east_lie_where_astropy_puts_them(kind, mirrored):
    rng = np.random.default_rng(5)
    for angle in [0.0, 90.0, 180.0, *rng.uniform(-180, 180, 5)]:
        matrix = cd_cards(float(rng.uniform(0.01, 0.06)), angle, mirrored)
        header = header_of({**BASE, **spelled(kind, matrix, angle, mirrored)})
        frame = frame_from_header(header, (31, 41), center=("CRPIX2", "CRPIX1"))
        assert frame.mirrored is mirrored
        assert (frame.north_angle - angle + 180) % 360 - 180 == pytest.approx(0, abs=1e-7)
        assert_placed_as_astropy_does(frame, header.cards)


@pytest.mark.parametrize(
    "cards",
    [
        {"CD1_1": 2e-6, "CD1_2": 3e-6, "CD2_1": 3e-6, "CD2_2": -2e-6},
        {"CDELT1": 4e-6, "CDELT2": -4e-6, "CROTA1": 25.0},
        {"CDELT1": 4e-6, "CDELT2": 4e-6, "PC1_1": 0.8, "PC1_2": 0.6, "PC2_1": -0.6, "PC2_2": 0.8},
    ],
)
def test_declination_may_be_the_first_axis(cards):
    swapped = {"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": -39.8, "CRVAL2": 189.0}
    header = header_of({**BASE, **swapped, **cards})
    assert_placed_as_astropy_does(frame_from_header(header, (31, 41), center=("CRPIX2", "CRPIX1")), header.cards)


def test_gpi_leftovers_are_ignored():
    """Wrong CDELT beside a CD matrix, and a PC card of the Stokes axis."""
    cards = {
        **BASE,
        "CD1_1": -3.935e-6,
        "CD2_2": 3.935e-6,
        "CD3_3": 1.0,
        "PC3_3": 1.0,
        "CDELT1": 0.0014,
        "CDELT2": 0.0014,
        "CTYPE3": "STOKES",
    }
    axes = sky_axes(header_of(cards))
    assert axes.pixel_scale == pytest.approx(0.014166) and axes.north_angle == 0.0 and not axes.mirrored
    carried = product_cards(header_of(cards))
    assert (
        "CD1_1" in carried
        and "CDELT" not in carried
        and "3" not in {line.split("=")[0].strip()[-1] for line in carried.splitlines()}
    )


def test_units_of_the_axes():
    cards = {**BASE, "CDELT1": -0.02, "CDELT2": 0.02, "CUNIT1": "arcsec", "CUNIT2": "arcsec"}
    assert sky_axes(header_of(cards)).pixel_scale == pytest.approx(0.02)


def test_header_without_a_usable_wcs():
    for cards in ({}, {"CTYPE1": "LINEAR", "CDELT1": 2.0}, {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}):
        header = header_of(cards)
        assert sky_axes(header) is None and product_cards(header) == ""
        with pytest.raises(DataError, match="pixel_scale="):
            frame_from_header(header, (4, 5))
        assert frame_from_header(header, (4, 5), 0.01) == Frame2D((4, 5), 0.01)
        turned = frame_from_header(header, (4, 5), 0.01, north_angle=30.0, mirrored=True)
        assert turned == Frame2D((4, 5), 0.01, north_angle=30.0, mirrored=True)


def test_a_scale_that_agrees_is_the_callers():
    header = header_of({**BASE, "CDELT1": -4e-6, "CDELT2": 4e-6})
    assert frame_from_header(header, (31, 41), 0.01435).pixel_scale == 0.01435
    with pytest.raises(DataError, match="contradicts"):
        frame_from_header(header, (31, 41), 0.0142)


@pytest.mark.parametrize(
    ("center", "star"),
    [
        (None, (15.0, 20.0)),
        ((3.5, 4.25), (3.5, 4.25)),
        (("PSFCENTY", "PSFCENTX"), (12.0, 13.0)),
        (("CRPIX2", "CRPIX1"), (13.0, 17.5)),
    ],
)
def test_where_the_star_is(center, star):
    header = header_of({**BASE, "CDELT1": -4e-6, "CDELT2": 4e-6, "PSFCENTX": 13, "PSFCENTY": 12})
    assert frame_from_header(header, (31, 41), center=center).center == star


@pytest.mark.parametrize("mirrored", [False, True])
def test_offset_axes_are_read_back_and_understood_by_astropy(mirrored):
    frame = Frame2D((31, 41), 0.0142, (12.25, 20.5), 33.0, mirrored)
    text = offset_cards(frame)
    header = FitsHeader(fits.Header.fromstring(text, sep="\n"), "data.fits", "HDU 0 (PRIMARY)")
    again = frame_from_header(header, (31, 41))
    assert (again.center, again.mirrored) == (frame.center, mirrored)
    assert again.pixel_scale == pytest.approx(0.0142, rel=1e-12) and again.north_angle == pytest.approx(33.0, abs=1e-9)
    y, x = frame.sky_from(5.0, 7.0)
    wcs = WCS(header.cards)
    expected = [v * units.arcsec.to(unit) for v, unit in zip((-x, y), wcs.wcs.cunit, strict=True)]
    np.testing.assert_allclose(np.ravel(wcs.wcs_pix2world([[7.0, 5.0]], 0)), expected, atol=1e-12)
    assert product_cards(header) == text


def test_window_moves_the_reference_pixel_alone():
    cards = product_cards(header_of({**BASE, "CDELT1": -4e-6, "CDELT2": 4e-6}))
    moved = fits.Header.fromstring(window_cards(cards, (10, 5)), sep="\n")
    assert (moved["CRPIX1"], moved["CRPIX2"]) == (13.5, 4.0)
    before = fits.Header.fromstring(cards, sep="\n")
    assert all(moved[k] == before[k] for k in before if not k.startswith("CRPIX"))
    assert window_cards("", (3, 3)) == ""


def test_pc_with_crota_is_contradictory():
    with pytest.raises(DataError, match="CROTA2, PC1_1"):
        sky_axes(header_of({**BASE, "PC1_1": 1.0, "CDELT1": -4e-6, "CDELT2": 4e-6, "CROTA2": 10.0}))
