import dataclasses
import json
import math
import shutil

import numpy as np
import pytest
from small_runs import sampled_run, write_micro

from diskarray.errors import DataError, ParameterError
from diskarray.pipeline.compare import compare_runs, open_several
from diskarray.pipeline.open_run import open_run
from diskarray.pipeline.run import run_fit

ANGLE, DEPTH = "disks.belt.position_angle", "disks.belt.optical_depth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`run` is fitted and sampled, `other` fitted with another phase function."""
    folder = tmp_path_factory.mktemp("compared")
    sampled_run(folder)
    write_micro(folder, replaced=[("g: 0.2", "g: 0.5")])
    run_fit(folder / "micro.yaml", folder / "other", progress=False)
    return folder


class MadeRun:
    """What a comparison asks of a run."""

    def __init__(self, run, fit=None, samples=None, **manifest):
        self.folder, self.manifest = run.folder, {**run.manifest, **manifest}
        self.fit, self.samples = fit, samples


def no_constant(word):
    raise AssertionError(f"{word} is not JSON")


def test_a_run_by_itself_is_its_fit_beside_its_samples(folder):
    run = open_run(folder / "run")
    content = compare_runs({"run": run}).content
    row = content["parameters"][DEPTH]
    draws = run.samples.flat[:, 1]
    assert row["runs"]["run"]["fit"]["value"] == run.fit.vector[1]
    assert row["runs"]["run"]["samples"]["value"] == pytest.approx(np.median(draws))
    z = (run.fit.vector[1] - np.median(draws)) / np.std(draws, ddof=1)
    assert row["fit_minus_samples"]["run"] == pytest.approx(z)
    assert content["evidence"] is None


def test_statistics_are_those_of_the_fit(folder):
    run = open_run(folder / "run")
    found = compare_runs({"run": run}).content["runs"]["run"]["fit"]
    assert (found["n_data"], found["n_free"]) == (99, 2)
    assert found["chi_squared"] == run.fit.chi_squared
    assert found["reduced_chi_squared"] == pytest.approx(run.fit.chi_squared / 97)
    noise = np.asarray(run.data["data"].noise_map.slim)
    log_likelihood = -0.5 * (run.fit.chi_squared + np.sum(np.log(2 * math.pi * noise**2)))
    assert found["bayesian_information_criterion"] == pytest.approx(2 * math.log(99) - 2 * log_likelihood)


def test_two_runs_have_z_scores_between_them(folder):
    runs = open_several([folder / "run", folder / "other"])
    content = compare_runs(runs).content
    row = content["parameters"][DEPTH]["minus run"]["other"]
    one, two = runs["run"].fit, runs["other"].fit
    expected = (two.vector[1] - one.vector[1]) / math.hypot(one.sigma[1], two.sigma[1])
    assert row == {"by": "fit", "z": pytest.approx(expected)} and abs(expected) > 0.5
    assert json.loads(json.dumps(content, allow_nan=False), parse_constant=no_constant)["runs"]["other"]["priors"]


def test_angles_are_compared_the_short_way_round(folder):
    run = open_run(folder / "run")
    left, right = (
        dataclasses.replace(run.fit, vector=np.array([angle, 0.012]), covariance=np.diag([4.0, 1e-6]))
        for angle in (-179.0, 179.0)
    )
    runs = {"left": MadeRun(run, left), "right": MadeRun(run, right)}
    row = compare_runs(runs).content["parameters"][ANGLE]["minus left"]["right"]
    assert row["z"] == pytest.approx(-2.0 / math.hypot(2.0, 2.0))


def test_an_unknown_error_is_null(folder):
    run = open_run(folder / "run")
    unknown = dataclasses.replace(run.fit, covariance=np.full((2, 2), math.nan))
    content = compare_runs({"a": MadeRun(run, run.fit), "b": MadeRun(run, unknown)}).content
    assert content["parameters"][DEPTH]["minus a"]["b"]["z"] is None
    assert content["parameters"][DEPTH]["runs"]["b"]["fit"]["sigma"] is None
    json.dumps(content, allow_nan=False)


def test_evidences_come_with_their_priors(folder):
    run = open_run(folder / "run")
    one = dataclasses.replace(run.samples, log_evidence=-20.0, log_evidence_error=0.1, status="converged")
    two = dataclasses.replace(one, log_evidence=-24.0)
    found = compare_runs({"a": MadeRun(run, run.fit, two), "b": MadeRun(run, run.fit, one)})
    assert found.content["evidence"]["best"] == "b" and found.evidence.best == "b"
    model = found.content["evidence"]["models"]["a"]
    assert model["difference"] == pytest.approx(-4.0) and model["difference_error"] == pytest.approx(math.sqrt(0.02))
    assert "LogUniform" in model["priors"][DEPTH]


def test_what_is_not_converged_or_established_is_not_trusted(folder):
    runs = open_several([folder / "run", folder / "other"])
    assert not compare_runs(runs).trusted and compare_runs({"other": runs["other"], "again": runs["other"]}).trusted


def test_runs_of_different_data_are_refused(folder, tmp_path):
    config = write_micro(tmp_path, replaced=[("seed: 1", "seed: 2")])
    run_fit(config, tmp_path / "run2", progress=False)
    with pytest.raises(DataError, match=r"are of different data .*only runs of the same data"):
        compare_runs(open_several([folder / "run", tmp_path / "run2"]))


def test_a_run_needs_something_to_be_compared_with(folder, tmp_path):
    with pytest.raises(DataError, match="other has no samples"):
        compare_runs(open_several([folder / "other"]))
    with pytest.raises(ParameterError, match="at least one"):
        compare_runs({})
    with pytest.raises(ParameterError, match="is named twice"):
        open_several([folder / "run", folder / "run"])
    shutil.copytree(folder / "run", tmp_path / "run")
    assert list(open_several([folder / "run", tmp_path / "run"])) == [str(folder / "run"), str(tmp_path / "run")]
