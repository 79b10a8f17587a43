"""Where a search or a sampler begins: the start as a vector of its posterior, within the bounds."""

__all__ = ["start_vector", "vector_of"]

import numpy as np

from ..errors import ParameterError, ShapeError


def vector_of(start):
    """The vector of a start: a result's, or the start itself."""
    return np.asarray(getattr(start, "vector", start), dtype=float)


def start_vector(space, start):
    """The start as a vector within the bounds.

    Parameters
    ----------
    space : ParameterSpace
    start : OptimizeResult, Scene, array of shape (n,) or None
        None stands for the model's own values.

    Raises
    ------
    ShapeError, ParameterError
        If it has another length, is of other parameters, or lies outside the bounds.
    """
    names = getattr(start, "names", None)
    if names is not None and tuple(names) != tuple(space.names):
        raise ParameterError(
            f"the start is of other parameters, {', '.join(names)}; this posterior has {', '.join(space.names)}"
        )
    of_model = start is None or hasattr(start, "image_2d_from")
    vector = space.to_vector(start) if of_model else vector_of(start)
    if vector.shape != (space.size,):
        raise ShapeError(f"start is a best fit, a Scene or a vector of shape ({space.size},), got shape {vector.shape}")
    lower, upper = space.bounds
    outside = [n for n, v, lo, hi in zip(space.names, vector, lower, upper, strict=True) if not lo <= v <= hi]
    if outside:
        raise ParameterError(f"the start lies outside the bounds of {', '.join(outside)}: move it or widen the prior")
    return vector
