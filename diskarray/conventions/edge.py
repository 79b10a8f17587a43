"""VIP's ``amin``: no dust inside an ellipse of the ring's shape, as an edge so steep that it is one."""

__all__ = ["with_edge", "without_edge"]

from ..errors import ParameterError
from ..profiles.density import TwoPowerLaw
from ..profiles.layered import Layered
from ..profiles.radial import InnerEdge, RadialPowerLaws
from ..profiles.vertical import VerticalGaussian

_SOFTNESS = 1e-4  # of the edge's radius


def with_edge(ring, edge):
    """The TwoPowerLaw ``ring`` with nothing inside the semi-major axis ``edge`` (au); the ring itself where it is 0.

    The other codes cut sharply. Here the density rises from 1 to 99 % within 0.05 % of the edge's radius; a larger
    ``density.radial.softness`` gives a fit something to hold on to.

    Raises
    ------
    ParameterError
        If the edge is below 0.
    """
    if edge < 0:
        raise ParameterError(f"the inner edge of the dust must be 0 au or more, got {edge}")
    if edge == 0:
        return ring
    return Layered(
        radial=InnerEdge(
            radial=RadialPowerLaws(radius=ring.radius, alpha_in=ring.alpha_in, alpha_out=ring.alpha_out),
            edge_radius=edge,
            softness=_SOFTNESS * edge,
        ),
        vertical=VerticalGaussian(scale_height=ring.scale_height, gamma=ring.gamma, beta=ring.beta),
        eccentricity=ring.eccentricity,
        argument_of_pericenter=ring.argument_of_pericenter,
    )


def without_edge(density):
    """The density without its inner edge as a TwoPowerLaw where it is one, and the edge's radius (0 for none)."""
    if not isinstance(density, Layered):
        return density, 0.0
    radial, vertical, edge = density.radial, density.vertical, 0.0
    if isinstance(radial, InnerEdge):
        radial, edge = radial.radial, radial.edge_radius
    if not isinstance(radial, RadialPowerLaws) or not isinstance(vertical, VerticalGaussian):
        return density, edge
    return TwoPowerLaw(
        radius=radial.radius,
        alpha_in=radial.alpha_in,
        alpha_out=radial.alpha_out,
        gamma=vertical.gamma,
        beta=vertical.beta,
        scale_height=vertical.scale_height,
        eccentricity=density.eccentricity,
        argument_of_pericenter=density.argument_of_pericenter,
    ), edge
