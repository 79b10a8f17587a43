"""Good FITS, HDF5 and NPZ files, and ways to spoil them: damage at random places, and lies told on purpose."""

import gzip
import io
import zipfile
import zlib

import numpy as np

SHAPE = (24, 27)
RANDOM = np.random.default_rng(11)
IMAGE = RANDOM.normal(size=SHAPE).astype(np.float32)
NOISE = (1.0 + RANDOM.random(SHAPE)).astype(np.float32)
MASK = np.zeros(SHAPE, dtype=np.uint8)
MASK[2, 3:7] = 1
SECRET, SECRET_BYTES = "secret.h5", "secret.bin"
SCALE, STAR = 0.0144, (11.0, 13.0)
WCS = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 150.0,
    "CRVAL2": -30.0,
    "CRPIX1": STAR[1] + 1,
    "CRPIX2": STAR[0] + 1,
    "CD1_1": -SCALE / 3600,
    "CD1_2": 0.0,
    "CD2_1": 0.0,
    "CD2_2": SCALE / 3600,
    "BUNIT": "mJy/arcsec2",
}


# the good files: kind -> bytes


def fits_bytes(checksums=True, cards=(), image=IMAGE, noise=NOISE, compressed=False):
    """SCI, ERR and DQ as diskarray writes them, or without checksums, or tile-compressed."""
    from astropy.io import fits

    kept = {k: v for k, v in {**WCS, **dict(cards)}.items() if v is not None}
    kind = fits.CompImageHDU if compressed else fits.ImageHDU
    hdus = fits.HDUList([fits.PrimaryHDU()])
    for name, array in (("SCI", image), ("ERR", noise), ("DQ", MASK)):
        made = kind(array, name=name)
        if name == "SCI":
            made.header.update(kept)
        hdus.append(made)
    stream = io.BytesIO()
    hdus.writeto(stream, checksum=checksums)
    return stream.getvalue()


