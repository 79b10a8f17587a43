"""A wheel built from a clean tree carries the package, its dependencies, its command and its example."""

import configparser
import email
import importlib
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import diskarray as da

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "diskarray", tree / "diskarray", ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tree / "dist"), str(tree)],
        check=True,
        capture_output=True,
    )
    (path,) = (tree / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel, name):
    (key,) = [key for key in wheel if key.endswith(f".dist-info/{name}")]
    return wheel[key].decode()


def fields(wheel):
    return email.message_from_string(metadata(wheel, "METADATA"))


def requirements(wheel):
    """What each extra requires, by the extra's name; "" is the core. An extra may stand for others."""
    found = {"": set()}
    for text in fields(wheel).get_all("Requires-Dist"):
        requirement, _, marker = text.partition(";")
        extra = re.search(r"extra == ['\"](\w+)['\"]", marker)
        found.setdefault(extra[1] if extra else "", set()).add(requirement.strip())
    return found


def resolved(wanted, extra):
    """An extra's requirements with those of the extras it names in their place."""
    for requirement in wanted[extra]:
        named = re.fullmatch(r"diskarray\[([\w,]+)\]", requirement)
        if named:
            for other in named[1].split(","):
                yield from resolved(wanted, other)
        else:
            yield requirement


def package(requirement):
    return re.match(r"[\w-]+", requirement)[0]


def test_it_requires_the_core_packages(wheel):
    core = {package(requirement) for requirement in requirements(wheel)[""]}
    assert core == {"numpy", "scipy", "astropy", "pyyaml", "pydantic", "tqdm"}


def test_it_offers_the_extras(wheel):
    extras = set(fields(wheel).get_all("Provides-Extra"))
    assert (
        extras
        == {"jax", "sample", "diag", "plot", "cli", "all", "test", "docs", "dev"}
        == {*requirements(wheel)} - {""}
    )


def test_all_holds_every_extra_for_users(wheel):
    wanted = requirements(wheel)
    everything = {requirement for extra in ("jax", "sample", "diag", "plot", "cli") for requirement in wanted[extra]}
    assert set(resolved(wanted, "all")) == everything
    assert everything <= set(resolved(wanted, "dev")) and everything <= set(resolved(wanted, "docs"))


def test_every_requirement_says_the_oldest_version_that_was_tested(wheel):
    wanted = requirements(wheel)
    for extra in wanted:
        for requirement in resolved(wanted, extra):
            assert re.fullmatch(r"[\w-]+(\[\w+\])?(>=|==)[\d.]+(\.\*)?", requirement), requirement


def test_the_extras_hold_no_package_of_the_core(wheel):
    wanted = requirements(wheel)
    core = {package(requirement) for requirement in wanted[""]}
    assert not [r for extra in wanted if extra for r in resolved(wanted, extra) if package(r) in core]


def test_it_says_who_wrote_it_and_what_it_needs(wheel):
    found = fields(wheel)
    assert found["Name"] == "diskarray" and found["Version"] == da.__version__
    assert found["License-Expression"] == "BSD-3-Clause" and found["Requires-Python"] == ">=3.11"
    assert found["Author"] == "The diskarray developers" and found["Summary"] and found["Keywords"]
    assert found["Description-Content-Type"] == "text/markdown"
    assert found.get_payload().startswith("# diskarray")
    assert "Typing :: Typed" in found.get_all("Classifier")


def test_it_carries_its_license(wheel):
    (key,) = [key for key in wheel if key.endswith("/LICENSE")]
    assert wheel[key] == (ROOT / "LICENSE").read_bytes()


def test_it_installs_the_command(wheel):
    entry_points = configparser.ConfigParser()
    entry_points.read_string(metadata(wheel, "entry_points.txt"))
    assert dict(entry_points["console_scripts"]) == {"diskarray": "diskarray.cli.main:main"}
    assert entry_points.sections() == ["console_scripts"]
    module, function = entry_points["console_scripts"]["diskarray"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_it_holds_every_module_the_types_and_the_example(wheel):
    assert {"diskarray/py.typed", "diskarray/__init__.pyi"} <= set(wheel)
    for path in (ROOT / "diskarray").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT)) in wheel
    assert {pathlib.Path(name).suffix for name in wheel if "/example/" in name} >= {".yaml", ".fits", ".json"}


def test_it_holds_no_tests(wheel):
    assert not [name for name in wheel if name.startswith(("test_diskarray", "workspace_test"))]
