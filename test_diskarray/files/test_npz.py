"""NPZ files: exact, the same bytes every time, and nothing but plain arrays is read."""

import io
import tracemalloc
import warnings
import zipfile
import zlib

import numpy as np
import pytest

import diskarray as da
from diskarray.files.npz import arrays_from_bytes, npz_bytes, read_arrays, read_npz

ARRAYS = {
    "numbers": np.array([[1.5, -0.0, np.nan], [np.inf, -np.inf, 5e-324]]),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "flags": np.array([True, False]),
    "text": np.array(["a", "ß ☃"]),
    "bytes": np.array([b"a\x00b", b""]),
    "empty": np.zeros((0, 3), dtype=np.float32),
    "one": np.array(3, dtype=np.int8),
    "big": np.arange(4, dtype=">f8"),
    "complex": np.array([1 + 2j]),
    "samples.of ü [0]": np.arange(3),
    "file": np.zeros(2),
}


def test_arrays_come_back_to_the_bit(tmp_path):
    (tmp_path / "a.npz").write_bytes(npz_bytes(ARRAYS))
    found = read_npz(tmp_path / "a.npz")
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.owndata or found[name].base.flags.owndata


def test_the_same_arrays_give_the_same_bytes():
    assert npz_bytes(ARRAYS) == npz_bytes(ARRAYS)


def test_numpy_reads_it(tmp_path):
    (tmp_path / "a.npz").write_bytes(npz_bytes(ARRAYS))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as loaded:
        assert set(loaded.files) == set(ARRAYS)
        np.testing.assert_array_equal(loaded["numbers"], ARRAYS["numbers"])


def test_what_numpy_writes_is_read():
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(3), b=np.ones((2, 2)))
    found = arrays_from_bytes(stream.getvalue(), "x")
    np.testing.assert_array_equal(found["b"], np.ones((2, 2)))


@pytest.mark.parametrize("values", [np.array([print, None]), np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])])
def test_only_plain_arrays_are_written(values):
    with pytest.raises(da.DataError, match="only numbers and text"):
        npz_bytes({"a": values})


def zipped(members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return stream.getvalue()


def npy(array, **kwargs):
    stream = io.BytesIO()
    np.save(stream, array, **kwargs)
    return stream.getvalue()


class Payload:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


GOOD = npy(np.arange(4.0))
HOSTILE = {
    "no zip": b"something else",
    "nothing": b"",
    "a pickle": zipped([("a.npy", npy(np.array([Payload()], dtype=object), allow_pickle=True))]),
    "a pickle that says it is numbers": zipped(
        [("a.npy", npy(np.array([Payload()], dtype=object), allow_pickle=True).replace(b"'|O'", b"'f8'"))]
    ),
    "compressed": zipped([("a.npy", npy(np.random.default_rng(0).normal(size=99)))], zipfile.ZIP_DEFLATED),
    "a compressed bomb": zipped([("a.npy", npy(np.zeros(10**6)))], zipfile.ZIP_DEFLATED),
    "a member twice": zipped([("a.npy", GOOD), ("a.npy", GOOD)]),
    "no array": zipped([("a.txt", b"text")]),
    "a huge shape": zipped([("a.npy", GOOD.replace(b"(4,)", b"(4000000000,)").replace(b" " * 9 + b"\n", b"\n"))]),
    "a negative shape": zipped([("a.npy", GOOD.replace(b"(4,), ", b"(-4,),"))]),
    "a shape of code": zipped([("a.npy", GOOD.replace(b"(4,), ", b"exit()"))]),
    "a cut array": zipped([("a.npy", GOOD[:-3])]),
    "no header": zipped([("a.npy", b"\x93NUMPY\x01\x00")]),
    "another version": zipped([("a.npy", b"\x93NUMPY\x09\x00" + GOOD[8:])]),
    "structured": zipped([("a.npy", npy(np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])))]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_typed_error(name, tmp_path):
    (tmp_path / "x.npz").write_bytes(HOSTILE[name])
    with pytest.raises(da.DataError, match="x.npz"):
        read_npz(tmp_path / "x.npz")


def nested():
    """A member whose content is another member, which is listed as well: bytes that count twice."""
    inner = zipped([("b.npy", npy(np.zeros(1000)))])
    with zipfile.ZipFile(io.BytesIO(inner)) as archive:
        (listed,) = archive.infolist()
        record = inner[: archive.start_dir]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.npy"), record)
        listed.header_offset = stream.tell() - len(record)
        archive.filelist.append(listed)
    return stream.getvalue()


def test_members_that_share_bytes_are_refused():
    with pytest.raises(da.DataError, match="more bytes than it has"):
        arrays_from_bytes(nested(), "x")


def test_every_damage_is_found_or_harmless():
    content = npz_bytes({name: ARRAYS[name] for name in ("numbers", "text", "flags")})
    random = np.random.default_rng(0)
    refused = 0
    for k in range(150):
        mutant = bytearray(content)
        if k % 3:
            mutant[random.integers(len(mutant))] ^= int(random.integers(1, 256))
        else:
            del mutant[random.integers(len(mutant)) :]
        try:
            found = arrays_from_bytes(bytes(mutant), "x")
        except da.DataError:
            refused += 1
            continue
        for name in {"numbers", "text", "flags"} & set(found):
            assert found[name].tobytes() == ARRAYS[name].tobytes()
    assert refused > 100


def test_a_missing_file(tmp_path):
    with pytest.raises(da.DataError, match="not a file"):
        read_npz(tmp_path / "none.npz")
    with pytest.raises(da.DataError, match="not a file"):
        read_npz(tmp_path)


def test_a_users_file_may_be_compressed(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros((300, 400)), b=np.array("text"))
    found = read_arrays(tmp_path / "x.npz")
    assert found["a"].shape == (300, 400) and found["b"] == "text"


@pytest.mark.parametrize("name", [n for n in HOSTILE if not n.startswith(("compressed", "a compressed"))])
def test_a_users_hostile_file_is_one_typed_error(name, tmp_path):
    (tmp_path / "x.npz").write_bytes(HOSTILE[name])
    with pytest.raises(da.DataError, match=r"x\.npz"):
        read_arrays(tmp_path / "x.npz")


def test_what_unfolds_out_of_proportion_is_refused_unread(tmp_path, monkeypatch):
    """A member of 80 MB in 80 kB, and ten of 10 MB together."""
    for count, size in ((1, 10**7), (10, 10**6)):
        np.savez_compressed(tmp_path / "x.npz", **{f"a{k}": np.zeros(size) for k in range(count)})
        with monkeypatch.context() as patch:
            patch.setattr(zipfile.ZipFile, "open", None)
            with pytest.raises(da.DataError, match=r"x\.npz.* claims 80\d+ bytes, above the cap"):
                read_arrays(tmp_path / "x.npz")
    with pytest.raises(da.DataError, match="not a regular file"):
        read_arrays(tmp_path)


def test_a_directory_that_claims_less_than_unfolds(tmp_path):
    """200 MB of zeros in a member that is said to have 200 kB: no more than that is unfolded."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    content = bytearray(zipped([("a.npy", packed)]))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = content.index(signature) + offset
        content[place : place + 2] = zipfile.ZIP_DEFLATED.to_bytes(2, "little")
    (tmp_path / "x.npz").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(da.DataError, match=r"x\.npz"):
            read_arrays(tmp_path / "x.npz")
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
