"""A small model with three linear parameters, and its likelihood written out for the tests of them."""

import itertools

import numpy as np

from diskarray.backend.pytree import component
from diskarray.dataset.imaging import Imaging
from diskarray.fit.posterior import Posterior
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.structures.image import Image2D

RANDOM = np.random.default_rng(5)
SHAPE, SCALE = (6, 7), 0.5
NOISE = RANDOM.uniform(0.5, 2, SHAPE)
Y, X = np.meshgrid((np.arange(6) - 2.5) * SCALE, (np.arange(7) - 3) * SCALE, indexing="ij")


@component
class Spot:
    """peak exp(-r^2 / 2 width^2) + slope y + level."""

    peak: float = parameter(2.0, minimum=0)
    slope: float = parameter(0.5, unit="Jy")
    level: float = parameter(1.0)
    width: float = parameter(0.7, above=0)

    def image_2d_from(self, grid, *, xp=np):
        values = self.peak * xp.exp(-(grid.y**2 + grid.x**2) / (2 * self.width**2))
        return Image2D.from_slim(values + self.slope * grid.y + self.level, grid.mask, xp=xp)


def simulated(peak=2.0, slope=0.5, level=1.0, width=0.7, seed=3):
    random = np.random.default_rng(seed)
    return image(peak, slope, level, width) + NOISE * random.standard_normal(SHAPE)


def image(peak, slope, level, width):
    return peak * np.exp(-(Y**2 + X**2) / (2 * width**2)) + slope * Y + level


@component
class Pair:
    """Two equal spots on a level."""

    first: float = parameter(1.0, minimum=0)
    second: float = parameter(1.0, minimum=0)
    level: float = parameter(0.0)
    width: float = parameter(0.7, above=0)

    def image_2d_from(self, grid, *, xp=np):
        spot = xp.exp(-(grid.y**2 + grid.x**2) / (2 * self.width**2))
        return Image2D.from_slim((self.first + self.second) * spot + self.level, grid.mask, xp=xp)


def posterior_of(linear, data=None, noise=NOISE, **changes):
    """A posterior of the width, with linear priors by name and the other parameters at their values."""
    data = Imaging(data=simulated() if data is None else data, noise_map=noise, pixel_scale=SCALE)
    return Posterior(data, ParameterSpace.of(Spot(**changes), {"width": Uniform(0.1, 3.0), **linear}))


def log_likelihood(data, noise, width, **values):
    z = (data - image(**{"peak": 2.0, "slope": 0.5, "level": 1.0} | values, width=width)) / noise
    return -0.5 * np.sum(z * z + np.log(2 * np.pi * noise**2))


def integrated(function, ranges, panels=12, order=16):
    """Logarithm of the integral of exp(function(*point)) over a box, by composite Gauss-Legendre nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    axes = []
    for first, last in ranges:
        edges = np.linspace(first, last, panels + 1)
        half = np.diff(edges)[:, None] / 2
        axes.append(((edges[:-1, None] + half * (nodes + 1)).ravel(), (half * weights).ravel()))
    values = np.array([function(*point) for point in itertools.product(*(a[0] for a in axes))])
    weight = np.array([np.prod(point) for point in itertools.product(*(a[1] for a in axes))])
    return values.max() + np.log(np.sum(weight * np.exp(values - values.max())))
