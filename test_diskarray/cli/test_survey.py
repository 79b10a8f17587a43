import shutil

import pytest

from diskarray.cli.main import main
from diskarray.files.yaml import load_yaml
from diskarray.pipeline.run import run_fit
from diskarray.survey import run_survey as module
from diskarray.survey.processes import Outcome

RING = """
import numpy as np

import diskarray as da


@da.component
class NarrowRing:
    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius of the ring")

    def density(self, X, Y, Z, *, xp=np):
        return xp.exp(-0.5 * ((xp.sqrt(X**2 + Y**2) - self.radius) / 6.0) ** 2 - 0.5 * (Z / 4.0) ** 2)
"""


@pytest.fixture
def asked(tiny_config, monkeypatch):
    """The tasks and the number of workers that a survey would run; its targets end as it is told here."""
    calls = []

    def fit_targets(tasks, workers):
        calls.append((tasks, workers))
        for task in tasks:
            failed = task.name.startswith("bad")
            if not failed:
                run_fit(task.config, task.output, progress=False, component_files=task.component_files)
            yield Outcome(task.name, "DataError" if failed else "", "no such file" if failed else "", 1.0)

    monkeypatch.setattr(module, "fit_targets", fit_targets)
    (tiny_config.parent / "one.csv").write_text("name,data.extension\none,SCI\n")
    (tiny_config.parent / "mixed.csv").write_text("name,data.extension\nbad_one,SCI\ngood,SCI\n")
    return calls


def run(tiny_config, *words, table="one.csv", output="out"):
    folder = tiny_config.parent
    return main(["survey", str(folder / table), str(tiny_config), "--output", str(folder / output), *words])


def test_output_is_where_everything_goes(asked, tiny_config, capsys):
    assert run(tiny_config, output="elsewhere") == 0
    folder = tiny_config.parent / "elsewhere"
    assert {"survey.csv", "survey.json", "gallery.html", "targets"} <= {path.name for path in folder.iterdir()}
    assert asked[0][0][0].output == str(folder / "targets" / "one")
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].split()[:2] == ["one", "converged"] and str(folder) in printed.out
    assert printed.err.splitlines()[0] == "1 targets" and printed.err.splitlines()[1].startswith("[1/1] one: converged")


def test_a_failed_target_is_named_and_the_code_is_1(asked, tiny_config, capsys):
    assert run(tiny_config, table="mixed.csv") == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1] == "diskarray: error: 1 of 2 targets failed: bad_one"
    assert [line.split()[1] for line in printed.out.splitlines()[:2]] == ["failed", "converged"]


def test_workers_are_as_many_as_asked_for(asked, tiny_config):
    assert run(tiny_config, "--workers", "3") == 0
    assert asked[0][1] == 3


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_a_number_of_workers_must_be_one(number, asked, tiny_config, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(tiny_config, "--workers", number)
    assert stopped.value.code == 2 and "--workers" in capsys.readouterr().err


def test_data_of_all_targets_are_read_from_one_file(asked, tiny_config):
    other = tiny_config.with_name("other.fits")
    shutil.copy(tiny_config.with_name("tiny.fits"), other)
    assert run(tiny_config, "--data", str(other)) == 0
    assert load_yaml(tiny_config.parent / "out/configurations/one.yaml").content["data"]["path"] == str(other)


@pytest.mark.slow
def test_resume_keeps_and_overwrite_replaces(asked, tiny_config, capsys):
    assert run(tiny_config) == 0
    assert run(tiny_config) == 2
    assert "--resume" in capsys.readouterr().err
    assert run(tiny_config, "--resume") == 0
    assert [len(tasks) for tasks, _ in asked] == [1, 0]
    assert run(tiny_config, "--overwrite") == 0
    assert [len(tasks) for tasks, _ in asked] == [1, 0, 1]
    with pytest.raises(SystemExit) as stopped:
        run(tiny_config, "--resume", "--overwrite")
    assert stopped.value.code == 2


def test_the_backend_is_handed_on(asked, tiny_config):
    assert run(tiny_config, "--backend", "jax") == 0
    assert run(tiny_config, output="second") == 0
    assert [tasks[0].backend for tasks, _ in asked] == ["jax", "numpy"]


def test_components_are_known_by_their_kind(asked, tiny_config, capsys):
    ring = tiny_config.with_name("ring.py")
    ring.write_text(RING)
    text = tiny_config.read_text().replace(
        "{kind: two_power_law, radius: 70.0, scale_height: 5.0}", "{kind: narrow_ring}"
    )
    tiny_config.write_text(text)
    assert run(tiny_config) == 2
    assert "narrow_ring" in capsys.readouterr().err
    run(tiny_config, "--components", str(ring))
    assert (tiny_config.parent / "out" / "targets" / "one" / "manifest.json").is_file()
    assert asked[0][0][0].component_files == (str(ring),)


def test_quiet_says_nothing(asked, tiny_config, capsys):
    assert run(tiny_config, "--quiet") == 0
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""
