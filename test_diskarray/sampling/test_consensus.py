"""Parts of the data sampled apart: the same posterior as that of all data where that holds, a refusal where not."""

import dataclasses

import numpy as np
import pytest

from diskarray.backend.pytree import component
from diskarray.dataset.imaging import Imaging
from diskarray.errors import ParameterError, SamplerError, ShapeError
from diskarray.files.journal import Journal
from diskarray.fit.posterior import Posterior
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Normal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace
from diskarray.results.sample_result import SampleResult
from diskarray.sampling.agreement import combined, corrected, gaussian_draws, objections, weighting
from diskarray.sampling.consensus import Consensus, _together
from diskarray.sampling.dynesty_engine import Dynesty
from diskarray.sampling.shards import shards_of
from diskarray.structures.decorators import to_image
from diskarray.structures.frame import Frame2D
from diskarray.structures.mask import Mask2D

FRAME = Frame2D((8, 9), 0.1)


@component
class Plane:
    """A tilted plane: with normal priors its posterior is Gaussian."""

    level: float = parameter(0.3, doc="in the middle")
    south: float = parameter(0.5, doc="change per arcsec")
    east: float = parameter(0.2, doc="change per arcsec")

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        """The plane on a grid."""
        return self.level - self.south * grid.y - self.east * grid.x


PLANE = Plane()
PRIORS = {"level": Normal(0.0, 0.03), "south": Normal(0.4, 0.1), "east": Normal(0.0, 0.5)}


class Silent:
    def update(self, n=1, **figures):
        """Nothing is shown."""


@dataclasses.dataclass(frozen=True)
class Exact:
    """An engine for Gaussian posteriors: independent draws from the curvature of the log probability."""

    draws: int = 400
    distort: object = None

    def run(self, posterior, start, *, seed, xp, journal, progress):
        n, step = posterior.space.size, 0.01
        center = posterior.space.to_vector()
        value = lambda z: float(posterior.log_probability(center + step * z))  # noqa: E731
        axes = np.eye(n)
        gradient = np.array([0.5 * (value(a) - value(-a)) for a in axes])
        curved = lambda a, b: 0.25 * (value(a + b) - value(a - b) - value(b - a) + value(-a - b))  # noqa: E731
        hessian = np.array([[curved(a, b) for b in axes] for a in axes])
        covariance = np.linalg.inv(-hessian) * step**2
        mean = center + covariance @ gradient / step
        noise = np.random.default_rng(seed).normal(size=(4, self.draws, n))
        draws = mean + noise @ np.linalg.cholesky(covariance).T
        if self.distort is not None:
            draws = self.distort(draws)
        offsets = draws - mean
        top = float(np.nan_to_num(posterior.log_probability(mean), neginf=0.0))
        log_probability = top - 0.5 * np.einsum("cdk,kl,cdl->cd", offsets, np.linalg.inv(covariance), offsets)
        return SampleResult.of(
            posterior,
            engine=self,
            samples=draws,
            log_probability=log_probability,
            status="finished",
            message="exact",
            independent_chains=True,
            n_evaluations=4 * self.draws,
            statistics={"diverging": draws[..., 0] < -100},
        )


def observed(seed=1, noise=0.2, scene=PLANE):
    random = np.random.default_rng(seed)
    image = scene.image_2d_from(
        Imaging(data=np.zeros(FRAME.shape_native), noise_map=np.ones(FRAME.shape_native), frame=FRAME).grid
    ).array
    image = image + noise * random.normal(size=image.shape)
    return Imaging(data=image, noise_map=np.full(image.shape, noise), frame=FRAME)


def posterior_of(data, priors=None):
    return Posterior(data, ParameterSpace.of(PLANE, priors or PRIORS))


def exact_moments(posterior):
    """Mean and covariance of the conjugate model from its design matrix, without any of the code under test."""
    n, residuals = posterior.space.size, posterior.residuals
    design = np.stack([residuals(np.zeros(n)) - residuals(axis) for axis in np.eye(n)], axis=-1)
    centers, sigma = np.array([(p.mean, p.sigma) for p in posterior.space.priors]).T
    covariance = np.linalg.inv(design.T @ design + np.diag(sigma**-2.0))
    mean = covariance @ (design.T @ residuals(np.zeros(n)) + centers / sigma**2)
    return mean, covariance


def halves():
    columns = np.broadcast_to(np.arange(9) % 2 == 0, FRAME.shape_native)
    return Mask2D(columns, FRAME), Mask2D(~columns, FRAME)


def run(posterior, consensus, seed=3, start=None):
    return consensus.run(posterior, start, seed=seed, xp=np, journal=Journal.in_memory(), progress=Silent())


