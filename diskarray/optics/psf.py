"""Point-spread functions: how the light of one point is spread over pixels.

A PSF is any object with ``kernel_from(pixel_scale, *, xp)``, which returns a 2D array, usually of unit sum, in the axes
of the image (rows up, columns to the right). Optional members tell more about it:

- ``center``: the kernel pixel (y, x) on which the point source sits, where it is not the geometric center;
- ``over_sample_size``: the kernel is sampled that many times more finely than the image;
- ``values_at(up, right, pixel_scale, *, xp)``: the share of the light in pixels at any offset (arcsec) from the source,
  for a PSF that is a formula; without it a source between pixels is placed by band-limited interpolation;
- ``maps_from(*, xp)``, shape (K, ny, nx): the kernel is a stack of K, and a pixel's light goes into each with these
  weights.
"""

__all__ = ["PSF", "EmpiricalPSF", "GaussianPSF", "MoffatPSF", "kernel_center"]

import dataclasses
import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..backend.namespace import concrete
from ..backend.operations import frozen
from ..backend.pytree import array_field, component, static
from ..backend.quantity import arcsec_per_pixel
from ..errors import DataError, ParameterError, ShapeError
from ..files.fits import read_image
from ..geometry.disk_axes import major_minor_from
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform, Uniform, UniformAngle
from ..structures.algebra import unwrap
from .centroid import centroid_of

_SIGMA_PER_FWHM = 1 / (2 * math.sqrt(2 * math.log(2)))
_GAUSSIAN_REACH = 5.0 * _SIGMA_PER_FWHM
_MOFFAT_REACH = 6.0
_ANGLE = "of the wide axis, counter-clockwise from the image's +y axis: its position angle where North is up"


@runtime_checkable
class PSF(Protocol):
    """What an Instrument needs of a point-spread function."""

    def kernel_from(self, pixel_scale, *, xp): ...


def kernel_center(psf, shape):
    """The kernel pixel (y, x), 0-based, on which the point source sits."""
    given = getattr(psf, "center", None)
    return tuple((n - 1) / 2 for n in shape) if given is None else tuple(float(c) for c in given)


@component
class GaussianPSF:
    """A Gaussian, round or elliptical, sampled at pixel centers; its kernel has unit sum.

    Parameters
    ----------
    half_width : float, optional
        Half width of the kernel in arcsec. Default: at least 5 sigma of the width given (in a Posterior, of the
        largest width its prior allows). Under jit with a varying width the kernel keeps the size it was made with.
    """

    fwhm: float = parameter(
        0.05,
        unit="arcsec",
        above=0,
        doc="full width at half maximum, along the wide axis",
        prior=LogUniform(0.001, 1.0),
    )
    axis_ratio: float = parameter(1.0, above=0, maximum=1, doc="narrow over wide axis", prior=Uniform(0.3, 1.0))
    angle: float = parameter(0.0, unit="deg", doc=_ANGLE, prior=UniformAngle(0.0, 180.0))
    half_width: float = static(default=None)
    reach: float = static(default=None, derived=True)

    def prepare_fields(self):
        _settle_reach(self, _GAUSSIAN_REACH)

    def check(self):
        _check_reach(self)

    def prepare(self, ranges):
        """A copy whose kernel holds the widest PSF that ``ranges["fwhm"]`` = (lower, upper) allows."""
        return _with_room(self, ranges, _GAUSSIAN_REACH)

    def kernel_from(self, pixel_scale, *, xp=np):
        """Kernel of unit sum, shape (2 k + 1, 2 k + 1)."""
        return _sampled_kernel(self, pixel_scale, xp)

    def values_at(self, up, right, pixel_scale, *, xp=np):
        """Share of a point source's light in pixels whose centers lie (up, right) arcsec from it."""
        return _sampled_values(self, up, right, pixel_scale, xp)

    def relative_brightness(self, squared_radius, *, xp=np):
        """Brightness relative to the center's at a squared distance in arcsec^2 along the wide axis."""
        return xp.exp(squared_radius * (-0.5 / (self.fwhm * _SIGMA_PER_FWHM) ** 2))


