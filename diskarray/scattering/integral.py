"""Singly scattered starlight along lines of sight: J = integral of (n / n0) p(cos phi) / d^2 dl, in 1/au.

cos phi = l / d with d the distance from the star, so no arctangent is needed (Augereau et al. 1999).
"""

__all__ = ["line_of_sight_integral", "scattering_cosine"]

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import square_root, with_slopes
from ..backend.loops import branch
from ..backend.numbers import bundled
from ..geometry.angles import cosine_sine, slanted
from ..geometry.disk_axes import moved_along, sky_plane_point, turned
from ..profiles.protocols import prepared
from . import paths
from .layer import LAYER_SEGMENTS, layer_numbers, layer_point, layer_segments
from .panels import (
    UNGUIDED_PANELS,
    guided_panels,
    number_of_panels,
    panel_numbers,
    panel_point,
    unguided_panels,
)
from .paths import Sampling
from .quadrature import Quadrature, choice_index, choices_for, nodes_and_weights

_NEAREST = 1e-12  # au^2, added to the squared distance from the star: nothing is singular there


def _cosine_of(l, inverse_distance, *, xp=np):
    """l / d; rounding can lead just beyond 1."""
    return xp.clip(l * inverse_distance, -1.0, 1.0), ()


def _cosine_slopes(cosine, l, inverse_distance, *, xp=np):
    return inverse_distance, l


scattering_cosine = with_slopes(_cosine_of, _cosine_slopes)


def line_of_sight_integral(
    lines, inclination, density, phase_function, *, offset=(0.0, 0.0), turn=None, rule=None, xp=np
):
    """J for each line of sight.

    Parameters
    ----------
    lines : (u, v), arrays of shape (M,); with ``turn`` one array, shape (M, 2)
        Offsets from the star in au along the major and minor axis of the disk; with ``turn``, sky offsets (y, x), which
        are turned block by block, so that nothing of the size of an image is held.
    inclination : float
        Degrees, 0 to 180.
    density : Density
        With an optional ``scales()`` that guides the quadrature; without it every line is cut into panels.
    phase_function : PhaseFunction
    offset : (dX, dY)
        Rigid offset of the ring from the star in au, in the mid-plane.
    turn : (position_angle, au), optional
        Position angle of the major axis in degrees, and length of the unit of the sky offsets in au.
    rule : Quadrature, optional
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
        In 1/au.
    """
    if turn is not None:
        lines, turn = (lines,), bundled((*cosine_sine(turn[0], xp=xp), 1 / turn[1]), xp=xp)

    def major_minor(*lines):
        if turn is None:
            return lines
        (points,), (cosine, sine, unit) = lines, turn()
        # A division comes last: compiled code keeps what it gives, and repeats anything cheaper wherever it is used.
        return tuple(a / unit for a in turned(points[:, 0], points[:, 1], cosine, sine))

    cos_i, sin_i = cosine_sine(inclination, xp=xp)
    scales = density.scales() if hasattr(density, "scales") else None

    def placed(u, v):
        """The line's X, Y and Z from the star at l = 0."""
        return u, *sky_plane_point(v, cos_i, sin_i)

    def from_ring(offset, *place):
        """X and Y from the ring's center."""
        return (a if held_at(o, 0.0) else a - o for a, o in zip(place, offset, strict=True))

    def integrand(numbers, X, Y, Z, l):
        cos_i, sin_i, offset, density, phase_function = numbers
        Y, Z = moved_along(Y, Z, l, cos_i, sin_i)
        squared = X * X + Y * Y + Z * Z + _NEAREST
        inverse = 1 / squared
        cosine = scattering_cosine(l, square_root(squared, xp=xp) * inverse, xp=xp)
        n = density.density(*from_ring(offset, X, Y), Z, xp=xp)
        return n * phase_function.phase(cosine, xp=xp) * inverse

    numbers = (cos_i, sin_i, offset, density, prepared(phase_function, xp=xp))

    def layer():
        found = bundled(layer_numbers(cos_i, sin_i, scales, xp=xp), xp=xp)

        def segments(u, v):
            return layer_segments(u, v, offset, found(), xp=xp)

        return Sampling(LAYER_SEGMENTS, major_minor, segments, layer_point, placed, integrand, numbers)

    def panels():
        if scales is None:
            cosine, sine = slanted(cos_i, sin_i, xp=xp)
            number, tangent = UNGUIDED_PANELS, sine / cosine
        else:
            number, found = number_of_panels(scales), bundled(panel_numbers(cos_i, sin_i, scales, xp=xp), xp=xp)

        def segments(u, v):
            if scales is None:
                edges = unguided_panels(u, v, tangent, xp=xp)
            else:
                edges = guided_panels(u, v, offset, found, xp=xp)
            return edges[:-1, ...], edges[1:, ...] - edges[:-1, ...]

        return Sampling(number, major_minor, segments, panel_point, placed, integrand, numbers)

    def summed(choices, index=0):
        """By one of several choices of one kind."""
        nodes, weights, count = nodes_and_weights(choices, index, scales, xp=xp)
        sampling = layer() if scales is not None and choices[0].nodes == "layer" else panels()
        path = getattr(paths, paths.path_for(choices[0], sampling.number * nodes.shape[0], lines[0].shape[0]))
        return path(sampling, lines, nodes, weights, count=count, xp=xp)

    rule = rule or Quadrature()
    choices = choices_for(rule)
    if scales is None or len(choices) == 1:
        return summed(choices[-1:])
    index = choice_index(rule, cos_i, sin_i, scales, xp=xp)
    *layers, dearest = choices
    return branch(index == len(layers), [lambda: summed(layers, index), lambda: summed([dearest])], xp=xp)
