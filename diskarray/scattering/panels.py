"""Where to cut the line of sight into panels, so that a few Gauss-Legendre nodes in each see a smooth integrand.

Along a line of sight the integrand changes where the line enters and leaves the slab of dust, crosses the mid-plane,
crosses the ring, and passes the star. Between two such places it is smooth at every inclination: face-on the slab's
panels are the short ones, edge-on those of the ring, and the empty panels in between have length zero.
"""

__all__ = [
    "UNGUIDED_PANELS",
    "guided_panels",
    "number_of_panels",
    "panel_numbers",
    "panel_point",
    "unguided_panels",
]

from typing import Any, NamedTuple

import numpy as np

from ..backend.constant import held_at
from ..backend.elementary import power, square_root
from ..backend.loops import repeated, sorted_rows
from ..geometry.angles import slanted
from ..geometry.ellipse import ellipse_crossings, kepler_ellipse, relative_radius, relative_slope
from .layer import nth_root

_DEPTH = 14.0  # the slab ends where exp(-(|Z|/H)^gamma) = 1e-6
_CORE, _BOX = 3.0, 1.2  # two more cuts where (|Z|/H)^gamma = 3 + 1.2 gamma: near a cusp, farther for a box
_TAIL = 1e-5  # the disk ends where the radial profile over r has fallen to this
_LARGEST = 60.0  # ... or at this multiple of the radius
_RING_EDGE = 2.0  # cuts beside the ring, in units of its logarithmic width 1 / slope
_CREST = 3.0  # one cut more behind the crest, in units of the width 1 / (sum of the slopes) of the turn between them
_OUTSKIRTS = 2.2  # one more cut outside, this many times as far in log r: the tail of a shallow slope is long
_SOFTENING = 0.05  # of the radius: lines passing by the ring change smoothly into lines crossing it
_LEAST_SINE = 0.02  # sin i below this counts as this: the cuts of a face-on ring would race along the line
_LEAST_TILT = 0.03  # |cos i| below this counts as this: the same for the core's ends
_JOINING_COSINE = 2e-3  # 1 / tan i below which the slab's cuts join the place between the ring's crossings
_JOINING = 0.1  # of the slab's half length or the distance from the star: cuts so near the crossing join it
_NEAREST = 1e-12  # au^2; keeps the joining defined where a cut lies on the crossing
_STEEP = 0.05  # tan i at which the cuts at the ring are half way to the crossing
_FARTHEST_CUT = 4.0  # lengths of the slab: no cut at the ring is taken to be farther from the crossing
_STAR_CUTS = (-30.0, -3.0, 0.0, 3.0, 30.0)  # in units of the line's distance from the star
_STAR_REACH = 0.1  # of the radius: lines farther from the star see no peak
_LEAST_IMPACT = 1e-3  # au
_FLARED = 0.2  # a slab with 1 + this or more for its flaring is cut at its nearest ends, one with 1 or less need not be
_LEAST_REACH = 0.1  # of the radius: lines that miss the sphere pass through this much of it all the same
_FLOOR = 0.01  # of the radius: the slab keeps some thickness above the star
_LEAST_CLOSING = 0.4  # a slab that flares away from the crossing is not taken to be longer than 1 / this of a flat one
_BEND = 0.3  # change of thickness over the slab's own length within which widening turns smoothly into narrowing
_ROUND = 0.1  # eccentricities below this hardly lengthen the disk: its limits have no kink at a circle
_STEPS = 8  # fixed-point steps for the slab's limits


def number_of_panels(scales):
    """How many panels ``guided_panels`` makes; the nearest ends of a flared slab need not be the outermost ones."""
    return 20 if held_at(scales.flaring, 1.0) else 22


