"""Broken inputs: each gives one typed error that names the file, the HDU and, where one is at fault, the card."""

import numpy as np
import pytest

from diskarray.dataset.imaging import Imaging
from diskarray.dataset.noise import NoiseFromAnnuli, NoiseFromFile
from diskarray.errors import DataError, DiskArrayError, UnitError

ERR = NoiseFromFile(extension="ERR")


def rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))
    return path


def without_checksums(content):
    return content.replace(b"CHECKSUM=", b"HISTORY  ").replace(b"DATASUM =", b"HISTORY  ")


def flipped(content):
    return content[:6000] + bytes([content[6000] ^ 1]) + content[6001:]


def spoilt(place, value):
    array = np.ones((21, 21))
    array[place] = value
    return array


CUBE = np.ones((3, 21, 21))
CASES = {
    "missing file": (lambda g: g().with_name("none.fits"), {}, DataError, ["none.fits", "does not exist"]),
    "a folder": (lambda g: g().parent, {}, DataError, ["not a regular file"]),
    "not a FITS file": (lambda g: rewrite(g(), lambda b: b"PK" + b), {}, DataError, ["data.fits", "not a FITS file"]),
    "an address": (lambda g: "https://x.org/data.fits", {}, DataError, ["x.org", "does not exist"]),
    "truncated header": (lambda g: rewrite(g(), lambda b: b[:3000]), {}, DataError, ["data.fits", "Fetch or write"]),
    "truncated data": (lambda g: rewrite(g(), lambda b: b[:7000]), {}, DataError, ["data.fits", "Fetch or write"]),
    "truncated gzip": (
        lambda g: rewrite(g(), lambda b: __import__("gzip").compress(b)[:-300]),
        {},
        DataError,
        ["data.fits", "cannot be read"],
    ),
    "checksum": (lambda g: rewrite(g(), flipped), {}, DataError, ["data.fits", "hecksum", "SCI"]),
    "junk for an extension": (
        lambda g: rewrite(g(), lambda b: without_checksums(b).replace(b"XTENSION= 'IMAGE", b"XTENSION= @IMAGE", 1)),
        {},
        DataError,
        ["data.fits"],
    ),
    "missing extension": (lambda g: g(), {"extension": "NOISE"}, DataError, ["data.fits", "'NOISE'", "SCI", "ERR"]),
    "extension number": (lambda g: g(), {"extension": 7}, DataError, ["data.fits", "7", "HDU 1 (SCI)"]),
    "extension without an image": (lambda g: g(), {"extension": 0}, DataError, ["HDU 0 (PRIMARY)", "holds no image"]),
    "cube without plane": (lambda g: g(data=CUBE), {}, DataError, ["HDU 1 (SCI)", "NAXIS = 3", "plane=", "0 to 2"]),
    "plane out of range": (lambda g: g(data=CUBE), {"plane": 3}, DataError, ["HDU 1 (SCI)", "plane 3", "0 to 2"]),
    "plane of an image": (lambda g: g(), {"plane": 0}, DataError, ["HDU 1 (SCI)", "no plane"]),
    "1D data": (lambda g: g(data=np.ones(21)), {}, DataError, ["HDU 1 (SCI)", "(21,)", "2D"]),
    "noise of another shape": (
        lambda g: g(noise=np.ones((20, 21))),
        {},
        DataError,
        ["HDU 2 (ERR)", "(20, 21)", "(21, 21)"],
    ),
    "noise zero": (
        lambda g: g(noise=spoilt((2, 5), 0.0)),
        {},
        DataError,
        ["HDU 1 (SCI)", "noise", "1 unmasked", "(2, 5)"],
    ),
    "noise negative": (lambda g: g(noise=spoilt((slice(3), 5), -1.0)), {}, DataError, ["3 unmasked", "(0, 5)"]),
    "noise in another unit": (
        lambda g: g(noise_cards={"BUNIT": "adu"}),
        {},
        UnitError,
        ["HDU 2 (ERR)", "BUNIT", "adu", "mJy"],
    ),
    "constant noise plane": (
        lambda g: g(data=np.zeros((21, 21))),
        {"noise": NoiseFromAnnuli()},
        DataError,
        ["HDU 1 (SCI)", "0 <= r < 3"],
    ),
    "all NaN": (lambda g: g(data=np.full((21, 21), np.nan)), {}, DataError, ["HDU 1 (SCI)", "no pixel is left"]),
    "missing unit": (lambda g: g({"BUNIT": None}), {}, UnitError, ["HDU 1 (SCI)", "BUNIT", "unit=", "mJy/arcsec^2"]),
    "unknown unit": (lambda g: g({"BUNIT": "furlong"}), {}, UnitError, ["HDU 1 (SCI)", "BUNIT", "furlong", "unit="]),
    "bitmap": (lambda g: g({"BUNIT": "bitmap"}), {}, UnitError, ["HDU 1 (SCI)", "BUNIT", "bitmap", "adu/coadd"]),
    "unit no text": (lambda g: g({"BUNIT": 3}), {}, DataError, ["HDU 1 (SCI)", "BUNIT"]),
    "CD beside PC": (lambda g: g({"PC1_1": 1.0, "CDELT1": 1.0}), {}, DataError, ["HDU 1 (SCI)", "CD1_1", "PC1_1"]),
    "scale against the WCS": (
        lambda g: g(),
        {"pixel_scale": 0.01},
        DataError,
        ["HDU 1 (SCI)", "0.01 ", "0.0144", "use_wcs"],
    ),
    "angle against the WCS": (
        lambda g: g(),
        {"north_angle": 5.0},
        DataError,
        ["HDU 1 (SCI)", "north_angle=5", "use_wcs"],
    ),
    "flip against the WCS": (lambda g: g(), {"mirrored": True}, DataError, ["HDU 1 (SCI)", "mirrored=True", "use_wcs"]),
    "no pixel scale": (lambda g: g({"CTYPE1": None, "CTYPE2": None}), {}, DataError, ["HDU 1 (SCI)", "pixel_scale="]),
    "pixels not square": (lambda g: g({"CD1_1": -5e-6}), {}, DataError, ["HDU 1 (SCI)", "CD1_1", "not square"]),
    "axes not at right angles": (
        lambda g: g({"CD1_2": 1e-6, "CD1_1": -4.123e-6}),
        {},
        DataError,
        ["HDU 1 (SCI)", "CD1_2", "right angles"],
    ),
    "singular CD": (lambda g: g({"CD2_2": 0.0, "CD2_1": -4e-6, "CD1_1": -4e-6}), {}, DataError, ["CD1_1", "singular"]),
    "card no number": (lambda g: g({"CD1_1": "minus four"}), {}, DataError, ["HDU 1 (SCI)", "card CD1_1", "number"]),
    "galactic axes": (
        lambda g: g({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}),
        {},
        DataError,
        ["HDU 1 (SCI)", "CTYPE1", "RA and DEC"],
    ),
    "one celestial axis": (lambda g: g({"CTYPE2": "WAVE"}), {}, DataError, ["HDU 1 (SCI)", "CTYPE1", "RA and DEC"]),
    "unit of an axis": (lambda g: g({"CUNIT1": "Jy"}), {}, DataError, ["HDU 1 (SCI)", "CUNIT1", "'Jy'"]),
    "star card missing": (
        lambda g: g(),
        {"center": ("STARY", "STARX")},
        DataError,
        ["HDU 1 (SCI)", "STARY", "center="],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_broken_input_gives_one_clear_error(case, good_file):
    make, arguments, kind, words = CASES[case]
    path = make(good_file)
    with pytest.raises(DiskArrayError) as caught:
        Imaging.from_fits(path, **{"noise": ERR, **arguments})
    assert type(caught.value) is kind
    for word in words:
        assert word in str(caught.value)
    if "HDU" in str(words):
        assert "data.fits" in str(caught.value)


def test_the_file_they_all_start_from_is_good(good_file, noise_image):
    imaging = Imaging.from_fits(good_file(), noise=ERR)
    np.testing.assert_array_equal(imaging.data.array, noise_image)
    assert imaging.mask.n_unmasked == 441 and imaging.n_not_finite == 0
    assert imaging.frame.pixel_scale == pytest.approx(0.0144)


def test_the_way_out_of_a_wrong_wcs(good_file):
    path = good_file({"PC1_1": 1.0, "CDELT1": 1.0})
    imaging = Imaging.from_fits(path, noise=ERR, pixel_scale=0.01, north_angle=20.0, use_wcs=False)
    assert imaging.frame.pixel_scale == 0.01 and imaging.frame.north_angle == 20.0
    assert imaging.header == ""
