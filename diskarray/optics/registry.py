"""The point-spread functions by name. Read-only; a user's class needs no entry."""

__all__ = ["PSFS"]

from types import MappingProxyType

from .psf import EmpiricalPSF, GaussianPSF, MoffatPSF
from .varying import SpatiallyVaryingPSF

PSFS = MappingProxyType(
    {
        "gaussian": GaussianPSF,
        "moffat": MoffatPSF,
        "empirical": EmpiricalPSF,
        "spatially_varying": SpatiallyVaryingPSF,
    }
)