def hdf5_bytes(change=None, latest=True, packed=True):
    """image, noise and mask, with the attributes of a frame; ``change(file)`` afterwards."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest" if latest else "earliest") as file:
        how = {"compression": "gzip", "shuffle": True, "fletcher32": True} if packed else {}
        for name, array in (("image", IMAGE), ("noise", NOISE), ("mask", MASK)):
            file.create_dataset(name, data=array, **how)
        file["image"].attrs.update({"pixel_scale": SCALE, "unit": "mJy/arcsec2", "center": STAR})
        if change is not None:
            change(file)
    return stream.getvalue()


def write_secrets(folder):
    """Files beside the mutants that hostile links point at; they can be read, and hold something else."""
    import h5py

    with h5py.File(folder / SECRET, "w") as file:
        file["image"] = np.full(SHAPE, 42.0)
    (folder / SECRET_BYTES).write_bytes(b"s" * IMAGE.size)


def npz_bytes(packed=False, **changes):
    arrays = {
        "data": IMAGE,
        "noise_map": NOISE,
        "mask": MASK,
        "pixel_scale": SCALE,
        "unit": "mJy/arcsec2",
        "center": np.array(STAR),
        **changes,
    }
    stream = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(stream, **{k: v for k, v in arrays.items() if v is not None})
    return stream.getvalue()


GOOD = {
    "fits": fits_bytes,
    "fits.gz": lambda: gzip.compress(fits_bytes(), mtime=0),
    "fits, no checksums": lambda: fits_bytes(checksums=False),
    "fits, tiles": lambda: fits_bytes(compressed=True),
    "hdf5": hdf5_bytes,
    "hdf5, no checksums": lambda: hdf5_bytes(latest=False, packed=False),
    "npz": npz_bytes,
    "npz, packed": lambda: npz_bytes(packed=True),
}
ENDING = {"fits.gz": ".fits.gz", "fits": ".fits", "hdf5": ".h5", "npz": ".npz"}


def ending_of(kind):
    return ENDING.get(kind) or ENDING[kind.split(",")[0]]


# damage at random places: bytes, generator -> bytes, (first, last) byte changed


def truncated(content, rng):
    place = int(rng.integers(0, len(content)))
    return content[:place], (place, len(content))


def flipped(content, rng):
    place = int(rng.integers(0, len(content)))
    damaged = bytearray(content)
    damaged[place] ^= int(rng.integers(1, 256))
    return bytes(damaged), (place, place + 1)


def flipped_early(content, rng):
    """In the first kilobytes, where formats keep what they say about the rest."""
    place = int(rng.integers(0, min(len(content), 3000)))
    damaged = bytearray(content)
    damaged[place] ^= 1 << int(rng.integers(0, 8))
    return bytes(damaged), (place, place + 1)


def inserted(content, rng):
    place, count = int(rng.integers(0, len(content))), int(rng.integers(1, 3000))
    return content[:place] + rng.integers(0, 256, count, dtype=np.uint8).tobytes() + content[place:], (place, None)


def zeroed(content, rng):
    place, count = int(rng.integers(0, len(content))), int(rng.integers(1, 600))
    return content[:place] + bytes(len(content[place : place + count])) + content[place + count :], (
        place,
        place + count,
    )


def swapped(content, rng):
    one, two = sorted(int(p) for p in rng.integers(0, len(content) - 64, 2))
    two = max(two, one + 64)
    a, b = content[one : one + 64], content[two : two + 64]
    return content[:one] + b + content[one + 64 : two] + a + content[two + 64 :], (one, two + 64)


DAMAGE = {made.__name__: made for made in (truncated, flipped, flipped_early, inserted, zeroed, swapped)}


# lies told on purpose: name -> (kind, bytes)


def _card(keyword, value):
    """A replacement of a card in a file without checksums."""

    def change(content):
        import re

        found = re.search(rb"%-8s= [ ]*[-0-9.ETF]+" % keyword.encode(), content[2880:])
        start, stop = found.start() + 2880, found.end() + 2880
        return content[:start] + (f"{keyword:<8}= {value:>20}".encode())[: stop - start] + content[stop:]

    return change


def _hdf5_hostile(name):
    import h5py

    def external(file):
        del file["image"]
        file["image"] = h5py.ExternalLink(SECRET, "/image")

    def soft(file):
        file.move("image", "other")
        file["image"] = h5py.SoftLink("/other")

    def external_values(file):
        del file["noise"]
        file.create_dataset("noise", SHAPE, dtype="u1", external=[(SECRET_BYTES, 0, SHAPE[0] * SHAPE[1])])

    def virtual(file):
        del file["image"]
        layout = h5py.VirtualLayout(shape=SHAPE, dtype="f4")
        layout[:] = h5py.VirtualSource(SECRET, "image", shape=SHAPE)
        file.create_virtual_dataset("image", layout)

    def huge(file):
        del file["image"]
        file.create_dataset("image", (2 * 10**5, 2 * 10**5), dtype="f8", chunks=(100, 100))

    def bomb(file):
        del file["image"]
        file.create_dataset("image", data=np.zeros((4000, 4000)), compression="gzip", compression_opts=9)

    def lzf(file):
        del file["image"]
        file.create_dataset("image", data=IMAGE, compression="lzf")

    def cube(file):
        del file["image"]
        file["image"] = np.ones((3, *SHAPE))

    def line(file):
        del file["noise"]
        file["noise"] = np.ones(SHAPE[0])

    def group(file):
        del file["image"]
        file.create_group("image")["image"] = h5py.ExternalLink(SECRET, "/")

    def circle(file):
        del file["image"]
        file.create_group("a")["back"] = file["/"]

    def scale(file):
        file["image"].attrs["pixel_scale"] = -1.0

    def unit(file):
        del file["image"].attrs["unit"]

    def pair(file):
        file["image"].attrs["center"] = np.ones(7)

    def text(file):
        del file["image"]
        file["image"] = "text"

    return hdf5_bytes(locals()[name])


HDF5_LIES = [
    "external",
    "soft",
    "external_values",
    "virtual",
    "huge",
    "bomb",
    "lzf",
    "cube",
    "line",
    "group",
    "circle",
    "scale",
    "unit",
    "pair",
    "text",
]


def _zipped(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return stream.getvalue()


def _npy_huge():
    stream = io.BytesIO()
    np.save(stream, IMAGE)
    content = stream.getvalue().replace(b"(24, 27)", b"(240000, 270000)").replace(b" " * 8 + b"\n", b"\n")
    return _zipped([("data.npy", content)])


def _lying_directory():
    """The directory claims a small member that unfolds to a gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(400)) + packer.flush()
    content = bytearray(_zipped([("data.npy", packed)], zipfile.ZIP_STORED))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = content.index(signature)
        content[place + offset : place + offset + 2] = (8).to_bytes(2, "little")
    return bytes(content)


