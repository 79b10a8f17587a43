"""Numbers that carry a unit (astropy quantities), brought to plain numbers at the door; exactly or not at all.

A quantity is recognized by its attributes; astropy is imported once one is there, by which time it is loaded.
"""

__all__ = ["arcsec_per_pixel", "carries_unit", "plain"]

import numpy as np

from ..errors import UnitError


def carries_unit(value):
    """Whether a value has a unit of any kind."""
    return hasattr(value, "unit") or hasattr(value, "units")


def plain(value, unit, what):
    """The number(s) of a value in a unit. A value without one is returned as it is: it is in that unit by convention.

    Parameters
    ----------
    value
        A number, an array, an astropy Quantity, or a list of these.
    unit : str
        Such as ``"au"``; ``""`` for a pure number.
    what : str
        What the value is, for the error message.

    Raises
    ------
    UnitError
        If the value's unit does not convert to that one, or the value is of a kind whose unit is not understood.
    """
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)):
        if not any(isinstance(v, (list, tuple)) or carries_unit(v) for v in value):
            return value
        return type(value)(plain(v, unit, what) for v in value) if type(value) in (list, tuple) else value
    if not carries_unit(value):
        return value
    if not hasattr(value, "to_value"):
        raise UnitError(
            f"{what}: the unit of a {type(value).__name__} is not understood: give an astropy Quantity or "
            f"{'a pure number' if not unit else f'a plain number in {unit}'}"
        )
    return _converted(value, unit, what)


def arcsec_per_pixel(value, what="pixel_scale"):
    """A pixel scale as a plain number of arcsec; quantities are angles, or angles per pixel."""
    if not carries_unit(value) or "pix" not in str(getattr(value, "unit", "")):
        return plain(value, "arcsec", what)
    return plain(value, "arcsec / pix", what)


def _converted(value, unit, what):
    from astropy import units

    if np.any(getattr(value, "mask", False)):
        raise UnitError(f"{what}: a masked quantity holds no number where it is masked; give a plain one")
    value = getattr(value, "unmasked", value)
    try:
        wanted = units.Unit(unit)
        factor = float(value.unit.to(wanted)) if isinstance(value.unit, units.UnitBase) else None
        number = value.to_value(wanted) if factor is None else _scaled(value.value, factor)
    except (units.UnitsError, TypeError, ValueError) as error:
        known = f"converted to {unit}" if unit else "a pure number"
        raise UnitError(f"{what} is given in {str(value.unit) or 'no unit'}, which cannot be {known}") from error
    return float(number) if np.ndim(number) == 0 and np.isrealobj(number) else number


def _scaled(number, factor):
    """Times the factor; where it or its inverse is a whole number, that one exactly: 54 mas are 0.054 arcsec."""
    whole = round(max(abs(factor), 1 / abs(factor)))
    if abs(factor * whole - 1) < 1e-12:
        return number / whole
    return number * (whole if abs(factor / whole - 1) < 1e-12 else factor)
