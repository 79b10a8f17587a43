"""A PSF that changes across the field: a few kernels, mixed with weights that depend on where the light comes from.

The light of pixel q, dimmed by the transmission T[q] there, is spread with the PSF sum_k w_k[q] K_k:
``out[p] = sum_q sum_k K_k[p - q + origin] w_k[q] T[q] image[q]``, as behind a coronagraph. It is linear, costs one
convolution for each kernel, and its adjoint gathers light the same way back.
"""

__all__ = ["SpatiallyVaryingPSF", "interpolation_weights"]

from typing import Any

import numpy as np

from ..backend.namespace import concrete
from ..backend.operations import frozen
from ..backend.pytree import array_field, component, static
from ..errors import ParameterError, ShapeError
from ..structures.algebra import unwrap
from .convolution import convolved, flipped, superposed
from .psf import check_kernels, check_pixel_scale, checked_center, kernel_center, sampling_fields


@component
class SpatiallyVaryingPSF:
    """A stack of measured or computed PSFs, interpolated between the places they belong to.

    Parameters
    ----------
    kernels : array_like, shape (K, ky, kx)
        Images of a point source, in the axes of the data; odd or even.
    weight_maps : array_like, shape (K, ny, nx)
        How much of each kernel the light of a pixel gets, on the pixels of the image; usually they add up to 1
        (``interpolation_weights`` makes them). Pixels beyond the edge take those of the edge.
    transmission : array_like, shape (ny, nx), optional
        Fraction of a pixel's light that passes the coronagraph, before it is spread. Unlike an Instrument's
        throughput, which multiplies the image that arrives.
    pixel_scale : float, optional
        Arcsec per kernel pixel; when given it must agree with the data's (divided by ``over_sample_size``).
    center : (float, float), optional
        The pixel (y, x), 0-based, of the point source in every kernel; default the geometric center.
    over_sample_size : int
        Kernel pixels along the side of a pixel of the data.
    normalize : bool
        True: every kernel is brought to unit sum. False: their own sums are kept.
    """

    kernels: Any = array_field(axes=3)
    weight_maps: Any = array_field(axes=3)
    transmission: Any = array_field(default=None)
    pixel_scale: float = static(default=None)
    center: tuple = static(default=None)
    over_sample_size: int = static(default=1)
    normalize: bool = static(default=True)

    @classmethod
    def between(cls, kernels, positions, frame, *, interpolation="linear", **settings):
        """A PSF interpolated between the sky positions of its kernels; arguments as for ``interpolation_weights``."""
        return cls(kernels, interpolation_weights(positions, frame, interpolation), **settings)

    def prepare_fields(self):
        for name in ("kernels", "weight_maps", "transmission"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else frozen(unwrap(value)))
        kernels, maps, transmission = self.kernels, self.weight_maps, self.transmission
        if kernels.ndim != 3 or maps.ndim != 3 or kernels.shape[0] != maps.shape[0]:
            raise ShapeError(
                "a spatially varying PSF has kernels of shape (K, ky, kx) and a weight map for each, (K, ny, nx); "
                f"got {tuple(kernels.shape)} and {tuple(maps.shape)}"
            )
        if transmission is not None and tuple(transmission.shape) != tuple(maps.shape[1:]):
            raise ShapeError(f"transmission has shape {tuple(transmission.shape)}, the weight maps {maps.shape[1:]}")
        check_kernels(kernels)
        for name, values in (("weight_maps", maps), ("transmission", transmission)):
            if concrete(values) and not np.all(np.isfinite(np.asarray(values))):
                raise ParameterError(f"SpatiallyVaryingPSF.{name} must be finite; give 0 where no light passes")
        settled = sampling_fields(self)
        settled["center"] = checked_center(self.center, tuple(kernels.shape[1:]))
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    def __repr__(self):
        (k, ky, kx), (ny, nx) = self.kernels.shape, self.shape_native
        return f"SpatiallyVaryingPSF({k} kernels of {ky} x {kx} pixels over {ny} x {nx})"

    @property
    def shape_native(self):
        """Rows and columns of the images it belongs to."""
        return tuple(self.weight_maps.shape[1:])

    def kernel_from(self, pixel_scale, *, xp=np):
        """The kernels for an image of ``pixel_scale`` arcsec per pixel, shape (K, ky, kx)."""
        check_pixel_scale(self, pixel_scale)
        return self._kernels(xp)

    def maps_from(self, *, xp=np):
        """Weight maps times the transmission, shape (K, ny, nx)."""
        maps = xp.asarray(self.weight_maps)
        return maps if self.transmission is None else maps * xp.asarray(self.transmission)

    def forward(self, image, *, xp=np):
        """The operator on an image that is zero beyond its edges.

        Parameters
        ----------
        image : array, shape (ny, nx)
            On the kernels' own pixels: with an ``over_sample_size`` of n, shape (n ny, n nx).
        xp : module
            Array namespace.

        Returns
        -------
        array of the same shape
        """
        return superposed(self._maps_on(image, xp) * image, self._kernels(xp), self._origin, xp=xp)

    def adjoint(self, image, *, xp=np):
        """The transposed operator: sum(a * forward(b)) = sum(adjoint(a) * b); arguments as for ``forward``."""
        kernels, origin = flipped(self._kernels(xp), self._origin, xp=xp)
        return xp.sum(self._maps_on(image, xp) * convolved(image[None, ...], kernels, origin, xp=xp), axis=0)

    @property
    def _origin(self):
        return tuple(int(np.floor(c)) for c in kernel_center(self, tuple(self.kernels.shape[1:])))

    def _kernels(self, xp):
        kernels = xp.asarray(self.kernels)
        return kernels / xp.sum(kernels, axis=(-2, -1), keepdims=True) if self.normalize else kernels

    def _maps_on(self, image, xp):
        wanted = tuple(n * self.over_sample_size for n in self.shape_native)
        if tuple(image.shape) != wanted:
            raise ShapeError(f"the operator acts on images of shape {wanted}, got {tuple(image.shape)}")
        return maps_on_pixels(self, *(np.arange(n) for n in wanted), xp=xp)