@component
class MoffatPSF:
    """A Moffat function, (1 + (r / a)^2)^-beta, round or elliptical, sampled at pixel centers (Moffat 1969).

    Its kernel has unit sum: the light beyond it, 0.4 % for an exponent of 2.5 and the default size, is left out.

    Parameters
    ----------
    half_width : float, optional
        Half width of the kernel in arcsec. Default: at least 6 times the full width at half maximum (in a Posterior,
        of the largest its prior allows).
    """

    fwhm: float = parameter(
        0.05,
        unit="arcsec",
        above=0,
        doc="full width at half maximum, along the wide axis",
        prior=LogUniform(0.001, 1.0),
    )
    exponent: float = parameter(
        2.5, above=1, doc="Moffat's beta; the larger, the fainter the wings", prior=Uniform(1.5, 10.0)
    )
    axis_ratio: float = parameter(1.0, above=0, maximum=1, doc="narrow over wide axis", prior=Uniform(0.3, 1.0))
    angle: float = parameter(0.0, unit="deg", doc=_ANGLE, prior=UniformAngle(0.0, 180.0))
    half_width: float = static(default=None)
    reach: float = static(default=None, derived=True)

    def prepare_fields(self):
        _settle_reach(self, _MOFFAT_REACH)

    def check(self):
        _check_reach(self)

    def prepare(self, ranges):
        """A copy whose kernel holds the widest PSF that ``ranges["fwhm"]`` = (lower, upper) allows."""
        return _with_room(self, ranges, _MOFFAT_REACH)

    def kernel_from(self, pixel_scale, *, xp=np):
        """Kernel of unit sum, shape (2 k + 1, 2 k + 1)."""
        return _sampled_kernel(self, pixel_scale, xp)

    def values_at(self, up, right, pixel_scale, *, xp=np):
        """Share of a point source's light in pixels whose centers lie (up, right) arcsec from it."""
        return _sampled_values(self, up, right, pixel_scale, xp)

    def relative_brightness(self, squared_radius, *, xp=np):
        """Brightness relative to the center's at a squared distance in arcsec^2 along the wide axis."""
        inverse_scale = 4 * (xp.exp(math.log(2) / xp.asarray(self.exponent)) - 1) / self.fwhm**2
        return xp.exp(-self.exponent * xp.log1p(squared_radius * inverse_scale))


@component
class EmpiricalPSF:
    """A measured PSF: an image of a point source, in the axes of the data.

    Parameters
    ----------
    kernel : array_like, shape (ky, kx)
        Any positive scale; odd or even.
    pixel_scale : float, optional
        Arcsec per kernel pixel; when given it must agree with the data's (divided by ``over_sample_size``).
    center : (float, float) or str, optional
        The kernel pixel (y, x), 0-based, of the point source; default the geometric center. ``"centroid"`` has it
        measured from the kernel (a Gaussian-weighted centroid of its brightest peak), and the attribute then holds the
        pixel found. Fractions are honored by shifting the grid that the model is evaluated on.
    over_sample_size : int
        Kernel pixels along the side of a pixel of the data. The sky is evaluated and convolved on the kernel's own
        pixels, then averaged over those of the data.
    normalize : bool
        True: the kernel is brought to unit sum. False: its own sum is kept, as the fraction of the light that arrives.
    """

    kernel: Any = array_field()
    pixel_scale: float = static(default=None)
    center: tuple | str = static(default=None)
    over_sample_size: int = static(default=1)
    normalize: bool = static(default=True)

    @classmethod
    def from_fits(cls, path, extension=None, plane=None, **settings):
        """Read the kernel from a FITS file; ``settings`` are the other arguments of the class.

        Parameters
        ----------
        path
            A local FITS file, plain or gzipped.
        extension : str or int, optional
            The HDU; default the first that holds an image.
        plane : int or tuple of int, optional
            Which plane of a cube.

        Raises
        ------
        DataError
            If the file cannot be read or its image is no PSF.
        """
        array, header = read_image(path, extension, plane)
        try:
            return cls(array, **settings)
        except (ParameterError, ShapeError) as error:
            raise DataError(f"{header.where}: {error}") from error

    def prepare_fields(self):
        kernel = frozen(unwrap(self.kernel))
        if kernel.ndim != 2:
            raise ShapeError(f"a PSF kernel is a 2D image, got shape {tuple(kernel.shape)}")
        check_kernels(kernel)
        settled = sampling_fields(self)
        center = self.center
        if isinstance(center, str):
            if center != "centroid":
                raise ParameterError(f"EmpiricalPSF.center is a pixel (y, x) or 'centroid', got {center!r}")
            center = centroid_of(kernel)
        settled |= {"kernel": kernel, "center": checked_center(center, kernel.shape)}
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    def __repr__(self):
        ky, kx = self.kernel.shape
        y, x = kernel_center(self, (ky, kx))
        finely = f", {self.over_sample_size} per pixel of the data" if self.over_sample_size > 1 else ""
        found = f"{float(np.sum(np.asarray(self.kernel))):.4g}" if concrete(self.kernel) else "not known yet"
        how = "normalized to unit sum from" if self.normalize else "not normalized, sum"
        return f"EmpiricalPSF({ky} x {kx} pixels{finely}, point source at ({y:.3f}, {x:.3f}), {how} {found})"

    def kernel_from(self, pixel_scale, *, xp=np):
        """The kernel for an image of ``pixel_scale`` arcsec per pixel, of unit sum unless ``normalize`` is False."""
        check_pixel_scale(self, pixel_scale)
        kernel = xp.asarray(self.kernel)
        return kernel / xp.sum(kernel) if self.normalize else kernel


