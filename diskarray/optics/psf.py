"""Point-spread functions: how the light of one point is spread over pixels.

A PSF is any object with ``kernel_from(pixel_scale, *, xp)``, which returns a 2D array of unit sum. The star sits on
the kernel's geometric center, or on the pixel that an attribute ``center`` names.
"""

__all__ = ["PSF", "EmpiricalPSF", "GaussianPSF", "kernel_center"]

import math
from typing import Protocol, runtime_checkable

import numpy as np

from ..backend.namespace import concrete
from ..backend.operations import frozen
from ..backend.pytree import array_field, component, static
from ..errors import ParameterError, ShapeError
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform
from ..structures.algebra import unwrap

_SIGMA_PER_FWHM = 1 / (2 * math.sqrt(2 * math.log(2)))
_REACH = 5.0


@runtime_checkable
class PSF(Protocol):
    """What an Instrument needs of a point-spread function."""

    def kernel_from(self, pixel_scale, *, xp): ...


def kernel_center(psf, shape):
    """The kernel pixel (y, x), 0-based, on which the star sits."""
    given = getattr(psf, "center", None)
    return tuple((n - 1) / 2 for n in shape) if given is None else tuple(float(c) for c in given)


@component
class GaussianPSF:
    """A round Gaussian, sampled at pixel centers and normalized to unit sum.

    Parameters
    ----------
    half_width : float, optional
        Half width of the kernel in arcsec. Default: at least 5 sigma of the width given (in a Posterior, of the
        largest width its prior allows). Under jit with a varying width the kernel keeps the size it was made with.
    """

    fwhm: float = parameter(0.05, unit="arcsec", above=0, doc="full width at half maximum",
                            prior=LogUniform(0.001, 1.0))
    half_width: float = static(None)
    reach: float = static(None, derived=True)

    def prepare_fields(self):
        if self.half_width is not None:
            object.__setattr__(self, "reach", _positive("GaussianPSF.half_width", self.half_width))
        elif concrete(self.fwhm) and 0 < float(self.fwhm) < math.inf:
            object.__setattr__(self, "reach", _rounded_up(_REACH * _SIGMA_PER_FWHM * float(self.fwhm)))

    def check(self):
        if self.reach is None:
            raise ParameterError("GaussianPSF.fwhm varies inside a compiled function: give half_width= (arcsec) too")

    def prepare(self, ranges):
        """A copy whose kernel holds the widest PSF that ``ranges["fwhm"]`` = (lower, upper) allows."""
        widest = ranges["fwhm"][1]
        if self.half_width is not None or not math.isfinite(widest):
            return self
        return GaussianPSF(fwhm=self.fwhm, half_width=_rounded_up(_REACH * _SIGMA_PER_FWHM * widest))

    def kernel_from(self, pixel_scale, *, xp=np):
        """Kernel of unit sum, shape (2 k + 1, 2 k + 1)."""
        k = math.ceil(self.reach / pixel_scale)
        offsets = xp.asarray(np.arange(-k, k + 1) * pixel_scale)
        profile = xp.exp(-0.5 * (offsets / (self.fwhm * _SIGMA_PER_FWHM)) ** 2)
        profile = profile / xp.sum(profile)
        return profile[:, None] * profile[None, :]


@component
class EmpiricalPSF:
    """A measured PSF: an image of a point source at the pixel scale of the data.

    Parameters
    ----------
    kernel : array_like, shape (ky, kx)
        Any positive scale; it is normalized to unit sum. Odd or even.
    pixel_scale : float, optional
        Arcsec per kernel pixel; when given it must agree with the data's.
    center : (float, float), optional
        The kernel pixel (y, x), 0-based, of the point source; default the geometric center. Fractions are
        honored by shifting the grid that the model is evaluated on.
    """

    kernel: object = array_field()
    pixel_scale: float = static(None)
    center: tuple = static(None)

    def prepare_fields(self):
        kernel = frozen(unwrap(self.kernel))
        if kernel.ndim != 2:
            raise ShapeError(f"a PSF kernel is a 2D image, got shape {tuple(kernel.shape)}")
        if concrete(kernel) and not (np.all(np.isfinite(np.asarray(kernel))) and float(kernel.sum()) > 0):
            raise ParameterError("a PSF kernel must be finite with a positive sum")
        object.__setattr__(self, "kernel", kernel)
        if self.pixel_scale is not None:
            object.__setattr__(self, "pixel_scale", _positive("EmpiricalPSF.pixel_scale", self.pixel_scale))
        if self.center is not None:
            center = tuple(float(c) for c in self.center)
            if len(center) != 2 or not all(0 <= c <= n - 1 for c, n in zip(center, kernel.shape, strict=True)):
                raise ShapeError(f"the PSF's center {self.center} is not a pixel of its kernel {tuple(kernel.shape)}")
            object.__setattr__(self, "center", center)

    def kernel_from(self, pixel_scale, *, xp=np):
        """Kernel of unit sum."""
        if self.pixel_scale is not None and abs(self.pixel_scale / pixel_scale - 1) > 0.01:
            raise ShapeError(
                f"the PSF has {self.pixel_scale:g} arcsec/pixel, the image {pixel_scale:g}: resample the PSF first"
            )
        kernel = xp.asarray(self.kernel)
        return kernel / xp.sum(kernel)


def _positive(name, value):
    value = float(value)
    if not (math.isfinite(value) and value > 0):
        raise ParameterError(f"{name} must be a finite number above 0 arcsec, got {value}")
    return value


def _rounded_up(width):
    """The next power of sqrt(2): similar widths share one kernel shape, and so one compilation."""
    return 2.0 ** (math.ceil(2 * math.log2(width)) / 2)
