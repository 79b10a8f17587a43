"""Units of brightness: whatever a file declares becomes a surface brightness per square arcsecond.

A flux per pixel is divided by the pixel's area, another solid angle is converted, the Jansky family becomes
mJy, and counts, contrasts and other fluxes keep their own name.
"""

__all__ = ["calibrated_unit", "surface_brightness_unit"]

import math
import re
import warnings

from ..backend.quantity import carries_unit
from ..errors import UnitError

_ACCEPTED = (
    "'mJy/arcsec^2', 'Jy/pixel', 'MJy/sr', 'adu', 'ADU per coadd', 'DN/s', 'counts', 'electron/s', "
    "'contrast', 'contrast/arcsec2', a flux density such as 'erg/s/cm2/A', or 'arbitrary'"
)
_OWN = ("coadd", "contrast", "arbitrary")
_WORDS = {
    "adu": "adu",
    "dn": "DN",
    "count": "ct",
    "counts": "ct",
    "cts": "ct",
    "coadd": "coadd",
    "coadds": "coadd",
    "e-": "electron",
    "electrons": "electron",
    "photons": "photon",
    "contrast": "contrast",
    "per": "/",
    "px": "pix",
    "pixel": "pix",
    "pixels": "pix",
    "s": "s",
    "sec": "s",
    "second": "s",
    "a": "Angstrom",
    "arbitrary": "arbitrary",
}


def surface_brightness_unit(unit, pixel_area=None, where="unit="):
    """The factor and the unit that turn values into a surface brightness per square arcsecond.

    Parameters
    ----------
    unit : str
        The unit as declared, such as a BUNIT card.
    pixel_area : float, optional
        Area of a pixel in arcsec^2, needed for fluxes per pixel.
    where : str
        What declared it, for the error message.

    Returns
    -------
    factor : float
        What the values are multiplied by.
    unit : str
        The unit afterwards, such as ``"mJy / arcsec2"``; it converts to itself with a factor of 1.

    Raises
    ------
    UnitError
        When the unit is missing, unknown, or no brightness.
    """
    if unit is None or not str(unit).strip():
        raise UnitError(f"{where}: no unit is given. Give unit=, such as {_ACCEPTED}.")
    return _brightness(unit, _parsed([str(unit)], where), pixel_area, where)


def _brightness(unit, parsed, pixel_area, where):
    """What ``surface_brightness_unit`` returns, for a unit that has been read."""
    flux, solid_angle_factor = _split(parsed, unit, where)
    if solid_angle_factor is None:
        if pixel_area is None:
            raise UnitError(
                f"{where}: {unit!r} is a flux per pixel, but one per solid angle is needed, as 'mJy/arcsec2'."
            )
        solid_angle_factor = 1.0 / pixel_area
    scale, name = _flux_name(flux, unit, where)
    factor = parsed.scale * scale * solid_angle_factor
    return (1.0 if math.isclose(factor, 1.0, rel_tol=1e-14) else factor), name


def calibrated_unit(unit, calibration):
    """The factor and the unit of values times a calibration that has a unit itself.

    Parameters
    ----------
    unit : str or None
        The canonical unit of the values, such as ``"adu / (coadd arcsec2)"``.
    calibration : Quantity or str
        Such as ``2.5e-7 * units.mJy / units.adu``, or ``"2.5e-7 mJy coadd / adu"``.

    Returns
    -------
    factor : float
    unit : str
        As ``surface_brightness_unit`` gives them.

    Raises
    ------
    UnitError
        When there is no unit to convert from, the calibration has none, or their product is no brightness.
    """
    if unit is None:
        raise UnitError("the image has no unit, so no calibration can be applied: make it with unit=")
    if carries_unit(calibration):
        number, own = getattr(calibration, "value", None), str(calibration.unit)
    else:
        found = re.fullmatch(r"\s*([-+.\deE]+)\s+(.+)", calibration) if isinstance(calibration, str) else None
        number, own = (found[1], found[2]) if found else (None, "")
    try:
        number = float(number)
    except (TypeError, ValueError):
        number = math.nan
    if not own or not (math.isfinite(number) and number > 0):
        raise UnitError(
            "a calibration is one number above 0 with its unit, such as '2.5e-7 mJy coadd / adu' or a Quantity; "
            f"got {calibration!r}"
        )
    product = f"{unit} times {own}"
    factor, name = _brightness(product, _parsed([unit, own], "the calibration"), None, "the calibration")
    return number * factor, name


