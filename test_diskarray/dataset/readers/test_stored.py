"""HDF5 and NPZ files: one image, read the same from both, and every contradiction is one clear error."""

import numpy as np
import pytest

import diskarray as da
from diskarray.dataset.noise import NoiseFromAnnuli, annular_noise_map

h5py = pytest.importorskip("h5py")

RNG = np.random.default_rng(4)
IMAGE, NOISE = RNG.normal(size=(20, 24)), 1.0 + RNG.random((20, 24))
MASK = np.zeros((20, 24), dtype=bool)
MASK[3, 4:9] = True
ATTRIBUTES = {"pixel_scale": 0.02, "unit": "mJy/pixel", "center": [9.0, 11.5], "north_angle": 12.0}
NAMES = {"h5": ("image", "noise", "mask"), "npz": ("data", "noise_map", "mask")}


def _read(path, **arguments):
    return (da.read_hdf5 if path.suffix == ".h5" else da.read_npz)(path, **arguments)


@pytest.fixture(params=["h5", "npz"])
def write(request, tmp_path):
    """A function that writes image, noise, mask, further arrays and attributes; the path."""

    def made(image=IMAGE, noise=NOISE, mask=MASK, attributes=ATTRIBUTES, **more):
        path = tmp_path / f"data.{request.param}"
        arrays = dict(zip(NAMES[request.param], (image, noise, mask), strict=True))
        arrays = {name: array for name, array in {**arrays, **more}.items() if array is not None}
        if request.param == "npz":
            np.savez_compressed(path, **arrays, **attributes)
        else:
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    file.create_dataset(name, data=array, compression="gzip", fletcher32=True)
                file[NAMES["h5"][0]].attrs.update(attributes)
        return path

    return made


def test_everything_is_read(write):
    imaging = _read(write())
    area = 0.02**2
    assert imaging.unit == "mJy / arcsec2" and imaging.observable == "total"
    assert imaging.frame == da.Frame2D((20, 24), 0.02, (9.0, 11.5), 12.0)
    np.testing.assert_array_equal(imaging.mask.array, MASK)
    np.testing.assert_allclose(imaging.data.array[~MASK], IMAGE[~MASK] / area, rtol=1e-14)
    np.testing.assert_allclose(imaging.noise_map.array[~MASK], NOISE[~MASK] / area, rtol=1e-14)
    assert "data." in imaging.source


def test_what_the_caller_adds(write):
    path = write(mask=None, attributes={})
    told = {"unit": "adu", "pixel_scale": 0.05, "center": (8, 9), "mirrored": True, "observable": "Q_phi", "crop": 5}
    imaging = _read(path, **told)
    assert imaging.data.shape_native == (11, 11) and imaging.frame.center == (5.0, 5.0) and imaging.frame.mirrored
    assert imaging.unit == "adu / arcsec2" and imaging.observable == "Q_phi"
    np.testing.assert_allclose(imaging.data.array, IMAGE[3:14, 4:15] / 0.05**2, rtol=1e-13)
    corrected = _read(write(), center=(10.0, 10.0))
    assert corrected.frame.center == (10.0, 10.0)


