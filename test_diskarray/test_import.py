"""What ``import diskarray`` costs and touches, in fresh interpreters; and what the package lists."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import diskarray as da

FORBIDDEN = ("jax", "jaxlib", "numpyro", "matplotlib", "h5py", "emcee", "dynesty", "scipy.stats", "astropy", "pydantic")

PROBE = """
import json, logging, os, sys, time, warnings
before = dict(os.environ), list(warnings.filters), list(logging.root.handlers), logging.root.level
start = time.perf_counter()
import diskarray
seconds = time.perf_counter() - start
after = dict(os.environ), list(warnings.filters), list(logging.root.handlers), logging.root.level
print(json.dumps({"seconds": seconds, "modules": sorted(sys.modules), "same": [a == b for a, b in zip(before, after)]}))
"""

FACE = """
import json, logging, os, sys, warnings
import numpy, scipy.special  # what they do to the process on import is theirs
before = dict(os.environ), list(warnings.filters), list(logging.root.handlers), logging.root.level
import diskarray as da
grid = da.Grid2D.uniform(shape_native=(5, 4), pixel_scale=0.2, over_sample_size=2)
disk = da.Disk(inclination=40.0, distance=20.0)
scene = da.Scene(disks={"belt": disk}, instrument=da.Instrument(psf=da.GaussianPSF(fwhm=0.3)))
image = scene.image_2d_from(grid)
data = da.Imaging(data=image, noise_map=abs(image.array) + 1.0, pixel_scale=0.2)
space = da.ParameterSpace.of(scene, {"disks.belt.inclination": da.Uniform(20, 60)})
da.Posterior(data, space).log_likelihood(space.to_vector())
after = dict(os.environ), list(warnings.filters), list(logging.root.handlers), logging.root.level
print(json.dumps({"modules": sorted(sys.modules), "same": [a == b for a, b in zip(before, after)]}))
"""

FIT = """
import json, sys
import diskarray as da
scene = da.Scene(disks={"belt": da.Disk(inclination=40.0, distance=20.0)})
data = da.simulate(scene, da.Grid2D.uniform(shape_native=(12, 12), pixel_scale=0.9), background=1e-3, seed=1)
space = da.ParameterSpace.of(scene, {"disks.belt.optical_depth": da.LogUniform(1e-5, 1.0)})
da.optimize(da.Posterior(data, space), da.LeastSquares(), start=space.to_vector(), progress=False)
print(json.dumps(sorted(sys.modules)))
"""

BACKEND = """
import matplotlib
before = matplotlib.get_backend(), dict(matplotlib.rcParams)
import diskarray
for name in diskarray.__all__:
    getattr(diskarray, name)
assert (matplotlib.get_backend(), dict(matplotlib.rcParams)) == before
print('"unchanged"')
"""


def run(code):
    """What a fresh interpreter prints; its environment holds nothing that this process may have set."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=kept)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded(modules):
    return [m for m in modules for f in FORBIDDEN if m == f or m.startswith(f + ".")]


def test_import_is_quick():
    fastest = 1.0
    for _ in range(5):
        fastest = min(fastest, run(PROBE)["seconds"])
        if fastest <= 0.3:
            break
    assert fastest <= 0.3


def test_import_loads_no_optional_package_and_changes_nothing():
    probe = run(PROBE)
    assert loaded(probe["modules"]) == []
    assert probe["same"] == [True] * 4


def test_rendering_and_comparing_load_no_optional_package_and_change_nothing():
    probe = run(FACE)
    optional = [m for m in loaded(probe["modules"]) if not m.startswith(("astropy", "pydantic"))]
    assert optional == []
    assert probe["same"] == [True] * 4


def test_loading_every_public_name_leaves_matplotlib_alone():
    pytest.importorskip("matplotlib")
    assert run(BACKEND) == "unchanged"


@pytest.mark.parametrize("name", da.__all__)
def test_every_public_name_resolves_and_is_listed(name):
    assert getattr(da, name) is not None
    assert name in dir(da)


def test_public_names_are_unique_and_come_from_modules_that_offer_them():
    assert len(da.__all__) == len(set(da.__all__))
    for name in da.__all__:
        home = sys.modules.get(getattr(getattr(da, name), "__module__", None) or "")
        assert home is None or name in home.__all__


def test_editors_are_told_of_every_public_name_and_its_home():
    stub = ast.parse(Path(da.__file__).with_suffix(".pyi").read_text())
    told = {a.asname: (n.module, a.name) for n in stub.body if isinstance(n, ast.ImportFrom) for a in n.names}
    known = {name: (home, name) for name, home in da._HOME_OF.items()}
    for name, home in da._MODULES.items():
        room, _, module = home.rpartition(".")
        known[name] = (room or None, module)
    assert told == known, "run workspace_test/public_stub.py"


@pytest.mark.parametrize("name", ["Grid3D", "decorator", "grid", "_HOME"])
def test_unknown_names_raise_attribute_errors(name):
    with pytest.raises(AttributeError, match=name):
        getattr(da, name)
    assert not hasattr(da, name)


def test_what_is_imported_once_is_the_same_object():
    from diskarray.structures import decorators
    from diskarray.structures.grid import Grid2D

    assert da.Grid2D is Grid2D and da.decorators is decorators


def test_a_search_imports_nothing_that_takes_longer_than_a_small_fit():
    assert not {"scipy.stats", "scipy.signal"} & set(run(FIT))