def _parsed(texts, where):
    """The astropy unit of a declared text, or the product of those of several."""
    from astropy import units

    text = " times ".join(texts)
    if text.strip().lower() == "bitmap":
        raise UnitError(
            f"{where} says {text.strip()!r}, a wrong value that some GPI files carry: give unit=, for them 'adu/coadd'."
        )
    words = [
        re.sub(r"[A-Za-zµ]+-?(?![0-9A-Za-z])", lambda word: _WORDS.get(word[0].lower(), word[0]), one.strip())
        for one in texts
    ]
    try:
        with units.add_enabled_units([units.def_unit(name) for name in _OWN]), warnings.catch_warnings():
            warnings.simplefilter("ignore", units.UnitsWarning)  # 'a/b/c' is read from left to right
            parsed = math.prod(map(units.Unit, words), start=units.dimensionless_unscaled)
        parsed.bases, parsed.scale  # noqa: B018  logarithmic units have none
    except Exception as error:
        raise UnitError(f"{where}: the unit {text!r} is not understood. Give unit=, such as {_ACCEPTED}.") from error
    return parsed


def _split(parsed, unit, where):
    """The flux part and the factor to arcsec^-2; None instead of a factor for a flux per pixel."""
    from astropy import units

    flux = angle = units.dimensionless_unscaled
    for base, power in zip(parsed.bases, parsed.powers, strict=True):
        if base == units.pix:
            if power not in (-1, -2):
                raise UnitError(f"{where}: {unit!r} is no brightness. Give unit=, such as {_ACCEPTED}.")
        elif base.is_equivalent(units.rad) or base.is_equivalent(units.sr):
            angle = angle * base**power
        else:
            flux = flux * base**power
    if angle == units.dimensionless_unscaled:
        if flux == angle and units.pix not in parsed.bases:
            raise UnitError(f"{where}: {unit!r} is a bare number. Give unit=, such as {_ACCEPTED}.")
        return flux, None
    if units.pix in parsed.bases or not angle.is_equivalent(units.arcsec**-2):
        raise UnitError(f"{where}: {unit!r} is not per solid angle (arcsec2, sr). Give unit=, such as {_ACCEPTED}.")
    return flux, float(angle.to(units.arcsec**-2))


def _flux_name(flux, unit, where):
    """Factor and name of the flux per square arcsecond; anything but counts, contrast or flux is refused."""
    from astropy import units

    if flux.is_equivalent(units.Jy):
        return float(flux.to(units.mJy)), "mJy / arcsec2"
    if flux == units.dimensionless_unscaled:
        return 1.0, "contrast / arcsec2"
    names = {str(base): power for base, power in zip(flux.bases, flux.powers, strict=True)}
    counted = names.keys() & {"adu", "DN", "ct", "electron", "ph", "contrast", "arbitrary"}
    as_counts = len(counted) == 1 and names[min(counted)] == 1 and names.keys() <= counted | {"s", "coadd"}
    as_flux = any(
        flux.is_equivalent(known)
        for known in (units.W / units.m**2, units.W / units.m**3, units.ph / units.s / units.m**2)
    )
    if not as_counts and not as_flux:
        raise UnitError(f"{where}: {unit!r} is neither counts, a contrast nor a flux. Give unit=, such as {_ACCEPTED}.")
    return 1.0, (flux / units.arcsec**2).to_string()
