"""How dust distributes scattered light over angles: phase functions per steradian, 1 over the sphere."""

__all__ = ["HenyeyGreenstein", "Polarized", "henyey_greenstein"]

import math
from typing import Any

import numpy as np

from ..backend.elementary import square_root, with_slopes
from ..backend.pytree import build, component
from ..errors import ParameterError
from ..parameters.parameter import parameter
from ..parameters.priors import Uniform
from .polarization import RayleighPolarization
from .protocols import PhaseFunction, Polarization, obeys, prepared

_EIGHTFOLD = 8 * math.sqrt(2.0) * math.pi  # 4 pi times 2^(3/2)


def _value(g, cos_phi, *, xp=np):
    size, height = xp.where(g < 0, -g, g), (1 - g**2) / _EIGHTFOLD
    half = 0.5 * (1 - size) ** 2 + (size - g * cos_phi)  # of 1 + g^2 - 2 g cos phi; neither term is negative
    return height / (half * square_root(half, xp=xp)), (half, height)


def _slopes(value, half, height, g, cos_phi, *, xp=np):
    steep = 1.5 * value / half
    return steep * (cos_phi - g) - (2 * g / _EIGHTFOLD) / height * value, steep * g


henyey_greenstein = with_slopes(_value, _slopes)


@component
class HenyeyGreenstein:
    """One-parameter phase function (Henyey & Greenstein 1941): (1 - g^2) / (4 pi (1 + g^2 - 2 g cos phi)^(3/2))."""

    g: float = parameter(
        0.3, above=-1, below=1, doc="asymmetry, positive for forward scattering", prior=Uniform(-0.95, 0.95)
    )

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        return henyey_greenstein(xp.asarray(self.g), cos_phi, xp=xp)


@component
class Polarized:
    """Polarized phase function: a normalized phase function times a polarization fraction.

    The polarization fraction's maximum and the disk's optical depth scale the image alike; in a fit to polarized
    light alone only one of them can be free.

    Parameters
    ----------
    phase_function : PhaseFunction
        Of the total intensity.
    polarization : Polarization
        Fraction of linear polarization.
    """

    phase_function: Any = HenyeyGreenstein()
    polarization: Any = RayleighPolarization()

    def check(self):
        if not obeys(self.phase_function, PhaseFunction):
            raise ParameterError(f"phase_function needs a .phase(cos_phi, *, xp) method, got {self.phase_function!r}")
        if not obeys(self.polarization, Polarization):
            raise ParameterError(f"polarization needs a .fraction(cos_phi, *, xp) method, got {self.polarization!r}")

    def phase(self, cos_phi, *, xp=np):
        """Polarized phase function per steradian at the cosine of the scattering angle."""
        return self.phase_function.phase(cos_phi, xp=xp) * self.polarization.fraction(cos_phi, xp=xp)

    def prepared(self, *, xp=np):
        """The same of prepared parts."""
        parts = {name: prepared(getattr(self, name), xp=xp) for name in ("phase_function", "polarization")}
        return build(Polarized, **parts)
