"""Images of a model's linear parameters: everything with them off, and one image for each.

Where a parameter belongs to one part of a scene - a disk, a source, the stellar residual, the background - only that
part is rendered for it; where it does not, the whole scene is. Which of the two, and whether the image depends on the
parameters linearly at all, is found out once, by rendering.
"""

__all__ = ["PARTS", "WHOLE", "base_and_basis", "choose_plan", "observed_image"]

import numpy as np

from ..backend.pytree import FrozenDict, component, set_at
from ..errors import ParameterError
from ..model.instrument import Instrument
from ..model.scene import Scene
from ..structures.decorators import to_image, to_vector_yx

PARTS, WHOLE = "parts", "whole"
_SAME = 1e-9  # of the peak
_SCALE_OF = {"disks": "optical_depth", "sources": "flux", "stellar_residual": "weights", "background": ""}


@component
class _Dark:
    """Stands in for the disks of a scene that has none left: no light."""

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        return xp.zeros_like(grid.y)

    @to_vector_yx
    def stokes_2d_from(self, grid, *, xp=np):
        return xp.zeros_like(grid.array)


def observed_image(model, dataset, *, xp=np):
    """The model's image of what a dataset shows, on its pixels."""
    if dataset.observable == "total" or not hasattr(model, "observed_2d_from"):
        return model.image_2d_from(dataset.grid, xp=xp)
    return model.observed_2d_from(dataset.grid, dataset.observable, xp=xp)


def base_and_basis(model, space, dataset, plan, *, xp=np):
    """The image without its linear parameters, and its change per unit of each.

    Parameters
    ----------
    model : component
        At some values of the other parameters.
    space : ParameterSpace
    dataset : Imaging
    plan : str
        From ``choose_plan``.
    xp : module
        Array namespace.

    Returns
    -------
    base : array, shape (N,)
        At the unmasked pixels.
    basis : array, shape (N, k)
    """
    off, units = space.with_linear(model, np.zeros(space.linear_size)), np.eye(space.linear_size)

    def image(part):
        return observed_image(part, dataset, xp=xp).slim

    def switched_on(k, part=lambda model: model):
        return image(part(space.with_linear(off, units[k])))

    if plan == WHOLE:
        base = image(off)
        return base, xp.stack([switched_on(k) - base for k in range(len(units))], axis=-1)
    scaled, known = _scaled_parts(space), {}
    rest = tuple(part for part in _all_parts(model) if part not in scaled)
    columns = []
    for k, paths in enumerate(space.linear_paths):
        parts = tuple(dict.fromkeys(map(_part_of, paths)))
        column = switched_on(k, lambda model, parts=parts: _only(model, parts))
        if not set(parts) <= scaled:
            if parts not in known:
                known[parts] = image(_only(off, parts))
            column = column - known[parts]
        columns.append(column)
    return image(_only(off, rest)), xp.stack(columns, axis=-1)


def choose_plan(space, dataset):
    """How to get the images of the linear parameters, PARTS or WHOLE, after checking that it works.

    Raises
    ------
    ParameterError
        Naming the parameter that the image does not depend on linearly, or the pair that multiply each other.
    """
    model, plans = space.template, (PARTS, WHOLE) if _has_parts(space) else (WHOLE,)
    with np.errstate(all="ignore"):
        for plan in plans:
            base, basis = base_and_basis(model, space, dataset, plan)
            values = _trial(space, base, basis)
            expected = observed_image(space.with_linear(model, values), dataset).slim
            if _same(base + basis @ values, expected):
                return plan
        raise ParameterError(_what_is_wrong(space, dataset, values))


def _trial(space, base, basis):
    """Values to test with: different multiples of what the model has, or where that is 0 of what is as bright."""
    values = np.asarray(space.linear_values())
    peaks = np.max(np.abs(basis), axis=0)
    brightest = max(np.max(np.abs(base)), np.max(np.abs(values) * peaks))
    usable = np.isfinite(peaks) & (peaks > 0) & np.isfinite(brightest) & (brightest > 0)
    typical = np.where(usable, brightest / np.where(usable, peaks, 1.0), 1.0)
    return np.where(values == 0, typical, values) * (0.6 + 0.7 * np.arange(1, values.size + 1) / values.size)


def _same(got, expected):
    return bool(np.all(np.isfinite(got)) and np.max(np.abs(got - expected)) <= _SAME * np.max(np.abs(expected)))


def _what_is_wrong(space, dataset, values):
    own = np.asarray(space.linear_values())

    def image(changes):
        changed = np.array([changes.get(k, own[k]) for k in range(own.size)])
        return observed_image(space.with_linear(space.template, changed), dataset).slim

    for k, name in enumerate(space.linear_names):
        none, one, two = (image({k: multiple * values[k]}) for multiple in (0, 1, 2))
        if not _same(2 * one - none, two):
            return f"{name!r} is declared Linear, but the image does not depend on it linearly: give it another prior"
    for k in range(own.size):
        for j in range(k):
            corners = [image({j: a * values[j], k: b * values[k]}) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1))]
            if not _same(corners[1] + corners[2] - corners[0], corners[3]):
                names = space.linear_names
                return (
                    f"{names[j]!r} and {names[k]!r} are declared Linear, but the image depends on their product: "
                    "only one of them can be"
                )
    return f"the image does not depend linearly on {', '.join(space.linear_names)}: give them other priors"


def _part_of(path):
    """The part of a scene that a path belongs to, as the path's beginning; None where it is not one of them."""
    first, _, rest = path.partition(".")
    if first in ("disks", "sources"):
        return f"{first}.{rest.partition('.')[0]}"
    return first if first in _SCALE_OF else None


def _scale_path(part):
    """The path of the number that a whole part is proportional to."""
    name = _SCALE_OF[part.partition(".")[0]]
    return f"{part}.{name}" if name else part


def _has_parts(space):
    model, paths = space.template, [path for paths in space.linear_paths for path in paths]
    return type(model) is Scene and all(_part_of(path) for path in paths)


def _scaled_parts(space):
    """Parts that are dark while the linear parameters are 0."""
    paths = {path for paths in space.linear_paths for path in paths}
    return {_part_of(path) for path in paths if _scale_path(_part_of(path)) == path}


def _all_parts(scene):
    parts = [f"{group}.{name}" for group in ("disks", "sources") for name in getattr(scene, group)]
    return (*parts, *(["stellar_residual"] if scene.stellar_residual is not None else []), "background")


def _only(scene, parts):
    """The scene with nothing but some of its parts; without the instrument where none of them is seen through it."""
    disks = {n: disk for n, disk in scene.disks.items() if f"disks.{n}" in parts}
    sources = {n: source for n, source in scene.sources.items() if f"sources.{n}" in parts}
    changes = {
        "disks": FrozenDict(disks or {"none": _Dark()}),
        "sources": FrozenDict(sources),
        "stellar_residual": scene.stellar_residual if "stellar_residual" in parts else None,
        "background": scene.background if "background" in parts else 0.0,
        "instrument": scene.instrument if disks or sources else Instrument(),
    }
    for name, value in changes.items():
        scene = set_at(scene, name, value)
    return scene
