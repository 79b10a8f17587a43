"""The one doorway to inference: data and priors as functions of one vector."""

__all__ = ["Posterior"]

import math

import numpy as np

from ..backend.namespace import check_namespace
from ..backend.operations import safe_input, value_where
from ..backend.precision import check_precision
from ..backend.pytree import component, static
from ..backend.transforms import evaluate_rows, value_and_gradient
from ..dataset.units import surface_brightness_unit
from ..errors import UnitError
from ..parameters.space import ParameterSpace
from .fit_imaging import FitImaging
from .likelihood import gaussian_log_likelihood
from .quadrature import settle_quadrature

_TOGETHER = 2**29 // (8 * 40)  # pixels of all vectors evaluated at once: some 40 numbers are held for each


@component
class Posterior:
    """An observed image and a parameter space.

    Parameters
    ----------
    data : Imaging
    space : ParameterSpace
        Its template is the model; see ``ParameterSpace.of``.

    Attributes
    ----------
    quadrature : tuple of QuadratureChoice
        For every disk whose quadrature was left "automatic": the one chosen for the whole prior, its measured error and
        how far that may move a parameter at most.

    Raises
    ------
    UnitError
        If the unit of the data is not that of the model's images.
    """

    data: object
    space: ParameterSpace
    quadrature: tuple = static((), derived=True)

    def prepare_fields(self):
        space, choices = settle_quadrature(self.space, self.data)
        object.__setattr__(self, "space", space)
        object.__setattr__(self, "quadrature", choices or self.quadrature)

    def check(self):
        _check_units(self.data.unit, self.space.template)

    def fit_from(self, model, *, xp=np):
        """Compare a model (a Scene, or a vector) with the data.

        Returns
        -------
        FitImaging
        """
        check_precision(xp)
        if hasattr(model, "image_2d_from"):
            return FitImaging.of(self.data, model, xp=xp)
        return FitImaging.of(self.data, self.space.to_model(model), xp=xp)

    def residuals(self, vector, *, xp=np):
        """Whitened residuals (data - model) / noise of the unmasked pixels, shape (N,)."""
        check_precision(xp)
        check_namespace(xp, (vector,))
        image = self.space.to_model(vector).image_2d_from(self.data.grid, xp=xp)
        return (xp.asarray(self.data.data.slim) - image.slim) / xp.asarray(self.data.noise_map.slim)

    def log_likelihood(self, vector, *, xp=np):
        """The log-likelihood, summed over pixels.

        Outside a parameter's physical range NumPy raises ParameterError; JAX, which cannot raise while it runs,
        gives -inf. It is never NaN.

        Parameters
        ----------
        vector : array, shape (n,)
            In the order of ``space.names``.
        xp : module
            numpy (default) or jax.numpy.
        """
        vector = _as_vector(vector)
        inside = self.space.is_physical(vector, xp=xp)
        safe = safe_input(vector, inside, self.space.to_vector(xp=xp), xp=xp)
        value = self._log_likelihood(safe, xp)
        return value_where(inside, lambda: value, -math.inf, xp=xp)

    def _log_likelihood(self, vector, xp):
        sigma = xp.asarray(self.data.noise_map.slim)
        return gaussian_log_likelihood(self.residuals(vector, xp=xp), sigma, xp=xp)

    def log_probability(self, vector, *, xp=np):
        """Log prior plus log-likelihood; -inf outside the prior, and nothing is rendered there by NumPy."""
        vector = _as_vector(vector)
        log_prior = self.space.log_prior(vector, xp=xp)
        return value_where(
            xp.isfinite(log_prior), lambda: log_prior + self.log_likelihood(vector, xp=xp), -math.inf, xp=xp
        )

    def log_probabilities(self, vectors, *, xp=np):
        """``log_probability`` of many vectors, shape (m, n) -> (m,), a NumPy array.

        Under JAX as many of them are evaluated together as fit into half a gigabyte; compiled once per such number.
        """
        check_precision(xp)
        vectors = np.atleast_2d(np.asarray(vectors, dtype=float))
        chunk = int(np.clip(_TOGETHER // max(self.data.mask.n_unmasked, 1), 1, 64))
        return evaluate_rows(Posterior.log_probability, self, vectors, chunk, xp=xp)

    def value_and_gradient(self, vector, *, xp):
        """Log probability and its gradient, compiled once per shape (JAX only).

        Returns
        -------
        value : 0-d array
        gradient : array, shape (n,)
        """
        check_precision(xp)
        return value_and_gradient(Posterior.log_probability, self, vector, xp=xp)


def _as_vector(vector):
    return vector if hasattr(vector, "shape") else np.asarray(vector, dtype=float)


def _check_units(data_unit, model):
    """The data's unit must be that of the model's images; data without a unit are taken to be in the model's."""
    if data_unit is None:
        return
    model_unit = getattr(model, "unit", None)
    if model_unit is None:
        if data_unit != "contrast / arcsec2":
            raise UnitError(
                f"the data are in {data_unit!r}, but the scene has no star with a unit, so its images are relative to "
                "the star: give the Scene a Star(flux=, unit=)"
            )
        return
    factor, name = surface_brightness_unit(model_unit, where="Star.unit")
    if name != data_unit or factor != 1.0:
        raise UnitError(
            f"the data are in {data_unit!r}, the scene's images in {model_unit!r}: give the star's flux in the data's unit"
        )
