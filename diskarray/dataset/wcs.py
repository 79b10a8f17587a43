"""From the cards of a header to a Frame2D, and back.

A linear celestial WCS says how arcseconds East and North change with column and row. Its 2x2 matrix, from CD,
from PC and CDELT, or from CDELT and CROTA, is a scale, a turn and perhaps a mirror image; anything else is
refused. The frame is turned or flipped, never the image.
"""

__all__ = [
    "SkyAxes",
    "sky_axes",
    "frame_from_header",
    "product_cards",
    "window_cards",
    "binned_cards",
    "offset_cards",
    "is_offset_header",
]

import math
import re
from dataclasses import dataclass

import numpy as np

from ..backend.quantity import arcsec_per_pixel, plain
from ..structures.frame import Frame2D
from .rules.refusal import refusal

_TOLERANCE = 0.01
_AGREEMENT = 0.1
_OFFSET_AXES = ("EAST", "NORTH")
_CARRIED = (
    r"(CTYPE|CRVAL|CRPIX|CUNIT|CDELT|CROTA)[12]|(CD|PC)[12]_[12]|PV[12]_\d+"
    r"|LONPOLE|LATPOLE|RADESYS|EQUINOX|WCSNAME|(A|B|AP|BP)_(ORDER|\d_\d)"
)
_UNUSED_BESIDE_CD = "CDELT|CROTA"


@dataclass(frozen=True)
class SkyAxes:
    """Scale and orientation of an image's pixels, as in Frame2D."""

    pixel_scale: float
    north_angle: float
    mirrored: bool


def sky_axes(header):
    """Pixel scale and orientation from a header's celestial (or East, North offset) axes.

    Parameters
    ----------
    header : FitsHeader

    Returns
    -------
    SkyAxes or None
        None when the header has no such axes, or gives them no scale.

    Raises
    ------
    DataError
        When its cards contradict each other or describe pixels that are not square. The message names the
        cards.
    """
    rows = _sky_rows(header)
    if rows is None:
        return None
    matrix, cards = _matrix(header, rows)
    if matrix is None:
        return None
    return _decomposed(matrix, f"{header.where}: {cards}")


def frame_from_header(
    header, shape_native, pixel_scale=None, center=None, north_angle=None, mirrored=None, use_wcs=True
):
    """The frame of an image, from its WCS and from what the caller says.

    Parameters
    ----------
    header : FitsHeader
    shape_native : (int, int)
    pixel_scale : float, optional
        Arcsec per pixel; needed without a WCS, and with one it must agree to 1 %.
    center : (float, float) or (str, str), optional
        The star's pixel (y, x), 0-based, or the names of two cards that hold it, in this order (CRPIX cards,
        which count from 1, are brought to 0). Default: the origin of East and North offset axes, else the
        geometric center.
    north_angle, mirrored : float, bool, optional
        Orientation as in Frame2D; default the WCS, else North up and East left. With a WCS they must agree.
    use_wcs : bool
        False ignores the header's WCS altogether.

    Raises
    ------
    DataError
        When the pixel scale is unknown, or the WCS contradicts the caller.
    """
    pixel_scale, north_angle = arcsec_per_pixel(pixel_scale), plain(north_angle, "deg", "north_angle")
    axes = sky_axes(header) if use_wcs else None
    if axes is None and pixel_scale is None:
        raise refusal(
            "scale", f"{header.where}: no celestial WCS (CD, PC or CDELT cards) gives a scale. Give pixel_scale=."
        )
    if axes is not None:
        _check_agreement(header, axes, pixel_scale, north_angle, mirrored)
    known = axes or SkyAxes(pixel_scale, 0.0, False)
    return Frame2D(
        shape_native=shape_native,
        pixel_scale=known.pixel_scale if pixel_scale is None else pixel_scale,
        center=_star_pixel(header, center, use_wcs),
        north_angle=known.north_angle if north_angle is None else north_angle,
        mirrored=known.mirrored if mirrored is None else mirrored,
    )


def product_cards(header):
    """The celestial cards of a 2D product of this image, verbatim, one per line; "" without a usable WCS."""
    rows = _sky_rows(header)
    if rows is None or _matrix(header, rows)[0] is None:
        return ""
    return header.lines(f"(?!{_UNUSED_BESIDE_CD})({_CARRIED})" if _present(header, "CD") else _CARRIED)


def window_cards(cards, first_pixel):
    """The same cards for a window of the image that begins at pixel ``first_pixel`` (row, column)."""
    from astropy.io import fits

    if not cards:
        return ""
    header = fits.Header.fromstring(cards, sep="\n")
    for keyword, first in (("CRPIX2", first_pixel[0]), ("CRPIX1", first_pixel[1])):
        header[keyword] = header.get(keyword, 0.0) - first
    return "\n".join(str(card).rstrip() for card in header.cards)


