"""What HDF5 and NPZ files have in common: named arrays, and beside them where the pixels lie and their unit.

Without a WCS such a file says by numbers how its pixels lie: a scale, the star's pixel, the direction of North; or by
two coordinate axes, in arcsec from the star, of its rows (towards North) and its columns (towards West).
"""

__all__ = ["Stored", "imaging_from_stored", "names_of"]

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DataError, ParameterError
from ...files.fits import plane_of
from ...structures.frame import Frame2D
from ...structures.mask import Mask2D
from ..from_fits import window_of
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli, annular_noise_map
from ..rules.refusal import refusal

_EVENLY = 1e-3
_SCALE_TOLERANCE, _ANGLE_TOLERANCE = 0.01, 0.1


@dataclass(frozen=True)
class Stored:
    """What a file gave.

    Parameters
    ----------
    path : str
        The file.
    arrays : dict of str to array
        Those that were asked for and are there.
    attributes : dict
        pixel_scale, unit, center, north_angle, mirrored, observable: those that the file gives.
    where : callable
        From the name of an array to its place in words, for error messages.
    """

    path: str
    arrays: dict
    attributes: dict
    where: Any


def names_of(image, noise, axes):
    """Names of the arrays that must be there; arguments as for ``imaging_from_stored``."""
    other = noise.extension if isinstance(noise, NoiseFromAnnuli) else noise
    return [image, *([other] if other is not None else []), *(axes or ())]


def imaging_from_stored(stored, *, image, noise, mask, axes, plane, crop, **given):
    """The Imaging of a file's arrays.

    Parameters
    ----------
    stored : Stored
    image : str
        Name of the image's array.
    noise : str or NoiseFromAnnuli
        Name of the noise map's, or annuli.
    mask : str
        Name of the mask's, which need not be there.
    axes : (str, str) or None
        Names of the coordinate axes (y, x).
    plane, crop
        As in ``Imaging.from_fits``.
    given
        What the caller says: unit, observable, pixel_scale, center, north_angle, mirrored; None where nothing.
    """
    where = stored.where(image)
    data = plane_of(stored.arrays[image], plane, where)
    lying = _from_axes(stored, axes, data.shape) if axes is not None else {}
    frame = _frame(data.shape, _agreed(_known(stored.attributes, where), lying, where), given, where)
    excluded = None
    if mask in stored.arrays:
        values = _of_shape(stored.arrays[mask], plane, data.shape, stored.where(mask))
        if not np.isin(values, (0, 1)).all():
            raise refusal("mask", f"{stored.where(mask)} holds other values than True (1, excluded) and False (0).")
        excluded = Mask2D(values, frame)
    imaging = Imaging(
        data=data,
        noise_map=_noise_map(stored, noise, data, plane, frame, excluded),
        unit=_unit(given["unit"], stored.attributes, where),
        frame=frame,
        mask=excluded,
        observable=given["observable"] or stored.attributes.get("observable", "total"),
        source=where if plane is None else f"{where}, plane {plane}",
    )
    return imaging if crop is None else imaging.cropped(crop) if np.ndim(crop) == 0 else _window(imaging, crop)


def _window(imaging, crop):
    rows, columns = window_of(imaging.frame, crop)
    return imaging.cropped(rows=rows, columns=columns)


def _unit(given, attributes, where):
    unit = given if given is not None else attributes.get("unit")
    if unit is None or not isinstance(unit, str) or not unit.strip():
        raise refusal("unit", f"{where}: no attribute 'unit' gives its unit. Give unit=, such as 'mJy/arcsec2'.")
    return unit


def _known(attributes, where):
    """The attributes that say where the pixels lie, as numbers."""
    known = {}
    for name, count in (("pixel_scale", 1), ("center", 2), ("north_angle", 1), ("mirrored", 1)):
        if name not in attributes:
            continue
        values = np.atleast_1d(np.asarray(attributes[name]))
        if values.shape != (count,) or values.dtype.kind not in "biuf" or not np.all(np.isfinite(values)):
            raise DataError(f"{where}: {name} is {attributes[name]!r}, but {count} finite number(s) are needed.")
        known[name] = tuple(values.tolist()) if count > 1 else float(values[0])
    if "mirrored" in known:
        known["mirrored"] = bool(known["mirrored"])
    if known.get("pixel_scale", 1.0) <= 0:
        raise DataError(f"{where}: pixel_scale is {known['pixel_scale']:g}, but arcsec above 0 are needed.")
    return known


