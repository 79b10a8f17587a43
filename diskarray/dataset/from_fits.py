"""What Imaging is made of, from a FITS file: image, noise, frame, unit and the cards that products carry."""

__all__ = ["fits_ingredients", "ingredients_of", "window_of"]

import numpy as np

from ..errors import ParameterError, UnitError
from ..files.fits import plane_of, read_cube
from ..structures.mask import Mask2D
from .noise import NoiseFromAnnuli, NoiseFromFile, annular_noise_map
from .rules.refusal import refusal
from .units import surface_brightness_unit
from .wcs import frame_from_header, product_cards


def fits_ingredients(path, *, noise, extension, plane, unit, mask, crop, placing):
    """The constructor arguments of Imaging, and the window to crop it to.

    Parameters
    ----------
    path, noise, extension, plane, unit, mask, crop
        As in ``Imaging.from_fits``.
    placing : dict
        The arguments of ``frame_from_header`` that say where the pixels lie.

    Returns
    -------
    dict
        Arguments of Imaging, and ``window``: (rows, columns) or None.
    """
    cube, header = read_cube(path, extension)
    return ingredients_of(
        path,
        cube,
        header,
        noise=noise,
        extension=extension,
        plane=plane,
        unit=unit,
        mask=mask,
        crop=crop,
        placing=placing,
    )


def ingredients_of(path, cube, header, *, noise, extension, plane, unit, mask, crop, placing):
    """As ``fits_ingredients``, of a cube (or what was made from it) and a header that have been read from ``path``."""
    data = plane_of(cube, plane, header.where)
    frame = frame_from_header(header, data.shape, **placing)
    window = None if crop is None else window_of(frame, crop)
    excluded = _excluded(frame, mask, window)
    factor, name = _unit_of(header, unit, frame.pixel_area)
    noise_map, noise_header = _noise_of(noise, path, extension, cube, data, header, frame, excluded)
    noise_factor = _noise_factor(noise_header, header, unit, (factor, name), frame.pixel_area)
    return {
        "data": data * factor,
        "noise_map": noise_map * noise_factor,
        "unit": name,
        "frame": frame,
        "mask": excluded,
        "header": product_cards(header) if placing["use_wcs"] else "",
        "source": header.where if plane is None else f"{header.where}, plane {plane}",
        "window": window,
    }


def window_of(frame, crop):
    """Rows and columns as slices inside the image, from a half width around the star or two slices."""
    ny_nx = frame.shape_native
    if isinstance(crop, (int, np.integer)) and not isinstance(crop, bool):
        star = [round(c) for c in frame.center]
        window = [slice(s - int(crop), s + int(crop) + 1) for s in star]
    else:
        pair = tuple(crop) if isinstance(crop, (tuple, list)) else ()
        if len(pair) != 2 or any(
            not isinstance(s, (slice, type(None))) or (s and s.step not in (None, 1)) for s in pair
        ):
            raise ParameterError(f"a crop is a half width in whole pixels, or (rows, columns) as slices; got {crop!r}")
        window = [slice(0, n) if s is None else _bounded(s, n) for s, n in zip(pair, ny_nx, strict=True)]
    for chosen, n in zip(window, ny_nx, strict=True):
        if not 0 <= chosen.start < chosen.stop <= n:
            raise ParameterError(
                f"the crop {crop!r} does not lie inside the image of {ny_nx} pixels, star at {frame.center}"
            )
    return tuple(window)


def _bounded(chosen, n):
    start = 0 if chosen.start is None else chosen.start
    stop = n if chosen.stop is None else chosen.stop
    return slice(start, stop)


def _excluded(frame, mask, window):
    """The caller's mask and everything outside the window."""
    excluded = Mask2D.none(frame) if mask is None else Mask2D.none(frame) | mask
    if window is not None:
        outside = np.ones(frame.shape_native, dtype=bool)
        outside[window] = False
        excluded = excluded | outside
    return excluded


def _unit_of(header, unit, pixel_area):
    """Factor and canonical unit, from unit= or the BUNIT card."""
    if unit is not None:
        return surface_brightness_unit(unit, pixel_area)
    return surface_brightness_unit(header.text("BUNIT"), pixel_area, where=f"{header.where}, card BUNIT")


def _noise_of(noise, path, extension, cube, data, header, frame, excluded):
    """The noise map in the unit of its file, and the header it came with (None: the caller gave it)."""
    if isinstance(noise, NoiseFromAnnuli):
        scattered, found = data, header
        if noise.plane is not None or noise.extension is not None or noise.path is not None:
            scattered, found = _other_image(noise, path, extension, cube, header)
        _same_shape(scattered, data, found)
        where = found.where if noise.plane is None else f"{found.where}, plane {noise.plane}"
        return annular_noise_map(scattered, frame, noise.width_pixels, noise.statistic, excluded, where), found
    if isinstance(noise, NoiseFromFile):
        noise_map, found = _other_image(noise, path, extension, cube, header)
        _same_shape(noise_map, data, found)
        return noise_map, found
    if hasattr(noise, "to_value"):
        raise ParameterError("noise= takes an array in the unit of the image: call .to_value() on the quantity")
    noise_map = np.asarray(getattr(noise, "array", noise))
    if noise_map.dtype.kind not in "iuf":
        raise ParameterError(f"noise= takes NoiseFromFile, NoiseFromAnnuli or an array, got {noise!r}")
    _same_shape(noise_map, data, header)
    return noise_map, None


def _other_image(noise, path, extension, cube, header):
    """A plane of the same HDU, of another one, or of another file."""
    if noise.path is None and (noise.extension is None or noise.extension == extension):
        return plane_of(cube, noise.plane, header.where), header
    other, found = read_cube(path if noise.path is None else noise.path, noise.extension)
    return plane_of(other, noise.plane, found.where), found


def _same_shape(noise_map, data, found):
    if noise_map.shape != data.shape:
        raise refusal("shape", f"{found.where}: the noise has shape {noise_map.shape}, the data {data.shape}.")


def _noise_factor(noise_header, header, unit, known, pixel_area):
    """The noise is converted by its own BUNIT where it has one, and must end in the unit of the data."""
    factor, name = known
    if unit is not None or noise_header is None or noise_header.text("BUNIT") is None:
        return factor
    noise_factor, noise_name = _unit_of(noise_header, None, pixel_area)
    if noise_name != name:
        raise UnitError(
            f"{noise_header.where}, card BUNIT: the noise is in {noise_name!r}, the data in {name!r}. "
            "Give unit= if a card is wrong."
        )
    return noise_factor
