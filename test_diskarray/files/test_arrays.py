"""One array from whichever kind of file, known by its first bytes and not by its name."""

import numpy as np
import pytest

import diskarray as da
from diskarray.files.arrays import read_any_array
from diskarray.files.fits import FitsHDU, write_fits

CUBE = np.random.default_rng(3).normal(size=(2, 4, 5)).astype(">f4")


@pytest.fixture(params=["fits", "hdf5", "npz"])
def path(request, tmp_path):
    """A file that holds CUBE as "cube" and its first plane as "flat", under a name that does not tell its kind."""
    place = tmp_path / "array.data"
    if request.param == "fits":
        write_fits(place, [FitsHDU(), FitsHDU(CUBE, "CUBE"), FitsHDU(CUBE[0], "FLAT")])
    elif request.param == "hdf5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(place, "w") as file:
            file["cube"], file["flat"] = CUBE, CUBE[0]
    else:
        with open(place, "wb") as stream:
            np.savez(stream, cube=CUBE, flat=CUBE[0])
    return place


def test_images_planes_and_cubes(path):
    flat, where = read_any_array(path, "flat")
    np.testing.assert_array_equal(flat, CUBE[0])
    assert flat.dtype == np.float64 and flat.dtype.isnative and where.startswith(f"{path}, ")
    np.testing.assert_array_equal(read_any_array(path, "cube", 1)[0], CUBE[1])
    np.testing.assert_array_equal(read_any_array(path, "cube", axes=3)[0], CUBE)


def test_what_is_not_there(path, tmp_path):
    with pytest.raises(da.DataError, match=r"array\.data.*plane=") as caught:
        read_any_array(path, "cube")
    assert "cube" in str(caught.value).lower()
    with pytest.raises(da.DataError, match=r"array\.data.*nothing"):
        read_any_array(path, "nothing")
    (tmp_path / "text").write_text("text")
    for wrong in (tmp_path / "text", tmp_path / "none", tmp_path):
        with pytest.raises(da.DataError, match=wrong.name):
            read_any_array(wrong)


def test_the_only_array_needs_no_name(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/psf"] = CUBE[0]
    np.testing.assert_array_equal(read_any_array(tmp_path / "a.h5")[0], CUBE[0])
    np.savez(tmp_path / "a.npz", psf=CUBE[0])
    np.testing.assert_array_equal(read_any_array(tmp_path / "a.npz")[0], CUBE[0])
    np.savez(tmp_path / "a.npz", psf=CUBE[0], other=CUBE[0], text=np.array("x"))
    with pytest.raises(da.DataError, match="3 arrays: give extension=, one of psf, other, text"):
        read_any_array(tmp_path / "a.npz")
    with pytest.raises(da.DataError, match="'text' of numbers"):
        read_any_array(tmp_path / "a.npz", "text")
