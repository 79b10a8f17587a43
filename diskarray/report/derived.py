"""Numbers that follow from the parameters, with errors: the ring's shape, its near side, its share of the star's light.

From a fit they are propagated linearly through the covariance, with differences over half a standard deviation to
each side; from draws they are the scatter of what every draw gives.
"""

__all__ = ["Derived", "derived_of_fit", "derived_of_samples"]

import dataclasses
import math

import numpy as np

from ..errors import DiskArrayError
from ..model.derived import disk_to_star_flux_ratio, near_side
from ..model.ring_shape import ring_shape
from ..structures.grid import Grid2D
from ..structures.mask import Mask2D
from .parameters import difference

_STEP = 0.5  # standard deviations
_DRAWS = 200
_IMAGES = 40  # draws that are rendered
_ROUNDING = 1e-9
_UNSEEN = 1e-9  # a derivative below this share of the largest is none

_SHAPE = (
    ("peak_radius", "peak radius", "au", "where the mid-plane density is highest"),
    (
        "surface_peak_radius",
        "peak radius of the surface density",
        "au",
        "where its integral over the height is highest",
    ),
    ("inner_half_radius", "inner half-peak radius", "au", "where the mid-plane density has fallen to half, inside"),
    ("outer_half_radius", "outer half-peak radius", "au", "where the mid-plane density has fallen to half, outside"),
    ("radial_fwhm", "radial full width at half maximum", "au", "between those two radii"),
    ("relative_width", "relative width dr/r", "", "radial full width over the peak radius"),
    ("scale_height", "scale height at the peak", "au", "where the density has fallen to 1/e above the mid-plane"),
    ("vertical_fwhm", "vertical full width at half maximum", "au", "at the peak radius"),
    (
        "aspect_ratio",
        "aspect ratio h/r",
        "",
        "scale height over the peak radius; over sqrt 2 for sigma/r of a Gaussian",
    ),
)
_NEAR = (
    "near_side",
    "near side at position angle",
    "deg",
    "the near end of the minor axis, East of North, if dust scatters forwards",
)
_FLUX = ("flux_ratio", "light of the disk over that of the star", "", "summed over the whole frame, before the PSF")


@dataclasses.dataclass(frozen=True)
class Derived:
    """One number of one disk.

    Attributes
    ----------
    disk, key, title, unit, meaning : str
    value, sigma : float
        NaN where unknown; an error of 0 where it depends on no free parameter.
    low, high : float
        16 and 84 % quantiles of draws; NaN for a fit.
    """

    disk: str
    key: str
    title: str
    unit: str
    meaning: str
    value: float
    sigma: float
    low: float = math.nan
    high: float = math.nan


def derived_of_fit(fit, space, frame=None):
    """What follows from a fit.

    Parameters
    ----------
    fit : OptimizeResult
    space : ParameterSpace
    frame : Frame2D, optional
        The pixels over which the light is summed; without one it is not.

    Returns
    -------
    tuple of Derived
    """
    rows = _rows(fit.scene, frame)
    best = np.array([*fit.vector, *fit.linear.values])
    covariance = np.block(
        [
            [np.asarray(fit.covariance), np.asarray(fit.linear.cross_covariance).reshape(fit.vector.size, -1)],
            [np.asarray(fit.linear.cross_covariance).reshape(fit.vector.size, -1).T, np.asarray(fit.linear.covariance)],
        ]
    )
    values = _values(fit.scene, rows, frame)
    jacobian = _jacobian(lambda x: _values(_scene(space, x), rows, frame), best, covariance, space, values, rows)
    return tuple(
        Derived(*row, value=float(value), sigma=_moved(_propagated(slope, covariance), value))
        for row, value, slope in zip(rows, values, jacobian, strict=True)
    )


def derived_of_samples(samples, space, frame=None):
    """What follows from draws, thinned evenly: medians, standard deviations, quantiles; see ``derived_of_fit``."""
    rows = _rows(samples.scene, frame)
    linear = samples.linear_samples.reshape(len(samples.flat), len(samples.linear_names))
    draws = _thinned(np.concatenate([samples.flat, linear], axis=1), _DRAWS)
    seen = set(_thinned(np.arange(len(draws)), _IMAGES).tolist())
    center = _values(samples.scene, rows, frame)
    table = [_values(_scene(space, x), rows, frame if k in seen else None) for k, x in enumerate(draws)]
    return tuple(
        _of_draws(row, column, middle) for row, column, middle in zip(rows, np.array(table).T, center, strict=True)
    )


