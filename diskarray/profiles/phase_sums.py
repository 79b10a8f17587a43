"""Phase functions in closed form: isotropic, Rayleigh, weighted sums of Henyey-Greenstein functions, Legendre series.

All are per steradian and 1 over the sphere.
"""

__all__ = [
    "DoubleHenyeyGreenstein",
    "IsotropicScattering",
    "LegendreSeries",
    "RayleighScattering",
    "TripleHenyeyGreenstein",
]

import numpy as np

from ..backend.pytree import build, component
from ..errors import ParameterError
from ..parameters.parameter import parameter
from ..parameters.priors import Uniform
from .curves import one_per_knot
from .phase_function import HenyeyGreenstein

_SPHERE = 4 * np.pi
_DEFAULT_MOMENTS = 4


@component
class IsotropicScattering:
    """Scatters alike in all directions: 1 / (4 pi)."""

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        return xp.ones_like(xp.asarray(cos_phi)) * (1 / _SPHERE)


@component
class RayleighScattering:
    """Scattering by particles much smaller than the wavelength: 3 (1 + cos^2 phi) / (16 pi)."""

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        return 3 / (4 * _SPHERE) * (1 + cos_phi * cos_phi)


def _henyey_greenstein(g, cos_phi, xp):
    return build(HenyeyGreenstein, g=g).phase(cos_phi, xp=xp)


@component
class DoubleHenyeyGreenstein:
    """Two Henyey-Greenstein functions, weight HG(g1) + (1 - weight) HG(g2)."""

    g1: float = parameter(
        0.7, above=-1, below=1, doc="asymmetry of the first, usually forward", prior=Uniform(0.0, 0.99)
    )
    g2: float = parameter(
        -0.2, above=-1, below=1, doc="asymmetry of the second, usually backward", prior=Uniform(-0.95, 0.5)
    )
    weight: float = parameter(
        0.7, minimum=0, maximum=1, doc="share of the light that the first scatters", prior=Uniform(0.0, 1.0)
    )

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        first, second = (_henyey_greenstein(g, cos_phi, xp) for g in (self.g1, self.g2))
        return self.weight * first + (1 - self.weight) * second


@component
class TripleHenyeyGreenstein:
    """Three Henyey-Greenstein functions with weights w1 = weight, w2 = (1 - w1) second_share, w3 = 1 - w1 - w2.

    Any shares from 0 to 1 give weights that are not negative and add up to 1; ``from_weights`` takes the weights.
    """

    g1: float = parameter(
        0.9, above=-1, below=1, doc="asymmetry of the first, usually the forward peak", prior=Uniform(0.5, 0.995)
    )
    g2: float = parameter(0.4, above=-1, below=1, doc="asymmetry of the second", prior=Uniform(0.0, 0.8))
    g3: float = parameter(
        -0.2, above=-1, below=1, doc="asymmetry of the third, usually backward", prior=Uniform(-0.95, 0.2)
    )
    weight: float = parameter(
        0.5, minimum=0, maximum=1, doc="share of the light that the first scatters", prior=Uniform(0.0, 1.0)
    )
    second_share: float = parameter(
        0.5, minimum=0, maximum=1, prior=Uniform(0.0, 1.0), doc="share of the second in what the first leaves"
    )

    @classmethod
    def from_weights(cls, g, weights):
        """From three asymmetries and two or three weights.

        Parameters
        ----------
        g : (float, float, float)
        weights : (float, float) or (float, float, float)
            Not negative; three add up to 1, two leave the rest to the third.

        Raises
        ------
        ParameterError
            If there are not three asymmetries, or the weights are not shares of 1.
        """
        g, weights = tuple(map(float, g)), tuple(map(float, weights))
        rest = 1 - sum(weights[:2])
        if len(g) != 3 or len(weights) not in (2, 3) or min(*weights, rest) < -1e-9:
            raise ParameterError(
                f"three g and two or three weights of at least 0 with a sum of at most 1 are needed, got {g}, {weights}"
            )
        if len(weights) == 3 and abs(sum(weights) - 1) > 1e-6:
            raise ParameterError(f"three weights must add up to 1, got {weights} with the sum {sum(weights)}")
        left = max(1 - weights[0], 0.0)
        return cls(*g, weight=min(weights[0], 1.0), second_share=min(weights[1] / left, 1.0) if left > 0 else 0.0)

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        first, second, third = (_henyey_greenstein(g, cos_phi, xp) for g in (self.g1, self.g2, self.g3))
        share = self.second_share
        return self.weight * first + (1 - self.weight) * (share * second + (1 - share) * third)


@component
class LegendreSeries:
    """A sum of Legendre polynomials, (1 + sum_l (2 l + 1) moments[l - 1] P_l(cos phi)) / (4 pi), l from 1.

    ``moments`` are the means of P_l(cos phi) over the scattered light: the first is the mean cosine, and for a
    Henyey-Greenstein function they are g^l. The sum is 1 over the sphere for any moments but may become negative;
    sum_l (2 l + 1) |moments[l - 1]| <= 1 rules that out.
    """

    moments: object = parameter(
        0.0,
        minimum=-1,
        maximum=1,
        prior=Uniform(-1.0, 1.0),
        doc="moments of the orders 1, 2, ...; a single number stands for 4 equal ones",
    )

    def prepare_fields(self):
        moments = one_per_knot("LegendreSeries", "moments", self.moments, fallback=_DEFAULT_MOMENTS, fewest=1)
        object.__setattr__(self, "moments", moments)

    def phase(self, cos_phi, *, xp=np):
        """Phase function per steradian at the cosine of the scattering angle."""
        cos_phi, moments = xp.asarray(cos_phi), xp.asarray(self.moments)
        before, polynomial = xp.ones_like(cos_phi), cos_phi
        total = before
        for order in range(1, moments.shape[0] + 1):
            total = total + (2 * order + 1) * moments[order - 1] * polynomial
            following = ((2 * order + 1) * cos_phi * polynomial - order * before) / (order + 1)
            before, polynomial = polynomial, following
        return total * (1 / _SPHERE)
