"""DDiT (Olofsson et al. 2020): the arguments of its Disk and of ``Disk.compute_model`` in one dictionary.

DDiT measures lengths in arcsec, its near side is at position angle + 90, and its ``omega`` runs from the major axis
through the far side to the pericenter. A pixel is the surface brightness times the pixel's area for an optical depth of
sqrt(2) a tan(opang) Gamma(1 + 1/gamma): its density is 1/sqrt(2) at the reference radius.
"""

__all__ = ["RoundHeight", "from_ddit", "grid_from_ddit", "to_ddit"]

import math
from types import MappingProxyType

import numpy as np

from ..backend.elementary import square_root
from ..backend.pytree import component
from ..errors import ParameterError
from ..geometry.ellipse import ellipse_radius, kepler_ellipse
from ..model.disk import Disk
from ..profiles.density import TwoPowerLaw
from ..scattering.quadrature import Quadrature
from .phase_functions import from_ddit_phase, to_ddit_phase
from .shared import density_parts, folded, grid_from, pixels_of, read, real, unused, wrapped

_OWNER = "DDiT"
_IMAGE = MappingProxyType({"nx": 300, "pixscale": 0.01226, "nframe": 50})
_SETTINGS = MappingProxyType(
    {
        "thermal": False,
        "dpc": None,
        "gaussian": False,
        "nm": 2.0,
        "wave": None,
        "da": None,
        "pmid": None,
        "dr": 0.05,
    }
)
_MODEL = MappingProxyType(
    {
        "a": 1.0,
        "incl": math.degrees(0.1),
        "pa": -152.1,
        "pin": 25.0,
        "pout": -2.5,
        "e": 0.0,
        "omega": 0.0,
        "opang": 0.04,
        "gamma": 2.0,
        "gsca": 0.0,
        "gpol": 0.0,
        "s11": None,
        "s12": None,
    }
)
_UNEVEN = 0.2  # eccentricities above this make the height too uneven for nodes across a layer of one thickness
_NEAREST = 1e-12  # au; keeps directions finite at the star
_ALLOWED = MappingProxyType(
    {
        "thermal": (False, "only scattered light is modelled here"),
        "gaussian": (False, "build a Disk with a Gaussian density instead"),
        "nm": (2.0, "the two power laws are joined with an exponent of 2"),
        "pmid": (None, "use two disks for three slopes"),
    }
)


@component
class RoundHeight:
    """An eccentric ring whose height depends on the distance from the star alone: H = scale_height (r/a)^beta.

    The other densities keep the height constant along the ring. For a circular ring it is the same.

    Parameters
    ----------
    ring : TwoPowerLaw
        With semi-major axis a.
    """

    ring: TwoPowerLaw = TwoPowerLaw()

    def density(self, X, Y, Z, *, xp=np):
        """Density relative to the ring's, at points (X, Y, Z) in au."""
        ring, r = self.ring, square_root(xp.maximum(X * X + Y * Y, xp.asarray(_NEAREST**2)), xp=xp)
        R = ellipse_radius(X, Y, r, kepler_ellipse(ring.radius, ring.eccentricity, ring.argument_of_pericenter, xp=xp))
        return ring.density(X, Y, Z * (ring.radius / R) ** ring.beta, xp=xp)

    def vertical_column(self, *, xp=np):
        """Integral over Z at the distance a from the star, in au, for a density of 1 in the mid-plane."""
        return self.ring.vertical_column(xp=xp)

    def scales(self):
        """Where the density varies, for the quadrature: as the ring's, within its greatest height."""
        ring = self.ring
        greatest = ring.scale_height * (1 - ring.eccentricity) ** (-abs(ring.beta))
        return ring.scales()._replace(scale_height=greatest)


