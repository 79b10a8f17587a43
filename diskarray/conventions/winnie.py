"""Winnie's ring models (winnie.modeling): GRaTeR rings with two Henyey-Greenstein phase functions, through VIP.

Winnie hands position angle - 180 to VIP: its near side is at position angle + 90. ``h0`` is the height over the
radius, ``omega`` points to the apocenter, and ``cent`` is the star's (x, y).
"""

__all__ = ["disks_from_winnie", "from_winnie", "grid_from_winnie", "to_winnie"]

from types import MappingProxyType

from ..errors import ParameterError, UnitError, nearest
from .shared import read, real, unused
from .vip import from_vip, grid_from_vip, to_vip

_OWNER = "Winnie's ring"
_RING = MappingProxyType(
    {
        "r0": None,
        "h0": None,
        "ain": None,
        "aout": None,
        "pa": None,
        "incl": None,
        "g1": None,
        "g2": None,
        "wg1": None,
        "e": 0.0,
        "omega": 0.0,
        "gamma": 2.0,
        "beta": 1.0,
        "xdo": 0.0,
        "ydo": 0.0,
        "flux_max": None,
        "F": 1.0,
    }
)
_COMMON = MappingProxyType(
    {
        "cent": (160.0, 160.0),
        "distance": 10.0,
        "nx": 320,
        "ny": 320,
        "pxscale": 0.063,
        "polar": False,
        "accuracy": None,
        "rmax_accuracy": None,
        "halfNbSlices": 25,
        "return_object": False,
        "return_components": False,
    }
)
_ALLOWED = MappingProxyType(
    {
        "flux_max": (None, "leave it out and multiply the image by flux_max / its maximum"),
    }
)


def from_winnie(parameters):
    """The disk of ``grater_2hg_disk_model``, or of one ring of ``grater_nring_2hg_disk_model`` with its ``F``.

    Parameters
    ----------
    parameters : dict
        Its arguments; those that describe pixels go to ``grid_from_winnie``. ``accuracy``, ``rmax_accuracy``,
        ``halfNbSlices`` and ``return_object`` have no counterpart.

    Returns
    -------
    Disk
        Its image times the pixel's area is Winnie's image. The pixel that holds the star is not the same: Winnie
        takes the mean over the pixel, with the distance from the star kept above half a pixel.

    Raises
    ------
    ParameterError
        If Winnie has no such parameter, one without a default is missing, or a value is outside its physical range.
    """
    values = read(parameters, {**_RING, **_COMMON}, _OWNER)
    unused(values, _ALLOWED, _OWNER)
    missing = [name for name in _RING if values[name] is None and name != "flux_max"]
    if missing:
        raise ParameterError(f"{_OWNER} needs {', '.join(missing)}: they have no default")
    numbers = {name: real(values, name, _OWNER) for name in (*_RING, "distance") if name != "flux_max"}
    dust = {
        "name": "2PowerLaws",
        "a": numbers["r0"],
        "ksi0": numbers["h0"] * numbers["r0"],
        "dens_at_r0": numbers["F"],
        **{name: numbers[name] for name in ("ain", "aout", "e", "gamma", "beta")},
    }
    spf = {
        "name": "DoubleHG",
        "g": [numbers["g1"], numbers["g2"]],
        "weight": numbers["wg1"],
        "polar": values["polar"],
    }
    return from_vip(
        {
            "itilt": numbers["incl"],
            "pa": numbers["pa"] - 180.0,
            "density_dico": dust,
            "spf_dico": spf,
            **{name: numbers[name] for name in ("distance", "omega", "xdo", "ydo")},
        }
    )


