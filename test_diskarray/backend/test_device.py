import json
import os
import subprocess
import sys
import types

import pytest

from diskarray.backend import device

CPU_INFO = "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\n\nprocessor\t: 1\nmodel name\t: A Processor @ 2 GHz\n"


@pytest.fixture
def system(tmp_path):
    """The files of a machine of two memory nodes, where this process is in a control group."""
    files = {
        "proc/cpuinfo": CPU_INFO,
        "proc/meminfo": "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\nHugePages_Total: 3\n",
        "proc/self/cgroup": "0::/jobs/mine\n",
        "sys/fs/cgroup/jobs/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/jobs/mine/cpu.max": "max 100000\n",
        "sys/fs/cgroup/jobs/mine/memory.max": "4096\n",
        "sys/fs/cgroup/jobs/memory.max": "max\n",
        "sys/devices/system/node/node0/cpulist": "0-1\n",
        "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:  400 kB\n",
        "sys/devices/system/node/node10/cpulist": "4\n",
        "sys/devices/system/node/node10/meminfo": "Node 10 MemTotal:  600 kB\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_machine_is_read_from_the_systems_files(system, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    found = device.machine(system)
    assert found["processor"] == "A Processor @ 2 GHz"
    assert (found["logical_cpus"], found["affinity_cpus"], found["cpu_quota"], found["usable_cpus"]) == (8, 4, 1.5, 2)
    assert found["memory_bytes"] == 1000 * 1024 and found["available_memory_bytes"] == 600 * 1024
    assert found["memory_limit_bytes"] == 4096
    assert found["numa_nodes"] == [
        {"node": 0, "cpus": "0-1", "memory_bytes": 400 * 1024},
        {"node": 10, "cpus": "4", "memory_bytes": 600 * 1024},
    ]


def test_what_a_system_does_not_tell_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(os, "sched_getaffinity", None, raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    found = device.machine(tmp_path)
    assert found["usable_cpus"] == 1 and found["logical_cpus"] is found["cpu_quota"] is found["numa_nodes"] is None
    assert found["memory_bytes"] is found["memory_limit_bytes"] is None


def test_the_affinity_limits_what_is_usable(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5}, raising=False)
    assert device.usable_cpus(tmp_path) == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(12)), raising=False)
    assert device.usable_cpus(tmp_path) == 12


def test_the_machine_of_this_test_is_plain_json():
    found = device.machine()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["usable_cpus"] >= 1 and found["logical_cpus"] == os.cpu_count()


def machine_of(usable, logical, nodes=1):
    return {"usable_cpus": usable, "logical_cpus": logical, "numa_nodes": [{}] * nodes}


def test_advice_follows_the_machine():
    plain = device.advised_settings(machine_of(4, 4), {})
    assert plain["OMP_NUM_THREADS"][0] == plain["MKL_NUM_THREADS"][0] == "4"
    assert "OMP_PROC_BIND" not in plain and "XLA_PYTHON_CLIENT_PREALLOCATE" not in plain
    held = device.advised_settings(machine_of(2, 64, nodes=2), {}, gpu_names=["a GPU"])
    assert held["OMP_NUM_THREADS"] == ("2", "this process may use 2 of 64 processors")
    assert held["OMP_PROC_BIND"][0] == "close" and held["XLA_PYTHON_CLIENT_PREALLOCATE"][0] == "false"


def test_what_is_set_already_is_not_advised_again():
    advice = device.advised_settings(machine_of(4, 4), {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": None})
    assert "OMP_NUM_THREADS" not in advice and "MKL_NUM_THREADS" in advice


def test_advice_names_only_settings_that_are_reported():
    advice = device.advised_settings(machine_of(1, 64, nodes=2), {}, ["a GPU"])
    assert set(advice) <= set(device.SETTINGS) == set(device.current_settings())


def test_the_cache_lies_where_the_user_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    advice = device.advised_settings(machine_of(1, 1), {})
    assert advice["JAX_COMPILATION_CACHE_DIR"][0] == str(tmp_path / "diskarray" / "jax")


def test_settings_hold_inside_the_block_only(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    with pytest.raises(RuntimeError, match="inside"):
        with device.environment(device.thread_settings(3)):
            inside = dict(os.environ)
            raise RuntimeError("inside")
    assert inside["OMP_NUM_THREADS"] == inside["MKL_NUM_THREADS"] == "3"
    assert dict(os.environ) == before


def test_processes_started_inside_the_block_see_the_settings():
    code = "import os; print(os.environ['OMP_NUM_THREADS'])"
    with device.environment({"OMP_NUM_THREADS": "5"}):
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "5"


def test_importing_every_module_leaves_the_environment_byte_equal():
    code = """
import os, pkgutil, sys
import numpy, scipy, astropy, yaml, pydantic  # what they do on import is theirs
before = dict(os.environb)
import diskarray
for module in pkgutil.walk_packages(diskarray.__path__, "diskarray."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
assert len([name for name in sys.modules if name.startswith("diskarray.")]) > 100
assert dict(os.environb) == before
print("equal")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "equal", done.stderr


def test_gpus_are_those_that_the_driver_lists(monkeypatch):
    said = types.SimpleNamespace(stdout="NVIDIA H200, 143771\nNVIDIA, Inc. T4, 15360\nOdd one, [N/A]\n")
    monkeypatch.setattr(device.subprocess, "run", lambda *arguments, **keywords: said)
    assert device.gpus() == [
        {"name": "NVIDIA H200", "memory_bytes": 143771 * 1024 * 1024},
        {"name": "NVIDIA, Inc. T4", "memory_bytes": 15360 * 1024 * 1024},
        {"name": "Odd one", "memory_bytes": None},
    ]


@pytest.mark.parametrize("problem", [FileNotFoundError(), subprocess.TimeoutExpired("nvidia-smi", 1)])
def test_without_a_driver_there_are_no_gpus(problem, monkeypatch):
    def fails(*arguments, **keywords):
        raise problem

    monkeypatch.setattr(device.subprocess, "run", fails)
    assert device.gpus() == []


def test_devices_are_what_jax_says(monkeypatch):
    one = types.SimpleNamespace(id=0, platform="gpu", device_kind="A card")
    config = types.SimpleNamespace(jax_enable_x64=True, jax_compilation_cache_dir=None)
    jax = types.SimpleNamespace(devices=lambda: [one], default_backend=lambda: "gpu", config=config)
    monkeypatch.setattr(device, "require_jax", lambda: jax)
    assert device.devices() == {
        "backend": "gpu",
        "devices": [{"id": 0, "platform": "gpu", "kind": "A card"}],
        "x64": True,
        "compilation_cache": None,
    }
