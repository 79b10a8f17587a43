"""The JWST reader on imitations of i2d and calints products."""

import numpy as np
import pytest

import diskarray as da
from diskarray.dataset.noise import NoiseFromAnnuli, NoiseFromFile
from diskarray.files.fits import FitsHDU, write_fits

RNG = np.random.default_rng(5)
SHAPE = (3, 30, 32)
SCI, ERR = RNG.normal(5.0, 1.0, SHAPE), 0.5 + RNG.random(SHAPE)
DQ = np.zeros(SHAPE, dtype=np.uint32)
DQ[0, 4, 5], DQ[:, 6, 7], DQ[1, 8, 9] = 1, 1, 4
SCALE = 0.063
TURN = np.radians(30.0)
CARDS = {
    "BUNIT": "MJy/sr",
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 311.3,
    "CRVAL2": -31.3,
    "CRPIX1": 17.0,
    "CRPIX2": 15.0,
    "CDELT1": SCALE / 3600,
    "CDELT2": SCALE / 3600,
    "PC1_1": -np.cos(TURN),
    "PC1_2": np.sin(TURN),
    "PC2_1": np.sin(TURN),
    "PC2_2": np.cos(TURN),
    "PIXAR_A2": SCALE**2,
    "PIXAR_SR": SCALE**2 / 206264.80624709636**2,
}
TARGET = {"TARG_RA": 311.3, "TARG_DEC": -31.3}
TO_MJY = 1e9 / 206264.80624709636**2


@pytest.fixture
def write(tmp_path):
    def made(sci=SCI, err=ERR, dq=DQ, cards=(), target=TARGET, err_cards=None):
        kept = {k: v for k, v in {**CARDS, **dict(cards)}.items() if v is not None}
        hdus = [FitsHDU(cards=target), FitsHDU(sci, "SCI", kept)]
        hdus.append(FitsHDU(err, "ERR", {"BUNIT": kept.get("BUNIT")} if err_cards is None else err_cards))
        hdus += [FitsHDU(dq.astype(np.int32), "DQ")] if dq is not None else []
        write_fits(tmp_path / "jw.fits", hdus, overwrite=True)
        return tmp_path / "jw.fits"

    return made


def test_integrations_are_averaged_over_the_good_ones(write):
    imaging = da.read_jwst(write())
    assert imaging.unit == "mJy / arcsec2" and imaging.frame.center == pytest.approx((14.0, 16.0), abs=1e-6)
    assert imaging.frame.pixel_scale == pytest.approx(SCALE) and not imaging.frame.mirrored
    y, x = imaging.frame.sky_from(15.0, 16.0)
    assert np.degrees(np.arctan2(-x, y)) == pytest.approx(30.0)
    assert imaging.mask.array[6, 7] and imaging.mask.array.sum() == 1 and imaging.n_not_finite == 1
    np.testing.assert_allclose(imaging.data.array[0, 0], SCI[:, 0, 0].mean() * TO_MJY)
    np.testing.assert_allclose(imaging.data.array[4, 5], SCI[1:, 4, 5].mean() * TO_MJY)
    np.testing.assert_allclose(imaging.data.array[8, 9], SCI[:, 8, 9].mean() * TO_MJY)
    np.testing.assert_allclose(imaging.noise_map.array[4, 5], np.sqrt((ERR[1:, 4, 5] ** 2).sum()) / 2 * TO_MJY)
    np.testing.assert_allclose(imaging.noise_map.array[0, 0], np.sqrt((ERR[:, 0, 0] ** 2).sum()) / 3 * TO_MJY)
    assert "PC1_1" in imaging.header


def test_the_error_of_the_mean_is_its_scatter():
    from diskarray.dataset.readers.jwst import _combined

    random = np.random.default_rng(0)
    sigma = np.broadcast_to(random.uniform(0.5, 2.0, (4, 1, 1)), (4, 200, 200)).copy()
    bad = random.random(sigma.shape) < 0.3
    data, error = _combined(sigma * random.standard_normal(sigma.shape), sigma, bad, None, "x")
    pulls = (data / error)[np.isfinite(data)]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.02)


