"""HDF5 files: what is asked for comes back; nothing is followed, unfolded or believed that should not be."""

import zlib

import numpy as np
import pytest

import diskarray as da
from diskarray.files.hdf5 import list_datasets, read_datasets

h5py = pytest.importorskip("h5py")

IMAGE = np.random.default_rng(2).normal(size=(12, 9))


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("image", data=IMAGE.astype(">f4"), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("deep/er/noise", data=np.abs(IMAGE))
        file.create_dataset("flags", data=IMAGE > 0)
        file.create_dataset("counts", data=np.arange(4, dtype=np.uint16))
        file.attrs.update({"unit": "adu", "scale": 2, "same": "of the file"})
        file["image"].attrs.update({"same": np.bytes_(b" of the image "), "pair": [1.0, 2.5], "text": ["a", "b"]})
    return tmp_path / "a.h5"


def test_values_and_attributes(path):
    found = read_datasets(path, ["image", "/deep/er/noise"], optional=["flags", "none", "deep/none"])
    assert set(found) == {"image", "/deep/er/noise", "flags"}
    np.testing.assert_array_equal(found["image"].array, IMAGE.astype(np.float32))
    np.testing.assert_array_equal(found["flags"].array, IMAGE > 0)
    assert all(d.array.dtype == np.float64 and d.array.dtype.isnative for d in found.values())
    attributes = found["image"].attributes
    assert attributes["unit"] == "adu" and attributes["scale"] == 2 and attributes["pair"] == (1.0, 2.5)
    assert attributes["same"] == "of the image" and found["flags"].attributes["same"] == "of the file"
    assert found["image"].where == f"{path}, dataset 'image'"
    assert sorted(list_datasets(path)) == ["counts", "deep/er/noise", "flags", "image"]


def test_reading_changes_nothing(path):
    before = path.read_bytes()
    path.chmod(0o400)
    with h5py.File(path, "r"):
        read_datasets(path, ["image"])
    assert path.read_bytes() == before


def virtual(file):
    layout = h5py.VirtualLayout(shape=(12, 9), dtype="f8")
    layout[:] = h5py.VirtualSource("secret.h5", "secret", shape=(12, 9))
    file.create_virtual_dataset("x", layout)


def external_values(file):
    file.create_dataset("x", (12, 9), dtype="u1", external=[("secret.txt", 0, 108)])


def unfilled(file):
    file.create_dataset("x", (100, 100), dtype="f4", chunks=(10, 10), compression="gzip")
    file["x"][:10] = 1.0


def endless(file):
    file.create_dataset("x", (10**6, 10**6), dtype="f8", chunks=(10, 10))


def bomb(file):
    file.create_dataset("x", (20000, 20000), dtype="f8", chunks=(2000, 2000), compression="gzip")


def packed_otherwise(file):
    file.create_dataset("x", data=IMAGE, compression="lzf")


def unusual_floats(file):
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_ebias(120)
    space = h5py.h5s.create_simple((12, 9))
    h5py.h5d.create(file.id, b"x", kind, space)
    file["x"][:] = IMAGE


def circle(file):
    file.create_group("g")["back"] = file["/"]


HOSTILE = {
    "external link": (lambda f: f.update(x=h5py.ExternalLink("secret.h5", "secret")) or None, "link"),
    "external link as a group": (lambda f: setitem(f, "g", h5py.ExternalLink("secret.h5", "/")), "link"),
    "soft link": (lambda f: setitem(f, "x", h5py.SoftLink("/good")), "link"),
    "soft link as a group": (lambda f: setitem(f, "g", h5py.SoftLink("/")), "link"),
    "virtual": (virtual, "another place"),
    "values in another file": (external_values, "another place"),
    "chunks missing": (unfilled, "chunks"),
    "huge declared size": (
        endless,
        "above the cap",
    ),
    "huge declared size, not packed": (lambda f: f.create_dataset("x", (2000, 2000), dtype="f8"), "claims"),
    "bomb": (bomb, "above the cap"),
    "unknown filter": (packed_otherwise, "filters"),
    "text": (lambda f: f.create_dataset("x", data="text"), "not plain numbers"),
    "records": (lambda f: f.create_dataset("x", data=np.zeros(2, [("a", "f8")])), "not plain numbers"),
    "references": (lambda f: f.create_dataset("x", data=[f.ref], dtype=h5py.ref_dtype), "not plain numbers"),
    "lists": (lambda f: f.create_dataset("x", (2,), dtype=h5py.vlen_dtype("f8")), "not plain numbers"),
    "complex": (lambda f: f.create_dataset("x", data=IMAGE + 1j), "not plain numbers"),
    "half a number": (lambda f: f.create_dataset("x", data=IMAGE.astype(np.longdouble)), "not plain numbers"),
    "unusual floats": (unusual_floats, "unusual"),
    "nothing in it": (lambda f: f.create_dataset("x", data=h5py.Empty("f8")), "no values"),
    "a group": (lambda f: f.create_group("x"), "no dataset"),
    "nothing there": (lambda f: None, "no dataset"),
}


def setitem(group, name, value):
    group[name] = value


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_one_typed_error(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_bytes(b"s" * 108)
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["secret"], file["x"] = IMAGE, IMAGE
    make, word = HOSTILE[case]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["good"] = IMAGE
        made = make(file)
        del made
    name = "g/x" if "as a group" in case else "x"
    with pytest.raises(da.DataError, match=word) as caught:
        read_datasets(tmp_path / "x.h5", [name])
    assert "x.h5" in str(caught.value)


def test_circles_end(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["image"] = IMAGE
        circle(file)
    assert len(list_datasets(tmp_path / "x.h5")) < 40


@pytest.mark.parametrize("name", ["../a", "image/x", "./image", "", "/"])
def test_names_that_are_none(path, name):
    with pytest.raises(da.DataError, match=r"a\.h5"):
        read_datasets(path, [name])


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(500), b"text"])
def test_what_is_no_hdf5_file(tmp_path, content):
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(da.DataError, match=r"x\.h5"):
        read_datasets(tmp_path / "x.h5", ["image"])
    with pytest.raises(da.DataError, match="does not exist"):
        read_datasets(tmp_path / "none.h5", ["image"])
    with pytest.raises(da.DataError, match="not a regular file"):
        read_datasets(tmp_path, ["image"])


def test_damage_in_packed_values_is_found(path):
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        info = file["image"].id.get_chunk_info(0)
    content[info.byte_offset + info.size // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(da.DataError, match=r"a\.h5"):
        read_datasets(path, ["image"])


def test_without_h5py_the_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(da.MissingExtraError, match=r"diskarray\[sample\]"):
        read_datasets(path, ["image"])


def test_a_zip_bomb_of_a_fits_file(tmp_path):
    from diskarray.files.fits import read_image

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    part = packer.compress(b"SIMPLE  =" + bytes(2**20)) + b"".join(packer.compress(bytes(2**20)) for _ in range(300))
    (tmp_path / "bomb.fits.gz").write_bytes(part + packer.flush())
    with pytest.raises(da.DataError, match=r"bomb\.fits\.gz, unzipped, claims .* above the cap"):
        read_image(tmp_path / "bomb.fits.gz")


def heap_of(content):
    """Where the heap of texts begins, and its first free byte."""
    start = content.index(b"GCOL\x01")
    place = start + 16
    while content[place : place + 2] != b"\x00\x00":
        place += 16 + (int.from_bytes(content[place + 8 : place + 16], "little") + 7) // 8 * 8
    return start, place


@pytest.mark.parametrize("change", ["free space without a length", "beyond its end", "longer than the file"])
def test_a_heap_that_would_be_walked_for_ever_is_refused(path, change):
    content = bytearray(path.read_bytes())
    start, free = heap_of(content)
    place, value = {
        "free space without a length": (free + 8, 0),
        "beyond its end": (start + 24, 2**40),
        "longer than the file": (start + 8, 2**30),
    }[change]
    content[place : place + 8] = value.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(da.DataError, match=rf"a\.h5 .*heap at byte {start} is damaged"):
        read_datasets(path, ["image"])


@pytest.mark.parametrize("version", ["earliest", "v110", "latest"])
def test_heaps_of_every_format_version_are_read(tmp_path, version):
    texts = {f"t{k}": "x" * k for k in range(300)}
    with h5py.File(tmp_path / "a.h5", "w", libver=version) as file:
        file["image"] = IMAGE
        file["image"].attrs.update(texts)
        for k in range(0, 300, 7):
            del file["image"].attrs[f"t{k}"]
    found = read_datasets(tmp_path / "a.h5", ["image"])["image"].attributes
    assert found == {name: text for name, text in texts.items() if int(name[1:]) % 7}


def test_a_superblock_of_an_odd_kind(path):
    content = bytearray(path.read_bytes())
    content[13] = 4
    path.write_bytes(content)
    with pytest.raises(da.DataError, match=r"a\.h5 .*superblock"):
        read_datasets(path, ["image"])
