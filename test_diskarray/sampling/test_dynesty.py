"""Nested sampling against problems with known moments and evidence, against dynesty by itself, and when cut off."""

import sys
import threading
from types import SimpleNamespace

import numpy as np
import problems
import pytest
from scipy.special import i0, i1

from diskarray.errors import MissingExtraError, ParameterError, SamplerError
from diskarray.files.journal import Journal
from diskarray.parameters.priors import Uniform, UniformAngle
from diskarray.results.load_result import load_result
from diskarray.sampling.dynesty_engine import Dynesty
from diskarray.sampling.nested import LikelihoodQueue
from diskarray.sampling.sample import sample

SILENT = SimpleNamespace(update=lambda n, **figures: None)
dynesty = pytest.importorskip("dynesty")


def run(engine, problem, seed=1, start=None):
    return engine.run(problem, start, seed=seed, journal=Journal.in_memory(), progress=SILENT)


def same(one, other):
    """Whether two results agree to the last bit, counters included."""
    assert np.array_equal(one.samples, other.samples)
    assert np.array_equal(one.log_probability, other.log_probability)
    assert np.array_equal(one.vector, other.vector)
    assert all(np.array_equal(one.weighted[name], other.weighted[name]) for name in one.weighted)
    for name in ("log_evidence", "log_evidence_error", "n_evaluations", "status", "message"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("conjugate", Dynesty(live_points=80)),
        ("bounded", Dynesty(live_points=80, sample="rwalk", walks=12, dlogz=0.5)),
        ("two_modes", Dynesty(live_points=80)),
        ("two_modes", Dynesty(live_points=50, dynamic=True, effective_samples=500)),
    ],
)
def test_moments_and_evidence_are_those_known(name, engine):
    problem = problems.PROBLEMS[name]()
    result = run(engine, problem)
    size, exact = result.effective_sample_size, problem.exact_covariance
    assert result.status == "converged", result.message
    assert abs(result.log_evidence - problem.exact_log_evidence) < 3 * result.log_evidence_error
    assert result.log_evidence_error < 0.5
    error = np.sqrt(np.diag(exact) / size)
    assert np.all(np.abs(result.mean - problem.exact_mean) < 4 * error)
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert np.all(np.abs(result.covariance - exact) < 4 * np.sqrt(2 / size) * scale * 1.3)
    assert result.samples.shape == (1, int(size), problem.space.size) and not result.independent_chains


class Serial:
    """A pool that is none, for dynesty by itself."""

    size = 5

    def map(self, function, tasks):
        return list(map(function, tasks))


@pytest.mark.parametrize("proposal", ["unif", "rwalk", "slice", "rslice"])
def test_the_points_are_those_of_dynesty_by_itself(proposal):
    problem = problems.bounded()
    settings = {"unif": {}, "rwalk": {"walks": 6}, "slice": {"slices": 1}, "rslice": {"slices": 2}}[proposal]
    ours = run(Dynesty(live_points=20, sample=proposal, queue=5, dlogz=2.0, **settings), problem, seed=7)
    random = np.random.default_rng(np.random.SeedSequence(7).spawn(2)[0])
    evaluated = []
    sampler = dynesty.NestedSampler(
        lambda vector: evaluated.append(1) or float(problem.log_likelihood(vector)),
        problem.space.from_unit_cube,
        3,
        nlive=20,
        sample=proposal,
        rstate=random,
        pool=Serial(),
        queue_size=5,
        **settings,
    )
    sampler.run_nested(dlogz=2.0, print_progress=False)
    theirs = sampler.results
    assert np.array_equal(ours.weighted["samples"], theirs.samples)
    assert np.array_equal(ours.weighted["log_likelihood"], theirs.logl)
    assert ours.log_evidence == theirs.logz[-1] and ours.log_evidence_error == theirs.logzerr[-1]
    assert ours.effective_sample_size == pytest.approx(1 / np.sum(theirs.importance_weights() ** 2))
    assert np.exp(ours.weighted["log_weight"]) == pytest.approx(theirs.importance_weights(), rel=1e-9)
    assert ours.n_evaluations == len(evaluated)


@pytest.mark.parametrize(("proposal", "concentration"), [("unif", 1.0), ("rwalk", 6.0)])
def test_a_periodic_angle_across_its_seam(proposal, concentration):
    """A von Mises density around the seam: mean resultant length I1(k) / I0(k), evidence exp(-k) I0(k)."""
    angle = Angle(concentration)
    result = run(Dynesty(live_points=80, sample=proposal, walks=8 if proposal == "rwalk" else None, dlogz=0.5), angle)
    turns = 2 * np.pi * result.weighted["samples"][:, 0] / 360
    weight, expected = np.exp(result.weighted["log_weight"]), i1(concentration) / i0(concentration)
    error = 1 / np.sqrt(2 * result.effective_sample_size)
    assert abs(np.sum(weight * np.cos(turns)) - expected) < 4 * error
    assert abs(np.sum(weight * np.sin(turns))) < 4 * error
    assert abs(result.log_evidence - angle.exact_log_evidence) < 3 * result.log_evidence_error
    assert np.all((result.samples[..., 0] >= 0) & (result.samples[..., 0] < 360))