def test_bits_integration_and_other_noise(write):
    path = write()
    np.testing.assert_allclose(da.read_jwst(path, bad_bits=5).data.array[8, 9], SCI[[0, 2], 8, 9].mean() * TO_MJY)
    assert not da.read_jwst(path, bad_bits=0).mask.array.any()
    second = da.read_jwst(path, integration=1)
    np.testing.assert_allclose(second.data.array[0, 0], SCI[1, 0, 0] * TO_MJY)
    np.testing.assert_allclose(second.noise_map.array[0, 0], ERR[1, 0, 0] * TO_MJY)
    annuli = da.read_jwst(path, noise=NoiseFromAnnuli(), outer_pixels=10, crop=10)
    assert annuli.data.shape_native == (21, 21) and annuli.mask.array[0, 0]
    with pytest.raises(da.ParameterError, match="0 to 2"):
        da.read_jwst(path, integration=3)
    with pytest.raises(da.ParameterError, match="bad_bits"):
        da.read_jwst(path, bad_bits=1.0)


def test_resampled_image_with_empty_pixels(write):
    sci, err = SCI[0].copy(), ERR[0].copy()
    sci[0, :3], err[1, :4] = np.nan, 0.0
    path = write(sci=sci, err=err, dq=None)
    imaging = da.read_jwst(path)
    assert imaging.mask.array.sum() == 7
    np.testing.assert_allclose(imaging.data.array[5], sci[5] * TO_MJY)
    given = da.read_jwst(path, noise=NoiseFromFile(extension="SCI"), outer_pixels=5)
    np.testing.assert_allclose(given.noise_map.slim, given.data.slim)


def test_star_and_scale(write):
    assert da.read_jwst(write(), center=("CRPIX2", "CRPIX1")).frame.center == (14.0, 16.0)
    moved = da.read_jwst(write(target={"TARG_RA": 311.3, "TARG_DEC": -31.3 + SCALE / 3600}))
    assert np.hypot(*(np.array(moved.frame.center) - (14, 16))) == pytest.approx(1.0, abs=1e-4)
    y, x = da.read_jwst(write()).frame.sky_from(*moved.frame.center)
    assert (y, x) == pytest.approx((SCALE, 0.0), abs=1e-6)
    without = dict.fromkeys([k for k in CARDS if k[:2] in ("CT", "CR", "CD", "PC")])
    bare = da.read_jwst(write(cards=without), center=(3, 4))
    assert bare.frame.pixel_scale == pytest.approx(SCALE)
    only_sr = da.read_jwst(write(cards={**without, "PIXAR_A2": None}), center=(3, 4))
    assert only_sr.frame.pixel_scale == pytest.approx(SCALE)


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({"target": {}}, {}, ["TARG_RA", "center="]),
        ({"cards": {"PIXAR_A2": 2 * SCALE**2}}, {}, ["PIXAR", "0.063"]),
        ({"cards": {"PIXAR_A2": -1.0}}, {}, ["PIXAR", "area"]),
        ({"err": ERR[:2]}, {}, ["ERR", "(2, 30, 32)"]),
        ({"dq": DQ[0]}, {}, ["DQ", "(30, 32)"]),
        ({"cards": {"BUNIT": None}, "err_cards": {}}, {}, ["BUNIT"]),
        ({"err_cards": {"BUNIT": "DN/s"}}, {}, ["ERR", "BUNIT", "DN/s"]),
        ({"sci": SCI[None], "err": ERR[None], "dq": None}, {}, ["(1, 3, 30, 32)"]),
        ({"cards": {"CRVAL1": 131.3}}, {}, ["WCS", "TARG_RA"]),
    ],
)
def test_broken_products(write, change, arguments, words):
    with pytest.raises(da.DataError) as caught:
        da.read_jwst(write(**change), **arguments)
    for word in ("jw.fits", *words):
        assert word in str(caught.value)
