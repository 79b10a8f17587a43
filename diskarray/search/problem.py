"""A posterior as a least-squares problem in optimizer coordinates: residuals, derivatives, loss, and what they cost."""

__all__ = ["DERIVATIVES", "LOSSES", "Problem", "library_for"]

import time
from types import MappingProxyType

import numpy as np

from ..backend.namespace import is_jax_array
from ..backend.pytree import leaves
from ..backend.transforms import evaluate_each, exact_jacobian, has_derivatives
from ..errors import DiskArrayError, ParameterError

_STEP = 1e-5
_SMALL_STEP = 1e-6
_COMPILING = 2.0  # seconds, an image whose quadrature is settled
_TYPICAL_JACOBIANS = 6
DERIVATIVES = ("automatic", "exact", "differences")
"""How derivatives may be had."""


def _linear(z):
    return z, np.ones_like(z), np.zeros_like(z)


def _soft_l1(z):
    t = 1 + z
    return 2 * (np.sqrt(t) - 1), t**-0.5, -0.5 * t**-1.5


def _huber(z):
    root = np.sqrt(np.maximum(z, 1.0))
    return np.where(z <= 1, z, 2 * root - 1), 1 / root, np.where(z <= 1, 0.0, -0.5 * root**-3)


def _cauchy(z):
    t = 1 + z
    return np.log1p(z), 1 / t, -1 / t**2


LOSSES = MappingProxyType({"linear": _linear, "soft_l1": _soft_l1, "huber": _huber, "cauchy": _cauchy})
"""rho(z) with its first two derivatives, z the squared residual in units of the loss scale."""


def library_for(posterior, vector, derivatives, *, xp):
    """Which array library a search should use, whether for exact derivatives, and why, if it is not what was asked for.

    Compiling a disk's image takes seconds, and compiling its derivatives several times as long. A search takes some six
    Jacobians: by differences, of as many images as there are parameters. Where NumPy has made those before the compiler
    is done, NumPy is used; elsewhere compiled images.

    Returns
    -------
    xp : module
    exact : bool
    steps : list of str
    """
    able = has_derivatives(xp=xp)
    if derivatives == "exact" and not able:
        raise ParameterError('derivatives="exact" need JAX: pass xp=da.enable_jax(), or use "automatic"')
    if not able or derivatives == "exact" or any(map(is_jax_array, leaves(posterior.space.template))):
        return xp, derivatives != "differences", []
    try:
        posterior.residuals(vector)
        began = time.perf_counter()
        posterior.residuals(vector)
    except (DiskArrayError, TypeError, AttributeError):  # a user's component that only JAX can run
        return xp, derivatives != "differences", []
    seconds = time.perf_counter() - began
    if seconds * _TYPICAL_JACOBIANS * (vector.size + 1) > _COMPILING:
        return xp, False, ["differences of compiled images"]
    return np, False, [f"differences of NumPy images, {1e3 * seconds:.0f} ms each"]


