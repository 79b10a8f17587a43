"""Where to cut the line of sight into panels, so that a few Gauss-Legendre nodes in each see a smooth integrand.

Along a line of sight the integrand changes where the line enters and leaves the slab of dust, crosses the mid-plane,
and crosses the ring. Between two such places it is smooth at every inclination: face-on the slab's panels are the
short ones, edge-on those of the ring, and the empty panels in between have length zero.
"""

__all__ = ["guided_panels", "unguided_panels"]

import numpy as np

from ..geometry.ellipse import ellipse_crossings

_DEPTH = 14.0  # the slab ends where exp(-(|Z|/H)^gamma) = 1e-6
_TAIL = 1e-5  # the disk ends where the radial profile over r has fallen to this
_LARGEST = 60.0  # ... or at this multiple of the radius
_RING_EDGE = 2.0  # cuts beside the ring, in units of its logarithmic width 1 / slope
_SOFTENING = 0.05  # of the radius: lines passing by the ring change smoothly into lines crossing it
_FLAT = 1e-6  # |cos i| and sin i below this count as this
_STEPS = 8  # fixed-point steps for the flared slab's limits


def guided_panels(u, v, cos_i, sin_i, offset, scales, *, xp=np):
    """Panel edges from a density's scales.

    Parameters
    ----------
    u, v : arrays, shape (M,)
        Lines of sight, au along the major and minor axis from the star.
    cos_i, sin_i : 0-d arrays
        Of the inclination.
    offset : (dX, dY)
        Rigid ring offset in au.
    scales : Scales
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (P + 1, M)
        Positions l along the line of sight in au, not decreasing.
    """
    crossing, slab = _slab(u, v, cos_i, sin_i, scales, xp)
    lower, upper = slab
    sine = xp.maximum(sin_i, _FLAT)
    inner, outer = -_RING_EDGE / scales.inner_slope, _RING_EDGE / scales.outer_slope
    near, far = [], []
    for shift in (inner, 0.0 * inner, outer):
        first, last = ellipse_crossings(
            u - offset[0], scales.radius * xp.exp(shift), scales.eccentricity, scales.argument_of_pericenter,
            _SOFTENING * scales.radius, xp=xp,
        )
        near.insert(0, first)
        far.append(last)
    cuts = [(Y + offset[1] - v * cos_i) / sine for Y in (*near, xp.zeros_like(u), *far)]
    edges = [lower]
    for cut in cuts:
        edges.append(xp.maximum(edges[-1], xp.minimum(cut, upper)))
    edges.append(upper)
    return xp.stack(_inserted(edges, crossing, xp))


def _slab(u, v, cos_i, sin_i, scales, xp):
    """The mid-plane crossing, and the ends of the flared slab within the sphere that holds the disk."""
    cosine = xp.maximum(xp.abs(cos_i), _FLAT)
    side = xp.where(cos_i < 0, -1.0 + 0.0 * cos_i, 1.0 + 0.0 * cos_i)
    extent = _TAIL ** (-1 / (1 + scales.outer_slope))
    sphere = scales.radius * xp.minimum(extent, _LARGEST) * (1 + scales.eccentricity)
    reach = xp.sqrt(xp.maximum(sphere**2 - u * u - v * v, (0.1 * scales.radius) ** 2))
    midplane = v * sin_i / cosine * side
    crossing = xp.clip(midplane, -reach, reach)
    thickness = _DEPTH ** (1 / scales.vertical_exponent) * scales.scale_height / cosine
    ends = []
    for sign in (-1, 1):
        end = crossing
        for _ in range(_STEPS):
            Y = v * cos_i + end * sin_i
            r = xp.sqrt(u * u + Y * Y + (0.01 * scales.radius) ** 2)
            half = thickness * (r / scales.radius) ** scales.flaring
            end = xp.clip(midplane + sign * half, -reach, reach)
        ends.append(end)
    return crossing, ends


def _inserted(edges, value, xp):
    """A sorted list of edges with one more value put in its place."""
    value = xp.maximum(edges[0], xp.minimum(value, edges[-1]))
    merged = [edges[0]]
    for left, right in zip(edges[:-1], edges[1:], strict=True):
        merged.append(xp.maximum(left, xp.minimum(value, right)))
    return [*merged, edges[-1]]


_AROUND_CROSSING = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])
_AROUND_STAR = np.array([0.1, 0.3, 0.6, 1.0, 1.6, 3.0, 10.0, 60.0])


def unguided_panels(u, v, cos_i, sin_i, offset, *, xp=np):
    """Panel edges for a density that says nothing about itself: geometric around the mid-plane and the star.

    Arguments and result as in ``guided_panels``. Features thinner than about 1 % of their distance are missed.
    """
    smallest = 1e-3
    cosine = xp.maximum(xp.abs(cos_i), _FLAT)
    side = xp.where(cos_i < 0, -1.0 + 0.0 * cos_i, 1.0 + 0.0 * cos_i)
    b = xp.sqrt(u * u + v * v + smallest**2)
    reach = _LARGEST * b
    crossing = xp.clip(v * sin_i / cosine * side, -reach, reach)
    distance = xp.sqrt(b * b + crossing * crossing)
    cuts = [crossing, xp.zeros_like(u)]
    for sign in (-1.0, 1.0):
        cuts += [xp.clip(crossing + sign * float(f) * distance, -reach, reach) for f in _AROUND_CROSSING]
        cuts += [sign * float(f) * b for f in _AROUND_STAR]
    return xp.sort(xp.stack(cuts), axis=0)
