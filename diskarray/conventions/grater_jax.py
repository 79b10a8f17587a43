"""GRaTeR-JAX (grater-jax, version 0.3.0): the dictionaries that its objective functions and its Optimizer take.

Axes, angles and brightness are VIP's, ``omega`` points to the apocenter too. A pixel is the surface brightness times
the pixel's area, for an optical depth of 2 ksi0 Gamma(1 + 1/gamma) dens_at_r0 flux_scaling; a spline phase function is
1 at 90 degrees.
"""

__all__ = ["from_grater_jax", "grid_from_grater_jax", "to_grater_jax"]

from types import MappingProxyType

from ..errors import ParameterError
from ..model.disk import Disk
from ..profiles.density import TwoPowerLaw
from .edge import with_edge, without_edge
from .phase_functions import from_spf_params, to_spf_params
from .shared import density_parts, folded, grid_from, opposite, pixels_of, read, real

_NAME = "GRaTeR-JAX"
_DISK = MappingProxyType(
    {
        "accuracy": 5e-3,
        "alpha_in": 5.0,
        "alpha_out": -5.0,
        "sma": 50.0,
        "e": 0.0,
        "ksi0": 3.0,
        "gamma": 2.0,
        "beta": 1.0,
        "rmin": 0.0,
        "dens_at_r0": 1.0,
        "inclination": 0.0,
        "position_angle": 0.0,
        "x_center": 70.0,
        "y_center": 70.0,
        "omega": 0.0,
    }
)
_MISC = MappingProxyType(
    {
        "distance": 50.0,
        "pxInArcsec": 0.01414,
        "nx": 140,
        "ny": 140,
        "halfNbSlices": 25,
        "flux_scaling": 1e6,
    }
)


def from_grater_jax(disk_params, spf_params, misc_params=_MISC):
    """The disk that GRaTeR-JAX renders, without its truncation, its mixed inclinations near 90 and its slices.

    Parameters
    ----------
    disk_params, spf_params, misc_params : dict
        As for its ``objective_model``. Names absent from the first and the last take the values of its
        ``Parameter_Index``. ``rmin`` above 0 empties all of the ring's inside, up to ``sma``, whatever its value: so
        it does here. ``accuracy`` and ``halfNbSlices`` have no counterpart. Those that describe pixels go to
        ``grid_from_grater_jax``.

    Returns
    -------
    Disk
        Its image times the pixel's area is the image of GRaTeR-JAX before the PSF, ``flux_scaling`` included, outside
        the pixels it blanks: those within one pixel of the star.

    Raises
    ------
    ParameterError
        If GRaTeR-JAX has no such parameter, or a value is outside its physical range.
    """
    owner = "GRaTeR-JAX's disk_params"
    given = read(disk_params, _DISK, owner)
    values = {name: real(given, name, owner) for name in given}
    owner = "GRaTeR-JAX's misc_params"
    misc = read(misc_params, _MISC, owner)
    inclination, position_angle, pericenter, _ = folded(
        values["inclination"], values["position_angle"], opposite(values["omega"]), (0.0, 0.0)
    )
    density = TwoPowerLaw(
        radius=values["sma"],
        alpha_in=values["alpha_in"],
        alpha_out=values["alpha_out"],
        scale_height=values["ksi0"],
        gamma=values["gamma"],
        beta=values["beta"],
        eccentricity=values["e"],
        argument_of_pericenter=pericenter,
    )
    phase_function, scale = from_spf_params(spf_params)
    opacity = values["dens_at_r0"] * real(misc, "flux_scaling", owner) * scale
    return Disk(
        density=with_edge(density, values["sma"] if values["rmin"] > 0 else 0.0),
        phase_function=phase_function,
        inclination=inclination,
        position_angle=position_angle,
        distance=real(misc, "distance", owner),
        optical_depth=opacity * density.vertical_column(),
    )


def grid_from_grater_jax(disk_params, misc_params=_MISC):
    """The pixels that GRaTeR-JAX renders, as a Grid2D with the star on pixel (y_center, x_center).

    Parameters
    ----------
    disk_params, misc_params : dict
        As for ``from_grater_jax``. GRaTeR-JAX moves the finished image to that place by linear interpolation; here
        the grid is moved, so that the two agree where both coordinates are whole numbers.
    """
    disk = read(disk_params, _DISK, "GRaTeR-JAX's disk_params")
    misc = read(misc_params, _MISC, "GRaTeR-JAX's misc_params")
    center = tuple(real(disk, name, "GRaTeR-JAX's disk_params") for name in ("y_center", "x_center"))
    return grid_from((misc["ny"], misc["nx"]), real(misc, "pxInArcsec", "GRaTeR-JAX's misc_params"), center)


def to_grater_jax(disk, grid=None):
    """A disk as the dictionaries of GRaTeR-JAX.

    Parameters
    ----------
    disk : Disk
        With a TwoPowerLaw without an offset or an inner edge, and a phase function that GRaTeR-JAX has too.
    grid : Grid2D, optional
        A north-up one; adds the names for the pixels and the star's place on them, without which those of
        ``Parameter_Index`` stay.

    Returns
    -------
    disk_params, spf_params, misc_params : dict
        Complete, in the order in which GRaTeR-JAX packs them. The brightness is ``flux_scaling``, for dens_at_r0 = 1.

    Raises
    ------
    ParameterError
        If GRaTeR-JAX has no counterpart for a part of the disk.
    """
    plain, edge = without_edge(disk.density)
    density, opacity = density_parts(plain, disk.optical_depth, _NAME)
    if disk.offset_x or disk.offset_y:
        raise ParameterError(f"{_NAME} has no offset of the ring: got {disk.offset_x} and {disk.offset_y} au")
    if edge not in (0.0, density.radius):
        raise ParameterError(f"{_NAME} has an inner edge at the radius {density.radius} au or none, got {edge} au")
    spf_params, scale = to_spf_params(disk.phase_function)
    values = {
        "alpha_in": density.alpha_in,
        "alpha_out": density.alpha_out,
        "sma": density.radius,
        "e": density.eccentricity,
        "ksi0": density.scale_height,
        "gamma": density.gamma,
        "beta": density.beta,
        "rmin": edge,
        "dens_at_r0": 1.0,
        "inclination": disk.inclination,
        "position_angle": disk.position_angle,
        "omega": opposite(density.argument_of_pericenter),
    }
    misc = {"distance": disk.distance, "flux_scaling": opacity * scale}
    if grid is not None:
        (misc["ny"], misc["nx"]), misc["pxInArcsec"], (values["y_center"], values["x_center"]) = pixels_of(grid, _NAME)
    return {**_DISK, **values}, spf_params, {**_MISC, **misc}
