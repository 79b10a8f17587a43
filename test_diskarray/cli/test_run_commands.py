import json
import signal
import subprocess
import sys
import time

import pytest
from small_runs import MICRO, fitted_run, sampled_run, write_micro

from diskarray.cli.main import main
from diskarray.pipeline.open_run import open_run
from diskarray.results import sample_result

OWN = """\
import numpy as np

import diskarray as da


@da.component
class Shell:
    \"\"\"A shell.\"\"\"

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius")

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-0.01 * (X**2 + Y**2 - self.radius**2) ** 2 / self.radius**2 - 0.125 * Z**2)
"""


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A run with a fit and draws that establish nothing."""
    return sampled_run(tmp_path_factory.mktemp("sampled"))


@pytest.fixture
def established(monkeypatch):
    """Every posterior passes for established."""
    monkeypatch.setattr(sample_result, "gates_of", lambda result: ())


@pytest.fixture
def own(tmp_path):
    """The words that name a file of components, and a configuration that uses them."""
    write_micro(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    replaced = [("kind: two_power_law, radius: 70.0, scale_height: 5.0", "kind: shell, radius: 70.0")]
    replaced += [("rule: {nodes: layer, order: 4}", "rule: {nodes: panels, order: 4}")]
    return ["--components", str(tmp_path / "own.py")], str(write_micro(tmp_path, replaced=replaced))


def run(*words):
    return main([str(word) for word in words])


def errors(capsys):
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("diskarray: "), said
    return said


def test_components_and_seed_reach_every_command(own, tmp_path, capsys):
    given, config = own
    assert run("fit", config, "--output", tmp_path / "no", "--quiet") == 2
    assert "shell" in errors(capsys)
    assert run("simulate", config, "--output", tmp_path / "new.fits", "--seed", 7, *given) == 0
    assert run("fit", config, "--output", tmp_path / "run", "--quiet", *given) in (0, 1)
    for words in (["sample", "--quiet"], ["resume", "--quiet"], ["compare"]):
        assert run(words[0], tmp_path / "run", *words[1:]) == 2
        assert "name the file as it was with --components" in capsys.readouterr().err
    assert run("rerun", tmp_path / "run", "--output", tmp_path / "again", "--quiet") == 2
    assert run("rerun", tmp_path / "run", "--output", tmp_path / "again", "--quiet", *given) == 0


def test_the_data_flag_and_the_seed_flag_of_a_fit(tmp_path, capsys):
    config = write_micro(tmp_path)
    other = write_micro(tmp_path, "second", [("seed: 1", "seed: 2")]).with_suffix(".fits")
    assert run("fit", config, "--output", tmp_path / "a", "--data", other, "--quiet") == 0
    assert open_run(tmp_path / "a").manifest["data"][0]["path"] == str(other)
    capsys.readouterr()
    assert run("fit", config, "--output", tmp_path / "b", "--seed", 1, "--quiet") == 2
    assert "no effect on this fit" in errors(capsys)
    with pytest.raises(SystemExit):
        run("fit", config, "--seed", "-1")
    assert "'-1' is not a whole number" in errors(capsys)


def test_simulate_takes_a_seed_and_is_quiet(tmp_path, capsys):
    config = write_micro(tmp_path)
    for seed in (1, 2):
        assert run("simulate", config, "--output", tmp_path / f"{seed}.fits", "--seed", seed, "--quiet") == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "1.fits").read_bytes() == (tmp_path / "micro.fits").read_bytes()
    assert (tmp_path / "2.fits").read_bytes() != (tmp_path / "micro.fits").read_bytes()
    assert run("simulate", config, "--output", tmp_path / "1.fits") == 2
    assert run("simulate", config, "--output", tmp_path / "1.fits", "--overwrite") == 0


def test_samples_are_printed_with_their_gates(tmp_path, capsys):
    pytest.importorskip("emcee")
    folder = fitted_run(tmp_path)
    assert run("sample", folder, "--seed", 4) == 1
    printed = capsys.readouterr()
    assert printed.out.split()[:9] == ["parameter", "median", "-", "+", "unit", "R-hat", "ESS", "truth", "pull"]
    assert "disks.belt.position_angle" in printed.out and f"wrote {folder}" in printed.out
    assert any(line.startswith("failed") for line in printed.out.splitlines())
    assert "the posterior is not established: the engine ended as" in printed.err
    assert open_run(folder).samples.seed == 4
    assert run("sample", folder, "--quiet") == 2
    assert "--overwrite" in errors(capsys)
    assert run("sample", folder, "--quiet", "--overwrite") == 1
    assert capsys.readouterr().out == "" and open_run(folder).samples.seed == 0


def test_an_established_posterior_exits_with_zero(tmp_path, established, capsys):
    pytest.importorskip("emcee")
    config = write_micro(tmp_path)
    words = ["--output", tmp_path / "out", "--engine", "emcee", "--backend", "numpy", "--checkpoint-every", "0"]
    assert run("sample", config, *words, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    found = open_run(tmp_path / "out").manifest["arguments"]["sample"]
    assert found == {"engine": "emcee", "seed": 0, "backend": "numpy", "checkpoint_every": 0.0}
    assert run("resume", tmp_path / "out") == 0
    assert "there is nothing to resume" in capsys.readouterr().out
    assert run("compare", tmp_path / "out") == 0


def test_a_fit_that_did_not_converge_is_not_sampled(tmp_path, capsys):
    config = write_micro(tmp_path)
    config.write_text(config.read_text().replace("kind: least_squares", "kind: least_squares\n  max_iterations: 1"))
    assert run("sample", config, "--output", tmp_path / "out", "--quiet") == 1
    assert "nothing was sampled, as the fit did not converge" in errors(capsys)


@pytest.mark.parametrize("text", ["-1", "soon", "nan", "inf"])
def test_seconds_are_checked(text, capsys):
    with pytest.raises(SystemExit):
        run("sample", "run", "--checkpoint-every", text)
    assert "is not a number of seconds" in errors(capsys)


@pytest.mark.slow
def test_sigterm_ends_the_command_with_130_and_resume_goes_on(tmp_path, sampled, capsys):
    folder = fitted_run(tmp_path)
    words = [sys.executable, "-m", "diskarray", "sample", folder, "--quiet", "--checkpoint-every", "0"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    blocks = folder / "blocks/blocks"
    while not (blocks.is_dir() and len(list(blocks.iterdir())) > 4) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 130
    assert said == (
        f"diskarray: stopped by SIGTERM: what was done is kept, `diskarray resume {folder}` goes on with it.\n"
    )
    assert run("resume", folder, "--quiet") == 1
    assert capsys.readouterr().out == ""
    assert open_run(folder).samples.samples.tobytes() == open_run(sampled).samples.samples.tobytes()


def test_nothing_to_resume_is_a_sentence(sampled, tmp_path, capsys):
    assert run("resume", sampled) == 1
    assert f"{sampled}: there is nothing to resume, the sampling ended as" in capsys.readouterr().out
    assert run("resume", fitted_run(tmp_path)) == 2
    assert "no sampling was begun there" in errors(capsys)
    assert run("resume", tmp_path / "absent") == 2
    assert "there is no such folder" in errors(capsys)


def test_runs_are_compared_in_a_table_and_as_json(sampled, tmp_path, capsys):
    config = write_micro(tmp_path)
    config.write_text(MICRO.replace("g: 0.2", "g: 0.4"))  # the same data as those of the other run
    assert run("fit", config, "--output", tmp_path / "other", "--quiet") == 0
    assert run("compare", sampled, tmp_path / "other", "--output", tmp_path / "c.json") == 1
    printed = capsys.readouterr()
    header = printed.out.splitlines()[0].split()
    assert header == ["parameter", "unit", "run", "fit", "run", "samples", "z", "other", "fit", "z", "other"]
    for label in ("chi-squared", "reduced chi-squared", "BIC", "log-evidence", "samples"):
        assert any(line.startswith(label) for line in printed.out.splitlines())
    assert "run: not converged or not established" in printed.err
    written = (tmp_path / "c.json").read_text()
    assert run("compare", sampled, tmp_path / "other", "--json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["parameters"] == json.loads(written)["parameters"] and set(shown["runs"]) == {"run", "other"}
    assert run("compare", sampled, "--output", tmp_path / "c.json") == 2
    assert "--overwrite" in errors(capsys) and (tmp_path / "c.json").read_text() == written
    assert run("compare", sampled, "--output", tmp_path / "c.json", "--overwrite") == 1
    assert list(json.loads((tmp_path / "c.json").read_text())["runs"]) == ["run"]


def test_rerun_says_whether_the_bits_are_the_same(tmp_path, capsys):
    folder = fitted_run(tmp_path)
    assert run("rerun", folder, "--output", tmp_path / "again") == 0
    assert "results/fit.npz of" in capsys.readouterr().out
    assert run("rerun", folder, "--output", tmp_path / "again", "--quiet") == 2
    assert run("rerun", folder / "manifest.json", "--output", tmp_path / "again", "--overwrite", "--quiet") == 0
    capsys.readouterr()
    (folder / "config.yaml").write_text(MICRO.replace("g: 0.2", "g: 0.4"))
    assert run("rerun", folder, "--output", tmp_path / "other", "--quiet") == 2
    assert "config.yaml is missing or was changed" in errors(capsys)
    assert run("rerun", folder, "--output", tmp_path / "other", "--force", "--quiet") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("diskarray: warning: config.yaml") and "is not the same: fit: vector" in said[1]


def test_the_backend_flag_asks_for_jax_which_is_not_there(tmp_path, capsys):
    folder = fitted_run(tmp_path)
    for words in (
        ["fit", tmp_path / "micro.yaml", "--output", tmp_path / "out", "--backend", "jax"],
        ["sample", folder, "--backend", "jax"],
        ["sample", folder, "--engine", "nuts"],
    ):
        assert run(*words, "--quiet") == 2
        assert "diskarray[jax]" in errors(capsys)
    assert not (tmp_path / "out").exists() and not (folder / "blocks").exists()
    assert open_run(folder).manifest["status"] == "converged"
