"""Posteriors whose mean, covariance and evidence are known exactly, for testing inference engines.

``Gaussian`` is a multivariate normal likelihood under wide uniform priors, normal priors (conjugate), or with one
parameter cut by its prior; ``GaussianMixture`` has several modes. Both have what an engine may use of a Posterior, and
a real ParameterSpace over a small component. ``best_fit(problem)`` is the OptimizeResult at the maximum.

Attributes of both: ``exact_mean``, ``exact_covariance``, ``exact_log_evidence``.
"""

import hashlib
import math
from types import SimpleNamespace

import numpy as np

from diskarray.backend.pytree import array_field, component
from diskarray.backend.transforms import evaluate_rows, value_and_gradient
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Normal, Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.results.optimize_result import OptimizeResult

LETTERS = "abcdefgh"
TWO_PI = math.log(2 * math.pi)


@component
class Point:
    """A point in up to eight dimensions."""

    a: float = parameter(0.0, doc="first coordinate")
    b: float = parameter(0.0, doc="second coordinate")
    c: float = parameter(0.0, doc="third coordinate")
    d: float = parameter(0.0, doc="fourth coordinate")
    e: float = parameter(0.0, doc="fifth coordinate")
    f: float = parameter(0.0, doc="sixth coordinate")
    g: float = parameter(0.0, doc="seventh coordinate")
    h: float = parameter(0.0, doc="eighth coordinate")


def space_of(priors, center):
    """The space of a Point whose first coordinates are free, its template at ``center``."""
    point = Point(**dict(zip(LETTERS, map(float, center), strict=False)))
    return ParameterSpace.of(point, dict(zip(LETTERS, priors, strict=False)))


class PosteriorSurface:
    """What engines use of a posterior beside its log-likelihood."""

    def log_probability(self, vector, *, xp=np):
        """Log prior plus log-likelihood; -inf outside the prior."""
        return self.space.log_prior(vector, xp=xp) + self.log_likelihood(vector, xp=xp)

    def log_probabilities(self, vectors, *, xp=np):
        """``log_probability`` of rows, shape (m, n) -> (m,); all at once in NumPy, the same bits as row by row."""
        rows = np.atleast_2d(np.asarray(vectors, float))
        if xp is not np:
            return evaluate_rows(type(self).log_probability, self, rows, 64, xp=xp)
        log_prior = sum(p.log_density(rows[:, k]) for k, p in enumerate(self.space.priors))
        return log_prior + self.log_likelihood(rows)

    def log_likelihoods(self, vectors, *, xp=np):
        """``log_likelihood`` of rows, shape (m, n) -> (m,)."""
        rows = np.atleast_2d(np.asarray(vectors, float))
        if xp is not np:
            return evaluate_rows(type(self).log_likelihood, self, rows, 64, xp=xp)
        return self.log_likelihood(rows)

    def value_and_gradient(self, vector, *, xp):
        """Log probability and its gradient (JAX only)."""
        return value_and_gradient(type(self).log_probability, self, vector, xp=xp)

    def scene_from(self, vector):
        """The point at a vector."""
        return self.space.to_model(vector)

    def linear_solution(self, vector):
        """Nothing is linear here."""
        return SimpleNamespace(names=(), units=(), values=np.zeros(0), covariance=np.zeros((0, 0)))

    def draw_linear(self, vectors, seed):
        """Nothing is linear here."""
        return np.zeros((len(vectors), 0))

    def identity(self):
        """Digest of everything that makes the problem what it is."""
        arrays = [getattr(self, name) for name in self.arrays]
        text = repr((type(self).__name__, self.space.free, [a.tolist() for a in arrays]))
        return hashlib.sha256(text.encode()).hexdigest()

    data = None
    n_data = 0
    quadrature = ()


