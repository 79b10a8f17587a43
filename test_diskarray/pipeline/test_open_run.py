import json
import shutil

import numpy as np
import pytest
from small_runs import fitted_run, sampled_run, write_micro

import diskarray as da
from diskarray.config.own_components import components_from
from diskarray.errors import ConfigError, DataError
from diskarray.pipeline.compare import open_several
from diskarray.pipeline.figures import write_figures
from diskarray.pipeline.layout import path_inside
from diskarray.pipeline.manifest import read_manifest
from diskarray.pipeline.open_run import open_run, open_with_files
from diskarray.pipeline.run import run_fit
from diskarray.pipeline.sample import run_sample


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a configuration, its image and the run `run`, fitted and sampled."""
    folder = tmp_path_factory.mktemp("made")
    sampled_run(folder)
    return folder


@pytest.fixture
def copied(made, tmp_path):
    """The same in a place of its own, to be changed; the original is hidden meanwhile."""
    shutil.copytree(made, tmp_path / "copy")
    hidden = made.with_name("hidden")
    made.rename(hidden)
    yield tmp_path / "copy"
    hidden.rename(made)


def test_a_run_has_everything_that_was_fitted(made):
    run = open_run(made / "run")
    assert run.folder == made / "run" and run.manifest["command"] == "sample"
    assert set(run.data) == set(run.fits) == {"data"} and isinstance(run.data["data"], da.Imaging)
    assert run.fit.status == "converged" and run.samples.engine == "Emcee"
    assert run.posterior.identity() == run.manifest["identity"]["posterior"] == run.samples.identity
    assert run.best_scene is run.samples.scene
    assert run.fits["data"].chi_squared == run.posterior.fit_from(run.samples.scene).chi_squared
    assert run.truth == {"disks.belt.position_angle": 26.0, "disks.belt.optical_depth": 0.012}
    assert run.config.path_of("micro.fits") == made / "micro.fits"


def test_without_draws_the_best_scene_is_the_fit(tmp_path):
    run = open_run(fitted_run(tmp_path))
    assert run.samples is None and run.best_scene is run.fit.scene


def test_a_run_that_moved_with_its_data_still_opens(copied):
    run = open_run(copied / "run")
    assert run.data["data"].source.startswith(str(copied / "micro.fits"))
    assert run.posterior.identity() == run.manifest["identity"]["posterior"]


def test_a_run_without_its_data_says_so_but_has_its_results(copied):
    (copied / "micro.fits").unlink()
    run = open_run(copied / "run")
    assert run.fit.status == "converged" and np.isfinite(run.samples.vector).all()
    with pytest.raises(DataError, match=r"run: data\.path \(.*micro\.fits\) is missing"):
        _ = run.posterior


def test_changed_data_are_refused(copied):
    path = copied / "micro.fits"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(DataError, match=r"data\.path .* is not what the run read"):
        _ = open_run(copied / "run").data


def test_a_changed_configuration_is_refused(copied):
    with open(copied / "run/config.yaml", "a") as stream:
        stream.write("# a word\n")
    with pytest.raises(DataError, match=r"config\.yaml is missing or was changed"):
        _ = open_run(copied / "run").config


@pytest.mark.parametrize("lacking", ["fit", "sample"])
def test_a_result_that_is_missing_is_none(lacking, copied):
    (copied / f"run/results/{lacking}.npz").unlink()
    run = open_run(copied / "run")
    assert (run.fit is None) == (lacking == "fit") and (run.samples is None) == (lacking == "sample")


def test_a_run_without_any_result_says_so(copied):
    for name in ("fit", "sample"):
        (copied / f"run/results/{name}.npz").unlink()
    with pytest.raises(DataError, match=r"run has no result"):
        _ = open_run(copied / "run").best_scene


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(DataError, match="absent is not a run folder: there is no such folder"):
        open_run(tmp_path / "absent")
    with pytest.raises(DataError, match=r"is not a run folder: manifest\.json cannot be read"):
        open_run(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("not json", "is damaged or not the manifest"),
        ("[]", "is damaged or not the manifest"),
        ("{}", "is damaged or not the manifest"),
        ({"diskarray_run": 99}, "is of format 99"),
        ({"status": 3}, "'status' is missing or is not"),
        ({"data": [{"role": "x"}]}, "has no path or no digest"),
        ({"products": {"/etc/passwd": "0"}}, "'/etc/passwd' is not a file inside the run folder"),
        ({"products": {"results/../../../x.npz": "0"}}, "is not a file inside the run folder"),
    ],
)
def test_a_damaged_or_hostile_manifest_is_one_error(changes, message, made, tmp_path):
    (tmp_path / "run").mkdir()
    content = json.loads((made / "run/manifest.json").read_text())
    text = changes if isinstance(changes, str) else json.dumps({**content, **changes})
    (tmp_path / "run/manifest.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path / "run")


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "results/../../x", "C:/x", "C:\\x", "results\\..\\..\\x", "results/\0x", "..", "."],
)
def test_names_that_lead_out_are_refused(name, tmp_path):
    with pytest.raises(DataError, match="is not a file inside the run folder"):
        path_inside(tmp_path, name)


def test_symbolic_links_are_not_followed(copied, tmp_path):
    results = copied / "run/results"
    results.rename(tmp_path / "elsewhere")
    results.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="results is a symbolic link"):
        _ = open_run(copied / "run").fit


def test_components_are_named_by_the_user_and_not_by_the_manifest(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "import numpy as np\nimport diskarray as da\n\n\n@da.component\nclass Shell:\n"
        '    """A shell."""\n\n    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius")\n\n'
        "    def density(self, X, Y, Z, *, xp=np):\n"
        "        return xp.exp(-0.01 * (X**2 + Y**2 - self.radius**2) ** 2 / self.radius**2 - 0.125 * Z**2)\n"
    )
    write_micro(tmp_path)
    replaced = [("kind: two_power_law, radius: 70.0, scale_height: 5.0", "kind: shell, radius: 70.0")]
    replaced += [("rule: {nodes: layer, order: 4}", "rule: {nodes: panels, order: 4}")]
    run_fit(write_micro(tmp_path, replaced=replaced), tmp_path / "run", component_files=[own], progress=False)
    (shell,) = components_from([own])
    assert type(open_run(tmp_path / "run", components=[shell]).fit.scene.disks["belt"].density) is shell
    assert open_with_files(tmp_path / "run", [own]).posterior.n_data == 99
    with pytest.raises(ConfigError, match=r"own\.py\) is needed: name the file as it was with --components"):
        open_with_files(tmp_path / "run")
    own.write_text(own.read_text() + "# another\n")
    with pytest.raises(ConfigError, match=r"own\.py\) is not what the run read"):
        open_with_files(tmp_path / "run", [own])


@pytest.mark.parametrize("name", ["fit", "sample"])
def test_results_of_another_run_are_refused_where_they_would_be_believed(name, copied):
    run = open_run(copied / "run")
    run.check_results()
    path = copied / f"run/results/{name}.npz"
    path.write_bytes(path.read_bytes() + b"\0")
    for act in (
        open_run(copied / "run").check_results,
        lambda: open_several([copied / "run"]),
        lambda: write_figures(run),
    ):
        with pytest.raises(DataError, match=rf"results/{name}\.npz is not the file that this run wrote"):
            act()
    if name == "fit":
        with pytest.raises(DataError, match="not the file"):
            run_sample(copied / "run", overwrite=True, progress=False)


def test_draws_of_another_posterior_are_refused(copied):
    run = open_run(copied / "run")
    run.manifest["identity"]["posterior"] = "f" * 64
    with pytest.raises(DataError, match="the draws are of another posterior"):
        run.check_results()
