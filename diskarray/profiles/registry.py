"""The profiles by name, as configurations and parity scripts list them. Read-only; a user's class needs no entry."""

__all__ = ["DENSITIES", "PHASE_FUNCTIONS", "POLARIZATIONS", "RADIAL_PROFILES", "VERTICAL_PROFILES"]

from types import MappingProxyType

from .density import TwoPowerLaw
from .free_form import FreeForm
from .layered import Layered
from .phase_curves import SplinePhaseFunction, TabulatedPhaseFunction
from .phase_function import HenyeyGreenstein, Polarized
from .phase_sums import (
    DoubleHenyeyGreenstein,
    IsotropicScattering,
    LegendreSeries,
    RayleighScattering,
    TripleHenyeyGreenstein,
)
from .polarization import RayleighPolarization
from .polarization_table import TabulatedPolarization
from .radial import FlatBelt, GaussianRing, InnerEdge, RadialPowerLaws
from .vertical import VerticalExponential, VerticalGaussian, VerticalLorentzian

DENSITIES = MappingProxyType({"two_power_law": TwoPowerLaw, "layered": Layered})
RADIAL_PROFILES = MappingProxyType(
    {
        "power_laws": RadialPowerLaws,
        "gaussian_ring": GaussianRing,
        "flat_belt": FlatBelt,
        "free_form": FreeForm,
        "inner_edge": InnerEdge,
    }
)
VERTICAL_PROFILES = MappingProxyType(
    {
        "gaussian": VerticalGaussian,
        "exponential": VerticalExponential,
        "lorentzian": VerticalLorentzian,
    }
)
PHASE_FUNCTIONS = MappingProxyType(
    {
        "henyey_greenstein": HenyeyGreenstein,
        "double_henyey_greenstein": DoubleHenyeyGreenstein,
        "triple_henyey_greenstein": TripleHenyeyGreenstein,
        "isotropic": IsotropicScattering,
        "rayleigh": RayleighScattering,
        "legendre": LegendreSeries,
        "spline": SplinePhaseFunction,
        "tabulated": TabulatedPhaseFunction,
        "polarized": Polarized,
    }
)
POLARIZATIONS = MappingProxyType({"rayleigh": RayleighPolarization, "tabulated": TabulatedPolarization})