def test_regions_give_the_posterior_of_all_data_with_the_prior_counted_once():
    posterior = posterior_of(observed())
    result = run(posterior, Consensus(Exact(), shards=halves()))
    mean, covariance = exact_moments(posterior)
    error = np.sqrt(np.diag(covariance) / 1600)
    assert np.all(np.abs(result.mean - mean) < 4 * error)
    np.testing.assert_allclose(result.sigma, np.sqrt(np.diag(covariance)), rtol=0.08)
    np.testing.assert_allclose(result.covariance, covariance, atol=0.12 * np.max(np.diag(covariance)))
    double = np.linalg.inv(np.linalg.inv(covariance) + np.diag([p.sigma**-2.0 for p in posterior.space.priors]))
    ratio = np.sqrt(np.diag(double) / np.diag(covariance))
    assert np.any(ratio < 0.85), "a prior counted twice would not be seen"
    assert result.status == "finished" and result.established and result.statistics["diverging"].shape == (4, 400)
    for words in ("2 parts", "region 1", "region 2", "1/2 of the log prior", "carry weight"):
        assert words in result.message
    assert result.settings["engine"] == "Exact" and result.settings["engine.draws"] == 400
    np.testing.assert_allclose(result.log_probability[0, :3], posterior.log_probabilities(result.samples[0, :3]))


def test_every_image_of_a_joint_fit_is_a_part():
    posterior = posterior_of({"roll 1": observed(1), "roll 2": observed(2, 0.3), "roll 3": observed(3)})
    result = run(posterior, Consensus(Exact()))
    mean, covariance = exact_moments(posterior)
    assert np.all(np.abs(result.mean - mean) < 4 * np.sqrt(np.diag(covariance) / 1600))
    np.testing.assert_allclose(result.sigma, np.sqrt(np.diag(covariance)), rtol=0.08)
    assert "roll 3" in result.message and "1/3 of the log prior" in result.message


def test_the_parts_multiply_to_the_whole():
    posterior = posterior_of(observed(), PRIORS | {"east": Uniform(-1.0, 1.0)})
    parts = shards_of(posterior, halves())
    rows = posterior.space.to_vector() + 0.1 * np.random.default_rng(2).normal(size=(5, 3))
    whole = posterior.log_probabilities(rows)
    np.testing.assert_allclose(sum(p.log_probabilities(rows) for p in parts.values()), whole, rtol=1e-12)
    for part in parts.values():
        together = [part.space.log_prior(row) + part.log_likelihood(row) for row in rows]
        np.testing.assert_allclose(together, part.log_probabilities(rows), rtol=1e-12)
        np.testing.assert_allclose(part.log_likelihoods(rows), [part.log_likelihood(row) for row in rows], rtol=1e-12)
        np.testing.assert_allclose(part.log_probability(rows[0]), part.log_probabilities(rows[0])[0], rtol=1e-13)
        outside = np.array([0.3, 0.5, 1.5])
        assert part.log_probability(outside) == part.log_likelihood(outside) == -np.inf
        assert part.log_probabilities(outside)[0] == -np.inf
    assert len({p.identity() for p in parts.values()} | {posterior.identity()}) == 3


def refused(posterior, consensus, *words):
    with pytest.raises(SamplerError) as raised:
        run(posterior, consensus)
    for word in ("not combined", *words):
        assert word in str(raised.value)


def test_parts_that_disagree_are_refused():
    brighter = dataclasses.replace(PLANE, level=0.6)
    refused(
        posterior_of({"a": observed(1), "b": observed(2, scene=brighter)}),
        Consensus(Exact()),
        "disagree",
        "in level",
        "'b'",
    )


def test_a_part_that_does_not_constrain_a_parameter_is_refused():
    priors = PRIORS | {"east": Uniform(-0.5, 0.9)}
    refused(
        posterior_of({"a": observed(1), "b": observed(2, noise=5.0)}, priors),
        Consensus(Exact()),
        "part 'b' does not constrain east",
    )


def test_a_part_that_ends_at_a_bound_is_refused():
    priors = PRIORS | {"east": Uniform(0.17, 3.0)}
    refused(posterior_of({"a": observed(1), "b": observed(2)}, priors), Consensus(Exact()), "bound of east")


def test_draws_far_from_gaussian_are_refused():
    def skewed(draws):
        z = (draws - draws.mean(axis=(0, 1))) / draws.std(axis=(0, 1))
        return draws + 0.5 * draws.std(axis=(0, 1)) * z**2

    def two_lumps(draws):
        far, far_side = np.random.default_rng(0).uniform(size=(2, *draws.shape[:2])) < [[[0.04]], [[0.5]]]
        return draws + 8 * draws.std(axis=(0, 1)) * np.where(far, np.where(far_side, 1, -1), 0)[..., None]

    data = {"a": observed(1), "b": observed(2)}
    refused(posterior_of(data), Consensus(Exact(distort=skewed)), "far from Gaussian", "skewness")
    refused(posterior_of(data), Consensus(Exact(distort=two_lumps)), "far from Gaussian", "kurtosis")


def test_combined_draws_are_held_against_the_posterior_of_all_data():
    """An engine that is wrong in the same way for all parts agrees with itself, but not with the posterior."""
    data = {"a": observed(1), "b": observed(2)}
    refused(posterior_of(data), Consensus(Exact(distort=lambda d: d + 1.5 * d.std(axis=(0, 1)))), "all data")
    narrow = lambda d: d.mean(axis=(0, 1)) + 0.6 * (d - d.mean(axis=(0, 1)))  # noqa: E731
    refused(posterior_of(data), Consensus(Exact(distort=narrow)), "all data")


