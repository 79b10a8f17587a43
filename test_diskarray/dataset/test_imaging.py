"""Imaging: what it checks at the door, masks, windows, and reading from FITS."""

import dataclasses
import pickle

import numpy as np
import pytest
from astropy import units
from astropy.io import fits

from diskarray.backend.pytree import leaves, replace
from diskarray.dataset.imaging import Imaging
from diskarray.dataset.noise import NoiseFromAnnuli, NoiseFromFile, annular_noise_map
from diskarray.errors import DataError, ParameterError, ShapeError, UnitError
from diskarray.files.fits import FitsHDU, write_fits
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D

RNG = np.random.default_rng(4)
DATA, NOISE = RNG.normal(size=(9, 11)), 1.0 + RNG.uniform(size=(9, 11))
FRAME = Frame2D((9, 11), 0.1, (4.25, 5.5), 30.0, True)
ERR = NoiseFromFile(extension="ERR")


def test_raw_arrays_and_a_pixel_scale():
    imaging = Imaging(data=DATA, noise_map=NOISE, pixel_scale=0.1)
    assert imaging.frame == Frame2D((9, 11), 0.1) and imaging.mask.n_unmasked == 99
    np.testing.assert_array_equal(imaging.data.array, DATA)
    np.testing.assert_array_equal(imaging.noise_map.array, NOISE)
    assert imaging.unit is None and imaging.grid.array.shape == (99, 2)
    assert Imaging(DATA, NOISE, pixel_scale=0.1, center=(4.0, 4.0)).frame.center == (4.0, 4.0)


def test_not_finite_pixels_are_masked_counted_and_harmless():
    data, noise, mask = DATA.copy(), NOISE.copy(), np.zeros((9, 11), dtype=bool)
    data[0, 0], data[1, 1], noise[2, 2], data[3, 3] = np.nan, np.inf, np.nan, np.nan
    mask[3, 3] = mask[5, 5] = True
    imaging = Imaging(data=data, noise_map=noise, frame=FRAME, mask=mask)
    assert imaging.n_not_finite == 3 and imaging.mask.n_unmasked == 99 - 5
    for pixel in [(0, 0), (1, 1), (2, 2), (3, 3), (5, 5)]:
        assert imaging.mask.array[pixel]
        assert imaging.data.array[pixel] == 0.0 and imaging.noise_map.array[pixel] == 1.0
    assert np.isnan(data[0, 0]), "the caller's array is left alone"


