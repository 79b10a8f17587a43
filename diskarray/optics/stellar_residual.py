"""Starlight that the reduction left behind: a linear combination of images of the star, or of a reference star."""

__all__ = ["StellarResidual"]

from typing import Any

import numpy as np

from ..backend.constant import held_at
from ..backend.namespace import concrete
from ..backend.operations import frozen
from ..backend.pytree import array_field, component, on_namespace
from ..errors import ParameterError, ShapeError
from ..parameters.parameter import parameter
from ..parameters.priors import Normal
from ..structures.algebra import unwrap
from ..structures.decorators import to_image
from ..structures.grid import Grid2D
from .point_image import pixel_steps
from .shift import edge_shift_matrix


@component
class StellarResidual:
    """``sum_k weights[k] references[k]``, each reference moved by its shift.

    The references are images as the detector recorded them: they are neither convolved with the PSF nor multiplied with
    the throughput or the star's flux. A shift is band-limited (as by a Fourier transform) and differentiable; an image
    is mirrored at its edges. One number stands for all references; an array has one entry for each.

    Parameters
    ----------
    references : array_like, shape (K, ny, nx)
        Reference images on the pixels of the data, in its unit. One image alone may be 2D.
    """

    references: Any = array_field(axes=3)
    weights: object = parameter(0.0, doc="of the references in the image; shape (K,)", prior=Normal(0.0, 1.0))
    shift_y: object = parameter(
        0.0, unit="arcsec", doc="of the references to the North; one or K numbers", prior=Normal(0.0, 0.01)
    )
    shift_x: object = parameter(
        0.0, unit="arcsec", doc="of the references to the West; one or K numbers", prior=Normal(0.0, 0.01)
    )

    def prepare_fields(self):
        references = frozen(unwrap(self.references))
        references = references[None, ...] if references.ndim == 2 else references
        if references.ndim != 3 or not all(references.shape):
            raise ShapeError(f"references are images, shape (K, ny, nx); got shape {tuple(references.shape)}")
        if concrete(references) and not np.all(np.isfinite(np.asarray(references))):
            raise ParameterError("references must be finite everywhere; set bad pixels to 0 and mask them in the data")
        object.__setattr__(self, "references", references)
        for name in ("weights", "shift_y", "shift_x"):
            if isinstance(getattr(self, name), (list, tuple)):
                object.__setattr__(self, name, frozen(getattr(self, name)))
        if concrete(self.weights) and np.ndim(self.weights) == 0:
            object.__setattr__(self, "weights", np.full(references.shape[0], self.weights))

    def check(self):
        number = self.references.shape[0]
        for name in ("weights", "shift_y", "shift_x"):
            shape = tuple(np.shape(getattr(self, name)))
            if shape not in ((), (number,)):
                raise ShapeError(f"StellarResidual.{name} has shape {shape} for {number} references")

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        """The residual starlight on the pixels of an image, in the unit of the references.

        Raises
        ------
        ShapeError
            If the grid is not one of pixels, or the references have another shape.
        """
        if not isinstance(grid, Grid2D) or not grid.on_pixels:
            raise ShapeError(
                "a stellar residual lies on the pixels of an image: give a Grid2D as it was made, not points"
            )
        if tuple(self.references.shape[1:]) != grid.shape_native:
            raise ShapeError(f"references have shape {tuple(self.references.shape[1:])}, the image {grid.shape_native}")
        residual = on_namespace(self, xp)
        images = residual.references * xp.reshape(xp.asarray(residual.weights), (-1, 1, 1))
        if not (held_at(self.shift_y, 0.0) and held_at(self.shift_x, 0.0)):
            images = _moved(images, residual.shift_y, residual.shift_x, grid.frame, xp)
        return xp.take(xp.reshape(xp.sum(images, axis=0), (-1,)), xp.asarray(grid.mask.indices))


def _moved(images, shift_y, shift_x, frame, xp):
    """Every image (K, ny, nx) moved by its sky shift."""
    (ny, nx), steps = images.shape[-2:], pixel_steps(frame)
    down, across = (float(north) * shift_y + float(west) * shift_x for north, west in steps)
    along_columns = xp.matmul(edge_shift_matrix(ny, down, xp=xp), images)
    return xp.matmul(along_columns, xp.matrix_transpose(edge_shift_matrix(nx, across, xp=xp)))