def test_a_part_that_is_not_established_is_named():
    result = run(posterior_of({"a": observed(1), "b": observed(2)}), Consensus(Exact(draws=40)))
    assert result.status == "parts_not_established" and not result.established
    assert "effective sample size" in result.message


@pytest.mark.parametrize(
    ("data", "shards", "error", "words"),
    [
        ("one", None, ParameterError, "regions"),
        ("one", halves()[:1], ParameterError, "40 are in none"),
        ("one", (Mask2D.none(FRAME), halves()[0]), ParameterError, "in several"),
        ("one", (Mask2D.none(FRAME),), ParameterError, "only 1 part"),
        ("one", tuple(np.zeros((3, 3), bool) for _ in range(2)), ShapeError, "shape"),
        ("one", (halves()[0], Mask2D.none(Frame2D((8, 9), 0.2))), ShapeError, "lies on"),
        ("two", halves(), ParameterError, "several"),
    ],
)
def test_data_that_do_not_fall_into_parts(data, shards, error, words):
    data = observed() if data == "one" else {"a": observed(1), "b": observed(2)}
    with pytest.raises(error, match=words):
        run(posterior_of(data), Consensus(Exact(), shards=shards))


def test_settings_that_make_no_sense():
    for engine, words in ((Exact, "settings"), (Consensus(Exact()), "settings"), (Dynesty(), "nested")):
        with pytest.raises(ParameterError, match=words):
            Consensus(engine)


def test_the_weighted_average_of_gaussian_draws():
    random = np.random.default_rng(0)
    covariances = [np.array([[1.0, 0.8], [0.8, 2.0]]), np.array([[0.3, -0.1], [-0.1, 0.5]]), 4 * np.eye(2)]
    means = [np.array([0.0, 1.0]), np.array([0.2, 0.5]), np.array([-1.0, 2.0])]
    roots = [np.linalg.cholesky(c) for c in covariances]
    parts = [m + random.normal(size=(4, 20000, 2)) @ root.T for m, root in zip(means, roots, strict=True)]
    precision = sum(np.linalg.inv(c) for c in covariances)
    mean = np.linalg.solve(precision, sum(np.linalg.inv(c) @ m for c, m in zip(covariances, means, strict=True)))
    flat = combined(parts).reshape(-1, 2)
    np.testing.assert_allclose(flat.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(np.cov(flat.T), np.linalg.inv(precision), atol=0.01)


def test_periodic_angles_meet_across_the_seam():
    space = ParameterSpace.of(Scene(disks={"belt": Disk()}), {"disks.belt.position_angle": UniformAngle(0, 180)})
    random = np.random.default_rng(4)
    results = [type("R", (), {"samples": (m + 2 * random.normal(size=(4, 500, 1))) % 180}) for m in (179.0, 1.5)]
    parts = _together(results, space)
    assert objections(["a", "b"], parts, space) == []
    assert abs((combined(parts).mean() + 90) % 180 - 90) < 0.4
    assert np.ptp(np.concatenate(parts)) < 25


def test_weights_tell_how_far_draws_are_from_a_density():
    random = np.random.default_rng(1)
    draws = random.normal(size=(4, 4000, 3))
    same = weighting(draws, -0.5 * np.sum(draws**2, axis=-1))
    assert same.share > 0.99 and same.shift < 0.05 and same.objection == ""
    moved = weighting(draws, -0.5 * np.sum((draws - [0.4, 0, 0]) ** 2, axis=-1))
    assert moved.shift == pytest.approx(0.4, abs=0.05) and "mean" in moved.objection
    wider = weighting(draws, -0.5 * np.sum((draws / [1.4, 1, 1]) ** 2, axis=-1))
    assert wider.widest == pytest.approx(1.4, abs=0.12) and "widths" in wider.objection


def test_a_skewed_density_is_followed_exactly():
    """Gaussian proposals corrected by a skewed density: its mean, which is not theirs."""
    random = np.random.default_rng(5)
    shape = 20.0  # of a gamma density in units of its width
    made = (random.gamma(shape, size=(4, 4000, 1)) - shape) / np.sqrt(shape)
    proposals = gaussian_draws(made + 0.15, random)
    x = np.maximum(proposals[..., 0] * np.sqrt(shape) + shape, 1e-300)
    places = corrected(proposals, (shape - 1) * np.log(x) - x, random)
    draws = np.stack([c[p] for c, p in zip(proposals[..., 0], places, strict=True)])
    assert proposals.mean() == pytest.approx(0.15, abs=0.03)
    assert draws.mean() == pytest.approx(0.0, abs=0.05) and draws.std() == pytest.approx(1.0, abs=0.05)
    assert np.mean((draws - draws.mean()) ** 3) == pytest.approx(2 / np.sqrt(shape), abs=0.15)
    assert np.mean(places[:, 1:] != places[:, :-1]) > 0.8
