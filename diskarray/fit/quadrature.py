"""Which quadrature a fit needs: measured once, over the prior, against a much finer one.

A fit should not change its quadrature from one set of parameters to the next, or the likelihood would have steps. So
the cheapest one that is accurate enough everywhere in the prior is chosen beforehand and stays. Only where a wide prior
holds both disks that need panels and disks that do not is the choice left to every image, with steps below the error
stated.
"""

__all__ = ["QuadratureChoice", "quadrature_at", "settle_quadrature"]

import dataclasses

import numpy as np

from ..backend.namespace import concrete
from ..backend.pytree import get_at, leaves, set_at
from ..geometry.angles import cosine_sine
from ..scattering.quadrature import Quadrature, choice_index, choices_for
from ..structures.grid import Grid2DIrregular

_FRACTION = 0.1  # of one standard deviation: how far the quadrature may move any parameter
_LOOSEST = 1e-3  # of the peak, whatever the noise
_DRAWS = 12  # from the prior, besides the values the model was given with
_PIXELS = 600  # at most, spread evenly over the unmasked ones
_CANDIDATES = (  # cheapest first; "automatic" decides for every image anew
    *({"nodes": "layer", "order": order} for order in (4, 5, 6, 8, 10, 14, 20)),
    {"tolerance": 1e-4},
    {"tolerance": 3e-5},
    *({"nodes": "panels", "order": order} for order in (6, 8, 12, 16)),
)
_REFERENCE = {"nodes": "panels", "order": 24}


@dataclasses.dataclass(frozen=True)
class QuadratureChoice:
    """The quadrature of one disk of a fit, and how accurate it was found to be.

    Attributes
    ----------
    path : str
        Of the disk, such as ``"disks.belt"``.
    quadrature : Quadrature
    error : float
        Largest error found, as a fraction of the image's peak.
    shift : float
        Upper bound, found likewise, of how far the errors move any parameter, in units of its standard deviation.
    tolerance : float or None
        The ``error`` asked for by the user; None where there was none, and ``shift`` had to stay below 0.1.
    """

    path: str
    quadrature: Quadrature
    error: float
    shift: float
    tolerance: float | None


def settle_quadrature(space, datasets):
    """The parameter space with every automatic quadrature settled, and what was chosen.

    With an error pattern d and noise s in every pixel, no parameter moves by more than sqrt(sum (d/s)^2) of its
    standard deviation: the projection of the pattern on any one direction cannot be longer than the pattern.

    Parameters
    ----------
    space : ParameterSpace
        Of a Scene.
    datasets : tuple of Imaging

    Returns
    -------
    space : ParameterSpace
    choices : tuple of QuadratureChoice
    """
    paths = [path for path in _disk_paths(space.template) if _is_open(get_at(space.template, path))]
    if not paths or not all(concrete(leaf) for leaf in leaves(space.template) if hasattr(leaf, "dtype")):
        return space, ()
    models = _models(space)
    points, weight = _points(datasets)
    choices = tuple(_choice(path, [get_at(m, path) for m in models], points, weight) for path in paths)
    template = space.template
    for choice in choices:
        disk = get_at(template, choice.path)
        template = set_at(template, choice.path, _with_rule(disk, choice.quadrature))
    return dataclasses.replace(space, template=template), choices


def quadrature_at(posterior, vector):
    """The cheapest quadrature near one vector for every disk whose choice was left to every image.

    Parameters
    ----------
    posterior : Posterior
    vector : array, shape (n,)

    Returns
    -------
    tuple of QuadratureChoice
    """
    model, asked = posterior.space.to_model(vector), {c.path: c.tolerance for c in posterior.quadrature}
    points, weight = _points(posterior.datasets)
    disks = {path: get_at(model, path) for path in _disk_paths(model)}
    return tuple(
        _choice(path, [_with_rule(disk, dataclasses.replace(disk.rule, tolerance=asked.get(path)))], points, weight)
        for path, disk in disks.items()
        if _is_open(disk)
    )


def _disk_paths(model):
    disks = getattr(model, "disks", None)
    return [f"disks.{name}" for name in disks] if hasattr(disks, "items") else []


def _is_open(disk):
    rule = getattr(disk, "rule", None)
    return isinstance(rule, Quadrature) and rule.nodes == "automatic" and hasattr(disk.density, "scales")


def _models(space):
    """The model as given, and at random points of the prior, always the same ones."""
    cube = np.random.default_rng(0).uniform(0.001, 0.999, size=(_DRAWS, space.size))
    return [space.template, *(space.to_model(_inside(space, space.from_unit_cube(row))) for row in cube)]


def _inside(space, vector):
    lower, upper = space.bounds
    width = np.where(np.isfinite(upper - lower), upper - lower, 0.0)
    return np.clip(vector, lower + 1e-9 * width, upper - 1e-9 * width)


def _points(datasets):
    """Some unmasked pixels, and the weight of a squared error in each: pixels it stands for / noise^2 * peak^2."""
    points, weights = [], []
    for data in datasets:
        index = np.arange(data.mask.n_unmasked)
        chosen = index[:: max(1, -(-index.size * len(datasets) // _PIXELS))]
        noise, brightness = np.asarray(data.noise_map.slim), np.asarray(data.data.slim)
        peak = np.quantile(np.abs(brightness), 0.999)
        points.append(np.asarray(data.grid.array)[chosen])
        weights.append(index.size / chosen.size * (peak / noise[chosen]) ** 2)
    return Grid2DIrregular(np.concatenate(points)), np.concatenate(weights)


def _with_rule(disk, rule):
    return dataclasses.replace(disk, rule=rule)


def _image(disk, points, settings):
    rule = dataclasses.replace(disk.rule, **settings)
    if getattr(disk, "optical_depth", 1.0) == 0:  # one that is solved for may start there
        disk = dataclasses.replace(disk, optical_depth=1.0)
    return np.asarray(_with_rule(disk, rule).image_2d_from(points).array)


def _choice(path, disks, points, weight):
    tolerance = disks[0].rule.tolerance
    references = [_image(disk, points, _REFERENCE) for disk in disks]
    lit = [(d, r) for d, r in zip(disks, references, strict=True) if np.all(np.isfinite(r)) and r.max() > 0]
    for settings in _candidates(disks):
        error, shift = 0.0, 0.0
        for disk, reference in lit:
            pattern = np.abs(_image(disk, points, settings) - reference) / reference.max()
            error, shift = max(error, pattern.max()), max(shift, float(np.sqrt(np.sum(weight * pattern**2))))
            if not _good_enough(error, shift, tolerance):
                break
        else:
            break
    rule = dataclasses.replace(disks[0].rule, **settings)
    return QuadratureChoice(path, rule, float(error), shift, tolerance)


def _candidates(disks):
    """The candidates; "automatic" is one only where it would choose differently from disk to disk."""
    free = Quadrature()
    kinds = {
        choices_for(free)[int(choice_index(free, *cosine_sine(disk.inclination), disk.density.scales()))].nodes
        for disk in disks
    }
    return [settings for settings in _CANDIDATES if "order" in settings or len(kinds) > 1]


def _good_enough(error, shift, tolerance):
    return error <= tolerance if tolerance is not None else shift <= _FRACTION and error <= _LOOSEST
