"""The small interfaces a profile obeys; a user's own class needs the one method and nothing else."""

__all__ = ["Density", "PhaseFunction", "Polarization", "Scales", "obeys", "prepared"]

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np


class Scales(NamedTuple):
    """Hints that a density gives to the quadrature: where it varies. Lengths in au, angles in degrees.

    They place quadrature nodes and never cut the density: a poor hint costs accuracy, not correctness.
    """

    radius: float
    inner_slope: float
    outer_slope: float
    scale_height: float
    vertical_exponent: float
    flaring: float
    eccentricity: float = 0.0
    argument_of_pericenter: float = 0.0


@runtime_checkable
class Density(Protocol):
    """Dust density relative to its reference value, at points (X, Y, Z) in au in the disk's own axes."""

    def density(self, X, Y, Z, *, xp): ...


@runtime_checkable
class PhaseFunction(Protocol):
    """Scattering phase function per steradian as a function of the cosine of the scattering angle."""

    def phase(self, cos_phi, *, xp): ...


@runtime_checkable
class Polarization(Protocol):
    """Fraction of linear polarization as a function of the cosine of the scattering angle."""

    def fraction(self, cos_phi, *, xp): ...


def prepared(part, *, xp=np):
    """A phase function or polarization ready for a sum over many points: ``part.prepared(xp=xp)`` where it has that.

    What a part must work out before it can be evaluated, such as the slopes of a spline, is then worked out once, and
    JAX differentiates a sum faster by the single numbers that it comes down to than by a table.
    """
    return part.prepared(xp=xp) if hasattr(part, "prepared") else part


def obeys(value, protocol):
    """Whether an object has the methods of a protocol; a class given in place of an object has not."""
    return isinstance(value, protocol) and not isinstance(value, type)