class PanelNumbers(NamedTuple):
    """What the cuts depend on besides the line: a disk's orientation and scales, worked out once by ``panel_numbers``.

    Parameters
    ----------
    cos_i, sin_i, tangent, inverse_cosine : 0-d arrays
        Of the inclination; the latter two without a pole.
    flat, steep, joining : 0-d arrays
        How cuts move together: flat and steep go from 0 to 1 towards face-on and away from it; joining is how near the
        crossing cuts join it, squared and relative to the slab and the distance from the star, and fades edge-on.
    towards_ring, across_slab : 0-d arrays
        Length along the line over length in the mid-plane, and over height; they stay finite at every inclination.
    thickness, core : 0-d arrays
        Of the slab at the reference radius in au, and its core's part of that.
    sphere, least_reach, floor : 0-d arrays
        Squared lengths in au: radius of the sphere that holds the disk, least distance of its surface from a line's
        middle, and what is added to the distance from the star.
    star_nearness : 0-d array
        1 over the square of how far from the star lines see its peak.
    softness : 0-d array
        Fourth power of the length over which lines passing by the ring change into lines crossing it.
    ellipse : Ellipse
    rings : array, shape (5,)
        Parameters of the ellipses at the ring's inner flank, crest, behind it, outer flank and outskirts.
    flaring, widening, bend, entered_again : 0-d arrays
        beta, beta sin i, and what the nearest ends of a flared slab depend on.
    """

    cos_i: Any
    sin_i: Any
    tangent: Any
    inverse_cosine: Any
    flat: Any
    steep: Any
    joining: Any
    towards_ring: Any
    across_slab: Any
    thickness: Any
    core: Any
    sphere: Any
    least_reach: Any
    floor: Any
    star_nearness: Any
    softness: Any
    ellipse: Any
    rings: Any
    flaring: Any
    widening: Any
    bend: Any
    entered_again: Any


def panel_numbers(cos_i, sin_i, scales, *, xp=np):
    """What ``guided_panels`` needs of the cosine and sine of the inclination and of a density's scales."""
    cosine, sine = slanted(cos_i, sin_i, xp=xp)
    cos_squared, sin_squared = cos_i * cos_i, sin_i * sin_i
    thickness = nth_root(_DEPTH, scales.vertical_exponent, xp=xp) * scales.scale_height
    extent = xp.minimum(nth_root(1 / _TAIL, 1 + scales.outer_slope, xp=xp), xp.asarray(_LARGEST))
    stretch = 1 + scales.eccentricity**2 / xp.sqrt(xp.asarray(scales.eccentricity**2 + _ROUND**2))
    ellipse = kepler_ellipse(scales.radius, scales.eccentricity, scales.argument_of_pericenter, xp=xp)
    inner, outer = -_RING_EDGE / scales.inner_slope, _RING_EDGE / scales.outer_slope
    behind = _CREST / (scales.inner_slope + scales.outer_slope)
    shifts = (inner, 0.0 * inner, behind, outer, _OUTSKIRTS * outer)
    flaring = xp.asarray(scales.flaring)
    return PanelNumbers(
        cos_i=cos_i,
        sin_i=sin_i,
        tangent=sine / cosine,
        inverse_cosine=1 / cosine,
        flat=cos_squared**2 / (cos_squared**2 + (_JOINING_COSINE * sin_i) ** 4),
        steep=sin_squared / (sin_squared + _STEEP**2 * cos_squared),
        joining=_JOINING**2 * cos_squared / (cos_squared + _LEAST_TILT**2),
        towards_ring=1 / xp.sqrt(sin_squared + _LEAST_SINE**2),
        across_slab=1 / xp.sqrt(cos_squared + _LEAST_TILT**2),
        thickness=thickness,
        core=nth_root((_CORE + _BOX * scales.vertical_exponent) / _DEPTH, scales.vertical_exponent, xp=xp),
        sphere=xp.maximum((scales.radius * extent * stretch) ** 2, 4 * scales.radius**2 + thickness**2),
        least_reach=(_LEAST_REACH * scales.radius) ** 2,
        floor=(_FLOOR * scales.radius) ** 2,
        star_nearness=(_STAR_REACH * scales.radius) ** -2,
        softness=(_SOFTENING * scales.radius) ** 4,
        ellipse=ellipse,
        rings=ellipse.parameter * xp.exp(xp.stack([xp.asarray(shift) for shift in shifts])),
        flaring=scales.flaring,
        widening=scales.flaring * sin_i,
        bend=1 - 1 / xp.maximum(flaring, xp.asarray(1.0)),
        entered_again=xp.clip((flaring - 1) / _FLARED, 0.0, 1.0) ** 2,
    )


