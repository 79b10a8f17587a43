"""A planet, or a star in the background: light from a single point beside the disk."""

__all__ = ["PointSource"]

import math

from ..backend.pytree import component
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform, Uniform


@component
class PointSource:
    """A point of light, which the PSF of a Scene's instrument spreads over pixels from its exact position."""

    y: float = parameter(0.0, unit="arcsec", doc="to the North of the star", prior=Uniform(-3.0, 3.0))
    x: float = parameter(0.0, unit="arcsec", doc="to the West of the star", prior=Uniform(-3.0, 3.0))
    flux: float = parameter(1e-4, minimum=0, doc="relative to the star's", prior=LogUniform(1e-8, 10.0))

    @classmethod
    def at(cls, separation, position_angle, flux):
        """From the separation in arcsec and the position angle in degrees East of North.

        Parameters
        ----------
        separation, position_angle : float
        flux : float
            Relative to the star's.
        """
        angle = math.radians(position_angle)
        return cls(y=separation * math.cos(angle), x=-separation * math.sin(angle), flux=flux)
