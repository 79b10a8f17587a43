"""Reader of JWST's calibrated products: resampled images (``i2d``), and stacks of integrations (``calints``, ``cal``).

SCI and ERR are in MJy/sr. Integrations are averaged, pixel by pixel over those that are good there, and so are their
errors, as independent ones: ERR holds photon and read noise, not the residual speckles of a coronagraph.
"""

__all__ = ["read_jwst"]

import math
import warnings
from typing import Literal

import numpy as np

from ...errors import DataError, ParameterError
from ...files.fits import list_images, read_cube, read_header
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli, NoiseFromFile
from ..rules.refusal import refusal
from ..wcs import frame_from_header, sky_axes
from .common import imaging_from, outside_annulus

DO_NOT_USE = 1
"""The DQ bit of a pixel that must not be used."""

_AREA_TOLERANCE = 0.05


def read_jwst(
    path,
    *,
    integration: int | None = None,
    noise: NoiseFromFile | NoiseFromAnnuli | None = None,
    bad_bits: int = DO_NOT_USE,
    observable: Literal["total", "Q", "U", "Q_phi", "U_phi"] = "total",
    inner_pixels: float = 0.0,
    outer_pixels: float | None = None,
    unit: str | None = None,
    pixel_scale: float | None = None,
    north_angle: float | None = None,
    mirrored: bool | None = None,
    use_wcs: bool = True,
    center: tuple[float, float] | tuple[str, str] | None = None,
    crop: int | None = None,
) -> Imaging:
    """Read a JWST image with its errors.

    Parameters
    ----------
    path
        A FITS file with SCI and ERR of shape (ny, nx) or (integrations, ny, nx), and a DQ of that shape or none.
    integration : int, optional
        One integration alone, 0-based; default the mean of all.
    noise : NoiseFromFile or NoiseFromAnnuli, optional
        In place of ERR.
    bad_bits : int
        Bits of DQ that exclude a pixel, summed; 1 is DO_NOT_USE, 5 is that and JUMP_DET, 0 excludes none.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}
        What the image shows.
    inner_pixels, outer_pixels : float, optional
        Pixels with ``inner < r < outer`` count, r from the star; 0 and none by default, which excludes no pixel.
    unit : str, optional
        Default the BUNIT card, MJy/sr.
    pixel_scale, north_angle, mirrored, use_wcs
        As in ``Imaging.from_fits``: default the WCS; where there is none, the scale is that of the card PIXAR_A2 or
        PIXAR_SR, with which a WCS must agree to 5 % in area.
    center : (float, float) or (str, str), optional
        The star's pixel (y, x), 0-based, or two cards such as ("CRPIX2", "CRPIX1"); default where the WCS puts the
        target (TARG_RA, TARG_DEC), which is good to the pointing, about a pixel.
    crop : int, optional
        Half width in pixels around the star's pixel.

    Returns
    -------
    Imaging

    Raises
    ------
    DataError
        When there is no SCI or ERR, their shapes differ, the star's pixel is not known, or scale and area disagree.
    """
    names = {name for _, name, _ in list_images(path)}
    science, header = read_cube(path, "SCI")
    error, error_header = read_cube(path, "ERR") if noise is None or science.ndim > 2 else (None, header)
    flags = read_cube(path, "DQ")[0] if "DQ" in names and bad_bits else None
    for extra, name in ((error, "ERR"), (flags, "DQ")):
        if extra is not None and extra.shape != science.shape:
            raise refusal("shape", f"{path}, HDU {name} has shape {extra.shape}, {header.where} {science.shape}.")
    data, deviation = _combined(science, error, _bad(flags, bad_bits), integration, header.where)
    axes = sky_axes(header) if use_wcs else None
    scale = _scale_of_area(header)
    if axes is None:
        pixel_scale = scale if pixel_scale is None else pixel_scale
    elif scale is not None and abs((scale / axes.pixel_scale) ** 2 - 1) > _AREA_TOLERANCE:
        raise refusal(
            "scale",
            f"{header.where}: the WCS has pixels of {axes.pixel_scale:g} arcsec, PIXAR_A2 or PIXAR_SR of {scale:g}. "
            "Correct the cards, or give pixel_scale= with use_wcs=False.",
        )
    placing = {
        "pixel_scale": pixel_scale,
        "center": _target(path, header, axes) if center is None else center,
        "north_angle": north_angle,
        "mirrored": mirrored,
        "use_wcs": use_wcs,
    }
    if error_header.text("BUNIT", header.text("BUNIT")) != header.text("BUNIT"):
        raise DataError(
            f"{error_header.where}, card BUNIT: the errors are in {error_header.text('BUNIT')!r}, the data in "
            f"{header.text('BUNIT')!r}. Give unit= with noise=NoiseFromFile(extension='ERR') if a card is wrong."
        )
    frame = frame_from_header(header, data.shape, **placing)
    masked = inner_pixels > 0 or outer_pixels is not None
    return imaging_from(
        path,
        data,
        header,
        noise=deviation if noise is None else noise,
        extension="SCI",
        plane=None,
        unit=unit,
        observable=observable,
        mask=outside_annulus(frame, inner_pixels, outer_pixels) if masked else None,
        crop=crop,
        placing=placing,
    )