class Problem:
    """Residuals and Jacobian in optimizer coordinates, counting the images they take.

    The residuals are the whitened ones of the pixels, then one for each Gaussian prior. The loss applies to the pixels
    alone.

    Attributes
    ----------
    posterior : Posterior
    scaling : Scaling
    n_evaluations : int
    repaired : set of str
        Names of parameters whose exact derivative was not finite somewhere and was replaced by differences.
    """

    def __init__(self, posterior, scaling, xp, progress, loss="linear", loss_scale=1.0, exact=True):
        self.posterior, self.scaling, self.xp, self.progress = posterior, scaling, xp, progress
        self.exact = exact and has_derivatives(xp=xp)
        self.loss, self.loss_scale = loss, float(loss_scale)
        self.n_evaluations, self.repaired, self._exact = 0, set(), None
        gaussian = [(k, p) for k, p in enumerate(posterior.space.priors) if hasattr(p, "mean")]
        self.prior_index = np.array([k for k, _ in gaussian], dtype=int)
        self.prior_mean = np.array([p.mean for _, p in gaussian])
        self.prior_sigma = np.array([p.sigma for _, p in gaussian])

    def of(self, posterior, library=None):
        """The same problem with another posterior (and array library); what it renders is counted here too."""
        library = self.xp if library is None else library
        return Problem(posterior, self.scaling, library, self, self.loss, self.loss_scale, self.exact)

    def update(self, images):
        """Count images that a problem made by ``of`` rendered."""
        self.counted(images)

    def counted(self, images):
        """Note that so many images were rendered."""
        self.n_evaluations += images
        self.progress.update(images)

    def residuals(self, coordinates):
        """Whitened residuals of pixels and Gaussian priors."""
        exact = self._exactly(coordinates)
        return self._evaluated(coordinates) if exact is None else exact[0]

    def _evaluated(self, coordinates):
        return self._evaluated_all([coordinates])[0]

    def _evaluated_all(self, places):
        vectors = [self.scaling.to_vector(coordinates) for coordinates in places]
        found = evaluate_each(type(self.posterior).residuals, self.posterior, vectors, xp=self.xp)
        self.counted(len(vectors))
        return [self._with_priors(pixels, vector) for pixels, vector in zip(found, vectors, strict=True)]

    def jacobian(self, coordinates):
        """Derivatives of the residuals, exact or by central differences."""
        exact = self._exactly(coordinates)
        if exact is not None:
            return exact[1]
        return np.stack([self._difference(coordinates, k) for k in range(coordinates.size)], axis=-1)

    def quick_jacobian(self, coordinates, residual):
        """Derivatives, exact or by one-sided differences from the residual there: enough to find the way."""
        exact = self._exactly(coordinates)
        if exact is not None:
            return exact[1]
        room = self.scaling.upper - coordinates
        steps = np.where(room >= _SMALL_STEP, _SMALL_STEP, -_SMALL_STEP)
        moved = self._evaluated_all([coordinates + _along(k, step, coordinates) for k, step in enumerate(steps)])
        return (np.stack(moved, axis=-1) - residual[:, None]) / steps

    def pixels_of(self, model):
        """Whitened residuals (data - model) / noise of the pixels for a Scene, rendered by NumPy."""
        fit = self.posterior.fit_from(model)
        self.counted(1)
        fits = fit.values() if hasattr(fit, "values") else [fit]
        return np.concatenate([np.asarray(one.normalized_residual_map.slim) for one in fits])

    def cost(self, residual):
        """Chi-squared as the loss sees it; infinite where a residual is not finite."""
        if not np.all(np.isfinite(residual)):
            return np.inf
        return float(np.sum(self.rho((residual / self.loss_scale) ** 2)[0]) * self.loss_scale**2)

    def rho(self, z):
        """The loss and its derivatives, shape (3, N), as scipy wants them: plain squares for the priors."""
        n = z.size - self.prior_index.size
        pixels, priors = LOSSES[self.loss](z[:n]), _linear(z[n:])
        return np.stack([np.concatenate(pair) for pair in zip(pixels, priors, strict=True)])

    def weighted(self, residual, jacobian):
        """Residuals and Jacobian whose products are the gradient and the Gauss-Newton curvature of the loss."""
        if self.loss == "linear":
            return residual, jacobian
        z = (residual / self.loss_scale) ** 2
        _, first, second = self.rho(z)
        scale = np.sqrt(np.maximum(first + 2 * second * z, np.finfo(float).eps))
        return residual * first / scale, jacobian * scale[:, None]

    def _with_priors(self, pixels, vector):
        if not self.prior_index.size:
            return pixels
        return np.concatenate([pixels, (vector[self.prior_index] - self.prior_mean) / self.prior_sigma])

    def _exactly(self, coordinates):
        """Residuals and exact derivatives, of one compiled function; None where there are only differences."""
        if not self.exact:
            return None
        if self._exact is not None and np.array_equal(self._exact[0], coordinates):
            return self._exact[1:]
        vector = self.scaling.to_vector(coordinates)
        found = exact_jacobian(_amplified, self.posterior, np.append(vector, 0.0), xp=self.xp)
        self.counted(coordinates.size + 1)
        pixels, columns = found[:, -1], found[:, :-1]
        rows = np.zeros((self.prior_index.size, coordinates.size))
        rows[np.arange(self.prior_index.size), self.prior_index] = 1 / self.prior_sigma
        jacobian = np.concatenate([columns, rows]) * self.scaling.derivative(coordinates)
        for k in np.flatnonzero(~np.all(np.isfinite(jacobian), axis=0)):
            jacobian[:, k] = self._difference(coordinates, k)
            self.repaired.add(self.posterior.space.names[k])
        self._exact = coordinates.copy(), self._with_priors(pixels, vector), jacobian
        return self._exact[1:]

    def _difference(self, coordinates, k):
        """Central difference in a coordinate of order one; one-sided of second order next to a bound."""
        step = _along(k, _STEP, coordinates)
        room_below = coordinates[k] - self.scaling.lower[k] >= _STEP
        room_above = self.scaling.upper[k] - coordinates[k] >= _STEP
        if room_below and room_above:
            difference = self._evaluated(coordinates + step) - self._evaluated(coordinates - step)
        else:
            step = step if room_above else -step
            difference = np.sign(step[k]) * (
                4 * self._evaluated(coordinates + step)
                - 3 * self._evaluated(coordinates)
                - self._evaluated(coordinates + 2 * step)
            )
        return difference / (2 * _STEP)


def _along(k, length, like):
    step = np.zeros(like.size)
    step[k] = length
    return step


def _amplified(posterior, extended, *, xp):
    """(1 + s) residuals(vector) of (vector, s): its derivative in s, at s = 0, is the residual itself.

    So one compiled function returns both the residuals and their derivatives.
    """
    return (1 + extended[-1]) * posterior.residuals(extended[:-1], xp=xp)
