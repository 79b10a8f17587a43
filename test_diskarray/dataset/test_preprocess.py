"""Preprocessing: no pixel is resampled, sky positions stay where they are, and a provenance replays."""

import dataclasses
import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

import diskarray as da
from diskarray.dataset.preprocess import Background, Preprocessing, digest_of, preprocess, replay

RNG = np.random.default_rng(9)
DATA, NOISE = RNG.normal(3.0, 1.0, (23, 26)), 0.5 + RNG.random((23, 26))
MASK = np.zeros((23, 26), dtype=bool)
MASK[4, 5] = True
TURN = np.radians(-20.0)
HEADER = "\n".join(
    str(card).rstrip()
    for card in fits.Header(
        {
            "CTYPE1": "RA---TAN",
            "CTYPE2": "DEC--TAN",
            "CRVAL1": 150.0,
            "CRVAL2": -30.0,
            "CRPIX1": 12.0,
            "CRPIX2": 11.0,
            "CD1_1": -0.02 / 3600 * np.cos(TURN),
            "CD1_2": 0.02 / 3600 * np.sin(TURN),
            "CD2_1": 0.02 / 3600 * np.sin(TURN),
            "CD2_2": 0.02 / 3600 * np.cos(TURN),
        }
    ).cards
)


@pytest.fixture
def imaging():
    frame = da.Frame2D((23, 26), 0.02, (10.0, 11.0), north_angle=20.0)
    return da.Imaging(DATA, NOISE, unit="mJy/arcsec2", header=HEADER, mask=MASK, frame=frame, source="made")


ALL = Preprocessing(
    recenter=(10.5, 11.5), north_angle="wcs", background=Background(inner_radius=0.1, outer_radius=0.2), crop=9, bin=3
)


def test_recenter_moves_the_grid_alone(imaging):
    moved, (record,) = preprocess(imaging, Preprocessing(recenter=(9.5, 12.25)))
    np.testing.assert_array_equal(moved.data.array, imaging.data.array)
    assert moved.frame == dataclasses.replace(imaging.frame, center=(9.5, 12.25)) and moved.header == HEADER
    assert moved.frame.sky_from(9.5, 12.25) == (0.0, 0.0)
    assert (record.step, record.arguments, record.found) == ("recenter", {"value": [9.5, 12.25]}, {})
    offsets = preprocess(
        da.Imaging(
            DATA, NOISE, pixel_scale=0.02, header=imaging.apply_mask(MASK).product_header.replace("RA---TAN", "EAST")
        ),
        Preprocessing(recenter=(9, 9)),
    )[0]
    assert offsets.header == "" and "CRPIX2  =                 10.0" in offsets.product_header


def test_north_by_a_number_or_by_the_wcs(imaging):
    stated, _ = preprocess(imaging, Preprocessing(north_angle=-12.5))
    assert stated.frame == dataclasses.replace(imaging.frame, north_angle=-12.5)
    np.testing.assert_array_equal(stated.data.array, imaging.data.array)
    assert stated.header == "" and "EAST" in stated.product_header
    unknown = da.Imaging(DATA, NOISE, header=HEADER, pixel_scale=0.02, center=(10.0, 11.0))
    turned, (record,) = preprocess(unknown, Preprocessing(north_angle="wcs"))
    assert turned.frame.north_angle == pytest.approx(20.0) and turned.header == HEADER
    assert record.found == {"north_angle": turned.frame.north_angle, "mirrored": False}
    assert unknown.frame.north_angle == 0.0
    y, x = turned.frame.sky_from(15.0, 20.0)
    ra, dec = WCS(fits.Header.fromstring(HEADER, sep="\n")).all_pix2world(20.0, 15.0, 0)
    assert (dec + 30.0) * 3600 == pytest.approx(y, abs=1e-4)
    assert (ra - 150.0) * 3600 * np.cos(np.radians(30)) == pytest.approx(-x, abs=1e-4)
    with pytest.raises(da.DataError, match="carries no WCS"):
        preprocess(da.Imaging(DATA, NOISE, pixel_scale=0.02), Preprocessing(north_angle="wcs"))


