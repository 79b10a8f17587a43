"""Rules on the PSF that models are convolved with: where it sits, how finely it is sampled, what is cut off."""

__all__ = ["full_width", "psf_center", "psf_edge", "psf_negative", "psf_sampling", "psf_size", "psf_sum"]

import math

import numpy as np

from ...errors import ParameterError, ShapeError
from ...optics.centroid import centroid_of
from ...optics.psf import kernel_center
from .finding import ERROR, INFO, WARNING, Finding

_OFF_CENTER = 0.1  # pixels
_COARSE, _TOO_COARSE = 2.0, 1.2  # pixels per full width
_NEGATIVE = 0.01
_EDGE = 0.01
_SUM = (0.2, 1.01)


def _kernel(imaging, psf):
    """The kernel on the image's pixels as an array; None without one, or where several belong to one PSF."""
    if psf is None:
        return None
    kernel = np.asarray(psf.kernel_from(imaging.frame.pixel_scale, xp=np), dtype=float)
    return kernel if kernel.ndim == 2 else None


def full_width(kernel):
    """Full width at half maximum in kernel pixels: of the circle with the area above half of the peak.

    The area is counted on a finer grid, linear between pixels.
    """
    from scipy.ndimage import zoom

    fine = 8
    finer = zoom(np.pad(kernel, 1), fine, order=1, grid_mode=True, mode="grid-constant")
    return 2.0 * math.sqrt(np.count_nonzero(finer >= 0.5 * kernel.max()) / np.pi) / fine


def psf_size(imaging, psf):
    """A kernel that cannot be laid on the image."""
    try:
        _kernel(imaging, psf)
    except (ShapeError, ParameterError) as error:
        yield Finding(ERROR, "psf_size", f"The PSF does not fit the image: {error}.", "Give the PSF on its pixels.")


def psf_center(imaging, psf):
    """A point source that is not where the PSF says it is."""
    kernel = _usable(imaging, psf)
    if kernel is None:
        return
    try:
        found = centroid_of(kernel)
    except ParameterError:
        found = None
    center = kernel_center(psf, kernel.shape)
    off = math.inf if found is None else math.dist(found, center)
    if off > _OFF_CENTER:
        where = "has no peak" if found is None else f"peaks at ({found[0]:.2f}, {found[1]:.2f}), {off:.2f} pixels away"
        yield Finding(
            WARNING,
            "psf_center",
            f"The PSF's point source is said to be at (y, x) = ({center[0]:.2f}, {center[1]:.2f}), but it {where}.",
            "Give center: centroid, or the kernel's pixel.",
        )


def psf_sampling(imaging, psf):
    """A PSF whose core is hardly wider than a pixel."""
    kernel = _usable(imaging, psf)
    if kernel is None:
        return
    width = getattr(psf, "fwhm", None)
    finely = getattr(psf, "over_sample_size", 1)
    width = full_width(kernel) / finely if width is None else float(width) / imaging.frame.pixel_scale
    if width < _COARSE:
        yield Finding(
            WARNING if width < _TOO_COARSE else INFO,
            "psf_sampling",
            f"The PSF's full width at half maximum is {width:.2f} pixels of the image.",
            "Give it more finely (over_sample_size), and check its pixel scale.",
        )


def psf_negative(imaging, psf):
    """Negative values: noise about zero, or the lobes that a filter or a subtraction leaves."""
    kernel = _usable(imaging, psf)
    if kernel is None or not np.any(kernel < 0):
        return
    share = float(-kernel[kernel < 0].sum() / kernel.sum())
    if share > _NEGATIVE:
        yield Finding(
            WARNING,
            "psf_negative",
            f"Negative pixels hold {share:.1%} of the PSF's light.",
            "Subtract its background, or cut it where the noise begins; negative lobes carve holes into models.",
        )


def psf_edge(imaging, psf):
    """Light that ends at the kernel's edge."""
    kernel = _usable(imaging, psf)
    if kernel is None or min(kernel.shape) < 3:
        return
    edge = np.concatenate([kernel[0], kernel[-1], kernel[1:-1, 0], kernel[1:-1, -1]])
    share = float(np.median(edge) / kernel.max())
    if abs(share) > _EDGE:
        yield Finding(
            WARNING,
            "psf_edge",
            f"At its edge the PSF still has {share:.1%} of its peak.",
            "Give a larger kernel, or subtract its background.",
        )


def psf_sum(imaging, psf):
    """A kernel used as it is that creates light, or loses most of it."""
    kernel = _usable(imaging, psf)
    total = None if kernel is None else float(kernel.sum())
    if total is not None and not _SUM[0] <= total <= _SUM[1]:
        yield Finding(
            WARNING,
            "psf_sum",
            f"The PSF is used with its own sum, {total:.4g}: that share of the light arrives.",
            "Leave normalize at true unless the sum is the throughput.",
        )


def _usable(imaging, psf):
    try:
        return _kernel(imaging, psf)
    except (ShapeError, ParameterError):
        return None
