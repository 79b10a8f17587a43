"""Where a density peaks and how wide and thick it is: the numbers that tables of debris disks list.

They follow from the density alone. Two joined power laws peak at
R (-alpha_in / alpha_out)^(1 / (2 (alpha_in - alpha_out))); everything else is found on the profile itself.
"""

__all__ = ["RingShape", "ring_shape"]

import dataclasses
import math
from typing import Any

import numpy as np

from ..backend.namespace import check_namespace
from ..backend.pytree import leaves, on_namespace
from ..errors import ParameterError
from ..profiles.density import TwoPowerLaw
from ..profiles.protocols import Density, obeys

_RADII = np.geomspace(1e-3, 1e5, 16001)  # au
_AROUND = np.linspace(-8.0, 8.0, 641)  # of the logarithmic widths that a density's scales() name
_COARSE = 16  # every so many radii, where each costs an integral over the height
_EDGES = np.concatenate([[0.0], np.geomspace(1e-4, 1e6, 49)])  # au, of the panels over the height
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_HEIGHTS = (_EDGES[:-1, None] + np.diff(_EDGES)[:, None] * (_NODES + 1) / 2).ravel()
_HEIGHT_WEIGHTS = (np.diff(_EDGES)[:, None] * _WEIGHTS / 2).ravel()
_Z = np.geomspace(1e-6, 1e6, 2001)  # au, heights among which a level is looked for
_PRECISION = 1e-12


@dataclasses.dataclass(frozen=True)
class RingShape:
    """Numbers of a ring; lengths in au, NaN for what a density does not have.

    Attributes
    ----------
    peak_radius : float
        Where the mid-plane volume density is highest.
    surface_peak_radius : float
        Where its integral over the height is highest: at the slopes alpha + beta.
    inner_half_radius, outer_half_radius : float
        Where the mid-plane density has fallen to half of its peak, inside and outside of it.
    scale_height : float
        At the peak radius, the height at which the density has fallen to 1 / e of that of the mid-plane, whatever the
        vertical profile: H for a generalized Gaussian of any exponent.
    vertical_fwhm : float
        At the peak radius, the full thickness at half of the mid-plane density: 2 H sqrt(ln 2) for gamma = 2.
    azimuth : float
        Direction in which the profile was followed, in degrees from the PA end of the major axis through the near side.
    """

    peak_radius: float
    surface_peak_radius: float
    inner_half_radius: float
    outer_half_radius: float
    scale_height: float
    vertical_fwhm: float
    azimuth: float

    @property
    def radial_fwhm(self):
        """Full width of the mid-plane density at half of its peak, in au."""
        return self.outer_half_radius - self.inner_half_radius

    @property
    def relative_width(self):
        """dr / r: the radial full width at half maximum over the peak radius."""
        return self.radial_fwhm / self.peak_radius

    @property
    def aspect_ratio(self):
        """h / r: the 1 / e scale height over the peak radius. (For sigma / r of a Gaussian divide by sqrt(2).)"""
        return self.scale_height / self.peak_radius


def ring_shape(density: Any, *, azimuth: Any = None, radii: Any = None) -> RingShape:
    """Measure a density, with NumPy.

    Parameters
    ----------
    density : Density
    azimuth : float, optional
        Direction in which the profile is followed, in degrees from the PA end of the major axis through the near side.
        Default for an eccentric ring: where the distance from the star equals the semi-major axis, so that all radii
        are semi-major axes; else 0.
    radii : array_like, shape (n,), optional
        Radii in au, increasing, among which the peak is looked for. Default: 1e-3 to 1e5 au in steps of 0.1 %, and
        finer where the density's ``scales()`` point to.

    Returns
    -------
    RingShape

    Raises
    ------
    ParameterError
        If it is no density, or the radii are not increasing numbers above 0.
    """
    if not obeys(density, Density) or not callable(density.density):
        raise ParameterError(f"ring_shape needs a density, such as disk.density, got {density!r}")
    check_namespace(np, leaves(density))
    density = on_namespace(density, np)
    azimuth = _default_azimuth(density) if azimuth is None else float(azimuth)
    radii = _radii(density) if radii is None else _checked(radii)
    profile = _Profile(density, azimuth)
    peak = _peak_of_power_laws(density, 0.0, azimuth)
    peak = _peak(profile.midplane, radii) if peak is None else peak
    surface = _peak_of_power_laws(density, getattr(density, "beta", 0.0), azimuth)
    surface = _peak(profile.column, radii[::_COARSE]) if surface is None else surface
    inner, outer = (_fallen(profile.midplane, peak, 0.5, outwards, radii) for outwards in (False, True))
    half, scale = (_thickness(profile, peak, level) for level in (0.5, math.exp(-1)))
    return RingShape(peak, surface, inner, outer, 0.5 * scale, half, azimuth)