def binned_cards(cards, factor):
    """The same cards for blocks of ``factor`` pixels; "" where they describe a distortion."""
    from astropy.io import fits

    header = fits.Header.fromstring(cards, sep="\n") if cards else {}
    if not cards or any(re.fullmatch(r"(A|B|AP|BP)_.*", keyword) for keyword in header):
        return ""
    for axis in (1, 2):
        header[f"CRPIX{axis}"] = (header.get(f"CRPIX{axis}", 0.0) - 0.5) / factor + 0.5
    cd = [keyword for keyword in header if re.fullmatch("CD[12]_[12]", keyword)]
    for keyword in cd or ("CDELT1", "CDELT2"):
        header[keyword] = header.get(keyword, 1.0) * factor
    return "\n".join(str(card).rstrip() for card in header.cards)


def is_offset_header(cards):
    """Whether cards are those of axes in arcsec from the star, which a new star pixel would contradict."""
    return any(re.match(rf"CTYPE[12] *= *'{name}", card) for card in cards.split("\n") for name in _OFFSET_AXES)


def offset_cards(frame):
    """Axes in arcsec East and North of the star, one card per line, for an image without a celestial WCS."""
    from astropy.io import fits

    row, column = frame.center
    y, x = frame.sky_from(row + np.array([1.0, 0.0]), column + np.array([0.0, 1.0]))
    header = fits.Header()
    for axis, name in enumerate(_OFFSET_AXES, start=1):
        header[f"CTYPE{axis}"] = (name, f"arcsec {name.title()} of the star")
        header[f"CUNIT{axis}"] = "arcsec"
        header[f"CRVAL{axis}"] = 0.0
        header[f"CRPIX{axis}"] = (frame.center[2 - axis] + 1.0, "the star, counted from 1")
    header["CD1_1"], header["CD1_2"] = 0.0 - x[1], 0.0 - x[0]
    header["CD2_1"], header["CD2_2"] = y[1], y[0]
    return "\n".join(str(card).rstrip() for card in header.cards)


def _sky_rows(header):
    """The world axes (1 or 2) that are East and North; None without celestial axes."""
    types = {axis: (header.text(f"CTYPE{axis}") or "").upper() for axis in range(1, 10)}
    kinds = {axis: name.split("-")[0] for axis, name in types.items() if name}
    for east, north in (("RA", "DEC"), _OFFSET_AXES):
        if {kinds.get(1), kinds.get(2)} == {east, north}:
            return (1, 2) if kinds[1] == east else (2, 1)
    celestial = {"RA", "DEC", "GLON", "GLAT", "ELON", "ELAT", "HLON", "HLAT", "SLON", "SLAT"}
    stray = [f"CTYPE{axis} = {types[axis]!r}" for axis, kind in kinds.items() if kind in celestial]
    if stray:
        raise refusal(
            "wcs",
            f"{header.where}: {', '.join(stray)}: the image's two axes must be RA and DEC. "
            "Correct the cards, or give pixel_scale= with use_wcs=False.",
        )
    return None


def _present(header, kind):
    return [f"{kind}{i}_{j}" for i in (1, 2) for j in (1, 2) if f"{kind}{i}_{j}" in header]


def _matrix(header, rows):
    """Arcsec (East, North) per (column, row), and its cards; (None, "") when no card gives a scale."""
    cd, pc = _present(header, "CD"), _present(header, "PC")
    delta = [k for k in ("CDELT1", "CDELT2") if k in header]
    turn = [k for k in ("CROTA1", "CROTA2") if header.number(k, 0.0) != 0.0]
    if cd and pc or pc and turn:
        clash = (cd or turn) + pc
        raise refusal(
            "wcs",
            f"{header.where}: the cards {', '.join(clash)} contradict each other "
            "(CD, PC and CROTA exclude one another). Remove some, or give pixel_scale= with use_wcs=False.",
        )
    if not (cd or pc or delta):
        return None, ""
    if cd:
        matrix = np.array([[header.number(f"CD{i}_{j}", 0.0) for j in (1, 2)] for i in (1, 2)])
    else:
        scale = np.diag([header.number(f"CDELT{i}", 1.0) for i in (1, 2)])
        matrix = scale @ (_pc_matrix(header) if pc or not turn else _turn_matrix(header, scale, rows))
    return _arcsec(header, matrix)[[rows[0] - 1, rows[1] - 1]], ", ".join(cd or [*delta, *pc, *turn])


def _pc_matrix(header):
    return np.array([[header.number(f"PC{i}_{j}", float(i == j)) for j in (1, 2)] for i in (1, 2)])