def guided_panels(u, v, offset, numbers, *, xp=np):
    """Panels from a density's scales.

    Parameters
    ----------
    u, v : arrays, shape (M,)
        Lines of sight, au along the major and minor axis from the star.
    offset : (dX, dY)
        Rigid ring offset in au.
    numbers : callable
        Without arguments, PanelNumbers.
    xp : module
        Array namespace.

    Returns
    -------
    array, shape (P + 1, M)
        Edges of the panels, l along the line of sight in au, not decreasing; a panel that a line does not need has
        length zero.
    """
    disk = numbers()
    inner, half, lower, upper = _slab(u, v, offset, numbers, xp)
    ring = (_ring(u - offset[0], disk, xp) + (offset[1] - v * disk.cos_i)) * disk.towards_ring
    # Where cuts meet, slopes have a kink. At the symmetric points they join before they meet.
    slab = ring[-1, ...] + disk.flat * (inner - ring[-1, ...])
    crossing = slab[0, ...]
    ring = crossing + _fading(ring - crossing, upper - lower, disk.steep, xp)
    impact_squared = u * u + v * v + _LEAST_IMPACT**2
    others = xp.concat([ring, _around_star(impact_squared, ring[-1, ...], disk.star_nearness, xp)])
    others = crossing + _joining(others - crossing, half * half, impact_squared, disk.joining)
    inside = xp.maximum(lower, xp.minimum(xp.concat([slab, others]), upper))
    return sorted_rows(xp.concat([lower[None, :], inside, upper[None, :]]), xp=xp)


def panel_point(node, start, length):
    """Where a node, 0 to 1, lies in its panel, l; the panel is not stretched."""
    return start + length * node, None


def _fading(ring, width, steep, xp):
    """Cuts at the ring, counted from the crossing; they move into it as the line becomes steep.

    A steep line crosses the slab at one radius. Through i = 0 a cut would otherwise jump from one end to the other.
    """
    return steep * ring / square_root(1 + ring * ring / ((_FARTHEST_CUT * width) ** 2 + _LEAST_IMPACT**2), xp=xp)


def _joining(cuts, half_squared, impact_squared, joining):
    """Cuts counted from the crossing: those near it move into it, so that none passes it and leaves a kink."""
    near = joining * half_squared * impact_squared / (half_squared + impact_squared) + _NEAREST
    squared = cuts * cuts
    return cuts * (squared / (squared + near))


def _ring(X, disk, xp):
    """Y of the crossings with the ring's flanks, crest and outskirts, on both sides, and of a place between them."""
    first, last = ellipse_crossings(X, disk.rings[:, None], disk.ellipse, disk.softness, xp=xp)
    middle = xp.maximum(first[0, ...], xp.minimum(xp.zeros_like(X), last[0, ...]))
    return xp.concat([first, last, middle[None, :]])