def test_background(imaging):
    less, (record,) = preprocess(imaging, Preprocessing(background=1.5))
    np.testing.assert_array_equal(less.data.slim, imaging.data.slim - 1.5)
    np.testing.assert_array_equal(less.noise_map.array, imaging.noise_map.array)
    assert record.found == {"level": 1.5} and record.arguments == {"level": 1.5}
    y, x = imaging.frame.sky_from(*np.indices((23, 26)))
    ring = (np.hypot(y, x) >= 0.1) & (np.hypot(y, x) <= 0.2) & ~MASK
    median, (record,) = preprocess(imaging, Preprocessing(background=Background(inner_radius=0.1, outer_radius=0.2)))
    assert record.found["level"] == np.median(DATA[ring])
    np.testing.assert_allclose(median.data.array[~MASK], (DATA - np.median(DATA[ring]))[~MASK])
    with pytest.raises(da.DataError, match="no unmasked pixel between 5 and 6"):
        preprocess(imaging, Preprocessing(background=Background(inner_radius=5, outer_radius=6)))


def test_crop_keeps_sky_positions(imaging):
    cropped, _ = preprocess(imaging, Preprocessing(crop=6))
    np.testing.assert_array_equal(cropped.data.array, imaging.data.array[4:17, 5:18])
    assert cropped.frame.sky_from(0, 0) == imaging.frame.sky_from(4, 5)


