import json
import signal
import subprocess
import sys
import time

import pytest
from small_runs import fitted_run, sampled_run, write_micro

from diskarray.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    Interrupted,
    OutputError,
    SamplerError,
)
from diskarray.files.lock import FolderLock
from diskarray.fit.posterior import Posterior
from diskarray.pipeline import sample as sample_module
from diskarray.pipeline.open_run import open_run
from diskarray.pipeline.rerun import differences_of
from diskarray.pipeline.sample import resume_run, run_sample
from diskarray.results.load_result import load_result


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A run that was sampled without an interruption."""
    return sampled_run(tmp_path_factory.mktemp("sampled"))


@pytest.fixture
def fitted(tmp_path):
    return fitted_run(tmp_path)


def manifest_of(run):
    return json.loads((run / "manifest.json").read_text())


def same_draws(run, other):
    mine, theirs = open_run(run).samples, open_run(other).samples
    return mine.samples.tobytes() == theirs.samples.tobytes() and mine.vector.tobytes() == theirs.vector.tobytes()


def after(calls, action, count=None):
    """A stand-in for the log probability of many vectors that does something at one call, and counts them."""
    original, count = Posterior.log_probabilities, [] if count is None else count
    count.append(0)

    def log_probabilities(self, *arguments, **keywords):
        count[0] += 1
        if count[0] == calls:
            action()
        return original(self, *arguments, **keywords)

    return log_probabilities


def interrupt(run, monkeypatch, number=signal.SIGTERM, **changes):
    with monkeypatch.context() as patched:
        patched.setattr(Posterior, "log_probabilities", after(20, lambda: signal.raise_signal(number)))
        with pytest.raises(Interrupted) as stopped:
            run_sample(run, progress=False, **changes)
    return str(stopped.value)


def test_draws_are_written_in_every_form(sampled):
    results = sampled / "results"
    samples = load_result(results / "sample.npz")
    assert samples.samples.shape[0] == 8 and samples.engine == "Emcee" and samples.seed == 0
    assert json.loads((results / "sample.json").read_text())["established"] is False
    assert "disks.belt.optical_depth" in json.loads((results / "comparison.json").read_text())["parameters"]
    if (results / "sample.nc").exists():
        assert load_result(results / "sample.nc").samples.tobytes() == samples.samples.tobytes()
    assert (sampled / "blocks/header.json").is_file() and not (sampled / "lock").exists()


def test_the_manifest_and_the_log_know_of_the_sampling(sampled):
    manifest = manifest_of(sampled)
    assert (manifest["command"], manifest["status"], manifest["seed"]) == ("sample", "not_established", 0)
    assert "ended as" in manifest["message"]
    assert manifest["arguments"]["sample"] == {
        "engine": None,
        "seed": 0,
        "backend": None,
        "checkpoint_every": 10.0,
    }
    assert manifest["fit"]["status"] == "converged" and manifest["sample"]["established"] is False
    assert manifest["sample"]["environment"]["versions"]["emcee"]
    assert manifest["timings"]["sample"]["sample with Emcee"] > 0 and "search" in manifest["timings"]["fit"]
    assert {"results/fit.npz", "results/sample.npz", "results/sample.json"} <= set(manifest["products"])
    text = (sampled / "run.log").read_text()
    assert "search:" in text and "sample with Emcee:" in text and "NOT established" in text


def test_seed_and_engine_settings_have_their_effect(sampled, fitted):
    run_sample(fitted, seed=5, progress=False)
    assert not same_draws(sampled, fitted) and open_run(fitted).samples.seed == 5
    assert open_run(fitted).samples.settings["max_steps"] == 30


def test_a_configuration_is_fitted_first(tmp_path):
    done = run_sample(write_micro(tmp_path), output=tmp_path / "out", progress=False)
    assert done.run.fit.status == "converged" and done.samples.samples.size
    with pytest.raises(OutputError, match="exists already"):
        run_sample(write_micro(tmp_path), output=tmp_path / "out", progress=False)


def test_a_configuration_needs_an_output_and_a_run_has_one(tmp_path, sampled):
    with pytest.raises(OutputError, match="name the run folder to make with --output"):
        run_sample(write_micro(tmp_path), progress=False)
    with pytest.raises(OutputError, match="leave out --output"):
        run_sample(sampled, output=tmp_path / "out", progress=False)


def test_draws_are_replaced_on_request_only(fitted, monkeypatch):
    run_sample(fitted, progress=False)
    before = open_run(fitted).samples
    with pytest.raises(OutputError, match="has been sampled already: pass --overwrite"):
        run_sample(fitted, seed=1, progress=False)
    interrupt(fitted, monkeypatch, seed=1, overwrite=True)
    assert open_run(fitted).samples.samples.tobytes() == before.samples.tobytes()  # until there are new ones
    resume_run(fitted, progress=False)
    assert open_run(fitted).samples.seed == 1


def test_a_file_of_the_user_in_the_checkpoint_is_not_removed(fitted):
    run_sample(fitted, progress=False)
    (fitted / "blocks/notes.txt").write_text("dear to me")
    with pytest.raises(OutputError, match=r"blocks/notes\.txt is no part of a checkpoint"):
        run_sample(fitted, overwrite=True, progress=False)
    assert (fitted / "blocks/notes.txt").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_noted_and_resumed_to_the_same_bits(number, fitted, sampled, monkeypatch):
    said = interrupt(fitted, monkeypatch, number)
    assert said.startswith(f"stopped by {number.name}: ") and f"`diskarray resume {fitted}`" in said
    assert manifest_of(fitted)["status"] == "interrupted" and list((fitted / "blocks/blocks").iterdir())
    assert open_run(fitted).samples is None
    with pytest.raises(OutputError, match=r"`diskarray resume .*--overwrite"):
        run_sample(fitted, progress=False)
    count = []
    monkeypatch.setattr(Posterior, "log_probabilities", after(0, None, count))
    assert resume_run(fitted, progress=False).resumed
    assert 30 < count[0] < 60  # of some 65, those recorded are not computed again
    assert same_draws(fitted, sampled) and differences_of(open_run(fitted), open_run(sampled)) == ()
    assert manifest_of(fitted)["status"] == "not_established"


def test_a_killed_run_is_resumed_to_the_same_bits(fitted, sampled):
    words = [sys.executable, "-m", "diskarray", "sample", fitted, "--quiet", "--checkpoint-every", "0"]
    process = subprocess.Popen(words)
    blocks = fitted / "blocks/blocks"
    while not (blocks.is_dir() and len(list(blocks.iterdir())) > 4) and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert manifest_of(fitted)["status"] == "running" and (fitted / "lock").exists()
    assert resume_run(fitted, progress=False).resumed
    assert same_draws(fitted, sampled) and not (fitted / "lock").exists()


def test_a_kill_while_draws_are_written_is_resumed(fitted, sampled, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sample_module, "_write", lambda *arguments: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(Interrupted, match="resume"):
            run_sample(fitted, progress=False)
    assert manifest_of(fitted)["status"] == "interrupted"
    resume_run(fitted, progress=False)
    assert same_draws(fitted, sampled)


def test_a_signal_before_anything_is_drawn_changes_nothing(fitted, monkeypatch):
    before = (fitted / "manifest.json").read_bytes()
    monkeypatch.setattr(sample_module, "build_sampler", lambda *a, **k: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted, match="no draw was made"):
        run_sample(fitted, progress=False)
    assert (fitted / "manifest.json").read_bytes() == before and not (fitted / "blocks").exists()


def test_a_failure_is_noted_and_can_be_resumed(fitted, sampled, monkeypatch):
    with monkeypatch.context() as patched:

        def fails():
            raise SamplerError("the moon was in the way")

        patched.setattr(Posterior, "log_probabilities", after(20, fails))
        with pytest.raises(SamplerError, match="moon"):
            run_sample(fitted, progress=False)
    manifest = manifest_of(fitted)
    assert (manifest["status"], manifest["message"]) == ("failed", "the moon was in the way")
    resume_run(fitted, progress=False)
    assert same_draws(fitted, sampled)


def test_there_is_nothing_to_resume(sampled, fitted):
    before = (sampled / "manifest.json").read_bytes()
    done = resume_run(sampled, progress=False)
    assert not done.resumed and done.samples.engine == "Emcee"
    assert (sampled / "manifest.json").read_bytes() == before
    with pytest.raises(DataError, match="no sampling was begun there: `diskarray sample"):
        resume_run(fitted, progress=False)


def test_a_run_in_use_is_left_alone(fitted, monkeypatch):
    before = (fitted / "manifest.json").read_bytes()
    lock = FolderLock(fitted)
    try:
        for verb in (run_sample, resume_run):
            with pytest.raises(CheckpointError, match="in use by process"):
                verb(fitted, progress=False)
    finally:
        lock.release()
    assert (fitted / "manifest.json").read_bytes() == before


def test_a_fit_that_did_not_converge_is_no_start(tmp_path):
    config = write_micro(tmp_path)
    config.write_text(config.read_text().replace("kind: least_squares", "kind: least_squares\n  max_iterations: 1"))
    done = run_sample(config, output=tmp_path / "out", progress=False)
    assert done.samples is None and done.run.fit.status == "max_evaluations"
    with pytest.raises(SamplerError, match="the start is not a best fit"):
        run_sample(tmp_path / "out", progress=False)


def test_without_netcdf_the_rest_is_written(fitted, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    done = run_sample(fitted, progress=False)
    assert "no results/sample.nc" in done.notice and not (fitted / "results/sample.nc").exists()
    assert (fitted / "results/sample.npz").exists()


def test_the_checkpoint_is_written_as_often_as_asked(sampled, fitted):
    run_sample(fitted, checkpoint_every=0.0, progress=False)
    often, seldom = (len(list((run / "blocks/blocks").iterdir())) for run in (fitted, sampled))
    assert often > 30 > seldom and same_draws(fitted, sampled)


@pytest.mark.slow
def test_another_engine_can_be_asked_for(tmp_path):
    write_micro(tmp_path)
    config = write_micro(
        tmp_path,
        replaced=[("kind: emcee\n  walkers: 8\n  max_steps: 30", "kind: dynesty\n  live_points: 12\n  dlogz: 5.0")],
    )
    done = run_sample(config, output=tmp_path / "out", progress=False)
    assert done.samples.engine == "Dynesty" and done.samples.log_evidence_error > 0
    before = (tmp_path / "out/manifest.json").read_bytes()
    with pytest.raises(ConfigError, match="no sampler 'metropolis'"):
        run_sample(tmp_path / "out", engine="metropolis", overwrite=True, progress=False)
    assert (tmp_path / "out/manifest.json").read_bytes() == before and (tmp_path / "out/blocks").exists()
