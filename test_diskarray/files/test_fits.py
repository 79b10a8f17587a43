"""Safe FITS reading and writing."""

import gzip
import os

import numpy as np
import pytest
from astropy.io import fits

from diskarray.errors import DataError, OutputError
from diskarray.files import size
from diskarray.files.fits import FitsHDU, list_images, plane_of, read_cube, read_image, write_fits


@pytest.fixture
def cube():
    return np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 4)


@pytest.fixture
def path(tmp_path, cube):
    name = tmp_path / "data.fits"
    write_fits(name, [FitsHDU(), FitsHDU(cube, "SCI", {"BUNIT": ("adu", "unit")}), FitsHDU(cube[0] + 0.5, "ERR")])
    return name


def test_default_is_the_first_image_and_planes_are_chosen(path, cube):
    array, header = read_image(path, plane=1)
    np.testing.assert_array_equal(array, cube[1])
    assert array.dtype == np.float64 and array.dtype.isnative and array.flags.writeable
    assert header.hdu == "HDU 1 (SCI)" and str(path) in header.where
    assert header.text("BUNIT") == "adu" and header.number("NAXIS3") == 2.0 and header.number("NONE", 7.0) == 7.0


@pytest.mark.parametrize("extension", ["ERR", "err", 2])
def test_extension_by_name_or_number(path, cube, extension):
    np.testing.assert_array_equal(read_image(path, extension).array, cube[0] + 0.5)


def test_all_planes_and_list(path, cube):
    array, header = read_cube(path)
    np.testing.assert_array_equal(array, cube)
    np.testing.assert_array_equal(plane_of(array, (1,), header.where), cube[1])
    assert list_images(path) == [(1, "SCI", (2, 3, 4)), (2, "ERR", (3, 4))]


def test_four_axes_take_a_tuple(tmp_path):
    stored = np.arange(24.0).reshape(2, 2, 2, 3)
    write_fits(tmp_path / "x.fits", [FitsHDU(stored)])
    np.testing.assert_array_equal(read_image(tmp_path / "x.fits", plane=(1, 0)).array, stored[1, 0])
    with pytest.raises(DataError, match="one number per leading axis, below \\(2, 2\\)"):
        read_image(tmp_path / "x.fits", plane=1)


def test_integers_are_scaled_and_blank_is_nan(tmp_path):
    hdu = fits.PrimaryHDU(np.array([[1, 2], [3, -999]], dtype=np.int16))
    hdu.header["BLANK"] = -999
    hdu.writeto(tmp_path / "x.fits")
    np.testing.assert_array_equal(read_image(tmp_path / "x.fits").array, [[1, 2], [3, np.nan]])


def test_same_input_same_bytes_and_valid_checksums(tmp_path, cube):
    hdus = [FitsHDU(cube[0]), FitsHDU(cube[1] > 15, "MASK", header="EQUINOX =               2000.0")]
    for name in ("a.fits", "b.fits", "a.fits.gz", "b.fits.gz"):
        write_fits(tmp_path / name, hdus)
    for suffix in (".fits", ".fits.gz"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert gzip.decompress((tmp_path / "a.fits.gz").read_bytes()) == (tmp_path / "a.fits").read_bytes()
    assert (tmp_path / "a.fits.gz").read_bytes()[4:8] == bytes(4), "no time of compression"
    array, header = read_image(tmp_path / "a.fits.gz", "MASK")
    assert {header.cards.comments[k] for k in ("CHECKSUM", "DATASUM")} == {"of the HDU", "of the data"}
    np.testing.assert_array_equal(array, (cube[1] > 15).astype(float))
    assert header.number("EQUINOX") == 2000.0 and "DATE" not in header
    with fits.open(tmp_path / "a.fits", checksum=True) as opened:
        assert all(hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in opened)


def test_written_whole_and_never_over_another_file(path, cube):
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists"):
        write_fits(path, [FitsHDU(cube)])
    assert path.read_bytes() == before and os.listdir(path.parent) == ["data.fits"]
    write_fits(path, [FitsHDU(cube[0])], overwrite=True)
    np.testing.assert_array_equal(read_image(path).array, cube[0])


def test_card_that_fits_cannot_hold(tmp_path):
    with pytest.raises(DataError, match="x.fits cannot be written"):
        write_fits(tmp_path / "x.fits", [FitsHDU(np.eye(2), cards={"BAD": float("nan")})])
    assert not os.listdir(tmp_path)


def test_caps_on_the_file_and_on_what_a_header_claims(path, monkeypatch):
    monkeypatch.setattr(size, "SIZE_CAP", 1000)
    with pytest.raises(DataError, match="larger than 1000 bytes"):
        read_image(path, "ERR")
    monkeypatch.setattr(size, "SIZE_CAP", 20_000)
    write_fits(path, [FitsHDU(np.ones((100, 100), dtype=np.uint8))], overwrite=True)
    with pytest.raises(DataError, match=r"HDU 0 \(PRIMARY\) claims 80000 bytes"):
        read_image(path)
    monkeypatch.undo()
    path.write_bytes(path.read_bytes().replace(b"NAXIS2  =                  100", b"NAXIS2  =          20000000000"))
    with pytest.raises(DataError, match="data.fits .*Fetch or write"):
        read_image(path)


def test_card_of_the_wrong_kind_names_file_hdu_and_card(path):
    _, header = read_image(path, "ERR")
    header.cards["CD1_1"] = "zero"
    header.cards["BUNIT"] = 3
    with pytest.raises(DataError, match=r"data.fits, HDU 2 \(ERR\): card CD1_1"):
        header.number("CD1_1")
    with pytest.raises(DataError, match=r"data.fits, HDU 2 \(ERR\): card BUNIT"):
        header.text("BUNIT")


def test_damage_is_a_data_error_or_leaves_the_image_alone(path, cube):
    """Flips, cuts and insertions anywhere: no other exception, no warning, no changed pixel."""
    content, rng = path.read_bytes(), np.random.default_rng(1)
    refused = 0
    for trial in range(90):
        damaged, place = bytearray(content), int(rng.integers(len(content)))
        if trial % 3 == 0:
            damaged[place] ^= int(rng.integers(1, 256))
        elif trial % 3 == 1:
            del damaged[place:]
        else:
            damaged[place:place] = bytes(rng.integers(0, 256, 40, dtype=np.uint8))
        path.write_bytes(damaged)
        try:
            np.testing.assert_array_equal(read_image(path, "ERR").array, cube[0] + 0.5)
        except DataError as error:
            assert "data.fits" in str(error)
            refused += 1
    assert refused > 60


def test_an_image_with_cards_may_come_first(tmp_path):
    image = np.arange(12.0).reshape(3, 4)
    write_fits(
        tmp_path / "two.fits", [FitsHDU(image, "A", header="CRPIX1  =                    3"), FitsHDU(image, "B")]
    )
    assert np.array_equal(read_image(tmp_path / "two.fits", "A").array, image)
