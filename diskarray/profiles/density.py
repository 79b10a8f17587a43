"""Spatial distributions of dust."""

__all__ = ["TwoPowerLaw", "circular_gaussian", "joined_power_laws"]

import math

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import logarithm, square_root, with_slopes
from ..backend.operations import gamma_function
from ..backend.pytree import component
from ..geometry.ellipse import kepler_ellipse, relative_radius
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform, Uniform, UniformAngle
from .protocols import Scales

_TINY = 1e-30  # au; keeps logarithms finite, in single precision too
_NEAREST = 1e-12  # au^2, added to the squared distance from the axis: nothing is singular there, nor overflows
_VANISHING = 600.0  # exp(-600) is as good as zero; processors slow down at numbers below 1e-308


def _joined(inner, outer, depth, *, xp=np):
    value, twice = _root_of(2 * inner, 2 * outer, 2 * depth, xp)
    return value, (twice,)


def _root_of(inner, outer, depth, xp):
    """The root of 2 e^-depth / (e^-inner + e^-outer), and twice the share of the larger term in that sum.

    A root is what compiled code does not compute again wherever it is used; what is below it stays above zero.
    """
    lower = xp.minimum(inner, outer)
    twice = 2 / (1 + xp.exp(lower - xp.maximum(inner, outer)))
    least = math.log(float(xp.finfo(lower.dtype).smallest_normal))
    return square_root(twice * xp.exp(xp.maximum(lower - depth, xp.asarray(least))), xp=xp), twice


def _slopes(value, twice, inner, outer, depth, *, xp=np):
    of_inner = value * _share_of_inner(twice, inner < outer, xp)
    return of_inner, value - of_inner, -value


def _share_of_inner(twice, inside, xp):
    return xp.where(inside, 0.5 * twice, 1 - 0.5 * twice)


joined_power_laws = with_slopes(_joined, _slopes)


def _circular(squared, Z, radius, alpha_in, alpha_out, scale_height, *, xp=np):
    """A TwoPowerLaw with gamma 2, beta 1 and eccentricity 0, from the squared distance from the axis and the height."""
    inverse = radius**2 / squared
    log_inverse = logarithm(inverse, xp=xp)
    depth = Z * Z * inverse * (2 / scale_height**2)
    value, twice = _root_of(-alpha_in * log_inverse, -alpha_out * log_inverse, depth, xp)
    return value, (inverse, log_inverse, depth, twice)


def _circular_slopes(
    value, inverse, log_inverse, depth, twice, squared, Z, radius, alpha_in, alpha_out, scale_height, *, xp=np
):
    share = _share_of_inner(twice, log_inverse > 0, xp)
    by_log = -0.5 * value * log_inverse
    steep = value * (alpha_out + (alpha_in - alpha_out) * share + depth)
    return (
        0.5 * steep / squared,
        -value * Z * inverse * (2 / scale_height**2),
        -steep * (1 / radius),
        by_log * share,
        by_log * (1 - share),
        value * depth * (1 / scale_height),
    )


circular_gaussian = with_slopes(_circular, _circular_slopes)


@component
class TwoPowerLaw:
    """Smoothly joined power laws in radius, a flared generalized Gaussian in height (Augereau et al. 1999, eq. 1).

    n = sqrt(2 / ((r/R)^(-2 alpha_in) + (r/R)^(-2 alpha_out))) exp(-(|Z| / H)^gamma), with H = scale_height (r/R)^beta
    and R the radius of a Kepler ellipse in the direction of the point. The slopes are those of the mid-plane volume
    density.
    """

    radius: float = parameter(
        77.0, unit="au", above=0, doc="semi-major axis of the reference ellipse", prior=LogUniform(1.0, 1000.0)
    )
    alpha_in: float = parameter(10.0, above=0, doc="inner slope", prior=LogUniform(0.5, 50.0))
    alpha_out: float = parameter(-5.0, below=0, doc="outer slope", prior=Uniform(-30.0, -0.5))
    scale_height: float = parameter(
        1.5,
        unit="au",
        above=0,
        prior=LogUniform(0.05, 50.0),
        doc="height H at the reference radius; for gamma = 2 it is sqrt(2) sigma",
    )
    gamma: float = parameter(2.0, above=0, doc="exponent of the vertical profile", prior=Uniform(1.0, 4.0), simple=2.0)
    beta: float = parameter(1.0, doc="flaring exponent of the height", prior=Uniform(0.0, 2.0), simple=1.0)
    eccentricity: float = parameter(0.0, minimum=0, below=1, doc="eccentricity", prior=Uniform(0.0, 0.5), simple=0.0)
    argument_of_pericenter: float = parameter(
        0.0,
        unit="deg",
        doc="angle from the PA end of the major axis, through the near side, to the pericenter",
        prior=UniformAngle(-180.0, 180.0),
    )

    def density(self, X, Y, Z, *, xp=np):
        """Density relative to its mid-plane value at R, at points (X, Y, Z) in au."""
        squared = X * X + Y * Y + _NEAREST
        if held_at(self.gamma, 2.0) and held_at(self.beta, 1.0) and held_at(self.eccentricity, 0.0):
            numbers = (xp.asarray(v) for v in (self.radius, self.alpha_in, self.alpha_out, self.scale_height))
            return circular_gaussian(squared, Z, *numbers, xp=xp)
        log_r = self._log_relative_radius(X, Y, squared, xp)
        inner, outer = self.alpha_in * log_r, self.alpha_out * log_r
        return joined_power_laws(inner, outer, self._vertical(Z, log_r, xp), xp=xp)

    def _log_relative_radius(self, X, Y, squared, xp):
        if held_at(self.eccentricity, 0.0):
            return 0.5 * logarithm(squared * (1 / self.radius**2), xp=xp)
        ellipse = kepler_ellipse(self.radius, self.eccentricity, self.argument_of_pericenter, xp=xp)
        return logarithm(relative_radius(X, Y, square_root(squared, xp=xp), ellipse), xp=xp)

    def _vertical(self, Z, log_r, xp):
        """(|Z| / H)^gamma, at most so large that its exponential is zero."""
        if held_at(self.gamma, 2.0):
            height = (Z * Z) * (1 / self.scale_height**2) * xp.exp(-2 * self.beta * log_r)
            return xp.minimum(height, xp.asarray(_VANISHING))
        height = xp.maximum(xp.abs(Z), xp.asarray(_TINY)) * (1 / self.scale_height)
        log_height = logarithm(height, xp=xp) - self.beta * log_r
        return xp.exp(xp.clip(self.gamma * log_height, -700.0, math.log(_VANISHING)))

    def vertical_column(self, *, xp=np):
        """Integral of the density over Z at R, in au: 2 H Gamma(1 + 1/gamma)."""
        return 2 * self.scale_height * gamma_function(1 + 1 / self.gamma, xp=xp)

    def scales(self):
        """Where the density varies, for the quadrature."""
        return Scales(
            radius=self.radius,
            inner_slope=self.alpha_in,
            outer_slope=-self.alpha_out,
            scale_height=self.scale_height,
            vertical_exponent=self.gamma,
            flaring=self.beta,
            eccentricity=self.eccentricity,
            argument_of_pericenter=self.argument_of_pericenter,
        )
