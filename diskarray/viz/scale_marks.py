"""Marks that give a panel on the sky its scale: a bar in arcsec and au, and the size of the point-spread function."""

__all__ = ["Beam", "beam_of", "draw_beam", "draw_scale_bar", "scale_bar_length", "shared_distance"]

import dataclasses
import math

import numpy as np

from .sky_axes import PLATE, outline
from .style import SMALL

_FINER = 8  # a kernel's half maximum is looked for on pixels this many times smaller


@dataclasses.dataclass(frozen=True)
class Beam:
    """The half-maximum ellipse of a point-spread function on the sky.

    Attributes
    ----------
    major, minor : float
        Full widths at half maximum, arcsec.
    position_angle : float
        Of the major axis, degrees East of North, 0 to 180.
    """

    major: float
    minor: float
    position_angle: float


def beam_of(psf, frame):
    """The half-maximum ellipse of a PSF: the one with the area moments of what is brighter than half of the peak.

    Parameters
    ----------
    psf : PSF or None
    frame : Frame2D
        Of the image that the PSF acts on.

    Returns
    -------
    Beam or None
        None without a PSF, and for one that differs from place to place.
    """
    if psf is None:
        return None
    kernel = np.asarray(psf.kernel_from(frame.pixel_scale), dtype=float)
    if kernel.ndim != 2:
        return None
    up, right = _half_maximum_points(kernel)
    times = getattr(psf, "over_sample_size", 1)
    north, west = frame.sky_from(up / times, right / times)
    cell = (frame.pixel_scale / times / _FINER) ** 2
    moments = np.cov(np.stack([north, -west]), bias=True)
    variances, axes = np.linalg.eigh(moments)
    shape = math.sqrt(variances[1] / variances[0]) if variances[0] > 0 else 1.0
    diameter = 2 * math.sqrt(north.size * cell / math.pi)
    angle = math.degrees(math.atan2(axes[1, 1], axes[0, 1])) % 180.0
    return Beam(diameter * math.sqrt(shape), diameter / math.sqrt(shape), angle)


def scale_bar_length(width):
    """A round number of arcsec, 1, 2 or 5 times a power of ten, at most a third of a panel's width."""
    power = 10.0 ** math.floor(math.log10(width / 3))
    return max(step * power for step in (1, 2, 5) if step * power <= width / 3)


def shared_distance(scene):
    """The distance in pc that all disks of a scene have, or None."""
    disks = getattr(scene, "disks", None) or {}
    distances = {float(disk.distance) for disk in disks.values() if hasattr(disk, "distance")}
    return distances.pop() if len(distances) == 1 else None


def draw_scale_bar(ax, view, distance=None, on_the_left=False):
    """A bar in a lower corner, with its length in arcsec, and in au where the distance (pc) is known."""
    width = view.east - view.west
    length = scale_bar_length(width)
    share = length / width
    first = 0.06 if on_the_left else 0.94 - share
    (line,) = ax.plot([first, first + share], [0.06, 0.06], "k-", lw=1.4, transform=ax.transAxes, solid_capstyle="butt")
    outline(line)
    text = f"{length:g}\N{DOUBLE PRIME}" + (f" = {float(f'{length * distance:.2g}'):g} au" if distance else "")
    place, side = (first, "left") if on_the_left else (first + share, "right")
    ax.text(place, 0.09, text, transform=ax.transAxes, fontsize=SMALL, ha=side, va="bottom", bbox=dict(PLATE))


def draw_beam(ax, view, beam, on_the_left=True):
    """The PSF's half-maximum ellipse in a lower corner."""
    from matplotlib.patches import Ellipse

    width, height = view.east - view.west, view.north - view.south
    margin = 0.05 * width + beam.major / 2
    east = view.east - margin if on_the_left else view.west + margin
    south = view.south + 0.05 * min(width, height) + beam.major / 2
    ellipse = Ellipse(
        (east, south), beam.minor, beam.major, angle=-beam.position_angle, facecolor="0.35", edgecolor="black", lw=0.5
    )
    ax.add_patch(ellipse)
    outline(ellipse)
    return ellipse


def _half_maximum_points(kernel):
    """Rows and columns of small cells in which a kernel, interpolated, is brighter than half of its peak."""
    from scipy.interpolate import RectBivariateSpline
    from scipy.ndimage import label

    ny, nx = kernel.shape
    order = [min(3, n - 1) for n in (ny, nx)]
    if min(order) < 1:
        return np.zeros(1), np.zeros(1)
    spline = RectBivariateSpline(np.arange(ny), np.arange(nx), kernel, kx=order[0], ky=order[1])
    rows, columns = (np.arange((n - 1) * _FINER + 1) / _FINER for n in (ny, nx))
    fine = spline(rows, columns)
    regions, _ = label(fine > 0.5 * fine.max())
    inside = regions == regions[np.unravel_index(np.argmax(fine), fine.shape)]
    down, across = np.nonzero(inside)
    return rows[down], columns[across]