def check_kernels(kernels):
    """Raise ParameterError unless every kernel (over the last two axes) is finite with a positive sum."""
    if not concrete(kernels):
        return
    values = np.asarray(kernels)
    if not (values.size and np.all(np.isfinite(values)) and np.all(np.sum(values, axis=(-2, -1)) > 0)):
        raise ParameterError("a PSF kernel must be finite with a positive sum")


def sampling_fields(psf):
    """``pixel_scale``, ``over_sample_size`` and ``normalize`` of a sampled PSF, checked and in their final form."""
    name, scale, size = type(psf).__name__, psf.pixel_scale, psf.over_sample_size
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ParameterError(f"{name}.over_sample_size is a whole number of at least 1, got {size!r}")
    if not isinstance(psf.normalize, (bool, np.bool_)):
        raise ParameterError(f"{name}.normalize is True or False, got {psf.normalize!r}")
    return {
        "pixel_scale": None if scale is None else positive(f"{name}.pixel_scale", scale),
        "over_sample_size": int(size),
        "normalize": bool(psf.normalize),
    }


def checked_center(center, shape):
    """The center as a pair of floats within a kernel of this shape, or None."""
    if center is None:
        return None
    pair = tuple(float(c) for c in center)
    if len(pair) != 2 or not all(0 <= c <= n - 1 for c, n in zip(pair, shape, strict=True)):
        raise ShapeError(f"the PSF's center {center} is not a pixel of its kernel {tuple(shape)}")
    return pair


def check_pixel_scale(psf, pixel_scale):
    """Raise ShapeError if the PSF is said to be sampled otherwise than the image."""
    if psf.pixel_scale is None or abs(psf.pixel_scale * psf.over_sample_size / pixel_scale - 1) <= 0.01:
        return
    finely = f" / {psf.over_sample_size}" if psf.over_sample_size > 1 else ""
    raise ShapeError(
        f"the PSF has {psf.pixel_scale:g} arcsec/pixel, the image {pixel_scale:g}{finely}: resample the PSF first"
    )


def positive(name, value):
    """The value as a finite float above 0, in arcsec."""
    value = float(arcsec_per_pixel(value, name))
    if not (math.isfinite(value) and value > 0):
        raise ParameterError(f"{name} must be a finite number above 0 arcsec, got {value}")
    return value


def _settle_reach(psf, reach_per_fwhm):
    """The kernel's half width in arcsec, from what is known when the PSF is made."""
    if psf.half_width is not None:
        object.__setattr__(psf, "half_width", positive(f"{type(psf).__name__}.half_width", psf.half_width))
        object.__setattr__(psf, "reach", psf.half_width)
    elif concrete(psf.fwhm) and np.ndim(psf.fwhm) == 0 and 0 < float(psf.fwhm) < math.inf:
        object.__setattr__(psf, "reach", _rounded_up(reach_per_fwhm * float(psf.fwhm)))


def _check_reach(psf):
    if psf.reach is None:
        raise ParameterError(
            f"{type(psf).__name__}.fwhm varies inside a compiled function: give half_width= (arcsec) too"
        )


def _with_room(psf, ranges, reach_per_fwhm):
    widest = ranges.get("fwhm", (0.0, math.inf))[1]
    if psf.half_width is not None or not math.isfinite(widest):
        return psf
    return dataclasses.replace(psf, half_width=_rounded_up(reach_per_fwhm * widest))


def _rounded_up(width):
    """The next power of 2^(1/8): similar widths share one kernel shape, and so one compilation."""
    return 2.0 ** (math.ceil(8 * math.log2(width)) / 8)


def _sampled_kernel(psf, pixel_scale, xp):
    kernel = _lattice_brightness(psf, pixel_scale, xp)
    return kernel / xp.sum(kernel)


def _sampled_values(psf, up, right, pixel_scale, xp):
    total = xp.sum(_lattice_brightness(psf, pixel_scale, xp))
    return _brightness(psf, up, right, xp) / total


def _lattice_brightness(psf, pixel_scale, xp):
    k = math.ceil(psf.reach / pixel_scale)
    offsets = xp.asarray(np.arange(-k, k + 1) * pixel_scale)
    return _brightness(psf, offsets[:, None], offsets[None, :], xp)


def _brightness(psf, up, right, xp):
    along, across = major_minor_from(up, right, psf.angle, xp=xp)
    return psf.relative_brightness(along**2 + (across / psf.axis_ratio) ** 2, xp=xp)
