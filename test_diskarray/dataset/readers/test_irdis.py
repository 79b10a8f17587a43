"""The IRDIS reader on imitations of its two layouts."""

import numpy as np
import pytest

import diskarray as da
from diskarray.dataset.noise import NoiseFromAnnuli, NoiseFromFile, annular_noise_map
from diskarray.files.fits import FitsHDU, write_fits

CUBE = np.random.default_rng(8).normal(size=(2, 50, 50))
UNIT = {"BUNIT": "adu"}
AREA = 0.01225**2


@pytest.fixture
def path(tmp_path):
    write_fits(tmp_path / "cube.fits", [FitsHDU(CUBE, cards=UNIT)])
    return tmp_path / "cube.fits"


def test_polarized_cube(path):
    imaging = da.read_irdis(path, center=(25, 25), outer_pixels=20, north_angle=1.75)
    assert imaging.frame == da.Frame2D((50, 50), 0.01225, (25, 25), 1.75)
    assert imaging.observable == "Q_phi" and imaging.unit == "adu / arcsec2"
    row, column = np.indices((50, 50))
    r = np.hypot(row - 25, column - 25)
    used = (r > 8) & (r < 20)
    np.testing.assert_array_equal(imaging.mask.array, ~used)
    np.testing.assert_allclose(imaging.data.array[used], CUBE[0][used] / AREA)
    np.testing.assert_allclose(imaging.noise_map.array[used], annular_noise_map(CUBE[1], (25, 25))[used] / AREA)
    assert da.read_irdis(path, plane="U_phi").observable == "U_phi"


@pytest.mark.parametrize(("plane", "expected"), [("left", CUBE[0]), ("right", CUBE[1]), ("mean", CUBE.mean(axis=0))])
def test_dual_band_channels(path, plane, expected):
    imaging = da.read_irdis(path, plane=plane, inner_pixels=0)
    assert imaging.observable == "total" and imaging.frame.center == (24.5, 24.5)
    np.testing.assert_allclose(imaging.data.array, expected / AREA)
    np.testing.assert_allclose(imaging.noise_map.array, annular_noise_map(expected) / AREA)


def test_images_in_files_of_their_own(tmp_path):
    for name, array in (("q", CUBE[0]), ("u", CUBE[1]), ("n", np.full((50, 50), 2.0))):
        write_fits(tmp_path / f"{name}.fits", [FitsHDU(array, cards=UNIT)])
    with pytest.raises(da.DataError, match=r"without U_phi.*NoiseFromAnnuli"):
        da.read_irdis(tmp_path / "q.fits")
    annuli = da.read_irdis(tmp_path / "q.fits", noise=NoiseFromAnnuli(path=tmp_path / "u.fits"), crop=15)
    np.testing.assert_allclose(annuli.noise_map.array[0, 0], annular_noise_map(CUBE[1])[9, 9] / AREA)
    given = da.read_irdis(tmp_path / "q.fits", noise=NoiseFromFile(path=tmp_path / "n.fits"), unit="mJy/arcsec2")
    assert np.all(given.noise_map.slim == 2.0)


def test_the_header_is_believed_only_when_asked(tmp_path):
    cards = {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CD1_1": -0.0123 / 3600,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": 0.0123 / 3600,
        **UNIT,
    }
    write_fits(tmp_path / "a.fits", [FitsHDU(CUBE, cards=cards)])
    assert da.read_irdis(tmp_path / "a.fits").frame.pixel_scale == 0.01225
    believed = da.read_irdis(tmp_path / "a.fits", use_wcs=True)
    assert believed.frame.pixel_scale == pytest.approx(0.0123) and believed.header


def test_what_is_no_reduced_image(tmp_path, path):
    write_fits(tmp_path / "raw.fits", [FitsHDU(np.ones((2, 3, 50, 50)), cards=UNIT)])
    with pytest.raises(da.DataError, match=r"\(2, 3, 50, 50\).*reduced"):
        da.read_irdis(tmp_path / "raw.fits")
    with pytest.raises(da.ParameterError, match="plane"):
        da.read_irdis(path, plane="Qphi")
    write_fits(tmp_path / "unit.fits", [FitsHDU(CUBE)])
    with pytest.raises(da.UnitError, match="BUNIT"):
        da.read_irdis(tmp_path / "unit.fits")
