"""Steps between reading an image and fitting it, with a record of each that can be replayed to the same bytes.

No step resamples the image: a star's new pixel and a new direction of North move the grid that models are evaluated on,
and binning averages whole pixels.
"""

__all__ = ["Background", "Preprocessing", "PreprocessingRecord", "preprocess", "replay"]

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from ..backend.pytree import build
from ..backend.quantity import plain
from ..errors import DataError, ParameterError
from ..files.fits import FitsHeader
from ..structures.frame import Frame2D
from ..structures.mask import Mask2D
from .imaging import Imaging
from .wcs import binned_cards, is_offset_header, sky_axes


@dataclass(frozen=True)
class Background:
    """What to subtract from every pixel: a level, or the median of the unmasked pixels of an annulus around the star.

    Parameters
    ----------
    level : float, optional
        Surface brightness in the unit of the Imaging.
    inner_radius, outer_radius : float, optional
        Of the annulus, arcsec, in place of a level.
    """

    level: float | None = None
    inner_radius: float | None = None
    outer_radius: float | None = None

    def __post_init__(self):
        radii = (self.inner_radius, self.outer_radius)
        if (self.level is None) == (None in radii) or (self.level is not None and radii != (None, None)):
            raise ParameterError(f"background is a level, or inner_radius and outer_radius of an annulus; got {self}")
        numbers = (self.level,) if self.level is not None else radii
        if not all(_is_number(v) for v in numbers) or (self.level is None and not 0 <= radii[0] < radii[1]):
            raise ParameterError(f"background takes finite numbers, with 0 <= inner_radius < outer_radius; got {self}")


@dataclass(frozen=True)
class Preprocessing:
    """What to do to an image before it is fitted; the steps are done in this order.

    Parameters
    ----------
    recenter : (float, float), optional
        The star's pixel (y, x), 0-based, in the image as it was read. The grid moves, not the image.
    north_angle : float or "wcs", optional
        Degrees counter-clockwise from the image's +y axis to North; "wcs" takes it, and whether the sky is mirrored,
        from the cards that the image carries. The grid turns, not the image.
    background : Background, optional
        What to subtract.
    crop : int, optional
        Half width in pixels of the window to keep around the pixel nearest to the star.
    bin : int, optional
        Side of the blocks of pixels to average, from the first pixel on; rows and columns left over are cut off. A
        block with an excluded pixel is excluded. Errors are propagated as independent ones, and models are sampled as
        finely as before.
    """

    recenter: tuple[float, float] | None = None
    north_angle: float | Literal["wcs"] | None = None
    background: Background | None = None
    crop: int | None = None
    bin: int | None = None

    def __post_init__(self):
        if self.recenter is not None:
            pair = plain(self.recenter, "pix", "recenter")
            pair = tuple(pair) if isinstance(pair, (tuple, list, np.ndarray)) else ()
            if len(pair) != 2 or not all(_is_number(c) for c in pair):
                raise ParameterError(f"recenter is a pixel (y, x), got {self.recenter!r}")
            object.__setattr__(self, "recenter", tuple(float(c) for c in pair))
        if self.north_angle is not None and self.north_angle != "wcs":
            angle = plain(self.north_angle, "deg", "north_angle")
            if not _is_number(angle):
                raise ParameterError(f"north_angle is a number of degrees or 'wcs', got {self.north_angle!r}")
            object.__setattr__(self, "north_angle", float(angle))
        if isinstance(self.background, (int, float)) and not isinstance(self.background, bool):
            object.__setattr__(self, "background", Background(level=float(self.background)))
        if not isinstance(self.background, (Background, type(None))):
            raise ParameterError(f"background is a Background or a level, got {self.background!r}")
        for name in ("crop", "bin"):
            size = getattr(self, name)
            if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
                raise ParameterError(f"{name} is a whole number of pixels of at least 1, got {size!r}")

    def steps(self):
        """The steps that are to be done: a tuple of (name, argument) in the order of doing."""
        named = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))
        return tuple((name, value) for name, value in named if value is not None)