def _bad(flags, bad_bits):
    if flags is None:
        return None
    if isinstance(bad_bits, bool) or not isinstance(bad_bits, (int, np.integer)) or not 0 <= bad_bits < 2**32:
        raise ParameterError(f"bad_bits is a whole number, the sum of bits of DQ, got {bad_bits!r}")
    whole = np.where(np.isfinite(flags) & (flags >= 0) & (flags < 2**32), flags, 1).astype(np.uint64)
    return (whole & np.uint64(bad_bits)) != 0


def _combined(science, error, bad, integration, where):
    """The mean over the good integrations of each pixel and its error; NaN where none is good."""
    if science.ndim == 2 and integration is not None:
        raise ParameterError(f"{where} is one image: leave integration= out")
    if science.ndim == 2 and error is None:
        return (science if bad is None else np.where(bad, np.nan, science)), None
    if science.ndim == 2:
        science, error, bad = science[None], error[None], None if bad is None else bad[None]
    if science.ndim != 3:
        raise DataError(
            f"{where} has shape {science.shape}; SCI of a JWST image is (ny, nx) or (integrations, ny, nx)."
        )
    if integration is not None:
        if isinstance(integration, bool) or not 0 <= integration < science.shape[0]:
            raise ParameterError(f"{where} has integrations 0 to {science.shape[0] - 1}, got {integration!r}")
        keep = slice(integration, integration + 1)
        science, error, bad = science[keep], error[keep], None if bad is None else bad[keep]
    good = np.isfinite(science) & np.isfinite(error) & (error > 0)
    good = good if bad is None else good & ~bad
    count = good.sum(axis=0)
    number = np.where(count > 0, count, np.nan)
    data = np.where(good, science, 0.0).sum(axis=0) / number
    return data, np.sqrt((np.where(good, error, 0.0) ** 2).sum(axis=0)) / number


def _scale_of_area(header):
    """Arcsec per pixel from the card of the pixel's area, or None."""
    area = header.number("PIXAR_A2")
    if area is None and header.number("PIXAR_SR") is not None:
        area = header.number("PIXAR_SR") * math.degrees(3600.0) ** 2
    if area is not None and not area > 0:
        raise refusal("scale", f"{header.where}: the card PIXAR_A2 or PIXAR_SR is {area:g}, but an area is needed.")
    return None if area is None else math.sqrt(area)


def _target(path, header, axes):
    """The pixel (y, x) of the target by the WCS."""
    primary = read_header(path, 0)
    place = [primary.number(card) for card in ("TARG_RA", "TARG_DEC")]
    if axes is None or None in place:
        raise refusal(
            "star",
            f"{header.where}: no WCS with TARG_RA and TARG_DEC says where the star is. Give center=(y, x) in pixels.",
        )
    from astropy.wcs import WCS

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            x, y = (float(v) for v in WCS(header.cards).celestial.all_world2pix(*place, 0))
        except Exception as error:  # wcslib has a type for every mishap
            x = y = math.nan
            failure = error
        else:
            failure = None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise refusal(
            "star",
            f"{header.where}: its WCS has no pixel for the target, TARG_RA, TARG_DEC = {place}. "
            "Give center=(y, x) in pixels.",
        ) from failure
    return y, x
