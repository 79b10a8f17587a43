"""NetCDF4 files: what is written comes back, and a reader never leaves the file."""

import numpy as np
import pytest

import diskarray as da
from diskarray.files import netcdf
from diskarray.files.netcdf import Variable, netcdf_bytes, read_netcdf

h5py = pytest.importorskip("h5py")
pytest.importorskip("h5netcdf")

GROUPS = {
    "posterior": {
        "chain": Variable(("chain",), np.arange(2)),
        "disks.belt.é [0]": Variable(
            ("chain", "draw"), np.array([[1.5, np.nan, -0.0], [np.inf, 1e-320, 2]]), {"units": "au"}
        ),
        "flag": Variable(("chain",), np.array([True, False])),
    },
    "other": {"bytes": Variable(("byte",), np.arange(5, dtype=np.uint8)), "single": Variable((), np.float32(2.5))},
    "none": {"nothing": Variable(("draw", "k"), np.zeros((0, 2)))},
}


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(GROUPS, {"title": "a test"}))
    return tmp_path / "a.nc"


def test_variables_come_back_to_the_bit(path):
    found = read_netcdf(path)
    assert set(found) == set(GROUPS)
    for group, variables in GROUPS.items():
        for name, variable in variables.items():
            values = np.asarray(variable.values)
            assert found[group][name].shape == values.shape
            if values.dtype != bool:
                assert found[group][name].tobytes() == values.tobytes() and found[group][name].dtype == values.dtype
    np.testing.assert_array_equal(found["posterior"]["flag"], [1, 0])


def test_hdf5_sees_units_and_dimensions(path):
    with h5py.File(path) as file:
        assert file.attrs["title"] == "a test"
        variable = file["posterior/disks.belt.é [0]"]
        assert variable.attrs["units"] == "au" and variable.dims[0].keys() == ["chain"]


def test_lengths_that_disagree():
    with pytest.raises(da.DataError, match="dimension 'x'"):
        netcdf_bytes({"g": {"a": Variable(("x",), np.zeros(2)), "b": Variable(("x",), np.zeros(3))}})


@pytest.mark.parametrize("name", ["nul\0", "a\ud800", "", "..", "a/b"])
def test_names_that_hdf5_cannot_hold(name):
    with pytest.raises(da.DataError, match="NetCDF"):
        netcdf_bytes({"g": {name: Variable((), np.float64(1))}})


def external_storage(path):
    secret = path.with_name("secret")
    secret.write_bytes(np.arange(4.0).tobytes())
    with h5py.File(path, "w") as file:
        file.create_group("g").create_dataset("a", (4,), "f8", external=[(str(secret), 0, 32)])


def external_link(path):
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["g/a"] = np.arange(3.0)
    with h5py.File(path, "w") as file:
        file["g"] = h5py.ExternalLink("other.h5", "/g")


def soft_link(path):
    with h5py.File(path, "w") as file:
        file["h/a"] = np.arange(3.0)
        file.create_group("g")["a"] = h5py.SoftLink("/h/a")


def virtual(path):
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["a"] = np.arange(3.0)
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "a", (3,))
    with h5py.File(path, "w") as file:
        file.create_group("g").create_virtual_dataset("a", layout)


def huge(path):
    with h5py.File(path, "w") as file:
        file.create_group("g").create_dataset("a", (10**11,), "f8", chunks=(1000,))


def huge_and_packed(path):
    with h5py.File(path, "w") as file:
        file.create_group("g").create_dataset("a", (10**8,), "f8", chunks=(1000,), compression="gzip")


def not_hdf5(path):
    path.write_bytes(b"something else")


def cut(path):
    path.write_bytes(netcdf_bytes(GROUPS)[:3000])


@pytest.mark.parametrize(
    "make", [external_storage, external_link, soft_link, virtual, huge, huge_and_packed, not_hdf5, cut]
)
def test_a_hostile_file_is_one_typed_error(make, tmp_path):
    path = tmp_path / "x.nc"
    make(path)
    with pytest.raises(da.DataError, match="x.nc"):
        read_netcdf(path)


def test_what_xarray_may_pack_is_read(tmp_path):
    with h5py.File(tmp_path / "x.nc", "w") as file:
        options = {"compression": "gzip", "shuffle": True, "fletcher32": True}
        file.create_group("g").create_dataset("a", data=np.arange(1000.0), **options)
    np.testing.assert_array_equal(read_netcdf(tmp_path / "x.nc")["g"]["a"], np.arange(1000.0))


def test_a_missing_file(tmp_path):
    with pytest.raises(da.DataError, match="not a file"):
        read_netcdf(tmp_path)


def test_without_the_packages_one_sentence_names_the_extra(monkeypatch, path):
    monkeypatch.setitem(__import__("sys").modules, "h5netcdf", None)
    for attempt in (lambda: netcdf_bytes(GROUPS), lambda: read_netcdf(path)):
        with pytest.raises(da.MissingExtraError, match=r"diskarray\[diag\]"):
            attempt()


def test_nothing_is_imported_before_it_is_needed():
    assert not {"h5py", "h5netcdf"} & set(vars(netcdf))
