"""Singly scattered starlight along lines of sight: J = integral of (n / n0) p(cos phi) / d^2 dl, in 1/au.

cos phi = l / d with d the distance from the star, so no arctangent is needed (Augereau et al. 1999).
"""

__all__ = ["GaussLegendre", "line_of_sight_integral"]

import dataclasses

import numpy as np

from ..backend.operations import accumulate, in_blocks, sum_over_intervals
from ..errors import ParameterError
from ..geometry.angles import cosine_sine
from ..geometry.disk_axes import disk_point_from
from .panels import guided_panels, unguided_panels

_NEAREST = 1e-12  # au^2; guards 1/d^2 on the line of sight through the star itself


@dataclasses.dataclass(frozen=True)
class GaussLegendre:
    """How finely a line of sight is sampled.

    Parameters
    ----------
    order : int
        Gauss-Legendre nodes in each panel. 8 keeps the error of common disks below 2e-4 of the peak at every
        inclination, 12 below 3e-5. Disks thicker than they are wide, and cusped ones (gamma below 1), need more.
    """

    order: int = 8

    def __post_init__(self):
        if not isinstance(self.order, int) or not 2 <= self.order <= 64:
            raise ParameterError(f"GaussLegendre.order must be a whole number from 2 to 64, got {self.order!r}")

    @property
    def nodes_and_weights(self):
        """Nodes and weights on [0, 1], shape (order,) each."""
        nodes, weights = np.polynomial.legendre.leggauss(self.order)
        return (nodes + 1) / 2, weights / 2


def line_of_sight_integral(u, v, inclination, density, phase_function, *, offset=(0.0, 0.0), rule=None, xp=np):
    """J for each line of sight.

    Parameters
    ----------
    u, v : arrays, shape (M,)
        Offsets from the star in au along the major and minor axis of the disk.
    inclination : float
        Degrees, 0 to 180.
    density : Density
        With an optional ``scales()`` that guides the quadrature.
    phase_function : PhaseFunction
    offset : (dX, dY)
        Rigid offset of the ring from the star in au, in the mid-plane.
    rule : GaussLegendre, optional
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (M,)
        In 1/au.
    """
    nodes, weights = (xp.asarray(values) for values in (rule or GaussLegendre()).nodes_and_weights)
    cos_i, sin_i = cosine_sine(inclination, xp=xp)

    def integrand(u, v, l):
        Y, Z = disk_point_from(v, l, cos_i, sin_i)
        squared = xp.maximum(u * u + v * v, _NEAREST) + l * l
        cos_phi = l / xp.sqrt(squared)
        n = density.density(u - offset[0], Y - offset[1], Z, xp=xp)
        return n * phase_function.phase(cos_phi, xp=xp) / squared

    def panel(u, v, start, end):
        length = end - start

        def term(node, weight):
            return weight * integrand(u, v, start + length * node)

        return length * accumulate(term, (nodes, weights), xp=xp)

    def integral(u, v):
        if hasattr(density, "scales"):
            edges = guided_panels(u, v, cos_i, sin_i, offset, density.scales(), xp=xp)
        else:
            edges = unguided_panels(u, v, cos_i, sin_i, xp=xp)
        return sum_over_intervals(panel, (u, v), edges, xp=xp)

    return in_blocks(integral, (u, v), xp=xp)