def _turn_matrix(header, scale, rows):
    """CROTA of the latitude axis, as Calabretta and Greisen (2002) translate it."""
    east, north = rows[0] - 1, rows[1] - 1
    angle = math.radians(header.number(f"CROTA{rows[1]}", 0.0))
    step_east, step_north = scale[east, east], scale[north, north]
    matrix = np.eye(2) * math.cos(angle)
    if step_east != 0 and step_north != 0:
        matrix[east, north] = -math.sin(angle) * step_north / step_east
        matrix[north, east] = math.sin(angle) * step_east / step_north
    return matrix


def _arcsec(header, matrix):
    from astropy import units

    factors = []
    for axis in (1, 2):
        name = header.text(f"CUNIT{axis}", "deg")
        try:
            factors.append(float(units.Unit(name).to(units.arcsec)))
        except (ValueError, TypeError, units.UnitConversionError) as error:
            raise refusal(
                "wcs", f"{header.where}: card CUNIT{axis} is {name!r}, but an angle such as 'deg' is needed."
            ) from error
    with np.errstate(over="ignore"):  # numbers that large are refused as no matrix
        return matrix * np.array(factors)[:, None]


def _decomposed(matrix, where):
    """Scale, turn and mirror image of arcsec (East, North) per (column, row)."""
    west_north = np.array([[-1.0], [1.0]]) * matrix
    with np.errstate(over="ignore", invalid="ignore"):
        determinant = float(west_north[0, 0] * west_north[1, 1] - west_north[0, 1] * west_north[1, 0])
        per_column, per_row = np.hypot(*west_north)
        area = per_column * per_row
    way_out = "Correct the cards, or give pixel_scale= with use_wcs=False."
    if not np.isfinite([determinant, area]).all() or area == 0 or abs(determinant) < 1e-6 * area:
        raise refusal("wcs", f"{where} make a singular matrix {matrix.tolist()} (arcsec). {way_out}")
    if abs(per_column / per_row - 1) > _TOLERANCE:
        raise refusal("wcs", f"{where} make pixels that are not square: {per_column:g} x {per_row:g} arcsec. {way_out}")
    if abs(float(west_north[:, 0] @ west_north[:, 1])) > _TOLERANCE * area:
        raise refusal("wcs", f"{where} make axes that are not at right angles: {matrix.tolist()} (arcsec). {way_out}")
    mirrored = determinant < 0
    turned = west_north * np.array([-1.0, 1.0]) if mirrored else west_north
    angle = math.degrees(math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1]))
    return SkyAxes(math.sqrt(abs(determinant)), angle if mirrored else -angle, mirrored)


def _check_agreement(header, axes, pixel_scale, north_angle, mirrored):
    way_out = "Leave it out, or ignore the WCS with use_wcs=False."
    if pixel_scale is not None and abs(pixel_scale / axes.pixel_scale - 1) > _TOLERANCE:
        raise refusal(
            "wcs",
            f"{header.where}: pixel_scale={pixel_scale:g} arcsec contradicts {axes.pixel_scale:g} arcsec "
            f"of the WCS. {way_out}",
        )
    if north_angle is not None and abs((north_angle - axes.north_angle + 180.0) % 360.0 - 180.0) > _AGREEMENT:
        raise refusal(
            "wcs",
            f"{header.where}: north_angle={north_angle:g} deg contradicts {axes.north_angle:g} deg "
            f"of the WCS. {way_out}",
        )
    if mirrored is not None and bool(mirrored) != axes.mirrored:
        raise refusal("wcs", f"{header.where}: mirrored={mirrored} contradicts {axes.mirrored} of the WCS. {way_out}")


def _star_pixel(header, center, use_wcs):
    """The star's pixel (y, x), 0-based, or None for the geometric center."""
    if center is None:
        offsets = use_wcs and {header.text("CTYPE1"), header.text("CTYPE2")} == set(_OFFSET_AXES)
        if not offsets or header.number("CRVAL1", 0.0) or header.number("CRVAL2", 0.0):
            return None
        center = ("CRPIX2", "CRPIX1")
    pair = tuple(center)
    if len(pair) != 2:
        raise refusal("star", f"center= takes two numbers or two card names, (y, x), got {center!r}.")
    return tuple(_star_coordinate(header, c) if isinstance(c, str) else float(c) for c in pair)


def _star_coordinate(header, keyword):
    value = header.number(keyword)
    if value is None:
        raise refusal(
            "star", f"{header.where}: no card {keyword} holds the star's position. Give center=(y, x) in pixels."
        )
    return value - 1.0 if keyword.upper().startswith("CRPIX") else value
