import json
import os
import subprocess
import sys

import numpy as np
import pytest

from diskarray.cli.main import main
from diskarray.pipeline import doctor

SHAPE = {
    "diskarray": {"version", "location"},
    "python": {"version", "implementation", "path"},
    "machine": {
        "system",
        "release",
        "architecture",
        "processor",
        "logical_cpus",
        "affinity_cpus",
        "cpu_quota",
        "usable_cpus",
        "numa_nodes",
        "memory_bytes",
        "available_memory_bytes",
        "memory_limit_bytes",
    },
    "jax": {"present", "backend", "devices", "x64", "compilation_cache"},
    "parity": {"ran", "largest_difference", "allowed", "passed"},
}
OTHER_KEYS = {"packages", "extras", "settings", "gpus", "advice", "problems", "healthy"}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Say what the metadata ask for, and install packages of our own."""

    def install(requirements, **modules):
        for name, (version, body) in modules.items():
            (tmp_path / f"{name}.py").write_text(body)
            info = tmp_path / f"{name}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            (info / "RECORD").write_text(f"{name}.py,,\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        monkeypatch.setattr(doctor.metadata, "requires", lambda name: list(requirements))
        monkeypatch.setattr(doctor, "gpus", list)

    return install


def said(words, capsys):
    code = main(words)
    return code, capsys.readouterr().out


def test_a_sound_installation_ends_with_0(installed, capsys):
    installed(["numpy>=2.0", 'absentee>=1; extra == "plot"', "absentee>=1; extra == 'all'"])
    code, text = said(["doctor"], capsys)
    assert code == 0 and "everything that is installed works" in text
    assert "pip install 'diskarray[plot]'" in text and f"numpy          {np.__version__}" in text
    assert "JAX       not in use" in text


def test_the_json_has_a_stable_shape(installed, capsys):
    installed(["numpy>=2.0", 'absentee>=1; extra == "plot"'])
    code, text = said(["doctor", "--json"], capsys)
    found = json.loads(text)
    assert code == 0 and found["healthy"] is True and found["problems"] == []
    assert set(found) == {*SHAPE, *OTHER_KEYS}
    for part, keys in SHAPE.items():
        assert set(found[part]) == keys, part
    assert found["packages"]["numpy"] == {
        "extras": ["core"],
        "minimum": "2.0",
        "version": np.__version__,
        "state": "ok",
        "problem": "",
    }
    assert found["packages"]["absentee"]["state"] == "missing"
    assert found["extras"] == {"plot": {"present": False, "lacking": ["absentee"]}}
    assert all(set(entry) == {"value", "why"} for entry in found["advice"].values())
    assert found["parity"] == {"ran": False, "largest_difference": None, "allowed": 1e-10, "passed": None}


@pytest.mark.parametrize(
    ("body", "minimum", "state", "words"),
    [
        ("raise ImportError('a symbol is missing')", "1", "broken", "ImportError: a symbol is missing"),
        ("import os; os.abort()", "1", "broken", "ends the process"),
        ("raise SystemExit(3)", "1", "broken", "SystemExit"),
        ("", "2.1", "too old", "version 2.0 is too old: at least 2.1"),
    ],
)
def test_something_installed_that_does_not_work_ends_with_1(body, minimum, state, words, installed, capsys):
    installed([f"faultypack>={minimum}; extra == 'plot'", "numpy>=2.0"], faultypack=("2.0", body))
    code, text = said(["doctor", "--json"], capsys)
    found = json.loads(text)
    assert code == 1 and found["healthy"] is False
    assert found["packages"]["faultypack"]["state"] == state and found["packages"]["numpy"]["state"] == "ok"
    assert len(found["problems"]) == 1
    assert found["problems"][0].startswith("faultypack: ") and words in found["problems"][0]
    assert said(["doctor"], capsys)[1].splitlines()[-1] == f"problem: {found['problems'][0]}"


def test_a_core_package_that_is_missing_is_a_problem(installed, capsys):
    installed(["absentee>=1"])
    code, text = said(["doctor"], capsys)
    assert code == 1 and "problem: absentee: is required and not installed" in text


def test_an_installation_without_metadata_is_a_problem(installed, capsys, monkeypatch):
    installed(["numpy>=2.0"])
    version = doctor.metadata.version

    def without_ours(name):
        if name == "diskarray":
            raise doctor.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor.metadata, "version", without_ours)
    code, text = said(["doctor", "--json"], capsys)
    assert code == 1 and "not installed as a package" in json.loads(text)["problems"][0]


@pytest.mark.parametrize(("difference", "code"), [(0.0, 0), (1e-12, 0), (1e-8, 1), (np.nan, 1)])
def test_the_parity_check_compares_the_two_libraries(difference, code, installed, capsys, monkeypatch):
    installed(["numpy>=2.0"])
    other = object()
    present = {"present": True, "backend": "cpu", "devices": [], "x64": True, "compilation_cache": None}
    monkeypatch.setattr(doctor, "_jax", lambda package, problems: present)
    monkeypatch.setattr(doctor, "enable_jax", lambda: other)
    image = doctor.small_image(np)
    monkeypatch.setattr(doctor, "small_image", lambda xp: image if xp is np else image + difference * image.max())
    ended, text = said(["doctor", "--json"], capsys)
    found = json.loads(text)
    assert ended == code and found["parity"]["ran"] is True and found["parity"]["passed"] is (code == 0)
    assert bool(found["problems"]) == bool(code)


def test_a_back_end_that_does_not_start_is_a_problem(installed, capsys, monkeypatch):
    def fails():
        raise RuntimeError("no card")

    installed(["jax>=1; extra == 'jax'"], jax=("2.0", ""))
    monkeypatch.setattr(doctor, "enable_jax", fails)
    code, text = said(["doctor", "--json"], capsys)
    found = json.loads(text)
    assert code == 1 and found["problems"] == ["jax: no back end starts: RuntimeError: no card"]
    assert found["jax"]["present"] is False and found["parity"]["ran"] is False


def test_advice_is_for_a_shell_and_sets_nothing(installed, capsys, monkeypatch):
    installed(["numpy>=2.0"])
    for name in ("OMP_NUM_THREADS", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/tmp/a folder; rm")
    before = dict(os.environ)
    code, text = said(["doctor", "--advise"], capsys)
    assert code == 0 and dict(os.environ) == before
    script = f'{text}\necho "$OMP_NUM_THREADS|$JAX_COMPILATION_CACHE_DIR"'
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    threads, cache = told.split("|")
    assert int(threads) >= 1 and cache == "/tmp/a folder; rm/diskarray/jax"
    for name in doctor.current_settings():
        monkeypatch.setenv(name, "set")
    assert said(["doctor", "--advise"], capsys)[1].startswith("# everything")


def test_two_forms_at_once_are_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["doctor", "--json", "--advise"])
    assert stopped.value.code == 2 and "not allowed with" in capsys.readouterr().err


@pytest.mark.slow
def test_this_very_installation_is_examined():
    done = subprocess.run(
        [sys.executable, "-m", "diskarray", "doctor", "--json"], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["healthy"] else 1), done.stderr
    assert found["packages"]["numpy"]["state"] == found["packages"]["astropy"]["state"] == "ok"
    if found["jax"]["present"]:
        assert found["jax"]["x64"] is True and found["parity"]["ran"]