@pytest.mark.parametrize("factor", [2, 3])
def test_binning(imaging, factor):
    imaging = imaging.apply_over_sampling(2)
    binned, _ = preprocess(imaging, Preprocessing(bin=factor))
    ny, nx = 23 // factor, 26 // factor
    assert binned.data.shape_native == (ny, nx)
    expected, deviation = np.zeros((ny, nx)), np.zeros((ny, nx))
    for i in range(ny):
        for j in range(nx):
            block = slice(i * factor, (i + 1) * factor), slice(j * factor, (j + 1) * factor)
            expected[i, j], deviation[i, j] = DATA[block].mean(), np.sqrt(np.sum(NOISE[block] ** 2)) / factor**2
    excluded = binned.mask.array
    assert excluded[4 // factor, 5 // factor] and excluded.sum() == 1
    np.testing.assert_allclose(binned.data.array[~excluded], expected[~excluded])
    np.testing.assert_allclose(binned.noise_map.array[~excluded], deviation[~excluded])
    assert binned.unit == imaging.unit and np.all(binned.over_sample_size.native == 2 * factor)
    y, x = imaging.frame.sky_from(*np.indices((23, 26)))
    centers = binned.frame.sky_from(*np.indices((ny, nx)))
    for whole, center in zip((y, x), centers, strict=True):
        np.testing.assert_allclose(center[3, 2], whole[3 * factor : 4 * factor, 2 * factor : 3 * factor].mean())
    before, after = (WCS(fits.Header.fromstring(i.header, sep="\n")) for i in (imaging, binned))
    half = (factor - 1) / 2
    np.testing.assert_allclose(
        after.all_pix2world(2, 3, 0), before.all_pix2world(2 * factor + half, 3 * factor + half, 0), rtol=1e-13
    )


def test_binning_lowers_white_noise_as_the_errors_say():
    noise = np.full((300, 300), 2.0)
    white = da.Imaging(RNG.normal(0.0, 2.0, (300, 300)), noise, pixel_scale=0.1)
    binned, _ = preprocess(white, Preprocessing(bin=3))
    assert np.std(binned.data.slim / binned.noise_map.slim) == pytest.approx(1.0, abs=0.02)


def test_distortion_is_not_carried_over_bins(imaging):
    bent = da.Imaging(DATA, NOISE, header=HEADER + "\nA_ORDER =                    2", pixel_scale=0.02)
    assert preprocess(bent, Preprocessing(bin=2))[0].header == ""


def test_a_provenance_replays_to_the_same_bytes(imaging):
    done, provenance = preprocess(imaging, ALL)
    assert [record.step for record in provenance] == ["recenter", "north_angle", "background", "crop", "bin"]
    for one, two in zip(provenance, provenance[1:], strict=False):
        assert one.sha256_after == two.sha256_before
    again = replay(imaging, provenance)
    assert again.data.array.tobytes() == done.data.array.tobytes() and again.frame == done.frame
    assert again.noise_map.array.tobytes() == done.noise_map.array.tobytes() and again.header == done.header
    stored = json.loads(json.dumps([record.as_json() for record in provenance]))
    assert digest_of(replay(imaging, stored)) == provenance[-1].sha256_after == digest_of(done)
    assert done.provenance == again.provenance and len(done.provenance) == 5 and imaging.provenance == ()
    assert digest_of(replay(imaging, done.provenance)) == digest_of(done)
    assert done.apply_mask(np.zeros(done.data.shape_native, dtype=bool)).provenance == done.provenance
    assert preprocess(imaging, Preprocessing()) == (imaging, ()) and replay(imaging, ()) is imaging


@pytest.mark.parametrize(
    "what", ["data", "noise_map", "mask", "frame", "unit", "header", "observable", "over_sample_size"]
)
def test_the_digest_sees_everything(imaging, what):
    frame = imaging.frame
    mask = MASK.copy()
    mask[0, 0] = True
    parts = {
        "data": DATA,
        "noise_map": NOISE,
        "mask": MASK,
        "frame": frame,
        "unit": "mJy/arcsec2",
        "header": HEADER,
        "observable": "total",
        "over_sample_size": 1,
    }
    other = {
        "data": DATA + (DATA[0, 0] == DATA),
        "noise_map": NOISE + (DATA[0, 0] == DATA),
        "mask": mask,
        "frame": dataclasses.replace(frame, mirrored=True),
        "unit": "adu/arcsec2",
        "header": HEADER.replace("150.0", "151.0"),
        "observable": "Q",
        "over_sample_size": 2,
    }
    assert digest_of(da.Imaging(**parts)) == digest_of(imaging)
    assert digest_of(da.Imaging(**{**parts, what: other[what]})) != digest_of(imaging)
    with pytest.raises(da.DataError, match=r"not the one that step 1 \(recenter\)"):
        replay(da.Imaging(**{**parts, what: other[what]}), preprocess(imaging, ALL)[1])


def test_a_changed_provenance_does_not_replay(imaging):
    _, provenance = preprocess(imaging, ALL)
    changed = dataclasses.replace(provenance[0], arguments={"value": [10.5, 11.6]})
    with pytest.raises(da.DataError, match=r"step 1 \(recenter\) leads to other bytes"):
        replay(imaging, [changed, *provenance[1:]])
    with pytest.raises(da.DataError, match="which is none of"):
        replay(imaging, [dataclasses.replace(provenance[0], step="erase")])
    with pytest.raises(da.DataError, match="cannot be done with"):
        replay(imaging, [dataclasses.replace(provenance[0], arguments={"x": 1})])
    with pytest.raises(da.DataError, match="no record"):
        replay(imaging, [{"step": "crop"}])
    with pytest.raises(da.DataError, match="no record"):
        replay(imaging, ["{"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"recenter": (1.0,)},
        {"recenter": (1.0, np.nan)},
        {"recenter": "center"},
        {"north_angle": "north"},
        {"north_angle": np.inf},
        {"background": "median"},
        {"crop": 0},
        {"crop": 2.0},
        {"bin": True},
        {"bin": -1},
    ],
)
def test_wrong_arguments(arguments):
    with pytest.raises(da.ParameterError, match=next(iter(arguments))):
        Preprocessing(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"level": 1.0, "inner_radius": 1.0, "outer_radius": 2.0},
        {"level": 1.0, "inner_radius": 1.0},
        {"inner_radius": 1.0},
        {"inner_radius": 2.0, "outer_radius": 1.0},
        {"level": np.nan},
    ],
)
def test_wrong_backgrounds(arguments):
    with pytest.raises(da.ParameterError, match="background"):
        Background(**arguments)


def test_what_does_not_fit(imaging):
    with pytest.raises(da.ParameterError, match="crop"):
        preprocess(imaging, Preprocessing(crop=15))
    with pytest.raises(da.ParameterError, match="blocks of 24"):
        preprocess(imaging, Preprocessing(bin=24))
