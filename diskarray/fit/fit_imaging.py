"""One model compared with one image: the maps a reader wants to see and the numbers a paper quotes."""

__all__ = ["FitImaging"]

from typing import Any

import numpy as np

from ..backend.pytree import build, component, on_namespace
from ..structures.image import Image2D
from .likelihood import gaussian_log_likelihood
from .linear_basis import observed_image


@component
class FitImaging:
    """The comparison of a model with an observed image; made with ``FitImaging.of``, all of it computed at once.

    Attributes
    ----------
    dataset : Imaging
        What was observed.
    model : Scene
        What was compared with it.
    model_image, residual_map, normalized_residual_map, chi_squared_map : Image2D
        The model, data - model, (data - model) / noise, and its square.
    chi_squared, log_likelihood : float
        Summed over the unmasked pixels.
    """

    dataset: Any
    model: Any
    model_image: Image2D
    residual_map: Image2D
    normalized_residual_map: Image2D
    chi_squared_map: Image2D
    chi_squared: Any
    log_likelihood: Any

    @classmethod
    def of(cls, dataset, model, *, xp=np):
        """Render the model on the dataset's pixels and compare.

        Parameters
        ----------
        dataset : Imaging
        model : Scene
            Anything with ``image_2d_from(grid, *, xp)``, and for polarized data with
            ``observed_2d_from(grid, observable, *, xp)``.
        xp : module
            numpy (default) or jax.numpy.
        """
        dataset = on_namespace(dataset, xp)
        image = observed_image(model, dataset, xp=xp)
        residual = dataset.data - image
        normalized = residual / dataset.noise_map
        whitened = normalized.slim
        return build(
            cls,
            dataset=dataset,
            model=model,
            model_image=image,
            residual_map=residual,
            normalized_residual_map=normalized,
            chi_squared_map=normalized * normalized,
            chi_squared=xp.sum(whitened * whitened),
            log_likelihood=gaussian_log_likelihood(whitened, dataset.noise_map.slim, xp=xp),
        )

    @property
    def data(self) -> Image2D:
        """The observed image."""
        return self.dataset.data

    @property
    def noise_map(self) -> Image2D:
        """One standard deviation of each pixel."""
        return self.dataset.noise_map

    @property
    def n_data(self) -> int:
        """Number of pixels that count."""
        return self.dataset.mask.n_unmasked

    def reduced_chi_squared(self, n_free: int = 0) -> Any:
        """chi^2 / (N - k) for ``n_free`` = k fitted parameters."""
        return self.chi_squared / (self.n_data - n_free)

    def __repr__(self):
        return f"FitImaging({self.n_data} pixels, chi_squared {self.chi_squared})"
