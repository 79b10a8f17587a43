"""The kinds of grid that the decorators take, for the tests of the decorators and of transform."""

import numpy as np

from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.mask import Mask2D

FRAME = Frame2D((4, 5), 0.3, (1.2, 2.9), 20.0)
MASK = Mask2D.circular(FRAME, 0.7, origin=(0.1, 0.1))
POINTS = np.array([(0.1, -0.3), (0.4, 0.2), (-0.2, 0.0)])
GRIDS = {
    "Grid2D": Grid2D(FRAME),
    "masked": Grid2D(MASK),
    "over-sampled": Grid2D(MASK, 2),
    "unevenly": Grid2D(MASK, np.arange(20).reshape(4, 5) % 3 + 1),
    "irregular": Grid2DIrregular(POINTS),
    "pair": (POINTS[:, 0], POINTS[:, 1]),
    "list pair": [list(POINTS[:, 0]), list(POINTS[:, 1])],
    "2D pair": (POINTS[:, :1], POINTS[None, :, 1]),
    "scalar pair": (0.1, -0.3),
    "whole numbers": (2, 1),
    "rows": POINTS,
}


def points_of(given):
    """(N, 2) points of any of the grids, and the shape that a raw result has."""
    if isinstance(given, (Grid2D, Grid2DIrregular)):
        return given.array, None
    if isinstance(given, np.ndarray):
        return given, given.shape[:1]
    y, x = np.broadcast_arrays(*given)
    return np.stack([y.ravel(), x.ravel()], axis=-1).astype(float), y.shape
