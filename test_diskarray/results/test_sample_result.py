"""A sampled posterior: what is kept of it, what is computed from it, and that it stays as it is."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from made_runs import CENTER, SPACE, WIDTH, Problem, WithLinear, gaussian, log_probability, result
from scipy import stats

import diskarray as da


@pytest.fixture
def run():
    return result(gaussian(np.random.default_rng(1)))


def test_moments_are_those_of_the_draws(run):
    straight = run.flat[:, :2]
    np.testing.assert_allclose(run.mean[:2], straight.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(run.covariance[:2, :2], np.cov(straight.T), rtol=1e-10)
    np.testing.assert_allclose(run.sigma, WIDTH, rtol=0.05)
    np.testing.assert_allclose(run.quantile([0.16, 0.5])[:, :2], np.quantile(straight, [0.16, 0.5], axis=0), rtol=1e-12)


def test_an_angle_on_the_seam_has_the_moments_of_one_elsewhere():
    samples = gaussian(np.random.default_rng(2), 4, 400)
    turned = samples + np.array([0, 0, 9.0])
    here, there = result(samples), result(turned)
    assert np.all((there.samples[..., 2] >= 0) & (there.samples[..., 2] < 360)) and np.ptp(there.samples[..., 2]) > 300
    np.testing.assert_allclose(there.sigma, here.sigma, rtol=1e-9)
    np.testing.assert_allclose(there.covariance, here.covariance, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose((there.mean - here.mean - [0, 0, 9.0] + 180) % 360, 180, rtol=1e-9)
    np.testing.assert_allclose((there.quantile(0.9) - here.quantile(0.9) - [0, 0, 9.0] + 180) % 360, 180, rtol=1e-9)
    for figure in ("rhat", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd", "tau"):
        assert there.diagnostics.row("angle")[figure] == pytest.approx(here.diagnostics.row("angle")[figure], rel=1e-6)
    circular = stats.circmean(turned[..., 2].ravel(), high=360)
    assert abs(there.mean[2] - circular) < 0.02


def test_the_maximum_is_the_highest_point_known():
    samples = gaussian(np.random.default_rng(3))
    highest = np.unravel_index(np.argmax(log_probability(samples)), (4, 1000))
    of_draws = result(samples, maximum=None)
    np.testing.assert_array_equal(of_draws.vector, of_draws.samples[highest])
    assert of_draws.maximum_log_probability == np.max(of_draws.log_probability)
    known = result(samples, maximum=(CENTER + [0, 0, 360.0], 0.0))
    np.testing.assert_allclose(known.vector, CENTER, rtol=1e-12)
    assert known.scene.first == CENTER[0] and known.maximum_log_probability == 0.0
    lesser = result(samples, maximum=(CENTER + 5, -40.0))
    np.testing.assert_array_equal(lesser.vector, of_draws.vector)


def test_a_maximum_that_is_not_finite_does_not_count():
    samples = gaussian(np.random.default_rng(3))
    for point in [(CENTER, np.nan), (CENTER * np.nan, 0.0), (CENTER, np.inf)]:
        np.testing.assert_array_equal(result(samples, maximum=point).vector, result(samples, maximum=None).vector)


def test_linear_parameters_are_drawn_for_every_draw():
    samples = gaussian(np.random.default_rng(4))
    run = result(samples, problem=WithLinear(), seed=7)
    assert run.linear_names == ("amplitude",) and run.linear_units == ("mJy",)
    expected = WithLinear().draw_linear(run.flat, 7)
    np.testing.assert_array_equal(run.linear_samples, expected.reshape(4, 1000, 1))
    assert run.diagnostics.names == ("first", "second", "angle", "amplitude", "log_probability")
    assert result(samples).linear_samples.shape == (4, 1000, 0)


def test_the_scene_is_the_posteriors_own():
    class Own(Problem):
        def scene_from(self, vector):
            return ("scene at", *vector)

        def identity(self):
            return "ab12"

    run = result(gaussian(np.random.default_rng(5)), problem=Own())
    assert run.scene[0] == "scene at" and run.identity == "ab12"


def test_settings_are_the_engines_fields():
    @dataclasses.dataclass(frozen=True)
    class Engine:
        walkers: int = 5
        move: str = "stretch"

    run = result(gaussian(np.random.default_rng(6)), engine=Engine(), settings=None)
    assert run.engine == "Engine" and dict(run.settings) == {"walkers": 5, "move": "stretch"}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({}, "chains"), ({"independent_chains": False}, "ensemble"), ({"effective_sample_size": 500.0}, "nested")],
)
def test_the_kind_of_draws(changes, kind):
    assert result(gaussian(np.random.default_rng(7), 8, 100), **changes).kind == kind


def test_nothing_can_be_changed(run):
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.seed = 3
    for array in (run.samples, run.log_probability, run.vector, run.linear_samples):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(TypeError):
        run.settings["walkers"] = 4
    flagged = result(gaussian(np.random.default_rng(8)), statistics={"diverging": np.zeros((4, 1000), bool)})
    with pytest.raises(ValueError, match="read-only"):
        flagged.statistics["diverging"][0] = True


def test_what_was_handed_over_is_not_shared():
    samples = gaussian(np.random.default_rng(9))
    run = result(samples)
    before = run.samples[0, 0, 0]
    samples[0, 0, 0] = 1e3
    assert run.samples[0, 0, 0] == before


def test_it_can_be_copied_and_pickled(run):
    for other in (copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        np.testing.assert_array_equal(other.samples, run.samples)
        assert other.established == run.established


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": np.zeros((4, 10))},
        {"samples": np.zeros((4, 10, 2))},
        {"log_probability": np.zeros((4, 999))},
        {"statistics": {"energy": np.zeros(1000)}},
        {"linear_samples": np.zeros((4, 1000, 2)), "problem": WithLinear()},
    ],
)
def test_arrays_that_do_not_fit_together(changes):
    arguments = {"samples": gaussian(np.random.default_rng(0)), "log_probability": np.zeros((4, 1000)), **changes}
    with pytest.raises(da.ShapeError):
        result(**arguments)


def test_the_text_names_parameters_and_what_is_open(run):
    assert "NOT established" not in repr(run) and "first = 10" in repr(run) and "au" in repr(run)
    bad = result(gaussian(np.random.default_rng(1), 1, 500))
    assert "NOT established" in repr(bad) and "not established: R-hat" in repr(bad)
    assert "amplitude = 20" in repr(result(gaussian(np.random.default_rng(1)), problem=WithLinear()))
    nested = result(gaussian(np.random.default_rng(1)), log_evidence=-3.25, effective_sample_size=1000.0)
    assert "log-evidence -3.250" in repr(nested)


def test_a_run_without_draws_has_no_moments():
    empty = result(np.zeros((2, 0, 3)), log_probability=np.zeros((2, 0)))
    assert np.all(np.isnan(empty.mean)) and np.all(np.isnan(empty.covariance)) and np.all(np.isnan(empty.quantile(0.5)))
    assert not empty.established and "NOT established" in repr(empty)


def test_the_space_of_the_test_has_an_angle():
    assert hasattr(SPACE.priors[2], "wrapped")