def from_ddit(parameters, polarized=False):
    """The disk that DDiT renders, without its bounding box and its limits on the inclination.

    Parameters
    ----------
    parameters : dict
        Absent names take DDiT's defaults. ``dpc``, the distance in pc, is needed: DDiT works in arcsec. Those that
        describe pixels go to ``grid_from_ddit``; ``nframe`` has no counterpart.
    polarized : bool
        The disk of DDiT's ``polarized`` image (``gpol``, ``s12``) in place of its ``intensity`` (``gsca``, ``s11``).

    Returns
    -------
    Disk
        Its image times the pixel's area is DDiT's image, but for the scattering angle above and below the mid-plane,
        which DDiT exchanges. The density of an eccentric ring is a RoundHeight.

    Raises
    ------
    ParameterError
        If DDiT has no such parameter, or it has no counterpart, or a value is outside its physical range.
    """
    values = read(parameters, {**_IMAGE, **_SETTINGS, **_MODEL}, _OWNER)
    unused(values, _ALLOWED, _OWNER)
    if values["dpc"] is None:
        raise ParameterError("DDiT works in arcsec; a Disk in au needs the distance: add dpc, in pc")
    numbers = {name: real(values, name, _OWNER) for name in ("dpc", *_MODEL) if name not in ("s11", "s12")}
    radius = numbers["a"] * numbers["dpc"]
    inclination, position_angle, pericenter, _ = folded(
        numbers["incl"], numbers["pa"] + 180.0, wrapped(180.0 + numbers["omega"]), (0.0, 0.0)
    )
    density = TwoPowerLaw(
        radius=radius,
        alpha_in=numbers["pin"],
        alpha_out=numbers["pout"],
        gamma=numbers["gamma"],
        beta=1.0,
        scale_height=radius * math.tan(numbers["opang"]),
        eccentricity=numbers["e"],
        argument_of_pericenter=pericenter,
    )
    phase_function, scale = from_ddit_phase(values, polarized)
    return Disk(
        density=RoundHeight(density) if numbers["e"] else density,
        phase_function=phase_function,
        inclination=inclination,
        position_angle=position_angle,
        distance=numbers["dpc"],
        rule=Quadrature(nodes="panels") if numbers["e"] > _UNEVEN else Quadrature(),
        optical_depth=scale * density.vertical_column() / numbers["dpc"] / math.sqrt(2.0),
    )


def grid_from_ddit(parameters):
    """The square of pixels that DDiT renders, as a Grid2D with the star in its middle."""
    values = read(parameters, {**_IMAGE, **_SETTINGS, **_MODEL}, _OWNER)
    side = values["nx"]
    return grid_from((side, side), real(values, "pixscale", _OWNER), None)


def to_ddit(disk, grid=None, polarized=False):
    """A disk as DDiT's parameters, and the brightness that DDiT leaves out.

    Parameters
    ----------
    disk : Disk
        With a TwoPowerLaw of beta 1, in a RoundHeight where it is eccentric, without an offset, and a phase function
        that DDiT has too.
    grid : Grid2D, optional
        A square north-up one with the star in its middle; adds DDiT's names for the pixels.
    polarized : bool
        The disk is that of DDiT's ``polarized`` image: its phase function must be polarized.

    Returns
    -------
    parameters : dict
        The constructor takes ``dpc`` and those of the pixels, ``compute_model`` the others; ``gamma`` has to be set
        as an attribute.
    brightness : float
        DDiT's image times this number is the disk's surface brightness times the pixel's area.

    Raises
    ------
    ParameterError
        If DDiT has no counterpart for a part of the disk.
    """
    round_height = isinstance(disk.density, RoundHeight)
    density, opacity = density_parts(disk.density.ring if round_height else disk.density, disk.optical_depth, _OWNER)
    if density.eccentricity and not round_height:
        raise ParameterError("DDiT has rings whose height follows the distance from the star: a RoundHeight")
    if density.beta != 1.0 or disk.offset_x or disk.offset_y:
        raise ParameterError(
            f"DDiT has rings without an offset whose height is proportional to the radius (beta 1); got beta "
            f"{density.beta}, offset ({disk.offset_x}, {disk.offset_y}) au"
        )
    phases, scale = to_ddit_phase(disk.phase_function, polarized)
    own = {
        "a": density.radius / disk.distance,
        "incl": disk.inclination,
        "pa": wrapped(disk.position_angle + 180.0),
        "pin": density.alpha_in,
        "pout": density.alpha_out,
        "e": density.eccentricity,
        "gamma": density.gamma,
        "omega": wrapped(density.argument_of_pericenter + 180.0),
        "dpc": disk.distance,
        "opang": math.atan(density.scale_height / density.radius),
        **phases,
    }
    brightness = scale * opacity * disk.distance * math.sqrt(2.0)
    if grid is None:
        return own, brightness
    (ny, nx), pixel_scale, center = pixels_of(grid, _OWNER)
    if ny != nx or center != ((ny - 1) / 2, (nx - 1) / 2):
        raise ParameterError(f"DDiT renders squares with the star in the middle, got {ny} x {nx}, star on {center}")
    return {**own, "nx": nx, "pixscale": pixel_scale}, brightness
