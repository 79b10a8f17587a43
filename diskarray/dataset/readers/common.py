"""What readers of FITS files share: the region around the star, and an Imaging from a cube that has been read."""

__all__ = ["imaging_from", "outside_annulus"]

import numpy as np

from ..from_fits import ingredients_of
from ..imaging import Imaging


def outside_annulus(frame, inner_pixels, outer_pixels=None):
    """True where a pixel is not in ``inner < r < outer`` pixels from the star, shape (ny, nx)."""
    row, column = np.indices(frame.shape_native)
    r = np.hypot(row - frame.center[0], column - frame.center[1])
    return (r <= inner_pixels) | (r >= (np.inf if outer_pixels is None else outer_pixels))


def imaging_from(path, cube, header, *, observable, **arguments):
    """The Imaging of a cube and its header; ``arguments`` are those of ``ingredients_of``."""
    ingredients = ingredients_of(path, cube, header, **arguments)
    window = ingredients.pop("window")
    imaging = Imaging(**ingredients, observable=observable)
    return imaging if window is None else imaging.cropped(rows=window[0], columns=window[1])
