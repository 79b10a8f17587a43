"""A wheel built from a clean tree carries the package, its dependencies, its command and its example."""

import configparser
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "diskarray", tree / "diskarray", ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
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


def test_it_requires_the_core_packages(wheel):
    required = [
        line.removeprefix("Requires-Dist: ")
        for line in metadata(wheel, "METADATA").splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    ]
    names = {requirement.split(">")[0].strip() for requirement in required}
    assert names == {"numpy", "scipy", "astropy", "pyyaml", "pydantic", "tqdm"}


def test_it_offers_the_extras(wheel):
    extras = {
        line.split(": ")[1] for line in metadata(wheel, "METADATA").splitlines() if line.startswith("Provides-Extra")
    }
    assert {"jax", "sample", "diag", "plot", "test", "all"} <= extras


def test_all_holds_every_extra_for_users(wheel):
    wanted = {}
    for line in metadata(wheel, "METADATA").splitlines():
        if line.startswith("Requires-Dist: ") and "extra ==" in line:
            requirement, _, extra = line.removeprefix("Requires-Dist: ").partition(";")
            wanted.setdefault(extra.split("==")[1].strip(" '\""), set()).add(requirement.strip())
    assert wanted["all"] == wanted["jax"] | wanted["sample"] | wanted["diag"] | wanted["plot"]


def test_it_installs_the_command(wheel):
    entry_points = configparser.ConfigParser()
    entry_points.read_string(metadata(wheel, "entry_points.txt"))
    assert entry_points["console_scripts"]["diskarray"] == "diskarray.cli.main:main"


def test_it_holds_every_module_and_the_example(wheel):
    for path in (ROOT / "diskarray").rglob("*"):
        if path.suffix in {".py", ".yaml", ".fits", ".json"} and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT)) in wheel
    assert {pathlib.Path(name).suffix for name in wheel if "/example/" in name} >= {".yaml", ".fits", ".json"}


def test_it_holds_no_tests(wheel):
    assert not [name for name in wheel if name.startswith(("test_diskarray", "workspace_test"))]
