"""Tables of published geometries: name, radius, inclination, position angle, distance.

That of Esposito et al. (2020, AJ 160, 24) comes with GRaTeR-JAX.

Such a table gives the axis of a disk. Which of the two sides along the minor axis is the near one it does not say in a
way that holds for every row: of the 19 disks that GRaTeR-JAX's authors fitted, they had turned eleven by 180 degrees.
"""

__all__ = ["from_esposito", "to_esposito"]

from types import MappingProxyType

from ..backend.pytree import replace
from ..errors import ParameterError, nearest
from ..model.disk import Disk
from .shared import read, real

_ROW = MappingProxyType(
    {
        "Name": None,
        "Radius": None,
        "Inclination": None,
        "Position Angle": None,
        "Distance": None,
        "Near Side": None,
    }
)
_COMPASS = MappingProxyType(
    {
        name: 22.5 * k
        for k, name in enumerate(
            ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
        )
    }
)
_UNDECIDED = 10.0  # degrees; a direction as close as this to the major axis does not tell the sides apart


def from_esposito(row, near_side=None, like=None):
    """The disk of one row of a table, as ``csv.DictReader`` gives it.

    Parameters
    ----------
    row : dict
        "Radius" in au, "Inclination" and "Position Angle" in degrees, "Distance" in pc, as numbers or text; spaces
        around names and values do not matter. "Name" is not used; "Near Side" may stand for the next argument.
    near_side : float or str
        Direction of the disk's near side, degrees East of North or a point of the compass such as "NW"; the closer end
        of the minor axis is taken.
    like : Disk, optional
        Where everything that is not in the table comes from; default ``Disk()``.

    Returns
    -------
    Disk

    Raises
    ------
    ParameterError
        If a column is missing or unknown, or it is not said which side is near.
    """
    owner = "a table's row"
    given = {str(name).strip(): _stripped(value) for name, value in row.items()} if hasattr(row, "items") else row
    values = read(given, _ROW, owner)
    radius, inclination, axis, distance = (
        _number(values, name, owner) for name in ("Radius", "Inclination", "Position Angle", "Distance")
    )
    side = values["Near Side"] if near_side is None else near_side
    position_angle = _axis_end(axis, side)
    disk = replace(Disk() if like is None else like, "density.radius", radius)
    for name, value in (("inclination", inclination), ("position_angle", position_angle), ("distance", distance)):
        disk = replace(disk, name, value)
    return disk


def to_esposito(disk, name=""):
    """A disk as a row of such a table, its position angle below 180 degrees and its near side said.

    Parameters
    ----------
    disk : Disk
        Its density needs a ``radius``; everything else that the table has no column for is left out.
    name : str
        For the first column.

    Returns
    -------
    dict
    """
    radius = getattr(disk.density, "radius", None)
    if radius is None:
        raise ParameterError(f"a table's row needs a density with a radius, got {type(disk.density).__name__}")
    turn = -90.0 if disk.inclination <= 90.0 else 90.0
    return {
        "Name": name,
        "Radius": radius,
        "Inclination": min(disk.inclination, 180.0 - disk.inclination),
        "Position Angle": disk.position_angle % 180.0,
        "Distance": disk.distance,
        "Near Side": (disk.position_angle + turn) % 360.0,
    }


def _stripped(value):
    return value.strip() if isinstance(value, str) else value


def _number(values, name, owner):
    if values[name] in (None, ""):
        raise ParameterError(f"{owner} has no {name!r}")
    try:
        value = float(values[name])
    except (TypeError, ValueError):
        raise ParameterError(f"{owner}: {name!r} must be a number, got {values[name]!r}") from None
    return real({name: value}, name, owner)


def _axis_end(axis, side):
    """The end of the major axis for which the near side is at position angle - 90."""
    ends = (axis % 360.0, (axis + 180.0) % 360.0)
    if side is None:
        raise ParameterError(
            "a table does not say which side of a disk is near: give near_side, "
            + " or ".join(f"{(end - 90.0) % 360.0:g} for a position angle of {end:g}" for end in ends)
            + " (degrees East of North, or a point of the compass)"
        )
    direction = _direction(side)
    first, second = (abs((end - 90.0 - direction + 180.0) % 360.0 - 180.0) for end in ends)
    if abs(first - second) < 2 * _UNDECIDED:
        raise ParameterError(f"near_side = {side!r} is along the major axis at {ends[0]:g} degrees: which side is it?")
    return ends[0] if first < second else ends[1]


def _direction(side):
    if not isinstance(side, str):
        return real({"near_side": side}, "near_side", "from_esposito")
    if side.upper() in _COMPASS:
        return _COMPASS[side.upper()]
    try:
        return float(side)
    except ValueError:
        raise ParameterError(f"near_side = {side!r} is no point of the compass; {nearest(side, _COMPASS)}") from None
