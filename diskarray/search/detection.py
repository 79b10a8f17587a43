"""Is there a disk at all? Chi-squared with and without its light, and how bright a disk of that shape could be."""

__all__ = ["detection_of"]

import numpy as np

from ..backend.pytree import set_at
from ..results.optimize_result import Detection, Limit

_SIGNIFICANT = 2.87e-7  # chance of a fluctuation: 5 standard deviations, one-sided
_ONE_SIDED = 1.645  # standard deviations below which 95 % of a Gaussian lie
_METHOD = "linear in brightness, shape as given to start with, residuals taken as correlated"


def detection_of(problem, scene, start, residual, autocovariance, n_free):
    """Whether the disks of the best scene are detected, and limits on their brightness if not.

    Parameters
    ----------
    problem : Problem
    scene : Scene
        The best fit.
    start : Scene
        What the search was given: a shape fitted to noise would say nothing about the disk that was looked for.
    residual : array, shape (N + extra,)
        Whitened residuals there.
    autocovariance : Autocovariance
    n_free : int

    Returns
    -------
    Detection or None
        None where the model has no disks with an ``optical_depth``.
    limits : tuple of Limit
        On the optical depth of every disk, at 95 %; empty where they are detected.
    """
    from scipy.special import chdtri

    disks = getattr(scene, "disks", None)
    if not hasattr(disks, "items") or not all(np.any(getattr(d, "optical_depth", 0.0)) for d in disks.values()):
        return None, ()
    n = sum(int(np.sum(~mask)) for mask in autocovariance.masks)
    best, without = np.asarray(residual[:n]), problem.pixels_of(_dark(scene, disks))
    inflation = autocovariance.inflation(without - best)
    gain = float(without @ without - best @ best)
    found = Detection(gain, inflation, inflation * float(chdtri(n_free, _SIGNIFICANT)))
    if found.is_detected:
        return found, ()
    return found, tuple(
        Limit(
            f"disks.{name}.optical_depth",
            "upper",
            _brightest(problem, start, name, without, autocovariance),
            0.95,
            _METHOD,
        )
        for name in disks
    )


def _brightest(problem, start, name, without, autocovariance):
    """The optical depth that the image excludes: the best one, or none, plus 1.645 standard deviations."""
    depth = float(start.disks[name].optical_depth) or 1e-3
    dark = _dark(start, start.disks)
    nothing = problem.pixels_of(dark)
    light = nothing - problem.pixels_of(set_at(dark, f"disks.{name}.optical_depth", depth))
    norm = float(light @ light)
    if norm == 0:
        return float("inf")
    sigma = depth * np.sqrt(autocovariance.inflation(light) / norm)
    return float(max(depth * float(light @ without) / norm, 0.0) + _ONE_SIDED * sigma)


def _dark(scene, names):
    for name in names:
        scene = set_at(scene, f"disks.{name}.optical_depth", 0.0)
    return scene
