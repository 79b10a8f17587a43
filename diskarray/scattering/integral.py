"""Singly scattered starlight along lines of sight: J = integral of (n / n0) p(cos phi) / d^2 dl, in 1/au.

cos phi = l / d with d the distance from the star, so no arctangent is needed (Augereau et al. 1999).
"""

__all__ = ["line_of_sight_integral"]

import numpy as np

from ..backend.loops import branch
from ..backend.operations import square_root
from ..geometry.angles import cosine_sine
from ..geometry.disk_axes import disk_point_from
from . import paths
from .layer import LAYER_SEGMENTS, layer_segments
from .panels import UNGUIDED_PANELS, guided_panels, number_of_panels, unguided_panels
from .quadrature import Quadrature, choice_index, choices_for

_NEAREST = 1e-12  # au^2; guards 1/d^2 on the line of sight through the star itself


def line_of_sight_integral(u, v, inclination, density, phase_function, *, offset=(0.0, 0.0), rule=None, xp=np):
    """J for each line of sight.

    Parameters
    ----------
    u, v : arrays, shape (M,)
        Offsets from the star in au along the major and minor axis of the disk.
    inclination : float
        Degrees, 0 to 180.
    density : Density
        With an optional ``scales()`` that guides the quadrature; without it every line is cut into panels.
    phase_function : PhaseFunction
    offset : (dX, dY)
        Rigid offset of the ring from the star in au, in the mid-plane.
    rule : Quadrature, optional
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
        In 1/au.
    """
    cos_i, sin_i = cosine_sine(inclination, xp=xp)
    scales = density.scales() if hasattr(density, "scales") else None

    def prepared(u, v):
        """What the integrand needs of a line: X, its squared distance from the star, and where it starts in Y and Z."""
        Y, Z = disk_point_from(v, 0.0, cos_i, sin_i)
        return u - offset[0], xp.maximum(u * u + v * v, xp.asarray(_NEAREST)), Y - offset[1], Z

    def integrand(X, squared_impact, Y, Z, l):
        squared = squared_impact + l * l
        inverse = 1 / squared
        cos_phi = xp.clip(l * inverse * square_root(squared, xp=xp), -1.0, 1.0)  # rounding can lead just beyond 1
        n = density.density(X, Y + l * sin_i, Z + l * cos_i, xp=xp)
        return n * phase_function.phase(cos_phi, xp=xp) * inverse

    def layer(u, v):
        return layer_segments(u, v, cos_i, sin_i, offset, scales, xp=xp)

    def panels(u, v):
        if scales is None:
            edges = unguided_panels(u, v, cos_i, sin_i, xp=xp)
        else:
            edges = guided_panels(u, v, cos_i, sin_i, offset, scales, xp=xp)
        return edges[:-1, ...], edges[1:, ...] - edges[:-1, ...]

    def summed(choice):
        nodes, weights = (xp.asarray(values) for values in choice.nodes_and_weights)
        if scales is None:
            segments, number = panels, UNGUIDED_PANELS
        elif choice.nodes == "layer":
            segments, number = layer, LAYER_SEGMENTS
        else:
            segments, number = panels, number_of_panels(scales)
        path = getattr(paths, paths.path_for(choice, number, u.shape[0]))
        return path(segments, number, prepared, integrand, (u, v), nodes, weights, xp=xp)

    rule = rule or Quadrature()
    choices = choices_for(rule)
    if scales is None or len(choices) == 1:
        return summed(choices[-1])
    index = choice_index(rule, cos_i, sin_i, scales, xp=xp)
    return branch(index, [lambda choice=choice: summed(choice) for choice in choices], xp=xp)
