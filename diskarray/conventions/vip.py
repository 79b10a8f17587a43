"""VIP's ScatteredLightDisk (vip_hci.fm, version 2.1.1): its constructor's arguments as a dictionary.

A VIP pixel is the surface brightness times the pixel's area, for an optical depth of
2 ksi0 Gamma(1 + 1/gamma) dens_at_r0. Its ``omega`` points to the apocenter: the ring is at
p / (1 - e cos(theta - omega)).
"""

__all__ = ["from_vip", "grid_from_vip", "to_vip"]

from types import MappingProxyType

from ..errors import ParameterError
from ..model.disk import Disk
from ..profiles.density import TwoPowerLaw
from .edge import with_edge, without_edge
from .phase_functions import from_spf, to_spf
from .shared import density_parts, folded, grid_from, opposite, pixels_of, read, real, unused

# what VIP takes when a name is absent: not always what its documentation says
_ABSENT_DENSITY = MappingProxyType(
    {
        "name": None,
        "ain": 5.0,
        "aout": -5.0,
        "a": 60.0,
        "e": 0.0,
        "ksi0": 1.0,
        "gamma": 1.0,
        "beta": 1.0,
        "amin": 0.0,
        "dens_at_r0": 1.0,
    }
)
_NO_DENSITY = MappingProxyType({"name": "2PowerLaws", "a": 40.0, "gamma": 2.0})  # without any density_dico
_NO_SPF = MappingProxyType({"name": "HG", "g": 0.0, "polar": False})
_ABSENT = MappingProxyType(
    {
        "nx": 200,
        "ny": 200,
        "distance": 50.0,
        "itilt": 60.0,
        "omega": 0.0,
        "pxInArcsec": 0.01225,
        "pa": 0.0,
        "flux_max": None,
        "density_dico": _NO_DENSITY,
        "spf_dico": _NO_SPF,
        "xdo": 0.0,
        "ydo": 0.0,
        "xs": None,
        "ys": None,
    }
)
_ALLOWED = MappingProxyType(
    {
        "flux_max": (None, "leave it out and multiply the image by flux_max / its maximum"),
    }
)


def from_vip(parameters):
    """The disk that VIP renders, without its truncation of the dust, its limit on the inclination and its other clamps.

    Parameters
    ----------
    parameters : dict
        Arguments of ``ScatteredLightDisk``. Absent names take VIP's defaults: ``gamma`` is 1 in a ``density_dico``
        without it (though documented as 2), ``a`` is 60 au in one without it and 40 au without a ``density_dico``.
        Those that describe pixels go to ``grid_from_vip``.

    Returns
    -------
    Disk
        Its image times the pixel's area is VIP's image, outside the pixels VIP blanks: those within the ring's offset
        plus one pixel of the star.

    Raises
    ------
    ParameterError
        If VIP has no such parameter, or it has no counterpart, or a value is outside its physical range.
    """
    owner = "VIP's ScatteredLightDisk"
    values = read(parameters, _ABSENT, owner)
    unused(values, _ALLOWED, owner)
    geometry = {name: real(values, name, owner) for name in ("itilt", "omega", "pa", "distance", "xdo", "ydo")}
    owner = "VIP's density_dico"
    dust = read(values["density_dico"], _ABSENT_DENSITY, owner)
    if dust["name"] != "2PowerLaws":
        raise ParameterError(f"{owner}: the name of the density is '2PowerLaws', got {dust['name']!r}")
    dust = {name: real(dust, name, owner) for name in dust if name != "name"}
    inclination, position_angle, pericenter, offset = folded(
        geometry["itilt"], geometry["pa"], opposite(geometry["omega"]), (geometry["xdo"], geometry["ydo"])
    )
    density = TwoPowerLaw(
        radius=dust["a"],
        alpha_in=dust["ain"],
        alpha_out=dust["aout"],
        scale_height=dust["ksi0"],
        gamma=dust["gamma"],
        beta=dust["beta"],
        eccentricity=dust["e"],
        argument_of_pericenter=pericenter,
    )
    phase_function, scale = from_spf(values["spf_dico"], "VIP's spf_dico")
    return Disk(
        density=with_edge(density, dust["amin"]),
        phase_function=phase_function,
        inclination=inclination,
        position_angle=position_angle,
        distance=geometry["distance"],
        offset_x=offset[0],
        offset_y=offset[1],
        optical_depth=scale * dust["dens_at_r0"] * density.vertical_column(),
    )


def grid_from_vip(parameters):
    """The pixels that VIP renders, as a Grid2D.

    Parameters
    ----------
    parameters : dict
        As for ``from_vip``. Without ``xs`` and ``ys`` the star is where VIP puts it: on pixel (n - 1) / 2 for odd n,
        and on pixel n / 2, half a pixel from the middle, for even n.
    """
    owner = "VIP's ScatteredLightDisk"
    values = read(parameters, _ABSENT, owner)
    shape = (values["ny"], values["nx"])
    if values["xs"] is None or values["ys"] is None:
        center = tuple(n // 2 for n in shape)
    else:
        center = (real(values, "ys", owner), real(values, "xs", owner))
    return grid_from(shape, real(values, "pxInArcsec", owner), center)


def to_vip(disk, grid=None):
    """A disk as the arguments of VIP's ScatteredLightDisk.

    Parameters
    ----------
    disk : Disk
        With a TwoPowerLaw, which may have an inner edge, and a phase function that VIP has too.
    grid : Grid2D, optional
        A north-up one; adds VIP's names for the pixels and the star's place on them.

    Returns
    -------
    dict
        For ``ScatteredLightDisk(**arguments)``. VIP truncates the dust at 0.5 % of its peak, and it lowers
        inclinations that are too close to 90.

    Raises
    ------
    ParameterError
        If VIP has no counterpart for a part of the disk.
    """
    plain, edge = without_edge(disk.density)
    density, opacity = density_parts(plain, disk.optical_depth, "VIP")
    spf, scale = to_spf(disk.phase_function)
    dust = {
        "name": "2PowerLaws",
        "a": density.radius,
        "ain": density.alpha_in,
        "aout": density.alpha_out,
        "e": density.eccentricity,
        "ksi0": density.scale_height,
        "gamma": density.gamma,
        "beta": density.beta,
        "amin": edge,
        "dens_at_r0": opacity * scale,
    }
    arguments = {
        "distance": disk.distance,
        "itilt": disk.inclination,
        "pa": disk.position_angle,
        "omega": opposite(density.argument_of_pericenter),
        "xdo": disk.offset_x,
        "ydo": disk.offset_y,
        "density_dico": dust,
        "spf_dico": spf,
    }
    if grid is None:
        return arguments
    (ny, nx), pixel_scale, (ys, xs) = pixels_of(grid, "VIP")
    return {**arguments, "nx": nx, "ny": ny, "pxInArcsec": pixel_scale, "xs": xs, "ys": ys}
