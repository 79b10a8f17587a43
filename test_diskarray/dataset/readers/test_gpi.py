"""The GPI reader, on a small imitation and on the real files."""

import numpy as np
import pytest

from diskarray.dataset.noise import annular_noise_map
from diskarray.dataset.readers.gpi import GPI_PIXEL_SCALE, read_gpi
from diskarray.errors import DataError, ParameterError
from diskarray.files.fits import FitsHDU, list_images, write_fits

RNG = np.random.default_rng(6)
CUBE = RNG.normal(size=(4, 61, 61))


@pytest.fixture
def path(tmp_path):
    cards = {"BUNIT": "ADU per coadd", "PSFCENTX": 31, "PSFCENTY": 29}
    write_fits(tmp_path / "gpi.fits", [FitsHDU(), FitsHDU(np.zeros((2, 61, 61)), "DQ"), FitsHDU(CUBE, "SCI", cards)])
    return tmp_path / "gpi.fits"


def test_planes_star_mask_and_noise(path):
    imaging = read_gpi(path, outer_pixels=25)
    row, column = np.indices((61, 61))
    r = np.hypot(row - 29, column - 31)
    np.testing.assert_array_equal(imaging.mask.array, ~((r > 12) & (r < 25)))
    assert imaging.frame.center == (29.0, 31.0) and imaging.frame.pixel_scale == GPI_PIXEL_SCALE
    assert imaging.unit == "adu / (coadd arcsec2)"
    used = ~imaging.mask.array
    area = GPI_PIXEL_SCALE**2
    np.testing.assert_allclose(imaging.data.array[used], CUBE[1][used] / area)
    np.testing.assert_allclose(imaging.noise_map.array[used], annular_noise_map(CUBE[2], (29, 31))[used] / area)
    total = read_gpi(path, plane="I", noise_plane="Q_phi", unit="mJy/arcsec2", center=(30, 30), crop=20)
    np.testing.assert_array_equal(total.data.array[~total.mask.array], CUBE[0][10:51, 10:51][~total.mask.array])


def test_the_star_may_be_named_by_header_cards(path):
    named, given = read_gpi(path, center=("PSFCENTY", "PSFCENTX"), crop=20), read_gpi(path, center=(29, 31), crop=20)
    assert named.frame == given.frame
    np.testing.assert_array_equal(named.mask.array, given.mask.array)


def test_observable(path):
    assert read_gpi(path).observable == "Q_phi"
    assert read_gpi(path, observable="total").observable == "total"
    assert read_gpi(path, plane="U_phi", noise_plane="Q_phi").observable == "U_phi"
    assert read_gpi(path, plane="I").observable == "total"


def test_wrong_plane_extension_and_cube(path, tmp_path):
    with pytest.raises(ParameterError, match="Q_phi"):
        read_gpi(path, plane="Qphi")
    with pytest.raises(DataError, match=r"HDU 2 \(SCI\), plane 3.*constant"):
        write_fits(
            path,
            [FitsHDU(), FitsHDU(), FitsHDU(CUBE * [[[1]], [[1]], [[1]], [[0]]], "SCI", {"BUNIT": "adu"})],
            overwrite=True,
        )
        read_gpi(path, noise_plane="V")
    write_fits(tmp_path / "two.fits", [FitsHDU(), FitsHDU(CUBE[:2], "A"), FitsHDU(CUBE[:3], "B")])
    with pytest.raises(DataError, match="2 images: give extension=, one of A, B"):
        read_gpi(tmp_path / "two.fits")
    with pytest.raises(DataError, match=r"HDU 2 \(B\) has shape"):
        read_gpi(tmp_path / "two.fits", "B")


@pytest.mark.parametrize(
    ("target", "outer", "count"), [("hr4796a", 95, 27366), ("hd32297", 90, 24834), ("hd117214", 80, 19628)]
)
def test_real_cubes(real_data, target, outer, count):
    imaging = read_gpi(real_data(f"gpi/{target}_H_pol.fits.gz"), outer_pixels=outer)
    assert imaging.mask.n_unmasked == count
    assert imaging.frame.center == (140.0, 140.0) and not imaging.frame.mirrored
    assert imaging.frame.pixel_scale == pytest.approx(0.014166, abs=1e-6) and abs(imaging.frame.north_angle) < 1e-4
    assert "CD1_1" in imaging.header and "CDELT" not in imaging.header


def test_real_file_of_twelve_targets(real_data):
    path = real_data("gpi/gpi12_qphi_uphi.fits.gz")
    names = [name for _, name, _ in list_images(path)]
    assert len(names) == 12
    imaging = read_gpi(path, "hr4796a", outer_pixels=95)
    assert imaging.mask.n_unmasked == 27366 and imaging.frame.center == (100.0, 100.0)
    whole = read_gpi(real_data("gpi/hr4796a_H_pol.fits.gz"), outer_pixels=95, crop=100)
    np.testing.assert_allclose(imaging.data.slim, whole.data.slim, rtol=1e-12)
    with pytest.raises(DataError, match="12 images"):
        read_gpi(path)


def test_real_calibrated_cube_without_unit_or_wcs(real_data):
    path = real_data("gpi_hd35841/S2016*.fits.gz")
    with pytest.raises(DataError, match="BUNIT"):
        read_gpi(path)
    imaging = read_gpi(path, unit="mJy/arcsec2", outer_pixels=80)
    assert imaging.unit == "mJy / arcsec2" and imaging.frame.pixel_scale == GPI_PIXEL_SCALE
    assert imaging.header == "" and imaging.mask.n_unmasked == 19628
