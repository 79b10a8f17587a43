"""Many starts, so that the best basin is found and not the nearest one.

The starts are the one given, the same with the other side of each disk near, and Sobol points of the prior. On a coarse
version of the image (``coarse.py``) the brightness of each is solved for, the promising ones are searched for a few
steps. The best two (a third of the starts, if that is more) that no straight way without a barrier connects with a
minimum already found are searched to the end; others are counted where such a way leads. A start's exact mirror images
(``symmetry.py``) need no search of their own: they end in the mirror images of where it ends, and are counted there.
"""

__all__ = ["Region", "explore"]

import dataclasses

import numpy as np

from .brightness import Brightness
from .coarse import coarse_posterior, near_posterior
from .local_search import quick_search
from .symmetry import forward_asymmetry, images_of, other_near_sides

_SCREENED = 4  # Sobol points looked at for every start
_FIRST_TRIALS, _LAST_TRIALS = 3, 60
_LOOSE = 3e-4
_PANEL_ORDER = 4
_LEVEL = 4.0  # of chi-squared: a rise between two points that is no barrier


@dataclasses.dataclass(frozen=True, eq=False)
class Region:
    """A place where searches ended on the coarse image.

    Attributes
    ----------
    x : array, shape (n,)
        Coordinates.
    cost : float
        Chi-squared of the coarse image there.
    n_starts, n_images : int
        Starts that ended there, and exact mirror images of starts, which ended in its mirror images.
    """

    x: np.ndarray
    cost: float
    n_starts: int
    n_images: int


@dataclasses.dataclass(frozen=True, eq=False)
class _Start:
    x: np.ndarray
    cost: float
    n_images: int = 0


def explore(problem, vector, starts, seed):
    """Look for the basins of a problem.

    Parameters
    ----------
    problem : Problem
    vector : array, shape (n,)
        The start given.
    starts : int
        How many to search from, the start given included.
    seed : int
        Of the Sobol points.

    Returns
    -------
    regions : list of Region
        The best first.
    step : str
        What was done, in a sentence.
    """
    coarse = coarse_posterior(problem.posterior)
    view = problem if coarse is None else problem.of(coarse, np)
    brightness = Brightness.of(_near(view, vector), vector)
    given = [vector, *other_near_sides(problem.posterior.space, vector)]
    ready = [s for s in (_ready(view, brightness, v, images=True) for v in given) if np.isfinite(s.cost)]
    random = [_ready(view, brightness, v) for v in _sobol(problem, _SCREENED * starts, seed)]
    random = sorted((s for s in random if np.isfinite(s.cost)), key=lambda s: s.cost)
    chosen = ready + random[: max(starts - len(ready), 0)]
    ended = sorted((_searched(view, s, _FIRST_TRIALS) for s in chosen), key=lambda s: s.cost)
    regions, followed = [], 0
    for end in ended:
        place = next((i for i, region in enumerate(regions) if _connected(view, end, region)), None)
        if place is None and followed < max(2, starts // 3):
            end, followed = _searched(view, end, _LAST_TRIALS), followed + 1
            place = next((i for i, region in enumerate(regions) if _connected(view, end, region)), None)
            if place is None:
                regions.append(Region(end.x, end.cost, 1, end.n_images))
                continue
        if place is not None:
            regions[place] = _joined(regions[place], end)
    regions = sorted(regions, key=lambda region: region.cost)
    regions[:1] = [_scattering_forward(view, region) for region in regions[:1]]
    where = "the image" if coarse is None else f"a binned image of {coarse.n_data} pixels"
    return regions, (
        f"{len(chosen)} starts on {where} ({len(ready)} from the start given, the others the best of "
        f"{len(random)} Sobol points), {followed} of them searched to the end: basins {len(regions)}"
    )


def _sobol(problem, number, seed):
    """Points of the prior: a Sobol sequence, shifted at random around the unit cube."""
    from scipy.stats import qmc

    space, scaling = problem.posterior.space, problem.scaling
    points = qmc.Sobol(space.size, scramble=False).random_base2(max(int(np.ceil(np.log2(number))), 1))[:number]
    cube = np.clip((points + np.random.default_rng(seed).uniform(size=space.size)) % 1.0, 1e-6, 1 - 1e-6)
    return [scaling.to_vector(scaling.strictly_inside(scaling.to_coordinates(space.from_unit_cube(u)))) for u in cube]


def _near(view, vector):
    """The view with a cheap quadrature that fits the shape at a vector."""
    return view.of(near_posterior(view.posterior, vector, _PANEL_ORDER))


def _ready(view, brightness, vector, images=False):
    """A start with its best brightness."""
    space, scaling, view = view.posterior.space, view.scaling, _near(view, vector)
    vector, cost = brightness.solved(view, vector)
    count = len(images_of(space, vector, lambda v: view.residuals(scaling.to_coordinates(v)))) if images else 0
    return _Start(scaling.strictly_inside(scaling.to_coordinates(vector)), cost, count)


def _searched(view, start, trials):
    x, cost = quick_search(_near(view, view.scaling.to_vector(start.x)), start.x, _LOOSE, trials)
    return dataclasses.replace(start, x=x, cost=cost)


def _scattering_forward(view, region):
    """The region, or the one of its exact mirror images whose dust scatters forward most."""
    space, scaling, vector = view.posterior.space, view.scaling, view.scaling.to_vector(region.x)
    near = _near(view, vector)
    same = [vector, *images_of(space, vector, lambda v: near.residuals(scaling.to_coordinates(v)))]
    forward = max(range(len(same)), key=lambda k: round(forward_asymmetry(space.to_model(same[k])), 6))
    if not forward:
        return region
    x = scaling.strictly_inside(scaling.to_coordinates(same[forward]))
    return dataclasses.replace(region, x=x, n_starts=region.n_images, n_images=region.n_starts)


def _joined(region, end):
    """The region with another end in it, the better of the two places kept."""
    x, cost = (end.x, end.cost) if end.cost < region.cost else (region.x, region.cost)
    n_images = region.n_images + end.n_images
    return dataclasses.replace(region, x=x, cost=cost, n_starts=region.n_starts + 1, n_images=n_images)


def _connected(view, one, other):
    """Whether chi-squared does not rise half way between two points; angles go the short way around."""
    between = other.x - one.x
    periodic = np.array([hasattr(p, "wrapped") for p in view.posterior.space.priors])
    between = np.where(periodic, between - np.round(between), between)
    middle = np.clip(one.x + between / 2, view.scaling.lower, view.scaling.upper)
    return view.cost(view.residuals(middle)) <= max(one.cost, other.cost) + _LEVEL