def disks_from_winnie(parameters):
    """The rings of ``grater_nring_2hg_disk_model``, by name, for ``Scene(disks=...)``.

    Parameters
    ----------
    parameters : dict
        Names with the ring's number behind them (``r0_1``, ``F_2``), and those common to all rings without one.

    Returns
    -------
    dict
        ``ring_1``, ``ring_2``, ... -> Disk.
    """
    common = {name: value for name, value in parameters.items() if name in _COMMON}
    rings = {}
    for name, value in parameters.items():
        stem, _, number = name.rpartition("_")
        if name in _COMMON:
            continue
        if stem not in _RING or not number.isdecimal():
            known = [*_COMMON, *(f"{own}_1" for own in _RING)]
            raise ParameterError(f"Winnie's rings have no parameter {name!r}: {nearest(name, known)}")
        rings.setdefault(int(number), {})[stem] = value
    if not rings or sorted(rings) != list(range(1, len(rings) + 1)):
        raise ParameterError(f"Winnie's rings are numbered 1, 2, 3 ... as in r0_1; got the numbers {sorted(rings)}")
    return {f"ring_{number}": from_winnie({**common, **rings[number]}) for number in sorted(rings)}


def grid_from_winnie(parameters):
    """The pixels that Winnie renders, as a Grid2D with the star on pixel ``cent`` = (x, y).

    Parameters
    ----------
    parameters : dict
        As for ``from_winnie`` or ``disks_from_winnie``; ``pxscale`` in arcsec, or an astropy quantity per pixel.
    """
    values = {**_COMMON, **{name: value for name, value in parameters.items() if name in _COMMON}}
    try:
        xs, ys = (float(value) for value in values["cent"])
    except (TypeError, ValueError):
        raise ParameterError(f"Winnie's cent is the star's pixel (x, y), got {values['cent']!r}") from None
    pixels = {name: values[name] for name in ("nx", "ny")}
    return grid_from_vip({**pixels, "pxInArcsec": _arcsec(values["pxscale"]), "xs": xs, "ys": ys})


def to_winnie(disk, grid=None, ring=None):
    """A disk as the arguments of ``grater_2hg_disk_model`` and its brightness ``F``.

    Parameters
    ----------
    disk : Disk
        With a TwoPowerLaw, and one or two Henyey-Greenstein functions, unpolarized or Rayleigh-polarized.
    grid : Grid2D, optional
        A north-up one; adds Winnie's names for the pixels and the star's place on them.
    ring : int, optional
        Number to put behind the ring's names, as ``grater_nring_2hg_disk_model`` wants them. That function alone
        knows ``F``: take it out for the other one.

    Returns
    -------
    dict
    """
    arguments = to_vip(disk, grid)
    dust, spf = arguments["density_dico"], arguments["spf_dico"]
    if dust["amin"]:
        raise ParameterError(f"Winnie has no inner edge of the dust, got {dust['amin']} au")
    if spf["name"] not in ("HG", "DoubleHG") or "polar_polynom_coeff" in spf:
        raise ParameterError("Winnie has one or two Henyey-Greenstein functions, unpolarized or Rayleigh-polarized")
    (g1, g2), weight = (spf["g"], spf["weight"]) if spf["name"] == "DoubleHG" else ((spf["g"], 0.0), 1.0)
    own = {
        "r0": dust["a"],
        "h0": dust["ksi0"] / dust["a"],
        "pa": arguments["pa"] + 180.0,
        "incl": arguments["itilt"],
        "g1": g1,
        "g2": g2,
        "wg1": weight,
        "F": dust["dens_at_r0"],
        **{name: dust[name] for name in ("ain", "aout", "e", "gamma", "beta")},
        **{name: arguments[name] for name in ("omega", "xdo", "ydo")},
    }
    own = own if ring is None else {f"{name}_{ring}": value for name, value in own.items()}
    own |= {"distance": arguments["distance"], "polar": spf["polar"]}
    if grid is not None:
        own |= {
            "nx": arguments["nx"],
            "ny": arguments["ny"],
            "pxscale": arguments["pxInArcsec"],
            "cent": (arguments["xs"], arguments["ys"]),
        }
    return own


def _arcsec(value):
    """Arcsec per pixel from a plain number or an astropy quantity."""
    if not hasattr(value, "to_value"):
        return value
    from astropy import units

    for unit in (units.arcsec / units.pixel, units.arcsec):
        if value.unit.is_equivalent(unit):
            return float(value.to_value(unit))
    raise UnitError(f"Winnie's pxscale is an angle per pixel, got {value!r}")
