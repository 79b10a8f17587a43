"""FITS files read safely and written whole: bytes in and out, no science.

Only local regular files are opened, with a cap on their size, no memory map, and checksums verified. Whatever
astropy raises or warns about a damaged file becomes one DataError that names the file and, where it is known,
the HDU and the card.
"""

__all__ = [
    "FitsHeader",
    "FitsImage",
    "FitsHDU",
    "read_image",
    "read_cube",
    "read_header",
    "plane_of",
    "list_images",
    "write_fits",
]

import gzip
import io
import math
import re
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import DataError
from .atomic import write_bytes
from .size import refuse_size, source_bytes

_CHUNK = 2**24
_DAMAGE = (
    "hecksum verification failed",
    "Datasum verification failed",
    "truncated",
    "corrupt",
    "Error validating header",
)


@dataclass(frozen=True)
class FitsHeader:
    """The cards of one HDU and where they came from.

    Parameters
    ----------
    cards : astropy.io.fits.Header
    path : str
        The file.
    hdu : str
        The HDU in words, such as ``HDU 1 (SCI)``.
    """

    cards: Any
    path: str
    hdu: str

    @property
    def where(self):
        """File and HDU, as errors name them."""
        return f"{self.path}, {self.hdu}"

    def __contains__(self, keyword):
        return keyword in self.cards

    def number(self, keyword, default=None):
        """The finite number on a card, ``default`` where the card is absent; anything else is a DataError."""
        value = self._value(keyword)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise DataError(f"{self.where}: card {keyword} is {value!r}, but a finite number is needed.")
        return float(value)

    def text(self, keyword, default=None):
        """The stripped text on a card, or ``default`` where the card is absent or empty."""
        value = self._value(keyword)
        if value is None:
            return default
        if not isinstance(value, str):
            raise DataError(f"{self.where}: card {keyword} is {value!r}, but text in quotes is needed.")
        return value.strip() or default

    def lines(self, pattern):
        """The cards whose whole keyword matches a regular expression, verbatim, one per line."""
        keywords = [k for k in self.cards if re.fullmatch(pattern, k)]
        return "\n".join(self._guarded(k, lambda k: str(self.cards.cards[k]).rstrip()) for k in keywords)

    def _value(self, keyword):
        from astropy.io.fits.card import Undefined

        value = self._guarded(keyword, self.cards.get)
        return None if isinstance(value, Undefined) else value

    def _guarded(self, keyword, read):
        """Cards are parsed when they are read, so a damaged one shows here."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return read(keyword)
            except Exception as error:
                raise DataError(f"{self.where}: card {keyword} cannot be read ({_first_line(error)}).") from error


class FitsImage(NamedTuple):
    """A 2D image of native float64 and the header of the HDU it came from."""

    array: np.ndarray
    header: FitsHeader


@dataclass(frozen=True)
class FitsHDU:
    """One HDU to write.

    Parameters
    ----------
    array : array or None
        The image; booleans are written as 0 and 1, None as a header alone.
    name : str
        The extension's name (EXTNAME).
    cards : mapping
        Keyword -> value, or keyword -> (value, comment).
    header : str
        Further cards as text, one per line, such as a WCS.
    """

    array: Any = None
    name: str = ""
    cards: Mapping = field(default_factory=dict)
    header: str = ""


def read_image(path, extension=None, plane=None):
    """Read one 2D image of a local FITS file (plain or gzipped).

    Parameters
    ----------
    path
        The file.
    extension : str or int, optional
        Name (EXTNAME) or number of the HDU; default the first that holds an image.
    plane : int or tuple of int, optional
        Which plane of a cube, 0-based, one number per leading axis. A cube needs it.

    Returns
    -------
    FitsImage
        ``(array, header)``: native float64 of shape (ny, nx), and the cards.

    Raises
    ------
    DataError
        When there is no such file, HDU or plane, or the file is damaged.
    """
    cube, header = read_cube(path, extension)
    return FitsImage(plane_of(cube, plane, header.where), header)


def read_cube(path, extension=None):
    """Like ``read_image``, but all planes of the HDU: native float64 of any number of axes, and the cards."""

    def take(hdus):
        index = _index_of(hdus, extension, path)
        header = FitsHeader(hdus[index].header.copy(), str(path), _label(hdus, index))
        return FitsImage(np.array(hdus[index].data, dtype=np.float64), header)

    return _read(path, take)


def read_header(path, extension):
    """The FitsHeader of an HDU by its number, whether it holds an image or not."""

    def take(hdus):
        if not 0 <= extension < len(hdus):
            raise DataError(f"{path} has no HDU {extension}; it has {len(hdus)}.")
        return FitsHeader(hdus[extension].header.copy(), str(path), _label(hdus, extension))

    return _read(path, take)


def list_images(path):
    """The image HDUs of a file: a list of (number, name, shape)."""
    return _read(path, lambda hdus: [(i, hdus[i].name, tuple(hdus[i].shape)) for i in _images(hdus)])


def _read(path, take):
    """What ``take`` finds in an opened file; damage, raised or only warned of, is a DataError."""
    from astropy.io import fits

    content, found, failure = _content_of(path), None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with fits.open(io.BytesIO(content), memmap=False, checksum=True) as hdus:
                _refuse_oversized(hdus, path, len(content))
                found = take(hdus)
        except Exception as error:
            failure = error
    damage = [m for m in (_first_line(w.message) for w in caught) if any(word in m for word in _DAMAGE)]
    if damage:
        raise DataError(f"{path} is damaged: {damage[0]} Fetch or write the file again.") from failure
    if isinstance(failure, DataError):
        raise failure
    if failure is not None:
        message = f"{path} is not a readable FITS file ({_first_line(failure)}). Fetch or write it again."
        raise DataError(message) from failure
    return found


def _content_of(path):
    """The bytes of a local regular file, decompressed, as many as the cap on sizes allows."""
    path = Path(path)
    size = source_bytes(path, ".fits or .fits.gz")
    try:
        with open(path, "rb") as stream:
            zipped = stream.peek(2)[:2] == b"\x1f\x8b"
            content = _unzipped(stream, size, path) if zipped else stream.read(size + 1)
    except DataError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, MemoryError) as error:
        raise DataError(f"{path} cannot be read ({_first_line(error)}).") from error
    if not content.startswith(b"SIMPLE  ="):
        raise DataError(f"{path} is not a FITS file: it does not begin with a SIMPLE card.")
    return content


def _unzipped(stream, size, path):
    """The bytes that a gzip stream unfolds to, given up as soon as they are out of proportion to its own size."""
    parts, found = [], 0
    with gzip.open(stream) as source:
        while part := source.read(_CHUNK):
            parts.append(part)
            found += len(part)
            refuse_size(f"{path}, unzipped,", found, size)
    return b"".join(parts)


def _refuse_oversized(hdus, path, size):
    """Before any data is touched: a damaged header may claim terabytes (``len`` reads every header)."""
    for index in range(len(hdus)):
        refuse_size(f"{path}, {_label(hdus, index)}", 8 * math.prod(getattr(hdus[index], "shape", ())), size)


def _images(hdus):
    return [i for i, hdu in enumerate(hdus) if hdu.is_image and len(getattr(hdu, "shape", ())) >= 1]


def _index_of(hdus, extension, path):
    """The number of the HDU asked for, or of the first image."""
    images = _images(hdus)
    present = ", ".join(_label(hdus, i) for i in images) or "none"
    if extension is None:
        if not images:
            raise DataError(f"{path} holds no image.")
        return images[0]
    if isinstance(extension, str):
        matches = [i for i in range(len(hdus)) if hdus[i].name == extension.strip().upper()]
    else:
        matches = [i for i in range(len(hdus)) if i == extension]
    if not matches:
        raise DataError(f"{path} has no extension {extension!r}; its images: {present}.")
    if len(matches) > 1:
        raise DataError(f"{path} has {len(matches)} extensions {extension!r}: give one of the numbers {matches}.")
    if matches[0] not in images:
        raise DataError(f"{path}, {_label(hdus, matches[0])} holds no image; its images: {present}.")
    return matches[0]


def plane_of(cube, plane, where):
    """One 2D plane of what ``read_cube`` returned; ``where`` names it in errors."""
    leading = cube.shape[:-2]
    if cube.ndim < 2:
        raise DataError(f"{where}: the data has shape {cube.shape}, but a 2D image is needed.")
    if plane is None:
        if math.prod(leading) != 1:
            raise DataError(
                f"{where} is a cube of shape {cube.shape} (NAXIS = {cube.ndim}): give plane=, {_planes_text(leading)}."
            )
        chosen = (0,) * len(leading)
    else:
        chosen = (plane,) if np.ndim(plane) == 0 else tuple(plane)
        known = len(chosen) == len(leading) and all(
            isinstance(p, (int, np.integer)) and 0 <= p < n for p, n in zip(chosen, leading, strict=True)
        )
        if not known:
            raise DataError(f"{where} has no plane {plane!r}: its shape is {cube.shape}; {_planes_text(leading)}.")
    return cube[chosen].copy()


def _planes_text(leading):
    if not leading:
        return "a 2D image takes no plane="
    if len(leading) == 1:
        return f"one of 0 to {leading[0] - 1}"
    return f"one number per leading axis, below {leading}"


def _label(hdus, index):
    return f"HDU {index} ({hdus[index].name or 'unnamed'})"


def _first_line(error):
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__


def write_fits(path, hdus, overwrite=False):
    """Write a FITS file whole or not at all, with CHECKSUM and DATASUM; the same input gives the same bytes.

    Parameters
    ----------
    path
        The file; a name that ends in ``.gz`` is compressed.
    hdus : sequence of FitsHDU
        The first becomes the primary HDU.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        When the file exists and ``overwrite`` is False, or the disk refuses.
    DataError
        When a card or array cannot be put into FITS.
    """
    from astropy.io import fits

    stream = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fits.HDUList([_astropy_hdu(hdu, i, fits) for i, hdu in enumerate(hdus)]).writeto(stream)
    except Exception as error:
        raise DataError(f"{path} cannot be written as FITS ({_first_line(error)}).") from error
    content = stream.getvalue()
    if str(path).endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    write_bytes(path, content, overwrite=overwrite)


def _astropy_hdu(hdu, index, fits):
    array = None if hdu.array is None else np.asarray(hdu.array)
    if array is not None and array.dtype == bool:
        array = array.astype(np.uint8)
    kind = fits.ImageHDU if index else fits.PrimaryHDU
    made = kind(array)
    if hdu.header:  # added to the finished header: given at once, astropy would put in EXTEND after the checksum
        made.header.extend(fits.Header.fromstring(hdu.header, sep="\n"), strip=False)
    if hdu.name:
        made.header["EXTNAME"] = hdu.name
    for keyword, value in hdu.cards.items():
        made.header[keyword] = value
    made.add_datasum(when="of the data")
    made.add_checksum(when="of the HDU", override_datasum=True)
    return made
