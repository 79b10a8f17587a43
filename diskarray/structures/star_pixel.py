"""Sample points for the mean over a pixel that holds the star, where brightness may grow as 1 / b towards it.

Where dust reaches the star, an optically thin disk has brightness b^(alpha_in - 1), or less steep, at the projected
distance b: infinite at the star for alpha_in < 1, yet finite once averaged over the pixel. Seen from the star, the
pixel is four triangles; in each, the area element t dt dw (t outwards from the star, w along the pixel's side) takes
the 1 / b away (Duffy 1982).
"""

__all__ = ["star_pixel_points"]

import numpy as np


def star_pixel_points(star, size):
    """Points and weights for the mean over one pixel: size x size Gauss-Legendre nodes in each of its triangles.

    Along a radius 1 / b is integrated exactly and b^(-1/2) to third order in 1 / size; brightness that is
    linear on the sky is averaged exactly from size 2 on. No point lies on the star.

    Parameters
    ----------
    star : (float, float)
        Position (row, column) relative to the pixel's center, in pixels. For a star outside, the triangles meet in the
        pixel's nearest point.
    size : int
        At least 1.

    Returns
    -------
    points : array, shape (M, 2)
        Rows and columns relative to the pixel's center; M is size**2 for every triangle that has an area.
    weights : array, shape (M,)
        Positive, with sum 1.
    """
    nodes, lengths = np.polynomial.legendre.leggauss(size)
    nodes, lengths = (nodes + 1) / 2, lengths / 2
    apex = np.clip(np.asarray(star, dtype=float), -0.5, 0.5)
    first = np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)]) - apex
    second = np.roll(first, -1, axis=0)
    twice_area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    first, second, twice_area = (a[np.abs(twice_area) > 0] for a in (first, second, np.abs(twice_area)))
    side = first[:, None] + nodes[:, None] * (second - first)[:, None]
    points = apex + nodes[:, None, None] * side[:, None]
    weights = twice_area[:, None, None] * (nodes * lengths)[:, None] * lengths
    return points.reshape(-1, 2), weights.ravel()
