"""The two parts that a ``Layered`` density is made of; a part of one's own needs these methods and nothing else."""

__all__ = ["RadialProfile", "VerticalProfile"]

from typing import Protocol, runtime_checkable


@runtime_checkable
class RadialProfile(Protocol):
    """Mid-plane density over the radius r in au; on an eccentric ring r is the semi-major axis of the point's ellipse.

    The attribute ``radius`` (au) is the reference radius, where optical_depth and the scale height are defined.
    ``hints()``, where there is one, returns the ``radius``, ``inner_slope`` and ``outer_slope`` of ``Scales``.
    """

    radius: float

    def midplane(self, r, *, xp): ...


@runtime_checkable
class VerticalProfile(Protocol):
    """Density over the height Z in au relative to the mid-plane's, ``ratio`` being r / radius; and its integral at 1.

    ``hints()``, where there is one, returns the ``scale_height``, ``vertical_exponent`` and ``flaring`` of ``Scales``.
    """

    def profile(self, Z, ratio, *, xp): ...

    def column(self, *, xp): ...
