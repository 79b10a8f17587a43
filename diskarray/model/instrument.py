"""The telescope and camera between the sky and the pixels."""

__all__ = ["Instrument"]

from typing import Any

import numpy as np

from ..backend.namespace import concrete
from ..backend.operations import frozen
from ..backend.pytree import array_field, component, on_namespace
from ..errors import ParameterError, ShapeError
from ..optics.convolution import convolved, evaluation_grid, refined, superposed
from ..optics.point_image import point_image
from ..optics.psf import PSF, kernel_center
from ..optics.varying import maps_on_pixels
from ..parameters.parameter import parameter
from ..parameters.priors import Normal
from ..profiles.protocols import obeys
from ..structures.algebra import unwrap
from ..structures.grid import Grid2D


@component
class Instrument:
    """PSF, throughput map, and a residual offset of the star from the pixel it is thought to be on.

    The image is convolved first, then multiplied by the throughput.

    Parameters
    ----------
    psf : PSF, optional
        Any object with ``kernel_from(pixel_scale, *, xp)``; see ``diskarray.optics.psf`` for what else it may tell.
    throughput : array_like, shape (ny, nx), optional
        Native map of transmission, on the pixels of the image.
    """

    psf: Any = None
    throughput: Any = array_field(default=None)
    offset_y: float = parameter(
        0.0, unit="arcsec", doc="star's offset to the North of the frame's center", prior=Normal(0.0, 0.01)
    )
    offset_x: float = parameter(
        0.0, unit="arcsec", doc="star's offset to the West of the frame's center", prior=Normal(0.0, 0.01)
    )

    def prepare_fields(self):
        if self.throughput is not None:
            object.__setattr__(self, "throughput", frozen(unwrap(self.throughput)))

    def check(self):
        if self.psf is not None and not obeys(self.psf, PSF):
            raise ParameterError(f"psf needs a .kernel_from(pixel_scale, *, xp) method, got {self.psf!r}")
        if self.throughput is not None:
            if self.throughput.ndim != 2:
                raise ShapeError(f"throughput is a native 2D map, got shape {tuple(self.throughput.shape)}")
            if concrete(self.throughput) and not np.all(np.isfinite(np.asarray(self.throughput))):
                raise ParameterError("throughput must be finite everywhere; set it to 0 where no light arrives")

    def observed(self, sky, grid, sources=(), *, xp=np):
        """Brightness of the grid's points as the instrument records it.

        Parameters
        ----------
        sky : callable
            Maps a grid of sky offsets from the star to a structure of brightness, or of vectors such as Stokes
            parameters: each component about the sky's axes is convolved by itself.
        grid : Grid2D or Grid2DIrregular
            Where the image is wanted.
        sources : iterable of PointSource
            They need a PSF; not with vectors.
        xp : module
            Array namespace.

        Returns
        -------
        array, shape (N,) or (N, 2)
        """
        self._check(grid)
        instrument = on_namespace(self, xp)
        shift = xp.stack([xp.asarray(instrument.offset_y), xp.asarray(instrument.offset_x)])
        if self.psf is None:
            values = _values(sky(grid - shift))
        else:
            values = instrument._blurred(sky, grid, shift, xp)
        for source in sources:
            values = values + instrument._point(source, grid, xp)
        if self.throughput is None:
            return values
        throughput = xp.take(xp.reshape(instrument.throughput, (-1,)), xp.asarray(grid.mask.indices))
        return values * xp.reshape(throughput, (-1,) + (1,) * (values.ndim - 1))

    def _blurred(self, sky, grid, shift, xp):
        kernel = self.psf.kernel_from(grid.frame.pixel_scale, xp=xp)
        shape, times = tuple(kernel.shape[-2:]), getattr(self.psf, "over_sample_size", 1)
        inner, origin, first = evaluation_grid(
            *refined(grid.mask, grid.over_sample_size, times), shape, kernel_center(self.psf, shape)
        )
        image = xp.moveaxis(sky(on_namespace(inner, xp) - shift).array, (0, 1), (-2, -1))
        n_rows, n_columns = image.shape[-2:]
        if kernel.ndim == 3:
            maps = maps_on_pixels(self.psf, first[0] + np.arange(n_rows), first[1] + np.arange(n_columns), xp=xp)
            image = superposed(image[..., None, :, :] * maps, kernel, origin, xp=xp)
        else:
            image = convolved(image, kernel, origin, xp=xp)
        places = xp.asarray(_places(grid, times, first, n_columns))
        values = xp.take(xp.reshape(image, (*image.shape[:-2], -1)), places, axis=-1)
        if times > 1:
            values = xp.mean(xp.reshape(values, (*values.shape[:-1], -1, times * times)), axis=-1)
        return xp.moveaxis(values, -1, 0)

    def _point(self, source, grid, xp):
        """Surface brightness of a point source whose flux is 1 where the star's is."""
        source = on_namespace(source, xp)
        y, x = source.y + self.offset_y, source.x + self.offset_x
        return source.flux / grid.frame.pixel_area * point_image(self.psf, y, x, grid, xp=xp)

    def _check(self, grid):
        if self.psf is None and self.throughput is None:
            return
        if not isinstance(grid, Grid2D) or not grid.on_pixels:
            raise ShapeError(
                "a PSF or a throughput map acts on the pixels of an image: give a Grid2D as it was made, "
                "not points; to move the star use instrument.offset_y and offset_x"
            )
        if self.throughput is not None and tuple(self.throughput.shape) != grid.shape_native:
            raise ShapeError(f"throughput has shape {tuple(self.throughput.shape)}, the image {grid.shape_native}")
        maps = getattr(self.psf, "shape_native", grid.shape_native)
        if maps != grid.shape_native:
            raise ShapeError(f"the PSF's weight maps have shape {maps}, the image {grid.shape_native}")


def _values(structure):
    return structure.slim if hasattr(structure, "slim") else structure.array


def _places(grid, times, first, n_columns):
    """Flat indices of every unmasked pixel's times x times small ones, in an image whose first pixel is ``first``."""
    rows, columns = np.unravel_index(grid.mask.indices, grid.shape_native)
    step = np.arange(times)
    rows = rows[:, None, None] * times + step[:, None] - first[0]
    columns = columns[:, None, None] * times + step - first[1]
    return (rows * n_columns + columns).reshape(-1)
