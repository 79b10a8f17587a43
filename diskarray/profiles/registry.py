"""The profiles by name, as configurations and parity scripts list them. Read-only; a user's class needs no entry."""

__all__ = ["DENSITIES", "PHASE_FUNCTIONS", "POLARIZATIONS"]

from types import MappingProxyType

from .density import TwoPowerLaw
from .phase_function import HenyeyGreenstein, Polarized
from .polarization import RayleighPolarization

DENSITIES = MappingProxyType({"two_power_law": TwoPowerLaw})
PHASE_FUNCTIONS = MappingProxyType({"henyey_greenstein": HenyeyGreenstein, "polarized": Polarized})
POLARIZATIONS = MappingProxyType({"rayleigh": RayleighPolarization})
