"""The one doorway to inference: data and priors as functions of one vector."""

__all__ = ["Posterior"]

import math
from typing import Any

import numpy as np

from ..backend.namespace import check_namespace, concrete
from ..backend.operations import safe_input, value_where
from ..backend.precision import check_precision
from ..backend.pytree import FrozenDict, component, leaves, static
from ..backend.transforms import evaluate, evaluate_rows, value_and_gradient
from ..errors import ParameterError
from ..parameters.space import ParameterSpace
from .fit_imaging import FitImaging
from .identity import identity_of
from .likelihood import gaussian_log_likelihood, noise_normalization
from .linear import Solved, bounded_ones, log_marginal_factor, solution_from, solved
from .linear_algebra import covariance_of
from .linear_basis import WHOLE, base_and_basis, choose_plan, observed_image
from .linear_draws import draws_within
from .quadrature import settle_quadrature
from .units import check_units

_TOGETHER = 2**29 // (8 * 40)  # pixels of all vectors evaluated at once: some 40 numbers are held for each


@component
class Posterior:
    """Observed images and a parameter space.

    Parameters
    ----------
    data : Imaging or dict
        One image, or name -> Imaging: bands, rolls, total intensity and polarized light, fitted together.
    space : ParameterSpace
        Its template is the model; see ``ParameterSpace.of``. Every image is compared with what its ``observable`` shows
        of that one model.

    Attributes
    ----------
    quadrature : tuple of QuadratureChoice
        For every disk whose quadrature was left "automatic": the one chosen for the whole prior, its measured error and
        how far that may move a parameter at most.
    plans : tuple of str
        For every image how those of the linear parameters are made: "parts" of the scene by themselves, or the "whole"
        scene anew for each; empty without linear parameters.

    Raises
    ------
    UnitError
        If the unit of the data is not that of the model's images.
    ParameterError
        If a parameter is declared Linear and the image does not depend on it linearly.
    """

    data: Any
    space: ParameterSpace
    quadrature: tuple = static(default=(), derived=True)
    plans: tuple = static(default=(), derived=True)

    def prepare_fields(self):
        if hasattr(self.data, "items"):
            if not len(self.data):
                raise ParameterError("the data are an Imaging, or a dictionary of at least one named Imaging")
            object.__setattr__(self, "data", FrozenDict(self.data))
        space, choices = settle_quadrature(self.space, self.datasets)
        object.__setattr__(self, "space", space)
        object.__setattr__(self, "quadrature", choices or self.quadrature)
        if space.linear:
            plan = choose_plan if _is_concrete(space.template) else (lambda space, dataset: WHOLE)
            object.__setattr__(self, "plans", tuple(plan(space, dataset) for dataset in self.datasets))

    def check(self):
        for dataset in self.datasets:
            check_units(dataset.unit, self.space.template)

    @property
    def datasets(self):
        """Every Imaging, as a tuple."""
        return tuple(self.data.values()) if hasattr(self.data, "items") else (self.data,)

    @property
    def n_data(self) -> int:
        """Number of pixels that count, over all images."""
        return sum(dataset.mask.n_unmasked for dataset in self.datasets)

    def identity(self):
        """Hex digest of all that the posterior's numbers are made of, the version of diskarray included.

        Data, model, free and linear parameters with their priors, and the quadrature count; where the data came from
        does not.
        """
        return identity_of(self.data, self.space)

    def fit_from(self, model: Any, *, xp: Any = np) -> Any:
        """Compare a model (a Scene, or a vector, whose linear parameters are solved for) with the data.

        Returns
        -------
        FitImaging, or a dictionary name -> FitImaging where the data are one
        """
        check_precision(xp)
        if not hasattr(model, "image_2d_from"):
            model = self.scene_from(model, xp=xp)
        if hasattr(self.data, "items"):
            return FrozenDict({name: FitImaging.of(d, model, xp=xp) for name, d in self.data.items()})
        return FitImaging.of(self.data, model, xp=xp)

    def scene_from(self, vector: Any, *, xp: Any = np) -> Any:
        """The model at a vector, its linear parameters at their best values."""
        vector = _as_vector(vector)
        model = self.space.to_model(vector)
        if not self.space.linear:
            return model
        values = self._solved(vector, xp).values
        return self.space.with_linear(model, values if not concrete(values) else np.asarray(values))

    def residuals(self, vector: Any, *, xp: Any = np) -> Any:
        """Whitened residuals (data - model) / noise of the unmasked pixels, shape (N,), one dataset after the other.

        With linear parameters these are the residuals at their best values, followed by one entry
        (mean - value) / sigma for each that has a Gaussian prior: half their sum of squares differs from
        ``-profile_log_likelihood`` by a constant.
        """
        check_precision(xp)
        check_namespace(xp, (vector,))
        vector = _as_vector(vector)
        if self.space.linear:
            return self._solved(vector, xp).residuals
        return self._pixels(self.space.to_model(vector), xp)

    def log_likelihood(self, vector: Any, *, xp: Any = np) -> Any:
        """The log-likelihood, summed over pixels; integrated over the linear parameters and their priors.

        Outside a parameter's physical range NumPy raises ParameterError; JAX, which cannot raise while it runs,
        gives -inf. It is never NaN.

        With linear parameters it differs from ``profile_log_likelihood`` by the volume that the integral adds: half the
        logarithm of the determinant of 2 pi times their covariance, less what bounds cut off. That term changes with
        the vector, so that the maximum of the one is not exactly that of the other. Where a flat prior is improper
        (``space.improper``), that volume has the unit of the parameter: differences between vectors mean what they
        should, an evidence does not.

        Parameters
        ----------
        vector : array, shape (n,)
            In the order of ``space.names``.
        xp : module
            numpy (default) or jax.numpy.

        Raises
        ------
        ParameterError
            Besides, if more than two linear parameters are bounded: no exact integral is known here.
        """
        return self._where_physical(self._log_likelihood, vector, xp)

    def profile_log_likelihood(self, vector: Any, *, xp: Any = np) -> Any:
        """The log-likelihood at the best linear parameters, their log prior added: what least squares maximizes."""
        return self._where_physical(self._profile_log_likelihood, vector, xp)

    def _where_physical(self, function, vector, xp):
        vector = _as_vector(vector)
        inside = self.space.is_physical(vector, xp=xp)
        safe = safe_input(vector, inside, lambda: self.space.to_vector(xp=xp), xp=xp)
        value = function(safe, xp)
        return value_where(xp.logical_and(inside, value == value), lambda: value, -math.inf, xp=xp)

    def _log_likelihood(self, vector, xp):
        if not self.space.linear:
            return gaussian_log_likelihood(self.residuals(vector, xp=xp), self._sigma(xp), xp=xp)
        bounded_ones(self.space)
        factor = log_marginal_factor(self.space, self._solved(vector, xp), xp=xp)
        return factor - 0.5 * noise_normalization(self._sigma(xp), xp=xp)

    def _profile_log_likelihood(self, vector, xp):
        if not self.space.linear:
            return self._log_likelihood(vector, xp)
        solution, bounds = self._solved(vector, xp), self.space.linear_bounds
        residuals = solution.residuals[: self.n_data]
        priors = sum(
            prior.log_density(solution.values[k], bounds[0][k], bounds[1][k], xp=xp)
            for k, prior in enumerate(self.space.linear_priors)
        )
        return gaussian_log_likelihood(residuals, self._sigma(xp), xp=xp) + priors

    def log_probability(self, vector: Any, *, xp: Any = np) -> Any:
        """Log prior plus log-likelihood; -inf outside the prior, and nothing is rendered there by NumPy."""
        vector = _as_vector(vector)
        log_prior = self.space.log_prior(vector, xp=xp)
        return value_where(
            xp.isfinite(log_prior), lambda: log_prior + self.log_likelihood(vector, xp=xp), -math.inf, xp=xp
        )

    def _log_likelihood_or_none(self, vector, *, xp=np):
        """``log_likelihood``, -inf outside the physical range by NumPy too."""
        inside = self.space.is_physical(vector, xp=xp)
        return value_where(inside, lambda: self.log_likelihood(vector, xp=xp), -math.inf, xp=xp)

    def log_probabilities(self, vectors: Any, *, xp: Any = np) -> np.ndarray:
        """``log_probability`` of many vectors, shape (m, n) -> (m,), a NumPy array.

        Under JAX they are shared among threads, one after the other in each; on an accelerator as many are evaluated at
        once as fit into half a gigabyte. Compiled once per number of rows that go together.
        """
        return self._of_rows(Posterior.log_probability, vectors, xp)

    def log_likelihoods(self, vectors: Any, *, xp: Any = np) -> np.ndarray:
        """``log_likelihood`` of many vectors, shape (m, n) -> (m,), a NumPy array; -inf outside the physical range."""
        return self._of_rows(Posterior._log_likelihood_or_none, vectors, xp)

    def value_and_gradient(self, vector: Any, *, xp: Any) -> tuple[Any, Any]:
        """Log probability and its gradient, compiled once per shape (JAX only).

        Returns
        -------
        value : 0-d array
        gradient : array, shape (n,)
        """
        check_precision(xp)
        return value_and_gradient(Posterior.log_probability, self, vector, xp=xp)

    def linear_solution(self, vector, *, xp=np):
        """The linear parameters that fit best together with a vector.

        Returns
        -------
        LinearSolution
            Without names where no parameter is linear.
        """
        check_precision(xp)
        k = self.space.linear_size
        numbers = evaluate(Posterior._linear_numbers, self, _as_vector(vector), xp=xp)
        values, R, kept = numbers[:k], numbers[2 * k : (2 + k) * k].reshape(k, k), numbers[(2 + k) * k :] > 0
        return solution_from(self.space, values, R, kept)

    def draw_linear(self, vectors, seed, *, xp=np):
        """One draw of the linear parameters for each set of the others: their part of a sample of the posterior.

        Parameters
        ----------
        vectors : array, shape (m, n)
        seed : int
        xp : module
            numpy (default) or jax.numpy, to render with.

        Returns
        -------
        array, shape (m, k)

        Raises
        ------
        ParameterError
            If more than two linear parameters are bounded.
        """
        space, k, places = self.space, self.space.linear_size, bounded_ones(self.space)
        rows = self._of_rows(Posterior._linear_numbers, vectors, xp)
        if k == 0:
            return np.zeros((len(rows), 0))
        R, kept = rows[:, 2 * k : (2 + k) * k].reshape(-1, k, k), rows[:, (2 + k) * k :] > 0
        random = np.random.default_rng(seed)
        return draws_within(rows[:, k : 2 * k], covariance_of(R, kept), places, *space.linear_bounds, random)

    def _linear_numbers(self, vector, *, xp=np):
        """Values, their mean without bounds, R and the flags of ``Solved``, one after the other."""
        if not self.space.linear:
            return xp.zeros((0,))
        one = self._solved(vector, xp)
        flags = xp.where(one.kept, 1.0, 0.0)
        return xp.concat([one.values, one.unbounded, xp.reshape(one.R, (-1,)), flags])

    def _of_rows(self, function, vectors, xp):
        check_precision(xp)
        vectors = np.atleast_2d(np.asarray(vectors, dtype=float))
        images = max(self.n_data, 1) * (1 + self.space.linear_size)
        return evaluate_rows(function, self, vectors, int(np.clip(_TOGETHER // images, 1, 64)), xp=xp)

    def _solved(self, vector, xp) -> Solved:
        model, residuals, designs = self.space.to_model(vector), [], []
        for dataset, plan in zip(self.datasets, self.plans, strict=True):
            base, basis = base_and_basis(model, self.space, dataset, plan, xp=xp)
            sigma = xp.asarray(dataset.noise_map.slim)
            residuals.append((xp.asarray(dataset.data.slim) - base) / sigma)
            designs.append(basis / sigma[:, None])
        return solved(self.space, xp.concat(residuals), xp.concat(designs), xp=xp)

    def _pixels(self, model, xp):
        whitened = [
            (xp.asarray(d.data.slim) - observed_image(model, d, xp=xp).slim) / xp.asarray(d.noise_map.slim)
            for d in self.datasets
        ]
        return whitened[0] if len(whitened) == 1 else xp.concat(whitened)

    def _sigma(self, xp):
        sigmas = [xp.asarray(d.noise_map.slim) for d in self.datasets]
        return sigmas[0] if len(sigmas) == 1 else xp.concat(sigmas)


def _as_vector(vector):
    return vector if hasattr(vector, "shape") else np.asarray(vector, dtype=float)


def _is_concrete(model):
    return all(concrete(leaf) for leaf in leaves(model) if hasattr(leaf, "dtype"))