@dataclass(frozen=True)
class PreprocessingRecord:
    """One step that was done.

    Attributes
    ----------
    step : str
        Its name, a field of Preprocessing.
    arguments : dict
        In plain numbers and text.
    found : dict
        What the step measured, such as the background's level.
    sha256_before, sha256_after : str
        Digests of the whole Imaging: pixels, mask, frame, unit and cards.
    """

    step: str
    arguments: dict
    found: dict
    sha256_before: str
    sha256_after: str

    def as_json(self):
        """A dictionary for a manifest."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content):
        """The record that ``as_json`` wrote, as a dictionary or as text."""
        try:
            return cls(**(json.loads(content) if isinstance(content, str) else content))
        except (TypeError, ValueError) as error:
            raise DataError(f"this is no record of a preprocessing step: {str(content)[:200]}") from error


def preprocess(imaging, steps):
    """Do the steps of a Preprocessing.

    Parameters
    ----------
    imaging : Imaging
    steps : Preprocessing

    Returns
    -------
    imaging : Imaging
        Its ``provenance`` has the records too, as JSON.
    provenance : tuple of PreprocessingRecord
        What ``replay`` takes.
    """
    provenance, before = [], digest_of(imaging)
    for name, value in steps.steps():
        arguments = _as_arguments(value)
        imaging, found = _STEPS[name](imaging, **arguments)
        after = digest_of(imaging)
        provenance.append(PreprocessingRecord(name, arguments, found, before, after))
        imaging = _noted(imaging, provenance[-1])
        before = after
    return imaging, tuple(provenance)


def replay(imaging, provenance):
    """Do again what a provenance records, to the same bytes.

    Parameters
    ----------
    imaging : Imaging
        The one that the steps were done to.
    provenance : sequence of PreprocessingRecord, or of their ``as_json`` or JSON text

    Raises
    ------
    DataError
        When the image is another one, or a step leads to other bytes.
    """
    for number, record in enumerate(provenance, start=1):
        record = record if isinstance(record, PreprocessingRecord) else PreprocessingRecord.from_json(record)
        if record.step not in _STEPS:
            raise DataError(
                f"step {number} of the provenance is {record.step!r}, which is none of {', '.join(_STEPS)}."
            )
        if digest_of(imaging) != record.sha256_before:
            raise DataError(
                f"{imaging.source or 'the image'} is not the one that step {number} ({record.step}) was done to: "
                f"sha256 {digest_of(imaging)[:12]}, recorded {record.sha256_before[:12]}."
            )
        try:
            imaging, _ = _STEPS[record.step](imaging, **record.arguments)
        except TypeError as error:
            raise DataError(f"step {number} ({record.step}) cannot be done with {record.arguments}.") from error
        if digest_of(imaging) != record.sha256_after:
            raise DataError(f"step {number} ({record.step}) leads to other bytes than those recorded.")
        imaging = _noted(imaging, record)
    return imaging


def digest_of(imaging):
    """SHA-256 of everything in an Imaging that a fit depends on, as hexadecimal text."""
    frame = imaging.frame
    told = {
        "frame": [frame.shape_native, frame.pixel_scale, frame.center, frame.north_angle, frame.mirrored],
        "unit": imaging.unit,
        "header": imaging.header,
        "observable": imaging.observable,
    }
    sha = hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8"))
    for array in (imaging.data.array, imaging.noise_map.array, imaging.mask.array, imaging.over_sample_size.native):
        sha.update(np.ascontiguousarray(array, dtype=np.asarray(array).dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()


def _is_number(value):
    return isinstance(value, (int, float, np.integer, np.floating)) and math.isfinite(value) and value is not True


def _as_arguments(value) -> dict[str, Any]:
    if isinstance(value, Background):
        return {name: v for name, v in dataclasses.asdict(value).items() if v is not None}
    return {"value": list(value) if isinstance(value, tuple) else value}


def _noted(imaging, record):
    """The Imaging with a step added to its provenance; nothing else of it changes."""
    noted = (*imaging.provenance, json.dumps(record.as_json(), sort_keys=True))
    return build(Imaging, **{f.name: getattr(imaging, f.name) for f in fields(Imaging)} | {"provenance": noted})


def _remade(imaging, frame, header, **arrays):
    """The Imaging with other arrays, frame or cards."""
    whole = {
        "data": imaging.data.array,
        "noise_map": imaging.noise_map.array,
        "mask": imaging.mask.array,
        "over_sample_size": imaging.over_sample_size.native,
        **arrays,
    }
    return Imaging(
        **{**whole, "mask": Mask2D(whole["mask"], frame)},
        unit=imaging.unit,
        header=header,
        source=imaging.source,
        n_not_finite=imaging.n_not_finite,
        observable=imaging.observable,
        provenance=imaging.provenance,
    )


def _recenter(imaging, value):
    frame = dataclasses.replace(imaging.frame, center=tuple(value))
    return _remade(imaging, frame, "" if is_offset_header(imaging.header) else imaging.header), {}


def _north_angle(imaging, value):
    if value != "wcs":
        return _remade(imaging, dataclasses.replace(imaging.frame, north_angle=value), ""), {}
    axes = _axes_of(imaging)
    frame = dataclasses.replace(imaging.frame, north_angle=axes.north_angle, mirrored=axes.mirrored)
    return _remade(imaging, frame, imaging.header), {"north_angle": axes.north_angle, "mirrored": axes.mirrored}


def _axes_of(imaging):
    from astropy.io import fits

    cards = fits.Header.fromstring(imaging.header, sep="\n")
    axes = sky_axes(FitsHeader(cards, imaging.source or "the image", "its cards")) if imaging.header else None
    if axes is None:
        raise DataError(
            f"{imaging.source or 'the image'} carries no WCS to take North from: give north_angle in degrees."
        )
    return axes


def _background(imaging, level=None, inner_radius=None, outer_radius=None):
    if level is None:
        used = ~Mask2D.annular(imaging.frame, inner_radius, outer_radius).array & ~imaging.mask.array
        if not used.any():
            raise DataError(
                f"{imaging.source or 'the image'} has no unmasked pixel between {inner_radius:g} and {outer_radius:g} "
                "arcsec from the star to take the background from."
            )
        level = float(np.median(imaging.data.array[used]))
    return _remade(imaging, imaging.frame, imaging.header, data=imaging.data.array - level), {"level": level}


def _crop(imaging, value):
    return imaging.cropped(value), {}


def _bin(imaging, value):
    shape = tuple(n // value for n in imaging.frame.shape_native)
    if min(shape) < 1:
        raise ParameterError(
            f"blocks of {value} pixels do not fit into an image of {imaging.frame.shape_native} pixels"
        )
    frame = Frame2D(
        shape_native=shape,
        pixel_scale=imaging.frame.pixel_scale * value,
        center=tuple((c - (value - 1) / 2) / value for c in imaging.frame.center),
        north_angle=imaging.frame.north_angle,
        mirrored=imaging.frame.mirrored,
    )

    def blocks(array):
        whole = array[: shape[0] * value, : shape[1] * value]
        return whole.reshape(shape[0], value, shape[1], value)

    return _remade(
        imaging,
        frame,
        binned_cards(imaging.header, value),
        data=blocks(imaging.data.array).mean(axis=(1, 3)),
        noise_map=np.sqrt((blocks(imaging.noise_map.array) ** 2).sum(axis=(1, 3))) / value**2,
        mask=blocks(imaging.mask.array).any(axis=(1, 3)),
        over_sample_size=blocks(imaging.over_sample_size.native).max(axis=(1, 3)) * value,
    ), {}


_STEPS = MappingProxyType(
    {
        "recenter": _recenter,
        "north_angle": _north_angle,
        "background": _background,
        "crop": _crop,
        "bin": _bin,
    }
)