def _gzip_bomb(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(fits_bytes()[:2880])
    return start + b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


def _tile_bomb():
    from astropy.io import fits

    stream = io.BytesIO()
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(np.zeros((6000, 6000), np.int32), name="SCI")])
    hdus.writeto(stream)
    return stream.getvalue()


def lies():
    """Files that say what is not so: (kind, name, bytes)."""
    plain = fits_bytes(checksums=False)
    told = [
        ("fits", f"{key} = {value}", _card(key, value)(plain))
        for key, value in (
            ("NAXIS1", 2_000_000_000),
            ("NAXIS2", 2_000_000_000),
            ("NAXIS1", -27),
            ("NAXIS1", 26),
            ("NAXIS2", 25),
            ("NAXIS", 3),
            ("NAXIS", 999),
            ("NAXIS", 0),
            ("BITPIX", -33),
            ("BITPIX", 64),
            ("BITPIX", 8),
            ("GCOUNT", 10**9),
            ("PCOUNT", 10**12),
            ("PCOUNT", -5000),
            ("CD1_1", "1.0E308"),
            ("CD2_2", "0.0"),
        )
    ]
    wrong = {
        "CD beside PC": {"PC1_1": 1.0, "CDELT1": 1.0},
        "singular": {"CD1_1": 4e-6, "CD1_2": 4e-6, "CD2_1": 4e-6},
        "not square": {"CD1_1": -9e-6},
        "sheared": {"CD1_2": 2e-6},
        "one celestial axis": {"CTYPE2": "WAVE"},
        "twice the same axis": {"CTYPE2": "RA---TAN"},
        "unit of an axis": {"CUNIT1": "Jy"},
        "no scale": {"CTYPE1": None, "CTYPE2": None},
        "no unit": {"BUNIT": None},
        "no brightness": {"BUNIT": "K km/s"},
        "text for a number": {"CD1_1": "four"},
        "scaled": {"BSCALE": 1e300, "BZERO": 1e300},
    }
    told += [("fits", name, fits_bytes(cards=cards)) for name, cards in wrong.items()]
    arrays = {
        "cube": {"image": np.ones((2, *SHAPE))},
        "line": {"image": np.ones(7)},
        "noise of another shape": {"noise": NOISE[1:]},
        "noise below zero": {"noise": -NOISE},
        "noise zero": {"noise": 0 * NOISE},
        "all NaN": {"image": np.full(SHAPE, np.nan)},
        "one number": {"image": np.array(3.0).reshape(1, 1)},
    }
    told += [("fits", name, fits_bytes(**changes)) for name, changes in arrays.items()]
    told += [("fits.gz", "zip bomb of 300 MB", _gzip_bomb(300)), ("fits.gz", "zip bomb of 3 GB", _gzip_bomb(3000))]
    told += [("fits", "tile bomb", _tile_bomb()), ("fits", "an HDF5 file", hdf5_bytes()), ("fits", "nothing", b"")]
    told += [("hdf5", name, _hdf5_hostile(name)) for name in HDF5_LIES]
    told += [("hdf5", "a FITS file", plain), ("hdf5", "nothing", b""), ("hdf5", "a signature", b"\x89HDF\r\n\x1a\n")]
    pickled = npz_bytes(data=np.array([{"a": 1}], dtype=object))
    told += [
        ("npz", "pickle", pickled),
        ("npz", "bomb of 400 MB", npz_bytes(packed=True, data=np.zeros((5000, 10000)))),
        ("npz", "huge shape", _npy_huge()),
        ("npz", "lying directory", _lying_directory()),
        ("npz", "a zip of text", _zipped([("data.npy", b"text")])),
        ("npz", "no arrays", _zipped([("a.txt", b"text")])),
        ("npz", "names that climb", _zipped([("../../data.npy", b"text")])),
        ("npz", "no noise", npz_bytes(noise_map=None)),
        ("npz", "cube", npz_bytes(data=np.ones((2, *SHAPE)))),
        ("npz", "noise of another shape", npz_bytes(noise_map=NOISE[1:])),
        ("npz", "scale of text", npz_bytes(pixel_scale="small")),
        ("npz", "scale below zero", npz_bytes(pixel_scale=-1.0)),
        ("npz", "no scale", npz_bytes(pixel_scale=None)),
        ("npz", "no unit", npz_bytes(unit=None)),
        ("npz", "complex", npz_bytes(data=IMAGE + 1j)),
        ("npz", "nothing", b""),
    ]
    return told