class _Profile:
    """A density along one direction, for radii and heights in au."""

    def __init__(self, density, azimuth):
        angle = math.radians(azimuth)
        self.density, self.cosine, self.sine = density, math.cos(angle), math.sin(angle)

    def at(self, r, Z):
        r, Z = np.broadcast_arrays(np.asarray(r, dtype=float), np.asarray(Z, dtype=float))
        X, Y = (r * c for c in (self.cosine, self.sine))
        return np.asarray(self.density.density(X, Y, Z, xp=np))

    def midplane(self, r):
        return self.at(r, 0.0)

    def column(self, r):
        """Integral over the height."""
        r = np.atleast_1d(np.asarray(r, dtype=float))
        blocks = [self._column(some) for some in np.array_split(r, max(r.size // 500, 1))]
        return np.concatenate(blocks)

    def _column(self, r):
        return sum(self.at(r[:, None], s * _HEIGHTS[None, :]) @ _HEIGHT_WEIGHTS for s in (1.0, -1.0))

    def vertical(self, r, Z):
        """Density relative to the mid-plane's."""
        return self.at(r, Z) / self.at(r, 0.0)


def _default_azimuth(density):
    """Where r equals the semi-major axis: at a true anomaly of arccos(-e)."""
    eccentricity = float(getattr(density, "eccentricity", 0.0))
    if eccentricity == 0.0:
        return 0.0
    return float(density.argument_of_pericenter) + math.degrees(math.acos(-eccentricity))


def _radii(density):
    if not hasattr(density, "scales"):
        return _RADII
    scales = density.scales()
    size = float(scales.radius) * (1 + float(scales.eccentricity) * np.linspace(-1, 1, 3 if scales.eccentricity else 1))
    fine = [size[:, None] * np.exp(_AROUND / float(slope)) for slope in (scales.inner_slope, scales.outer_slope)]
    found = np.unique(np.concatenate([_RADII, *(f.ravel() for f in fine)]))
    return found[(found >= _RADII[0]) & (found <= _RADII[-1])]


def _checked(radii):
    radii = np.asarray(radii, dtype=float)
    increasing = radii.ndim == 1 and radii.size >= 3 and radii[0] > 0 and np.all(np.diff(radii) > 0)
    if not increasing or not np.isfinite(radii[-1]):
        raise ParameterError("ring_shape: radii must be at least 3 increasing numbers above 0, in au")
    return radii


def _peak_of_power_laws(density, flaring, azimuth):
    """The peak of two joined power laws in closed form; None for another density, NaN where there is none."""
    if type(density) is not TwoPowerLaw:
        return None
    inner, outer = float(density.alpha_in) + float(flaring), float(density.alpha_out) + float(flaring)
    if inner <= 0 or outer >= 0:
        return math.nan
    e, angle = float(density.eccentricity), math.radians(azimuth - float(density.argument_of_pericenter))
    return float(density.radius) * (1 - e**2) / (1 + e * math.cos(angle)) * (-inner / outer) ** (0.5 / (inner - outer))


def _peak(function, radii):
    """Radius of the highest value; NaN where it lies at an end of the radii."""
    from scipy.optimize import minimize_scalar

    values = function(radii)
    k = int(np.argmax(values))
    if k in (0, radii.size - 1) or not values[k] > 0:
        return math.nan
    level = values[k]
    plateau = np.flatnonzero(values >= level * (1 - _PRECISION))
    if plateau.size > 1:  # a flat top: its middle
        return float(0.5 * (radii[plateau[0]] + radii[plateau[-1]]))

    def below(x):
        return -float(function(np.exp(x)).reshape(-1)[0] / level)

    bounds = np.log(radii[[k - 1, k + 1]])
    found = minimize_scalar(below, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return float(np.exp(found.x))


def _fallen(profile, peak, level, outwards, radii):
    """The radius nearest to the peak at which the profile is ``level`` times the peak's; NaN where it never is."""
    if math.isnan(peak):
        return math.nan
    height = float(profile(peak))
    side = radii[radii > peak] if outwards else radii[radii < peak][::-1]
    return _crossing(lambda r: profile(r) / height, np.concatenate([[peak], side]), level)


def _thickness(profile, r, level):
    """Distance between the heights, above and below the mid-plane, at which ``level`` of its density is left."""
    up, down = (_crossing(lambda Z, s=s: profile.vertical(r, s * Z), _Z, level) for s in (1.0, -1.0))
    return up + down


def _crossing(function, points, level):
    """Where a function that starts above ``level`` first falls below it, along the points; NaN where it never does."""
    from scipy.optimize import brentq

    below = np.flatnonzero(function(points) < level)
    if below.size == 0 or below[0] == 0:
        return math.nan
    ends = points[below[0] - 1], points[below[0]]
    return float(brentq(lambda x: float(function(x)) - level, *ends, xtol=_PRECISION * max(ends), rtol=_PRECISION))