def test_masked_array_is_masked():
    imaging = Imaging(np.ma.MaskedArray(DATA, mask=DATA > 0.5), NOISE, frame=FRAME)
    np.testing.assert_array_equal(imaging.mask.array, DATA > 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"data": DATA, "noise_map": NOISE}, ParameterError, "pixel_scale="),
        ({"data": DATA, "noise_map": NOISE[:5], "pixel_scale": 0.1}, ShapeError, "noise_map has shape"),
        ({"data": DATA[0], "noise_map": NOISE[0], "pixel_scale": 0.1}, ShapeError, "2D"),
        (
            {"data": DATA, "noise_map": NOISE, "pixel_scale": 0.1, "mask": np.zeros((3, 3), dtype=bool)},
            ShapeError,
            "mask",
        ),
        (
            {"data": DATA, "noise_map": NOISE, "frame": FRAME, "mask": Mask2D.none(Frame2D((9, 11), 0.2))},
            ShapeError,
            "different frames",
        ),
        (
            {"data": DATA, "noise_map": NOISE, "frame": FRAME, "pixel_scale": 0.2},
            ShapeError,
            "pixel_scale=0.2 contradicts",
        ),
        ({"data": DATA, "noise_map": NOISE - 10, "frame": FRAME}, DataError, "99 unmasked pixels.*\\(0, 0\\)"),
        ({"data": DATA * np.nan, "noise_map": NOISE, "frame": FRAME}, DataError, "no pixel is left"),
        ({"data": DATA, "noise_map": NOISE, "frame": FRAME, "unit": "furlong"}, UnitError, "furlong"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        Imaging(**arguments)


def test_noise_that_is_not_positive_may_be_masked():
    noise = np.where(DATA > 0, NOISE, 0.0)
    assert Imaging(DATA, noise, frame=FRAME, mask=DATA <= 0).mask.n_unmasked == np.sum(DATA > 0)


def test_flux_per_pixel_is_divided_by_the_area_once():
    imaging = Imaging(DATA, NOISE, unit="adu", pixel_scale=0.1)
    np.testing.assert_allclose(imaging.data.array, DATA / 0.01, rtol=1e-12)
    np.testing.assert_allclose(imaging.noise_map.array, NOISE / 0.01, rtol=1e-12)
    assert imaging.unit == "adu / arcsec2"
    for copy in (
        dataclasses.replace(imaging),
        imaging.apply_mask(np.zeros((9, 11), dtype=bool)),
        imaging.cropped(rows=slice(9)),
        replace(imaging, "data", imaging.data),
    ):
        np.testing.assert_array_equal(copy.data.array, imaging.data.array)
        assert copy.unit == imaging.unit


def test_quantities():
    imaging = Imaging(DATA * units.Unit("Jy / arcsec2"), NOISE * units.Unit("mJy / arcsec2"), pixel_scale=0.1)
    np.testing.assert_allclose(imaging.data.array, 1e3 * DATA)
    np.testing.assert_allclose(imaging.noise_map.array, NOISE)
    for arguments in [(DATA * units.Jy, NOISE * units.adu), (DATA, NOISE * units.Jy)]:
        with pytest.raises(UnitError, match="the noise is"):
            Imaging(*arguments, pixel_scale=0.1)
    with pytest.raises(UnitError, match="leave unit="):
        Imaging(DATA * units.Jy, NOISE, unit="Jy", pixel_scale=0.1)


def test_structures_bring_frame_and_masks():
    masks = [Mask2D(DATA > 1.0, FRAME), Mask2D(NOISE > 1.9, FRAME), Mask2D(DATA < -1.0, FRAME)]
    imaging = Imaging(Image2D(DATA, masks[0]), Image2D(NOISE, masks[1]), mask=masks[2])
    assert imaging.mask == masks[0] | masks[1] | masks[2]
    assert imaging.frame == FRAME and imaging.noise_map.mask == imaging.mask


def test_apply_mask_is_a_union_in_a_new_object():
    imaging = Imaging(DATA, NOISE, frame=FRAME, mask=DATA > 1.0)
    masked = imaging.apply_mask(Mask2D(DATA < -1.0, FRAME))
    np.testing.assert_array_equal(masked.mask.array, np.abs(DATA) > 1.0)
    np.testing.assert_array_equal(imaging.mask.array, DATA > 1.0)
    with pytest.raises(ShapeError):
        imaging.apply_mask(Mask2D.none(Frame2D((9, 11), 0.1)))


def test_window_keeps_the_star_and_the_sky():
    imaging = Imaging(DATA, NOISE, frame=FRAME, mask=DATA > 1.0)
    for window, (rows, columns) in [
        (imaging.cropped(3), (slice(1, 8), slice(3, 10))),
        (imaging.cropped(rows=slice(2, 7), columns=slice(None, 6)), (slice(2, 7), slice(0, 6))),
    ]:
        np.testing.assert_array_equal(window.data.array, imaging.data.array[rows, columns])
        np.testing.assert_array_equal(window.mask.array, imaging.mask.array[rows, columns])
        expected = FRAME.sky_from(rows.start + 1.0, columns.start + 2.0)
        np.testing.assert_allclose(window.frame.sky_from(1.0, 2.0), expected, atol=1e-14)


@pytest.mark.parametrize(
    "crop",
    [
        {"half_width": 5},
        {"rows": slice(3, 20)},
        {"rows": slice(0, 9, 2)},
        {"rows": slice(5, 5)},
        {"rows": slice(-4, None)},
        {"half_width": 2.5},
        {"half_width": -1},
    ],
)
def test_window_must_lie_inside(crop):
    with pytest.raises(ParameterError, match="crop"):
        Imaging(DATA, NOISE, frame=FRAME).cropped(**crop)


@pytest.mark.parametrize("observable", ["total", "Q", "U", "Q_phi", "U_phi"])
def test_observable_stays_with_every_copy(observable, good_file):
    imaging = Imaging(DATA, NOISE, frame=FRAME, observable=observable)
    copies = imaging.cropped(rows=slice(1, 8)), imaging.apply_mask(DATA > 1), imaging.apply_over_sampling(2)
    read = Imaging.from_fits(good_file(), noise=ERR, observable=observable)
    for made in (imaging, *copies, pickle.loads(pickle.dumps(imaging)), read):
        assert made.observable == observable


def test_observable_is_total_unless_said_and_must_be_known():
    assert Imaging(DATA, NOISE, frame=FRAME).observable == "total"
    with pytest.raises(ParameterError, match="observable is one of total, Q, U, Q_phi, U_phi, got 'q_phi'"):
        Imaging(DATA, NOISE, frame=FRAME, observable="q_phi")


def test_two_leaves_and_a_pickle():
    imaging = Imaging(DATA, NOISE, frame=FRAME, unit="mJy/arcsec2")
    assert [leaf.shape for leaf in leaves(imaging)] == [(9, 11), (9, 11)]
    again = pickle.loads(pickle.dumps(imaging))
    np.testing.assert_array_equal(again.data.array, imaging.data.array)
    assert again.frame == FRAME and again.unit == "mJy / arcsec2"


def test_product_header_carries_a_wcs(good_file):
    plain = Imaging(DATA, NOISE, frame=FRAME)
    assert plain.header == "" and "CTYPE1  = 'EAST" in plain.product_header
    read = Imaging.from_fits(good_file(), noise=ERR)
    cropped = fits.Header.fromstring(read.cropped(5).product_header, sep="\n")
    assert cropped["CTYPE1"] == "RA---TAN" and cropped["CRPIX1"] == cropped["CRPIX2"] == 6.0
    assert "BUNIT" not in cropped and "NAXIS" not in cropped


def test_from_fits_plane_noise_plane_and_unit(good_file, noise_image):
    cube = np.stack([noise_image, 2 * noise_image, np.abs(noise_image) + 1])
    path = good_file({"BUNIT": "mJy"}, data=cube)
    imaging = Imaging.from_fits(path, plane=1, noise=NoiseFromFile(plane=2))
    area = imaging.frame.pixel_area
    np.testing.assert_allclose(imaging.data.array, cube[1] / area)
    np.testing.assert_allclose(imaging.noise_map.array, cube[2] / area)
    assert imaging.unit == "mJy / arcsec2" and imaging.source == f"{path}, HDU 1 (SCI), plane 1"
    assert Imaging.from_fits(path, plane=1, noise=cube[2], unit="adu/arcsec2").unit == "adu / arcsec2"


def test_from_fits_noise_with_its_own_unit_and_file(good_file, noise_image, tmp_path):
    imaging = Imaging.from_fits(
        good_file(noise=np.full((21, 21), 2.0), noise_cards={"BUNIT": "uJy/arcsec2"}), noise=ERR
    )
    np.testing.assert_allclose(imaging.noise_map.array, 2e-3)
    write_fits(tmp_path / "noise.fits", [FitsHDU(np.full((21, 21), 3.0))])
    imaging = Imaging.from_fits(good_file(), noise=NoiseFromFile(path=tmp_path / "noise.fits"))
    np.testing.assert_array_equal(imaging.noise_map.array, 3.0)
    with pytest.raises(ParameterError, match="NoiseFromFile"):
        Imaging.from_fits(good_file(), noise="ERR")


@pytest.mark.parametrize("source", [{}, {"extension": "ERR"}])
def test_from_fits_noise_from_annuli(good_file, noise_image, source):
    scattered = 5 * np.random.default_rng(8).normal(size=(21, 21)) if source else noise_image
    path = good_file(noise=scattered)
    imaging = Imaging.from_fits(path, noise=NoiseFromAnnuli(width_pixels=4, **source), center=(9.5, 10.0))
    np.testing.assert_allclose(imaging.noise_map.array, annular_noise_map(scattered, (9.5, 10.0), 4), rtol=1e-13)


def test_from_fits_crop_and_mask(good_file, noise_image):
    """Dead corners stay outside the window; the annuli are those of the whole image."""
    data = noise_image.copy()
    row, column = np.indices(data.shape)
    data[np.hypot(row - 10, column - 10) >= 12] = 0.0
    data[10, 12] = np.nan
    mask = np.zeros(data.shape, dtype=bool)
    mask[10, 10] = True
    path = good_file(data=data)
    with pytest.raises(DataError, match="12 <= r < 15"):
        Imaging.from_fits(path, noise=NoiseFromAnnuli())
    imaging = Imaging.from_fits(path, noise=NoiseFromAnnuli(), mask=mask, crop=5)
    assert imaging.data.shape_native == (11, 11) and imaging.mask.n_unmasked == 121 - 2 and imaging.n_not_finite == 1
    assert imaging.frame.center == (5.0, 5.0) and imaging.mask.array[5, 5] and imaging.mask.array[5, 7]
    whole = annular_noise_map(data, mask=np.hypot(row - 10, column - 10) >= 12)[5:16, 5:16]
    np.testing.assert_array_equal(imaging.noise_map.array[~imaging.mask.array], whole[~imaging.mask.array])


def test_the_window_in_a_file_keeps_the_wcs_true(good_file):
    whole = Imaging.from_fits(good_file(), noise=ERR)
    window = Imaging.from_fits(good_file(), noise=ERR, crop=(slice(4, 15), slice(2, 13)))
    assert window.frame.center == (6.0, 8.0)
    np.testing.assert_allclose(window.frame.sky_from(0, 0), whole.frame.sky_from(4, 2))
    assert fits.Header.fromstring(window.header, sep="\n")["CRPIX2"] == 7.0


def test_over_sampling_travels_with_the_data():
    sizes = np.ones((9, 11), dtype=int)
    sizes[4, 5] = 3
    imaging = Imaging(data=DATA, noise_map=NOISE, frame=FRAME).apply_over_sampling(sizes)
    assert Imaging(data=DATA, noise_map=NOISE, frame=FRAME).grid.over_sample_size.is_trivial
    np.testing.assert_array_equal(imaging.grid.over_sample_size.native, sizes)
    window = imaging.cropped(rows=slice(2, 8), columns=slice(3, 9)).apply_mask(np.zeros((6, 6), dtype=bool))
    np.testing.assert_array_equal(window.over_sample_size.native, sizes[2:8, 3:9])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(window)).over_sample_size.native, sizes[2:8, 3:9])
    with pytest.raises(ShapeError, match="over_sample_size"):
        Imaging(data=DATA, noise_map=NOISE, frame=FRAME, over_sample_size=sizes[1:])