@component
class Gaussian(PosteriorSurface):
    """A normalized Gaussian likelihood of the parameters; made with ``Gaussian.of``."""

    space: ParameterSpace
    center: np.ndarray = array_field()
    whiten: np.ndarray = array_field()
    exact_mean: np.ndarray = array_field()
    exact_covariance: np.ndarray = array_field()
    exact_log_evidence: float = 0.0

    arrays = ("center", "whiten")

    @classmethod
    def of(cls, center, covariance, priors=None):
        """A Gaussian likelihood and its priors.

        Parameters
        ----------
        center, covariance : arrays, shapes (n,) and (n, n)
        priors : sequence or None
            Uniform and Normal ones; default Uniform over 40 sigma. All exact as long as every Uniform is wide
            (8 sigma to both sides), or one of them cuts the Gaussian and all others are wide Uniforms.
        """
        center, covariance = np.array(center, float), np.array(covariance, float)
        sigma = np.sqrt(np.diag(covariance))
        if priors is None:
            priors = [Uniform(m - 20 * s, m + 20 * s) for m, s in zip(center, sigma, strict=True)]
        tight = [
            k
            for k, p in enumerate(priors)
            if isinstance(p, Uniform) and min(center[k] - p.lower, p.upper - center[k]) < 8 * sigma[k]
        ]
        normal = [k for k, p in enumerate(priors) if isinstance(p, Normal)]
        assert len(tight) <= 1 and not (tight and normal), "this combination has no simple closed form"
        exact = _cut(center, covariance, priors, tight[0]) if tight else _conjugate(center, covariance, priors, normal)
        start = np.clip(center, [p.lower for p in priors], [p.upper for p in priors])
        whiten = np.linalg.inv(np.linalg.cholesky(covariance))
        return cls(space_of(priors, start), center, whiten, *exact)

    def residuals(self, vector, *, xp=np):
        """Whitened distance from the center, shape (..., n): log L = -1/2 sum(residuals^2) + constant."""
        off = xp.asarray(vector) - xp.asarray(self.center)
        return xp.sum(xp.asarray(self.whiten) * off[..., None, :], axis=-1)

    def log_likelihood(self, vector, *, xp=np):
        """Logarithm of the normalized density of the center at the vector."""
        constant = xp.sum(xp.log(xp.linalg.diagonal(xp.asarray(self.whiten))))
        chi_squared = xp.sum(self.residuals(vector, xp=xp) ** 2, axis=-1)
        return -0.5 * chi_squared + constant - 0.5 * self.whiten.shape[0] * TWO_PI

    def fit_from(self, model):
        """Numbers of a fit, as an optimizer reports them."""
        vector = self.space.to_vector(model)
        chi_squared = float(np.sum(self.residuals(vector) ** 2))
        return SimpleNamespace(
            log_likelihood=self.log_likelihood(vector), chi_squared=chi_squared, n_data=self.center.size
        )


def _conjugate(center, covariance, priors, normal):
    """Exact moments and evidence under Normal priors (``normal``: which) and wide Uniform ones."""
    precision = np.linalg.inv(covariance)
    shift = precision @ center
    volume = sum(math.log(p.upper - p.lower) for p in priors if isinstance(p, Uniform))
    for k in normal:
        precision[k, k] += priors[k].sigma ** -2
        shift[k] += priors[k].mean / priors[k].sigma ** 2
    posterior = np.linalg.inv(precision)
    mean = np.array([priors[k].mean for k in normal])
    spread = covariance[np.ix_(normal, normal)] + np.diag([priors[k].sigma ** 2 for k in normal])
    off = center[normal] - mean
    evidence = -0.5 * (off @ np.linalg.solve(spread, off) + np.linalg.slogdet(spread)[1] + len(normal) * TWO_PI)
    return posterior @ shift, posterior, float(evidence - volume)


def _cut(center, covariance, priors, k):
    """Exact moments and evidence with one coordinate cut by its Uniform prior."""
    from scipy.stats import truncnorm

    sigma = math.sqrt(covariance[k, k])
    ends = [(end - center[k]) / sigma for end in (priors[k].lower, priors[k].upper)]
    cut = truncnorm(*ends, loc=center[k], scale=sigma)
    slope = covariance[:, k] / covariance[k, k]
    mean = center + slope * (cut.mean() - center[k])
    posterior = covariance + np.outer(slope, slope) * (cut.var() - covariance[k, k])
    inside = 0.5 * (math.erf(ends[1] / math.sqrt(2)) - math.erf(ends[0] / math.sqrt(2)))
    return mean, posterior, math.log(inside) - sum(math.log(p.upper - p.lower) for p in priors)


