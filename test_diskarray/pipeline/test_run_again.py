import json
import shutil

import numpy as np
import pytest
from small_runs import fitted_run, sampled_run

from diskarray.errors import ConfigError, DataError, OutputError
from diskarray.pipeline import run as run_module
from diskarray.pipeline.open_run import open_run
from diskarray.pipeline.rerun import run_again
from diskarray.pipeline.simulate import run_simulation


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder with a configuration, its image and the run `run`, fitted and sampled."""
    folder = tmp_path_factory.mktemp("original")
    sampled_run(folder, seed=3)
    return folder


@pytest.fixture
def run(original, tmp_path):
    """The same in a place of its own, to be changed; the original is hidden meanwhile."""
    shutil.copytree(original, tmp_path / "copy")
    hidden = original.with_name("hidden")
    original.rename(hidden)
    yield tmp_path / "copy/run"
    hidden.rename(original)


def edit(run, **changes):
    content = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**content, **changes}))


def test_a_run_is_repeated_to_the_last_bit(run, tmp_path):
    done = run_again(run / "manifest.json", tmp_path / "again", progress=False)
    assert done.identical and done.differences == () and done.ignored == ()
    assert done.compared == ("results/fit.npz", "results/sample.npz")
    before, again = open_run(run), open_run(tmp_path / "again")
    assert before.fit.vector.tobytes() == again.fit.vector.tobytes()
    assert before.samples.samples.tobytes() == again.samples.samples.tobytes() and again.samples.seed == 3
    assert before.manifest["products"]["results/model.fits"] == again.manifest["products"]["results/model.fits"]


def test_a_fit_alone_is_repeated(tmp_path):
    done = run_again(fitted_run(tmp_path), tmp_path / "again", progress=False)
    assert done.identical and done.compared == ("results/fit.npz",)


def test_one_changed_bit_is_told(tmp_path, monkeypatch):
    run, original = fitted_run(tmp_path), run_module.optimize

    def other(*arguments, **keywords):
        result = original(*arguments, **keywords)
        result.vector.flags.writeable = True
        result.vector[1] = np.nextafter(result.vector[1], 1.0)
        return result

    monkeypatch.setattr(run_module, "optimize", other)
    done = run_again(run, tmp_path / "again", progress=False)
    assert not done.identical and done.differences == ("fit: vector",)


def refused(run, output, message, **changes):
    with pytest.raises(DataError, match=message):
        run_again(run, output, progress=False, **changes)
    assert not output.exists()


def test_changed_data_are_named_and_accepted_with_force(run, tmp_path):
    run_simulation(run.parent / "micro.yaml", run.parent / "micro.fits", seed=2, overwrite=True)
    refused(run, tmp_path / "again", r"cannot be repeated as it was: data\.path \(.*another one\. --force goes on")
    done = run_again(run, tmp_path / "again", force=True, progress=False)
    assert len(done.ignored) == 1 and "data.path" in done.ignored[0] and not done.identical


def test_a_changed_configuration_is_named_and_accepted_with_force(run, tmp_path):
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("g: 0.2", "g: 0.3"))
    refused(run, tmp_path / "again", r"config\.yaml is missing or was changed")
    done = run_again(run, tmp_path / "again", force=True, progress=False)
    assert "config.yaml" in done.ignored[0] and "fit: vector" in done.differences
    assert "g: 0.3" in (tmp_path / "again/config.yaml").read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"versions": {"numpy": "1.0"}}, "numpy is .*, the run had 1.0"),
        ({"python": "3.1"}, r"Python is .*, the run had 3\.1"),
        ({"source_sha256": "0"}, "its source was changed"),
        ({"device": {"machine": "vax", "processor": "VAX"}}, "the run had 'VAX'"),
        ({"sample": {"environment": {"versions": {"emcee": "0.1"}}}}, "emcee is .*, the run had 0.1"),
    ],
)
def test_other_versions_and_machines_are_named(changes, message, run, tmp_path):
    edit(run, **changes)
    refused(run, tmp_path / "again", message)


def test_missing_data_are_named(run, tmp_path):
    (run.parent / "micro.fits").unlink()
    refused(run, tmp_path / "again", r"data\.path \(.*micro\.fits\) is missing")


def test_components_are_named_by_the_user(run, tmp_path):
    edit(run, components=[{"path": "/elsewhere/own.py", "sha256": "0"}])
    with pytest.raises(ConfigError, match=r"/elsewhere/own\.py\) is needed: name the file as it was"):
        run_again(run, tmp_path / "again", progress=False)


def test_nothing_is_overwritten_unless_asked(run, tmp_path):
    (tmp_path / "again").mkdir()
    with pytest.raises(OutputError, match="--overwrite"):
        run_again(run, tmp_path / "again", progress=False)
    assert run_again(run, tmp_path / "again", overwrite=True, progress=False).identical
