"""Runs made by hand, good and bad: what an engine would hand over, without an engine."""

import numpy as np

import diskarray as da

CENTER, WIDTH = np.array([10.0, -3.0, 350.0]), np.array([1.0, 0.1, 4.0])


@da.component
class Dummy:
    """Three numbers."""

    first: float = da.parameter(1.0, unit="au", doc="anything")
    second: float = da.parameter(-3.0, doc="anything")
    angle: float = da.parameter(20.0, unit="deg", doc="an angle")


SPACE = da.ParameterSpace.of(
    Dummy(), {"first": da.Normal(10, 20), "second": da.Uniform(-10, 10), "angle": da.UniformAngle(0, 360)}
)


class Problem:
    """The least that a result asks of a posterior."""

    def __init__(self, space=SPACE):
        self.space = space


class WithLinear(Problem):
    """One whose amplitude is solved inside."""

    class Solution:
        names, units = ("amplitude",), ("mJy",)

    def linear_solution(self, vector):
        return self.Solution()

    def draw_linear(self, vectors, seed, *, xp=np):
        return np.random.default_rng(seed).normal(2.0, 0.1, size=(len(vectors), 1)) * vectors[:, :1]


def gaussian(random, chains=4, draws=1000, correlation=0.0):
    """Chains around CENTER: independent draws, or autoregressive ones of the same width."""
    steps = random.normal(size=(chains, draws, 3))
    x = steps.copy()
    for k in range(1, draws):
        x[:, k] = correlation * x[:, k - 1] + np.sqrt(1 - correlation**2) * steps[:, k]
    return CENTER + WIDTH * x


def log_probability(samples):
    """Of the Gaussian around CENTER."""
    return -0.5 * np.sum(((samples - CENTER) / WIDTH) ** 2, axis=-1)


def result(samples, problem=None, **changes):
    """A SampleResult of given samples, finished unless told otherwise."""
    samples = np.asarray(samples, dtype=float)
    arguments = {
        "engine": "Made",
        "settings": {"walkers": 3},
        "seed": 1,
        "samples": samples,
        "status": "finished",
        "message": "all draws were made",
        "independent_chains": True,
        "n_evaluations": samples.size,
        "seconds": 1.5,
        "maximum": (CENTER, 0.0),
    }
    if "log_probability" not in changes:
        changes["log_probability"] = log_probability(samples)
    return da.SampleResult.of(problem or Problem(), **{**arguments, **changes})
