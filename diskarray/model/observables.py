"""What an image shows: total intensity, or one of the Stokes parameters of linearly polarized light.

Q and U are about North (IAU); Q_phi and U_phi are made from them about the center of the frame, where the reduction of
the data took the star to be.
"""

__all__ = ["OBSERVABLES", "check_observable", "observed_from_stokes"]

import numpy as np

from ..errors import ParameterError, nearest
from ..geometry.stokes import azimuthal_from_stokes

OBSERVABLES = ("total", "Q", "U", "Q_phi", "U_phi")


def check_observable(observable):
    """Raise ParameterError unless the observable is one of ``OBSERVABLES``."""
    if observable not in OBSERVABLES:
        raise ParameterError(
            f"observable is one of {', '.join(OBSERVABLES)}, got {observable!r}: "
            f"{nearest(str(observable), OBSERVABLES)}"
        )


def observed_from_stokes(stokes, grid, observable, *, xp=np):
    """One observable, shape (N,), of Stokes parameters (U, Q), shape (N, 2), at the points of a grid on the sky."""
    u, q = stokes[..., 0], stokes[..., 1]
    if observable in ("Q", "U"):
        return q if observable == "Q" else u
    q_phi, u_phi = azimuthal_from_stokes(q, u, grid.y, grid.x, xp=xp)
    return q_phi if observable == "Q_phi" else u_phi
