"""Where the point source sits on an image of it: the centroid under a Gaussian window that follows the peak."""

__all__ = ["centroid_of"]

import numpy as np

from ..backend.namespace import concrete
from ..errors import ParameterError

_PRECISION = 1e-12  # pixels


def centroid_of(image):
    """Pixel (y, x), 0-based, of the brightest peak of an image.

    The mean position, weighted with the image and with a Gaussian window as wide as the peak, around which the window
    is then centered, until nothing moves: unbiased for a peak that is symmetric (as the windowed positions of
    SExtractor, Bertin & Arnouts 1996). Faint structure far from the peak does not enter.

    Parameters
    ----------
    image : array, shape (ny, nx)

    Raises
    ------
    ParameterError
        If the numbers are not known yet, or there is no peak that stands out.
    """
    if not concrete(image):
        raise ParameterError("a centroid needs the kernel's numbers: inside a compiled function give center=(y, x)")
    image = np.asarray(image, dtype=float)
    peak = np.array(np.unravel_index(np.argmax(image), image.shape), dtype=float)
    width = max(np.sqrt(np.count_nonzero(image > 0.5 * image.max()) / np.pi) / 1.1774, 0.5)
    rows, columns = np.indices(image.shape)
    place = peak
    for _ in range(500):
        y, x = rows - place[0], columns - place[1]
        weights = image * np.exp(-0.5 * (y**2 + x**2) / width**2)
        total = weights.sum()
        step = 2 * np.array([np.sum(weights * y), np.sum(weights * x)]) / total if total > 0 else np.full(2, np.nan)
        place = place + step
        if not np.hypot(*(place - peak)) <= max(width, 1.0):
            break
        if np.max(np.abs(step)) < _PRECISION:
            return tuple(float(p) for p in place)
    raise ParameterError("no point source stands out in the PSF kernel: give its pixel as center=(y, x)")