def _rows(scene, frame):
    """(disk, key, title, unit, meaning) of all numbers that can be asked for."""
    rows = []
    for name, disk in scene.disks.items():
        shape = _SHAPE if hasattr(getattr(disk, "density", None), "density") else ()
        near = (_NEAR,) if hasattr(disk, "position_angle") and hasattr(disk, "inclination") else ()
        rows += [(name, *row) for row in (*shape, *near, *((_FLUX,) if frame is not None else ()))]
    return rows


def _values(scene, rows, frame):
    """One number per row, NaN for what a disk does not have."""
    known = {}
    for name, disk in scene.disks.items():
        known |= {(name, key): value for key, value in _of_disk(disk, frame).items()}
    return np.array([known.get((row[0], row[1]), math.nan) for row in rows])


def _of_disk(disk, frame):
    found = {}
    try:
        shape = ring_shape(disk.density)
        found |= {key: float(getattr(shape, key)) for key, *_ in _SHAPE}
    except (DiskArrayError, AttributeError):
        pass
    try:
        found["near_side"] = near_side(disk).position_angle
        if frame is not None:
            found["flux_ratio"] = float(disk_to_star_flux_ratio(disk, Grid2D(Mask2D.none(frame))))
    except DiskArrayError:
        pass
    return found


def _scene(space, x):
    """The scene at searched and linear parameters, one after the other."""
    scene = space.to_model(x[: space.size])
    return space.with_linear(scene, x[space.size :]) if space.linear_size else scene


def _jacobian(function, best, covariance, space, values, rows):
    """Derivatives of all numbers by all parameters, shape (rows, parameters); 0 by those without an error."""
    ends = np.concatenate([space.bounds, np.reshape(space.linear_bounds, (2, -1))], axis=1)
    slopes = np.zeros((len(rows), best.size))
    periods = [360.0 if row[1] == "near_side" else None for row in rows]
    for k, variance in enumerate(np.diag(covariance)):
        step = _STEP * math.sqrt(variance) if variance > 0 else 1e-3 * max(abs(best[k]), 1e-3)
        sides = []
        for x in (max(best[k] - step, ends[0, k]), min(best[k] + step, ends[1, k])):
            moved = best.copy()
            moved[k] = x
            sides.append((x, function(moved) if x != best[k] else values))
        (below, low), (above, high) = sides
        slopes[:, k] = [
            difference(*pair, period) / (above - below) for *pair, period in zip(high, low, periods, strict=True)
        ]
    return slopes


def _propagated(slope, covariance):
    """sqrt(J C J^T); NaN where the number depends on a parameter without an error."""
    matters = np.abs(slope) > _UNSEEN * np.max(np.abs(slope), initial=0.0)
    if not np.all(np.isfinite(slope)) or not np.any(matters):
        return 0.0 if np.all(np.isfinite(slope)) else math.nan
    inner = covariance[np.ix_(matters, matters)]
    return float(math.sqrt(slope[matters] @ inner @ slope[matters])) if np.all(np.isfinite(inner)) else math.nan


def _moved(sigma, value):
    """The error, 0 where it is the rounding of a number that depends on no parameter."""
    return 0.0 if sigma < _ROUNDING * abs(value) else sigma


def _thinned(rows, most):
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]


def _of_draws(row, column, middle):
    column = column[np.isfinite(column)]
    if column.size < 2:
        return Derived(*row, value=float(middle), sigma=math.nan)
    if row[1] == "near_side":
        start = middle if math.isfinite(middle) else column[0]
        column = start + np.array([difference(value, start, 360.0) for value in column])
    low, value, high = np.quantile(column, [0.16, 0.5, 0.84])
    return Derived(
        *row, value=float(value), sigma=_moved(float(np.std(column, ddof=1)), value), low=float(low), high=float(high)
    )