def maps_on_pixels(psf, rows, columns, *, xp=np):
    """A PSF's maps on rows and columns of kernel pixels, which may lie beyond the image: (K, rows, columns)."""
    maps = psf.maps_from(xp=xp)
    for axis, places in ((1, rows), (2, columns)):
        parents = np.clip(places // getattr(psf, "over_sample_size", 1), 0, maps.shape[axis] - 1)
        maps = xp.take(maps, xp.asarray(parents), axis=axis)
    return maps


def interpolation_weights(positions, frame, interpolation="linear"):
    """Weight of each of K PSFs in every pixel of an image, from the sky positions they belong to.

    Parameters
    ----------
    positions : array_like, shape (K, 2)
        (y, x) in arcsec towards North and West from the star; ``frame.sky_from(row, column)`` gives those of pixels.
    frame : Frame2D
        The pixels of the image.
    interpolation : str
        ``"linear"``: between the three PSFs around a pixel (a Delaunay triangulation), the nearest one beyond all
        triangles. ``"nearest"``: the nearest one everywhere.

    Returns
    -------
    array, shape (K, ny, nx)
        Between 0 and 1; they add up to 1 in every pixel.

    Raises
    ------
    ShapeError, ParameterError
        If the positions are no rows of (y, x), or none of them span a triangle where one is needed.
    """
    positions = np.asarray(positions, dtype=float)
    if positions.ndim != 2 or positions.shape[1] != 2 or not np.all(np.isfinite(positions)):
        raise ShapeError(f"PSF positions are finite rows of (y, x), shape (K, 2); got shape {positions.shape}")
    if interpolation not in ("linear", "nearest"):
        raise ParameterError(f"interpolation is 'linear' or 'nearest', got {interpolation!r}")
    pixels = np.stack(frame.sky_from(*np.indices(frame.shape_native)), axis=-1).reshape(-1, 2)
    distances = np.sum((pixels[:, None, :] - positions) ** 2, axis=-1)
    weights = np.zeros_like(distances)
    weights[np.arange(len(pixels)), np.argmin(distances, axis=1)] = 1.0
    if interpolation == "linear" and len(positions) > 1:
        inside, corners, shares = _barycentric(positions, pixels)
        weights[inside] = 0.0
        np.add.at(weights, (inside[:, None], corners), shares)
    return weights.T.reshape(len(positions), *frame.shape_native)


def _barycentric(positions, pixels):
    """Pixels inside a triangle of positions, that triangle's corners, and the corners' shares."""
    from scipy.spatial import Delaunay, QhullError

    try:
        triangles = Delaunay(positions)
    except (QhullError, ValueError) as error:
        raise ParameterError(
            f"{len(positions)} PSF positions span no triangle to interpolate in: use interpolation='nearest'"
        ) from error
    found = triangles.find_simplex(pixels)
    inside = np.flatnonzero(found >= 0)
    affine = triangles.transform[found[inside]]
    shares = np.einsum("nij,nj->ni", affine[:, :2], pixels[inside] - affine[:, 2])
    shares = np.concatenate([shares, 1 - shares.sum(axis=1, keepdims=True)], axis=1)
    return inside, triangles.simplices[found[inside]], np.clip(shares, 0.0, 1.0)
