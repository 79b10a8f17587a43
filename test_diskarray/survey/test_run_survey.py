import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny import TINY_CONFIG

from diskarray.errors import CheckpointError, ConfigError, OutputError, ParameterError
from diskarray.files.lock import FolderLock
from diskarray.pipeline.open_run import open_run
from diskarray.pipeline.simulate import run_simulation
from diskarray.survey import run_survey as module
from diskarray.survey.run_survey import run_survey

FIGURES = find_spec("matplotlib")
TWO = "name,scene.disks.belt.inclination\nfirst,51\nsecond,52\n"
ODD = '''
"""A ring that does not work for every target."""

import multiprocessing
import os
import pathlib
import time

import numpy as np

import diskarray as da

TARGET, HERE = multiprocessing.current_process().name.split()[-1], pathlib.Path(__file__).parent
if TARGET == "dies":
    os.kill(os.getpid(), 9)
if (HERE / f"wait_{TARGET}").exists():
    (HERE / f"{os.getpid()}.waits").touch()
    print("waiting", flush=True)
    time.sleep(120)


@da.component
class NarrowRing:
    """A Gaussian ring."""

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius of the ring")

    def density(self, X, Y, Z, *, xp=np):
        if TARGET == "breaks":
            raise ZeroDivisionError("in the user's own class")
        r = xp.sqrt(X**2 + Y**2)
        return xp.exp(-0.5 * ((r - self.radius) / 6.0) ** 2 - 0.5 * (Z / 4.0) ** 2)
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A template, images with a disk and without one, a user's own component, and tables of them."""
    folder, own = tmp_path_factory.mktemp("survey"), "{kind: narrow_ring, radius: 70.0}"
    (folder / "odd.py").write_text(ODD)
    (folder / "tiny.yaml").write_text(TINY_CONFIG)
    run_simulation(folder / "tiny.yaml", folder / "tiny.fits")
    noise = TINY_CONFIG.replace("disks.belt.optical_depth: 0.012", "disks.belt.optical_depth: 0.0")
    (folder / "noise.yaml").write_text(noise)
    run_simulation(folder / "noise.yaml", folder / "noise.fits")
    (folder / "template.yaml").write_text(TINY_CONFIG.replace("{log_uniform: [1e-3, 1e-1]}", "{uniform: [0, 1e-1]}"))
    (folder / "targets.csv").write_text(
        "name,data.path,scene.disks.belt.density\n"
        f'bright,,\nabsent,absent.fits,\ndies,,\nbreaks,,"{own}"\nfaint,noise.fits,\n'
    )
    (folder / "two.csv").write_text(TWO)
    return folder


@pytest.fixture
def setting(place):
    """The place without a survey."""
    shutil.rmtree(place / "out", ignore_errors=True)
    yield place
    (place / "two.csv").write_text(TWO)


@pytest.fixture(scope="module")
def finished(place):
    """What a survey of two targets wrote."""
    shutil.rmtree(place / "out", ignore_errors=True)
    survey(place, "two.csv", workers=2)
    return shutil.copytree(place / "out", place / "finished")


@pytest.fixture
def resumable(finished, setting):
    """The place with a survey of two targets that is finished."""
    shutil.copytree(finished, setting / "out")
    return setting


def survey(setting, table, **keywords):
    lines = []
    keywords = {"component_files": [setting / "odd.py"], "tell": lines.append, **keywords}
    return run_survey(setting / table, setting / "template.yaml", setting / "out", **keywords), lines


def by_name(done):
    return {record["name"]: record for record in done.records}


def rows_of(setting):
    with open(setting / "out" / "survey.csv", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


@pytest.mark.slow
def test_a_survey_goes_on_past_targets_that_fail(setting):
    done, lines = survey(setting, "targets.csv", workers=2)
    records = by_name(done)
    assert list(records) == ["bright", "absent", "dies", "breaks", "faint"] and not done.succeeded
    assert {name: record["status"] for name, record in records.items()} == {
        "bright": "converged",
        "absent": "failed",
        "dies": "failed",
        "breaks": "failed",
        "faint": "not_constrained",
    }
    assert records["absent"]["error"] == "DataError" and "absent.fits" in records["absent"]["message"]
    assert records["dies"]["error"] == "ProcessDied" and "SIGKILL" in records["dies"]["message"]
    assert records["breaks"]["message"].startswith("ZeroDivisionError: unexpected: in the user's own class (see ")
    assert "ZeroDivisionError" in (setting / "out" / "logs" / "breaks.log").read_text()
    assert len(lines) == 6 and lines[0] == "5 targets" and lines[-1].startswith("[5/5] ")

    run = open_run(setting / "out" / "targets" / "bright")
    found = records["bright"]["parameters"]["disks.belt.inclination"]
    assert run.fit.status == "converged" and found["value"] == run.fit.vector[0] and found["sigma"] == run.fit.sigma[0]
    assert abs(found["value"] - 53.0) < 5 * found["sigma"] and found["constrained"] and found["unit"] == "deg"
    assert records["bright"]["detection"]["detected"] and records["bright"]["limits"] == []
    assert records["bright"]["reduced_chi_squared"] == run.fit.reduced_chi_squared

    limit = next(limit for limit in records["faint"]["limits"] if limit["name"] == "disks.belt.optical_depth")
    assert limit["side"] == "upper" and 0 < limit["value"] < 0.012 and limit["level"] == 0.95
    assert not any(found["constrained"] for found in records["faint"]["parameters"].values())

    content = json.loads((setting / "out" / "survey.json").read_text())
    assert content["targets"] == done.records
    assert content["counts"] == {"converged": 1, "failed": 3, "not_constrained": 1}

    rows = rows_of(setting)
    assert list(rows) == list(records)
    assert float(rows["bright"]["disks.belt.inclination"]) == pytest.approx(found["value"])
    assert float(rows["bright"]["disks.belt.inclination:error"]) == pytest.approx(found["sigma"])
    assert rows["faint"]["disks.belt.inclination"] == "" and rows["faint"]["detected"] == "false"
    assert float(rows["faint"]["disks.belt.optical_depth:upper"]) == pytest.approx(limit["value"])
    assert rows["absent"]["message"] == records["absent"]["message"] and rows["absent"]["n_data"] == ""

    page = (setting / "out" / "gallery.html").read_text()
    assert page.count("data:image/png;base64,") == (2 if FIGURES else 0) and "http" not in page
    for name, record in records.items():
        section = page.split(f'<section class="target" id="{name}">')[1].split("</section>")[0]
        assert f'class="status {record["status"]}"' in section
        assert ("<img" in section) == bool(FIGURES and record["run"] is not None)


@pytest.mark.slow
def test_resuming_keeps_what_is_complete_and_makes_the_rest(resumable):
    targets = resumable / "out" / "targets"
    before = (targets / "first" / "manifest.json").read_bytes()
    stray = targets / ".second.0123abcd.tmp"
    stray.mkdir()
    (stray / "half").touch()
    (targets / "second" / "manifest.json").unlink()
    if FIGURES:
        (resumable / "out" / "thumbnails" / "first@data.png").unlink()
    done, lines = survey(resumable, "two.csv", resume=True)
    assert done.succeeded and lines[0] == "2 targets, 1 of them complete already" and len(lines) == 2
    assert (targets / "first" / "manifest.json").read_bytes() == before
    assert (targets / "second" / "manifest.json").is_file() and not stray.exists()
    assert (resumable / "out" / "gallery.html").read_text().count("data:image/png") == (2 if FIGURES else 0)


@pytest.fixture
def asked(monkeypatch):
    """Names of the targets that would be run; none is."""
    names = []

    def ask(tasks, workers):
        names.extend(task.name for task in tasks)
        yield from ()

    monkeypatch.setattr(module, "fit_targets", ask)
    return names


@pytest.mark.parametrize("change", ["nothing", "table", "data", "backend"])
def test_a_run_of_something_else_is_not_taken_for_complete(change, resumable, asked):
    keywords, data = {"resume": True}, (resumable / "tiny.fits").read_bytes()
    if change == "table":
        (resumable / "two.csv").write_text(TWO.replace("51", "51.5"))
    elif change == "data":
        (resumable / "tiny.fits").write_bytes((resumable / "noise.fits").read_bytes())
    elif change == "backend":
        keywords["backend"] = "jax"
    try:
        done, _ = survey(resumable, "two.csv", **keywords)
    finally:
        (resumable / "tiny.fits").write_bytes(data)
    again = {"nothing": [], "table": ["first"]}.get(change, ["first", "second"])
    assert asked == again and done.succeeded is (not again)
    assert [name for name, record in by_name(done).items() if record["status"] == "pending"] == again


def test_an_existing_folder_is_replaced_only_on_request_and_only_if_a_survey_wrote_it(setting, asked):
    out = setting / "out"
    survey(setting, "two.csv")
    (out / "targets" / "old").mkdir()
    with pytest.raises(OutputError, match="--resume"):
        survey(setting, "two.csv")
    survey(setting, "two.csv", resume=True)
    assert (out / "targets" / "old").is_dir()
    survey(setting, "two.csv", overwrite=True)
    assert not (out / "targets" / "old").exists() and (out / "survey.csv").is_file()
    (out / "targets" / "first").mkdir()
    (out / "targets" / "first" / "thesis.txt").touch()
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        survey(setting, "two.csv", overwrite=True)
    (out / "targets" / "first" / "thesis.txt").rename(out / "thesis.txt")
    for keywords in ({"overwrite": True}, {"resume": True}):
        with pytest.raises(OutputError, match=r"thesis\.txt"):
            survey(setting, "two.csv", **keywords)
    assert (out / "thesis.txt").exists()


def test_two_surveys_do_not_share_a_folder(setting):
    (setting / "out").mkdir()
    lock = FolderLock(setting / "out")
    try:
        with pytest.raises(CheckpointError, match="in use"):
            survey(setting, "two.csv", resume=True)
    finally:
        lock.release()


def test_nothing_is_made_when_the_table_is_wrong(setting):
    (setting / "two.csv").write_text("name,scene.disks.belt.inclnation\nfirst,51\n")
    with pytest.raises(ConfigError, match="inclination"):
        survey(setting, "two.csv")
    with pytest.raises(ParameterError, match="workers"):
        survey(setting, "targets.csv", workers=0)
    assert not (setting / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_survey_that_is_stopped_can_be_resumed_and_leaves_no_process(number, resumable):
    shutil.rmtree(resumable / "out" / "targets" / "second")
    for path in resumable.glob("*.waits"):
        path.unlink()
    (resumable / "wait_second").touch()
    words = ["two.csv", "template.yaml", "--output", "out", "--resume", "--components", "odd.py"]
    package = str(Path(module.__file__).parents[2])
    running = subprocess.Popen(
        [sys.executable, "-m", "diskarray", "survey", *words],
        cwd=resumable,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])},
        start_new_session=True,
    )
    try:
        process = _awaited(resumable, running)
        running.send_signal(number)
        error = running.communicate(timeout=60)[1]
    finally:
        running.kill()
        (resumable / "wait_second").unlink()
    assert running.returncode == (-9 if number == signal.SIGKILL else 130), error
    _ended(process)
    if number != signal.SIGKILL:
        assert error.splitlines()[-1].startswith("diskarray: stopped after 1 of 2 targets; go on with --resume")
    statuses = {name: row["status"] for name, row in rows_of(resumable).items()}
    assert statuses == {"first": "converged", "second": "pending"}
    assert (resumable / "out" / "logs" / "second.log").read_text() == "waiting\n"
    if number == signal.SIGKILL:
        done, lines = survey(resumable, "two.csv", resume=True)
        assert done.succeeded and lines[0] == "2 targets, 1 of them complete already"


def _awaited(setting, running):
    """The id of the process that waits."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        for path in setting.glob("*.waits"):
            return int(path.stem)
        time.sleep(0.1)
    raise AssertionError(f"no process waits: {running.communicate()[1] if running.poll() is not None else ''}")


def _ended(process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    raise AssertionError(f"process {process} goes on")