def _slab(u, v, offset, numbers, xp):
    """Cuts in the slab, half the length of a flat slab where a line crosses the mid-plane, and the flared slab's ends.

    The cuts are the crossing, the ends of the slab's core and, where it flares, the nearest ends of the slab itself,
    which a line may enter again. All of them lie within the sphere that holds the disk.
    """
    disk = numbers()
    reach = square_root(xp.maximum(disk.sphere - u * u - v * v, disk.least_reach), xp=xp)
    midplane = v * disk.tangent
    crossing = xp.clip(midplane, -reach, reach)
    X, Y = u - offset[0], v * disk.cos_i - offset[1]

    def place(l, disk):
        there = Y + l * disk.sin_i
        r = square_root(X * X + there * there + disk.floor, xp=xp)
        return there, r, relative_radius(X, there, r, disk.ellipse)

    def flared(l, disk):
        *_, relative = place(l, disk)
        return disk.thickness * (relative if held_at(disk.flaring, 1.0) else power(relative, disk.flaring, xp=xp))

    # r / R is convex along the line, so that between two points the slab is nowhere thicker than at one of them:
    # from outside inwards every step is an outer bound.
    sign, at_crossing = xp.asarray([[-1.0], [1.0]]), flared(crossing, disk)

    def closer(ends):
        disk = numbers()
        height = xp.maximum(flared(ends, disk), at_crossing)
        return xp.clip(midplane + sign * (height * disk.inverse_cosine), -reach, reach)

    outermost = repeated(closer, sign * reach, _STEPS, xp=xp)
    there, r, relative = place(crossing, disk)
    growth = sign * (disk.widening * relative_slope(there, r, disk.ellipse) / relative)
    half = at_crossing * disk.across_slab
    nearer = [crossing + sign * _wedge(disk.core * half, growth, 1.0, 0.0, xp)]
    if not held_at(disk.flaring, 1.0):
        nearest = disk.entered_again * _wedge(half, growth, _LEAST_CLOSING, disk.bend, xp)
        nearer.append(crossing + sign * nearest)
    inner = xp.concat([crossing[None, :], *(xp.clip(ends, -reach, reach) for ends in nearer)])
    return inner, half, outermost[0, ...], outermost[1, ...]


def _wedge(half, growth, least, bend, xp):
    """How far a slab reaches that is ``half`` long where it neither widens nor narrows, to one side of the crossing.

    ``growth`` is the logarithmic derivative of its thickness. Exact for a wedge that narrows (flaring 1, bend 0) and
    for a parabola (flaring 2, bend 1/2). One that widens is not taken to be longer than 1 / ``least`` of a flat one.
    """

    def positive(x):
        return 0.5 * (x + square_root(x * x + _BEND**2, xp=xp))

    narrowing = -growth * half
    closing = least + positive(1 - least + narrowing)
    if not held_at(bend, 0.0):
        inwards = positive(narrowing)
        closing = closing - bend * (1 + inwards - square_root(1 + 2 * inwards, xp=xp))
    return half / closing


def _around_star(impact_squared, middle, nearness, xp):
    """Cuts around the peak of 1 / d^2 on lines close to the star; far from it they move to another cut and vanish."""
    near = xp.maximum(1 - impact_squared * nearness, xp.asarray(0.0))
    return middle + near * (xp.asarray(_STAR_CUTS)[:, None] * square_root(impact_squared, xp=xp) - middle)


_AROUND_CROSSING = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_FARTHEST = 1e4  # au; dust farther out is not looked for
_SMALLEST = 1e-2  # au; the shortest panel on a line through the star
_OUTWARDS = 20  # panels on each side of the star
UNGUIDED_PANELS = 2 * _OUTWARDS + 1 + 2 * len(_AROUND_CROSSING)


def unguided_panels(u, v, tangent, *, xp=np):
    """Panels for a density that says nothing about itself: ever longer ones away from the mid-plane and the star.

    Arguments and result as in ``guided_panels``, with the tangent of the inclination. At order 8, features thinner than
    about 10 % of their distance from the star lose accuracy; raise the order for them, or give the density
    ``scales()``.
    """
    b = square_root(u * u + v * v + _SMALLEST**2, xp=xp)
    steps = xp.asinh(_FARTHEST / b) / _OUTWARDS
    crossing = xp.clip(v * tangent, -_FARTHEST, _FARTHEST)
    distance = square_root(b * b + crossing * crossing, xp=xp)
    cuts = [crossing, *(b * xp.sinh(k * steps) for k in range(-_OUTWARDS, _OUTWARDS + 1))]
    for sign in (-1.0, 1.0):
        cuts += [xp.clip(crossing + sign * f * distance, -_FARTHEST, _FARTHEST) for f in _AROUND_CROSSING]
    return sorted_rows(xp.stack(cuts), xp=xp)
