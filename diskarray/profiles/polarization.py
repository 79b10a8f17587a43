"""How strongly scattered light is linearly polarized, by scattering angle."""

__all__ = ["RayleighPolarization"]

import numpy as np

from ..backend.pytree import component
from ..parameters.parameter import parameter
from ..parameters.priors import Uniform


@component
class RayleighPolarization:
    """Bell-shaped curve of Rayleigh scattering: maximum (1 - cos^2 phi) / (1 + cos^2 phi)."""

    maximum: float = parameter(
        1.0, minimum=0, maximum=1, doc="polarization fraction at a scattering angle of 90 deg", prior=Uniform(0.0, 1.0)
    )

    def fraction(self, cos_phi, *, xp=np):
        """Polarization fraction at the cosine of the scattering angle."""
        squared = cos_phi * cos_phi
        return self.maximum * (1 - squared) / (1 + squared)