def _agreed(known, other, where):
    """Both together; what both say must agree. The file contradicts itself or the caller otherwise."""
    for name in known.keys() & other.keys():
        if not _agree(name, known[name], other[name]):
            raise refusal("scale" if name == "pixel_scale" else "axes", _clash(where, name, known[name], other[name]))
    return {**known, **other}


def _agree(name, one, two):
    if name == "pixel_scale":
        return abs(two / one - 1) <= _SCALE_TOLERANCE
    if name == "north_angle":
        return abs((two - one + 180.0) % 360.0 - 180.0) <= _ANGLE_TOLERANCE
    if name == "center":
        return max(abs(a - b) for a, b in zip(one, two, strict=True)) <= _ANGLE_TOLERANCE
    return one == two


def _clash(where, name, one, two):
    return f"{where}: {name} {one} of the file's attributes contradicts {two}: correct the file."


def _frame(shape, known, given, where):
    """The frame; the star's pixel may be corrected by the caller, everything else must agree with the file."""
    says = {k: given[k] for k in ("pixel_scale", "center", "north_angle", "mirrored") if given[k] is not None}
    merged = {**_agreed({k: v for k, v in known.items() if k != "center"}, says, where)}
    merged.setdefault("center", known.get("center"))
    if "pixel_scale" not in merged:
        raise refusal("scale", f"{where}: no attribute 'pixel_scale' gives a scale. Give pixel_scale= in arcsec.")
    return Frame2D(shape, **merged)


def _from_axes(stored, axes, shape):
    """Scale, star and orientation from the coordinates of rows and columns."""
    if len(tuple(axes)) != 2:
        raise ParameterError(f"axes= takes the names of two arrays, of rows and of columns, got {axes!r}")
    steps, star = [], []
    for name, n in zip(axes, shape, strict=True):
        values = np.asarray(stored.arrays[name], dtype=float)
        place = stored.where(name)
        if values.shape != (n,) or n < 2 or not np.all(np.isfinite(values)):
            raise refusal("axes", f"{place}: an axis of {n} finite coordinates is needed, got shape {values.shape}.")
        step = np.diff(values)
        mean = float(values[-1] - values[0]) / (n - 1)
        if not (np.all(step > 0) or np.all(step < 0)):
            raise refusal("axes", f"{place}: the coordinates are not monotone: sort them, and the image with them.")
        if np.max(np.abs(step - mean)) > _EVENLY * abs(mean):
            raise refusal("axes", f"{place}: the coordinates are not evenly spaced, as those of pixels are.")
        steps.append(mean)
        star.append(-float(values[0]) / mean)
    if abs(abs(steps[1] / steps[0]) - 1) > _SCALE_TOLERANCE:
        raise refusal("axes", f"{stored.path}: the axes make pixels that are not square: {steps} arcsec.")
    return {
        "pixel_scale": float(np.sqrt(abs(steps[0] * steps[1]))),
        "center": tuple(star),
        "north_angle": 0.0 if steps[0] > 0 else 180.0,
        "mirrored": steps[0] * steps[1] < 0,
    }


def _noise_map(stored, noise, data, plane, frame, excluded):
    if not isinstance(noise, NoiseFromAnnuli):
        return _of_shape(stored.arrays[noise], plane, data.shape, stored.where(noise))
    if noise.path is not None:
        raise ParameterError(f"{stored.path}: annuli of another file (path=) are those of FITS files: leave it out")
    name = noise.extension
    scattered, where = data, stored.path
    if name is not None or noise.plane is not None:
        name = name if name is not None else next(iter(stored.arrays))
        where = stored.where(name)
        scattered = plane_of(stored.arrays[name], noise.plane, where)
    if scattered.shape != data.shape:
        raise refusal("shape", f"{where}: the noise has shape {scattered.shape}, the data {data.shape}.")
    return annular_noise_map(scattered, frame, noise.width_pixels, noise.statistic, excluded, where)


def _of_shape(array, plane, shape, where):
    """A noise map or mask: of the image's shape, or of its cube's, of which the same plane is taken."""
    array = plane_of(array, plane, where) if array.ndim > 2 else array
    if array.shape != shape:
        raise refusal("shape", f"{where} has shape {array.shape}, the image {shape}.")
    return array
