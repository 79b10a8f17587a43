"""Rules on where the pixels lie: scale, star and orientation, and whether everything that says so agrees."""

__all__ = [
    "pixel_scale",
    "star_inside",
    "star_peak",
    "star_wcs",
    "unit_missing",
    "wcs_frame",
    "wcs_missing",
    "wcs_mirrored",
]

import numpy as np

from ...errors import DataError, ParameterError
from ...files.fits import FitsHeader
from ...optics.centroid import centroid_of
from ..wcs import is_offset_header, sky_axes
from .finding import ERROR, INFO, WARNING, Finding

_SMALLEST, _LARGEST = 1e-3, 1.0  # arcsec per pixel
_SCALE_TOLERANCE, _ANGLE_TOLERANCE = 0.01, 0.1
_STAR_TOLERANCE = 1.0  # pixels
_PEAK_SIGMA, _PEAK_REACH = 50.0, 6


def unit_missing(imaging, psf):
    """Data of unknown unit."""
    if imaging.unit is None:
        yield Finding(
            WARNING,
            "unit_missing",
            "The image has no unit.",
            "Give unit=, so that fluxes mean something and contradictions are found.",
        )


def pixel_scale(imaging, psf):
    """A scale that no instrument has, as one in the wrong unit."""
    scale = imaging.frame.pixel_scale
    if not _SMALLEST <= scale <= _LARGEST:
        yield Finding(
            WARNING,
            "pixel_scale",
            f"The pixel scale is {scale:g} arcsec.",
            "It is in arcsec, not in mas or degrees: check it.",
        )


def star_inside(imaging, psf):
    """A star that is not on the image."""
    center, shape = imaging.frame.center, imaging.frame.shape_native
    if not all(-0.5 <= c <= n - 0.5 for c, n in zip(center, shape, strict=True)):
        yield Finding(
            ERROR,
            "star_inside",
            f"The star's pixel (y, x) = ({center[0]:.2f}, {center[1]:.2f}) is outside the image of "
            f"{shape[0]} x {shape[1]} pixels.",
            "Give center=(y, x), 0-based, row before column.",
        )


def star_peak(imaging, psf):
    """A bright point near the star's pixel, but not on it."""
    row, column = (round(c) for c in imaging.frame.center)
    window = tuple(slice(max(0, k - _PEAK_REACH), max(0, k + _PEAK_REACH + 1)) for k in (row, column))
    excluded, data = imaging.mask.array[window], imaging.data.array[window]
    if not data.size or excluded.any() or np.max(data / imaging.noise_map.array[window]) < _PEAK_SIGMA:
        return
    if data.max() < imaging.data.array.max():
        return
    try:
        found = np.array(centroid_of(data - np.median(data))) + [window[0].start, window[1].start]
    except ParameterError:
        return
    off = float(np.hypot(*(found - imaging.frame.center)))
    if off > _STAR_TOLERANCE:
        yield Finding(
            WARNING,
            "star_peak",
            f"The image peaks at pixel (y, x) = ({found[0]:.2f}, {found[1]:.2f}), {off:.1f} pixels from the star's.",
            "If that is the star, give it as center=(y, x) (preprocess: recenter).",
        )


def star_wcs(imaging, psf):
    """A star away from the reference pixel of the WCS, where reductions put it as a rule."""
    cards = _cards(imaging)
    if cards is None or "CRPIX1" not in cards or "CRPIX2" not in cards:
        return
    reference = [cards.number(keyword) - 1.0 for keyword in ("CRPIX2", "CRPIX1")]
    inside = all(0 <= c <= n - 1 for c, n in zip(reference, imaging.frame.shape_native, strict=True))
    off = float(np.hypot(*(np.array(reference) - imaging.frame.center)))
    if off > _STAR_TOLERANCE and (inside or is_offset_header(imaging.header)):
        yield Finding(
            WARNING if is_offset_header(imaging.header) else INFO,
            "star_wcs",
            f"The WCS refers to pixel (y, x) = ({reference[0]:.2f}, {reference[1]:.2f}), "
            f"{off:.1f} pixels from the star's.",
            "Many reductions put the star there: check center=, or give center=('CRPIX2', 'CRPIX1').",
        )


def wcs_missing(imaging, psf):
    """No WCS: North is up because nobody says otherwise."""
    if not imaging.header:
        angle = imaging.frame.north_angle
        yield Finding(
            INFO,
            "wcs_missing",
            f"No WCS: North is taken to be {angle:g} degrees from the image's +y axis"
            f"{', mirrored' if imaging.frame.mirrored else ''}.",
            "Check that the image is oriented so; position angles depend on it.",
        )


def wcs_mirrored(imaging, psf):
    """East clockwise of North."""
    if imaging.header and imaging.frame.mirrored:
        yield Finding(
            INFO,
            "wcs_mirrored",
            "The sky is mirrored: East is clockwise of North, by the WCS.",
            "Check that the signs of its matrix are meant.",
        )


def wcs_frame(imaging, psf):
    """A WCS that says otherwise than the frame that models are made on."""
    advice = "Correct the cards, or leave out what contradicts them."
    try:
        cards = _cards(imaging)
        axes = None if cards is None else sky_axes(cards)
    except DataError as error:
        yield Finding(ERROR, "wcs_frame", str(error), advice)
        return
    if axes is None:
        return
    frame = imaging.frame
    turn = (axes.north_angle - frame.north_angle + 180.0) % 360.0 - 180.0
    contradictions = [
        f"pixels of {axes.pixel_scale:g} arcsec, not {frame.pixel_scale:g}"
        if abs(axes.pixel_scale / frame.pixel_scale - 1) > _SCALE_TOLERANCE
        else "",
        f"North at {axes.north_angle:g} degrees, not {frame.north_angle:g}" if abs(turn) > _ANGLE_TOLERANCE else "",
        f"a {'mirrored' if axes.mirrored else 'plain'} sky" if axes.mirrored != frame.mirrored else "",
    ]
    if any(contradictions):
        yield Finding(
            ERROR, "wcs_frame", f"The WCS says {' and '.join(filter(None, contradictions))}, as the frame has.", advice
        )


def _cards(imaging):
    from astropy.io import fits

    if not imaging.header:
        return None
    return FitsHeader(fits.Header.fromstring(imaging.header, sep="\n"), imaging.source or "the image", "its cards")