def test_attributes_of_the_whole_file_and_text_as_bytes(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["reduced/image"], file["reduced/noise"] = IMAGE.astype(">f4"), NOISE
        file.attrs.update({"pixel_scale": 0.02, "unit": np.bytes_("adu"), "observable": "U_phi"})
    imaging = da.read_hdf5(tmp_path / "a.h5", image="reduced/image", noise="reduced/noise")
    assert imaging.unit == "adu / arcsec2" and imaging.observable == "U_phi"
    assert imaging.data.array.dtype == np.float64 and imaging.mask.n_unmasked == IMAGE.size


def test_planes_and_noise_from_annuli(write):
    cube, other = np.stack([IMAGE, 2 * IMAGE]), RNG.normal(size=(20, 24))
    path = write(image=cube, noise=np.stack([NOISE, 3 * NOISE]), other=other, mask=None)
    second = _read(path, plane=1)
    np.testing.assert_allclose(second.noise_map.array, 3 * NOISE / 0.02**2)
    annuli = _read(path, plane=1, noise=NoiseFromAnnuli(2.0, extension="other"))
    expected = annular_noise_map(other, (9.0, 11.5), 2.0) / 0.02**2
    np.testing.assert_allclose(annuli.noise_map.array, expected)
    own = _read(path, plane=0, noise=NoiseFromAnnuli())
    np.testing.assert_allclose(own.noise_map.array, annular_noise_map(IMAGE, (9.0, 11.5)) / 0.02**2)
    with pytest.raises(da.DataError, match="plane"):
        _read(path)
    with pytest.raises(da.ParameterError, match="path="):
        _read(path, plane=0, noise=NoiseFromAnnuli(path="u_phi.fits"))


ROWS, COLUMNS = (np.arange(20) - 9.0) * 0.02, (np.arange(24) - 11.5) * 0.02
WITHOUT = {"unit": "adu"}


@pytest.mark.parametrize(
    ("up", "right", "angle", "mirrored"), [(1, 1, 0, False), (1, -1, 0, True), (-1, -1, 180, False), (-1, 1, 180, True)]
)
def test_coordinate_axes(write, up, right, angle, mirrored):
    path = write(attributes=WITHOUT, y=up * ROWS, x=right * COLUMNS)
    frame = _read(path, axes=("y", "x")).frame
    assert frame.pixel_scale == pytest.approx(0.02) and frame.mirrored is mirrored
    assert frame.center == pytest.approx((9.0, 11.5)) and frame.north_angle == angle
    y, x = frame.sky_from(np.arange(20), np.full(20, 3))
    np.testing.assert_allclose(y, up * ROWS, atol=1e-12)
    np.testing.assert_allclose(x, right * COLUMNS[3], atol=1e-12)


def _swapped(axis):
    axis = axis.copy()
    axis[[3, 4]] = axis[[4, 3]]
    return axis


@pytest.mark.parametrize(
    ("more", "attributes", "words"),
    [
        ({"y": _swapped(ROWS)}, WITHOUT, ["'y'", "not monotone"]),
        ({"x": COLUMNS**3 + COLUMNS}, WITHOUT, ["'x'", "evenly"]),
        ({"x": 2 * COLUMNS}, WITHOUT, ["not square"]),
        ({"x": COLUMNS[:-1]}, WITHOUT, ["'x'", "24"]),
        ({"x": np.where(COLUMNS > 0.1, np.nan, COLUMNS)}, WITHOUT, ["'x'", "finite"]),
        ({}, {**WITHOUT, "pixel_scale": 0.03}, ["pixel_scale", "0.03", "contradicts"]),
        ({}, {**WITHOUT, "center": [3.0, 3.0]}, ["center", "contradicts"]),
    ],
)
def test_axes_that_are_none(write, more, attributes, words):
    path = write(attributes=attributes, **{"y": ROWS, "x": COLUMNS, **more})
    with pytest.raises(da.DataError) as caught:
        _read(path, axes=("y", "x"))
    for word in ("data.", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("change", "arguments", "kind", "words"),
    [
        ({"attributes": {"pixel_scale": 0.02}}, {}, da.UnitError, ["unit="]),
        ({"attributes": {"pixel_scale": 0.02, "unit": 3.0}}, {}, da.UnitError, ["unit="]),
        ({"attributes": {"unit": "adu"}}, {}, da.DataError, ["pixel_scale="]),
        ({"attributes": {**ATTRIBUTES, "pixel_scale": -0.02}}, {}, da.DataError, ["pixel_scale", "above 0"]),
        ({"attributes": {**ATTRIBUTES, "center": [1.0]}}, {}, da.DataError, ["center", "2 finite"]),
        ({"attributes": {**ATTRIBUTES, "observable": "Qphi"}}, {}, da.ParameterError, ["Q_phi"]),
        ({}, {"pixel_scale": 0.03}, da.DataError, ["0.03", "contradicts"]),
        ({}, {"north_angle": 13.0}, da.DataError, ["north_angle", "contradicts"]),
        ({"noise": NOISE[:-1]}, {}, da.DataError, ["noise", "(19, 24)", "(20, 24)"]),
        ({"mask": MASK[:-1]}, {}, da.DataError, ["mask", "(19, 24)"]),
        ({"noise": NOISE - 3}, {}, da.DataError, ["noise is not above 0"]),
        ({}, {"image": "imaje"}, da.DataError, ["imaje"]),
        ({}, {"noise": "imag"}, da.DataError, ["imag"]),
        ({"image": IMAGE.astype(complex)}, {}, da.DataError, ["complex128"]),
        ({"image": IMAGE[0]}, {}, da.DataError, ["2D"]),
    ],
)
def test_broken_contents(write, change, arguments, kind, words):
    with pytest.raises(da.DiskArrayError) as caught:
        _read(write(**change), **arguments)
    assert type(caught.value) is kind
    for word in words:
        assert word in str(caught.value)
