"""Rules on pixels and mask: how many there are, which are missing, which stick out."""

__all__ = ["constant", "few_pixels", "mask_fraction", "mask_star", "not_finite", "outliers"]

import numpy as np

from .finding import ERROR, INFO, WARNING, Finding

_FEWEST = 100
_MUCH_NOT_FINITE = 0.05
_MUCH_MASKED = 0.95
_OUTLIER_SIGMA = 12.0
_LEAST_NEIGHBORS = 4


def few_pixels(imaging, psf):
    """So few unmasked pixels that a disk's parameters cannot be told apart."""
    count = imaging.mask.n_unmasked
    if count < _FEWEST:
        yield Finding(
            WARNING,
            "few_pixels",
            f"Only {count} pixels are left to fit.",
            "Mask less, or check crop and masks.",
        )


def not_finite(imaging, psf):
    """Pixels that are NaN or infinite and were masked for it."""
    count, total = imaging.n_not_finite, imaging.mask.array.size
    if count:
        severity = WARNING if count > _MUCH_NOT_FINITE * total else INFO
        yield Finding(
            severity,
            "not_finite",
            f"{count} of {total} pixels are not finite in data or noise and were masked.",
            "Check that these are the pixels without data.",
        )


def constant(imaging, psf):
    """An image without any structure, noise included."""
    values = np.asarray(imaging.data.slim)
    if np.ptp(values) == 0:
        yield Finding(
            ERROR,
            "constant",
            f"All unmasked pixels have the value {values[0]:g}.",
            "Check extension, plane and masks: this is no image.",
        )


def outliers(imaging, psf):
    """Single pixels far from all their neighbors, as hot pixels and cosmic rays are."""
    excluded = imaging.mask.array
    signal = np.where(excluded, np.nan, imaging.data.array / imaging.noise_map.array)
    padded = np.pad(signal, 1, constant_values=np.nan)
    ny, nx = signal.shape
    shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    around = np.stack([padded[i : i + ny, j : j + nx] for i, j in shifts])
    known = np.isfinite(around).sum(axis=0) >= _LEAST_NEIGHBORS
    lowest = np.min(np.where(np.isfinite(around), around, np.inf), axis=0)
    highest = np.max(np.where(np.isfinite(around), around, -np.inf), axis=0)
    center = np.nan_to_num(signal)
    sticks_out = known & ~excluded & ((center > highest + _OUTLIER_SIGMA) | (center < lowest - _OUTLIER_SIGMA))
    sticks_out &= ~_at_star(imaging)
    if sticks_out.any():
        first = tuple(int(k) for k in np.argwhere(sticks_out)[0])
        yield Finding(
            WARNING,
            "outliers",
            f"{int(sticks_out.sum())} single pixels stick out of all their neighbors by {_OUTLIER_SIGMA:g} sigma, "
            f"the first (row, column) = {first}.",
            "Mask them, or correct the noise map there.",
        )


def mask_fraction(imaging, psf):
    """Nearly everything masked, as when a mask means the opposite."""
    fraction = 1.0 - imaging.mask.n_unmasked / imaging.mask.array.size
    if fraction > _MUCH_MASKED:
        yield Finding(
            WARNING,
            "mask_fraction",
            f"{fraction:.1%} of the image is masked.",
            "In a mask True (1) means excluded: check that it is not the other way round, or crop the image.",
        )


def mask_star(imaging, psf):
    """The star's pixel takes part in the fit."""
    row, column = (round(c) for c in imaging.frame.center)
    ny, nx = imaging.frame.shape_native
    if 0 <= row < ny and 0 <= column < nx and not imaging.mask.array[row, column]:
        yield Finding(
            INFO,
            "mask_star",
            f"The star's pixel (row, column) = ({row}, {column}) is not masked.",
            "Mask the residuals of starlight and the coronagraph, unless the model has them.",
        )


def _at_star(imaging):
    """Pixels within two of the star's, where starlight may stick out."""
    row, column = np.indices(imaging.frame.shape_native)
    return np.hypot(row - imaging.frame.center[0], column - imaging.frame.center[1]) < 2.0