@pytest.mark.parametrize(("proposal", "told"), [("unif", None), ("rwalk", [0]), ("rslice", None)])
def test_only_random_walks_are_told_of_periods(proposal, told, monkeypatch):
    """Uniform proposals would run from -0.5 to 1.5 in such a coordinate and count some angles twice: on this problem,
    at 400 live points, the mean resultant length came out 0.483 +- 0.004 instead of 0.446."""
    given = {}

    def caught(*arguments, **settings):
        given.update(settings)
        raise CutOff

    monkeypatch.setattr(dynesty, "NestedSampler", caught)
    with pytest.raises(SamplerError):
        run(Dynesty(sample=proposal), Angle(1.0))
    assert given["periodic"] is told is None or given["periodic"].tolist() == told


class Angle(problems.PosteriorSurface):
    """A von Mises density of the first coordinate, a Gaussian of the second."""

    arrays = ()

    def __init__(self, concentration):
        self.k, self.sigma, self.start = concentration, 0.01, np.array([0.5, 0.5])
        self.space = problems.space_of([UniformAngle(0, 360), Uniform(0, 1)], self.start)
        self.exact_log_evidence = np.log(i0(self.k)) - self.k + np.log(self.sigma * np.sqrt(2 * np.pi))

    def log_likelihoods(self, rows, *, xp=np):
        return self.k * (np.cos(np.radians(rows[:, 0])) - 1) - 0.5 * ((rows[:, 1] - 0.5) / self.sigma) ** 2


class CutOff(Exception):
    """What the tests end a run with."""


@pytest.mark.parametrize(
    "engine",
    [
        Dynesty(live_points=20, dlogz=1.0),
        Dynesty(live_points=16, dynamic=True, effective_samples=60, dlogz=1.0),
        Dynesty(live_points=20, sample="rwalk", walks=4, dlogz=1.0),
    ],
    ids=["static", "dynamic", "walks"],
)
def test_a_run_that_is_cut_off_at_random_steps_ends_bit_by_bit_the_same(engine, tmp_path, monkeypatch):
    problem, compute, done, end = problems.two_modes(), LikelihoodQueue._computed, [0], [np.inf]

    def counted(self, rows):
        if done[0] >= end[0]:
            raise CutOff
        done[0] += 1
        return compute(self, rows)

    def run_on(until, **kept):
        end[0] = until
        return sample(problem, engine, seed=3, progress=False, **kept)

    monkeypatch.setattr(LikelihoodQueue, "_computed", counted)
    whole, threads = run_on(np.inf), threading.active_count()
    steps, done[0] = done[0], 0
    for until in np.sort(np.random.default_rng(5).integers(1, steps, 3)):
        with pytest.raises(CutOff):
            run_on(until, checkpoint=tmp_path / "run")
        assert done[0] == until  # nothing is computed twice
    same(run_on(np.inf, checkpoint=tmp_path / "run"), whole)
    assert done[0] == steps and threading.active_count() == threads
    same(run_on(0, checkpoint=tmp_path / "run"), whole)


def test_a_dynamic_run_goes_on_when_more_draws_are_asked_for(tmp_path):
    problem, folder = problems.two_modes(), tmp_path / "run"
    few, more = (Dynesty(live_points=14, dynamic=True, effective_samples=n, dlogz=1.0) for n in (30, 80))
    sample(problem, few, seed=3, progress=False, checkpoint=folder)
    resumed = sample(problem, more, seed=3, progress=False, checkpoint=folder)
    same(resumed, sample(problem, more, seed=3, progress=False))


def test_seeds_differ_and_the_batch_does_not_matter():
    problem = problems.two_modes()
    one, other = (run(Dynesty(live_points=20, dlogz=2.0, batch=batch), problem) for batch in (1, 7))
    same(one, other)
    assert not np.array_equal(run(Dynesty(live_points=20, dlogz=2.0), problem, seed=2).vector, one.vector)


def test_worker_processes_draw_the_same():
    problem, engine = problems.two_modes(), {"live_points": 16, "dlogz": 3.0}
    same(run(Dynesty(**engine, workers=1), problem), run(Dynesty(**engine), problem))


def test_the_best_start_is_kept_if_nothing_higher_was_found():
    problem = problems.correlated(2)
    best = problems.best_fit(problem)
    result = run(Dynesty(live_points=20, dlogz=3.0), problem, start=best)
    assert np.array_equal(result.vector, best.vector)
    assert result.maximum_log_probability == pytest.approx(float(problem.log_probability(best.vector)))
    assert problem.log_probability(result.samples[0, 0]) == pytest.approx(result.log_probability[0, 0])