@component
class GaussianMixture(PosteriorSurface):
    """A sum of Gaussian densities as likelihood, under wide uniform priors; made with ``GaussianMixture.of``."""

    space: ParameterSpace
    log_weights: np.ndarray = array_field()
    centers: np.ndarray = array_field()
    whiten: np.ndarray = array_field()
    exact_mean: np.ndarray = array_field()
    exact_covariance: np.ndarray = array_field()
    exact_log_evidence: float = 0.0

    arrays = ("log_weights", "centers", "whiten")

    @classmethod
    def of(cls, weights, centers, covariances):
        """Weights (K,), which add to 1, centers (K, n) and covariances (K, n, n); priors 10 sigma beyond all modes."""
        weights, centers, covariances = (np.array(a, float) for a in (weights, centers, covariances))
        sigma = np.sqrt(np.einsum("kii->ki", covariances))
        lower, upper = (centers - 10 * sigma).min(axis=0), (centers + 10 * sigma).max(axis=0)
        mean = weights @ centers
        off = centers - mean
        covariance = np.einsum("k,kij->ij", weights, covariances) + np.einsum("k,ki,kj->ij", weights, off, off)
        whiten = np.linalg.inv(np.linalg.cholesky(covariances))
        space = space_of([Uniform(*ends) for ends in zip(lower, upper, strict=True)], centers[np.argmax(weights)])
        scale = np.log(np.einsum("kii->ki", whiten)).sum(axis=1) - 0.5 * centers.shape[1] * TWO_PI
        return cls(
            space, np.log(weights) + scale, centers, whiten, mean, covariance, -float(np.sum(np.log(upper - lower)))
        )

    def log_likelihood(self, vector, *, xp=np):
        """Logarithm of the density."""
        off = xp.asarray(vector)[..., None, :] - xp.asarray(self.centers)
        residuals = xp.sum(xp.asarray(self.whiten) * off[..., None, :], axis=-1)
        terms = xp.asarray(self.log_weights) - 0.5 * xp.sum(residuals**2, axis=-1)
        highest = xp.max(terms, axis=-1)
        return highest + xp.log(xp.sum(xp.exp(terms - highest[..., None]), axis=-1))


def correlated(n=4, correlation=0.8, priors=None):
    """A Gaussian in n dimensions of very different scales, neighbors correlated."""
    sigma = 10.0 ** np.linspace(-3, 3, n)
    index = np.arange(n)
    matrix = correlation ** np.abs(index[:, None] - index[None, :])
    return Gaussian.of(sigma * np.linspace(-2, 5, n), matrix * np.outer(sigma, sigma), priors)


def conjugate():
    """Three correlated dimensions, two with normal priors."""
    covariance = [[1.0, 0.6, 0.0], [0.6, 2.0, -0.5], [0.0, -0.5, 0.5]]
    return Gaussian.of([1.0, -2.0, 0.5], covariance, [Normal(0.0, 1.5), Uniform(-30, 30), Normal(2.0, 0.7)])


def bounded():
    """Three correlated dimensions, the first cut 0.3 sigma above the maximum of the likelihood."""
    covariance = [[1.0, 0.7, 0.2], [0.7, 1.0, 0.0], [0.2, 0.0, 0.3]]
    return Gaussian.of([-0.3, 1.0, 4.0], covariance, [Uniform(0.0, 12.0), Uniform(-20, 20), Uniform(-6, 14)])


def two_modes(separation=2.5):
    """Two overlapping modes in two dimensions, of weights 0.7 and 0.3."""
    one, other = [[1.0, 0.4], [0.4, 0.7]], [[0.5, -0.2], [-0.2, 1.2]]
    return GaussianMixture.of([0.7, 0.3], [[0.0, 0.0], [separation, -1.0]], [one, other])


PROBLEMS = {"correlated": correlated, "conjugate": conjugate, "bounded": bounded, "two_modes": two_modes}


def best_fit(problem, vector=None, covariance=None):
    """An OptimizeResult at a vector (default: a Gaussian's posterior maximum, a mixture's highest center)."""
    space = problem.space
    cut = ()
    if isinstance(problem, GaussianMixture):
        top = int(np.argmax(problem.log_weights))
        found, inverse = problem.centers[top], problem.whiten[top].T @ problem.whiten[top]
    else:
        found, inverse = problem.exact_mean, np.linalg.inv(problem.exact_covariance)
        likelihood = problem.whiten.T @ problem.whiten
        lower, upper = space.bounds
        out = (problem.center < lower) | (problem.center > upper)
        if out.any():
            k = int(np.flatnonzero(out)[0])
            end = np.clip(problem.center[k], lower[k], upper[k])
            found = problem.center + np.linalg.inv(likelihood)[:, k] / np.linalg.inv(likelihood)[k, k] * (
                end - problem.center[k]
            )
            inverse, cut = likelihood, (k,)
    vector = np.array(found if vector is None else vector, float)
    if covariance is None:
        kept = [k for k in range(space.size) if k not in cut]
        covariance = np.full((space.size, space.size), np.nan)
        covariance[np.ix_(kept, kept)] = np.linalg.inv(inverse[np.ix_(kept, kept)])
    fields = dict(
        names=space.names,
        units=space.units,
        vector=vector,
        covariance=np.array(covariance, float),
        scene=space.to_model(vector),
        status="converged",
        message="known exactly",
        n_evaluations=0,
        at_bound=tuple(space.names[k] for k in cut),
        unconstrained=(),
        log_likelihood=float(problem.log_likelihood(vector)),
        chi_squared=0.0,
        n_data=space.size + 1,
        seconds=0.0,
    )
    return OptimizeResult(**fields)
