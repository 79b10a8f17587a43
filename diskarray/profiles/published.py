"""Phase functions of real dust whose parametric form has been published."""

__all__ = ["PUBLISHED_PHASE_FUNCTIONS"]

from types import MappingProxyType

from .phase_sums import TripleHenyeyGreenstein

# HR 4796 A, SPHERE H2: asymmetries and weights of the three components with which the authors' public scripts start the
# final chains of Chen et al. (2020, ApJ 898, 55); as rounded there, without uncertainties.
PUBLISHED_PHASE_FUNCTIONS = MappingProxyType({
    "hr4796a_h2_chen2020": TripleHenyeyGreenstein.from_weights((0.988, 0.554, -0.176), (0.795, 0.0224)),
})