def test_a_run_that_is_stopped_says_so():
    result = run(Dynesty(live_points=40, max_evaluations=300), problems.bounded())
    assert result.status == "max_evaluations" and not result.established
    assert "300" not in result.message and "stopped short" in result.message  # dynesty's own words are passed on
    assert 300 <= result.n_evaluations < 600


class Flat(problems.PosteriorSurface):
    """A likelihood that is the same everywhere, or what it is told."""

    arrays = ()

    def __init__(self, value=-4.0):
        self.space, self.value = problems.space_of([Uniform(0, 1)], [0.5]), value

    def log_likelihoods(self, rows, *, xp=np):
        return np.full(len(rows), self.value)


def test_a_flat_likelihood_is_flagged_and_its_evidence_is_its_value(recwarn, capfd):
    result = run(Dynesty(live_points=20), Flat())
    assert result.status == "plateau" and not result.established
    assert result.log_evidence == pytest.approx(-4.0, abs=0.1)
    assert "plateau" in result.message
    assert not recwarn.list and capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("problem", "error", "words"),
    [
        (Flat(np.nan), SamplerError, "log-likelihood is nan at a = "),
        (Flat(-np.inf), SamplerError, "dynesty could not go on: After 1000 attempts"),
    ],
)
def test_a_likelihood_that_cannot_be_sampled_is_one_error(problem, error, words, capfd):
    with pytest.raises(error, match=words):
        run(Dynesty(live_points=10), problem)
    assert capfd.readouterr() == ("", "")


def test_what_the_posterior_raises_is_raised_as_it_is_without_prints(capfd):
    class Failing(Flat):
        calls = 0

        def log_likelihoods(self, rows, *, xp=np):
            self.calls += 1
            if self.calls > 12:
                raise ZeroDivisionError("in the model")
            return -0.5 * (rows[:, 0] / 0.01) ** 2

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="in the model"):
        run(Dynesty(live_points=20), Failing())
    assert threading.active_count() == before and capfd.readouterr() == ("", "")


def test_other_warnings_are_not_swallowed():
    class Warning_(Flat):
        def log_likelihoods(self, rows, *, xp=np):
            import warnings

            warnings.warn("from the model", UserWarning, stacklevel=1)
            return -0.5 * (rows[:, 0] / 0.2) ** 2

    with pytest.warns(UserWarning, match="from the model"):
        run(Dynesty(live_points=20, dlogz=3.0), Warning_())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bound": "mutli"}, "multi"),
        ({"sample": "rwalks"}, "rwalk"),
        ({"live_points": 5}, "at least 10"),
        ({"live_points": 99.5}, "whole number"),
        ({"dlogz": 0}, "above 0"),
        ({"dlogz": float("nan")}, "above 0"),
        ({"queue": 0}, "at least 1"),
        ({"queue": 300}, "250"),
        ({"posterior_fraction": 1.2}, "between 0 and 1"),
        ({"workers": -1}, "at least 0"),
        ({"batch": True}, "whole number"),
        ({"walks": 2.5}, "whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ParameterError, match=words):
        Dynesty(**settings)


def test_too_few_live_points_for_the_parameters_are_refused():
    with pytest.raises(ParameterError, match="16 live points cannot enclose 8 parameters"):
        run(Dynesty(live_points=16), problems.correlated(8))


def test_without_dynesty_one_sentence_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "dynesty", None)
    with pytest.raises(MissingExtraError, match=r"diskarray\[sample\]"):
        run(Dynesty(), problems.bounded())


def test_the_progress_counts_likelihoods_and_says_what_is_left():
    told, totals = [], []
    progress = SimpleNamespace(update=lambda n, **figures: told.append((n, figures)), expect=totals.append)
    problem = problems.two_modes()
    result = Dynesty(live_points=20).run(problem, seed=1, journal=Journal.in_memory(), progress=progress)
    assert sum(n for n, _ in told) == result.n_evaluations
    remaining = [figures["remaining"] for _, figures in told if "remaining" in figures]
    assert remaining[0] > 1 > 0.3 > remaining[-1] > 0.1
    assert told[-1][1]["log_evidence"] == pytest.approx(result.log_evidence, abs=1.0)
    assert totals[-1] == pytest.approx(result.n_evaluations, rel=0.3)


@pytest.mark.parametrize("name", ["run.npz", "run"])
def test_a_result_comes_back_from_disk_with_its_weighted_points(name, tmp_path):
    result = run(Dynesty(live_points=12, dlogz=3.0), problems.two_modes())
    result.save(tmp_path / name)
    loaded = load_result(tmp_path / name, components=[problems.Point])
    same(loaded, result)
    assert set(loaded.weighted) == {"samples", "log_weight", "log_likelihood", "log_volume"}
    assert loaded.settings["live_points"] == 12 and loaded.data_identity == result.data_identity
