"""The unit tests are NumPy only: importing JAX fails in them, whether it is installed or not."""

import sys
from importlib.util import find_spec

import pytest
from tiny import TINY_CONFIG

from diskarray.errors import MissingExtraError

OPTIONAL = {"arviz_base", "arviz_stats", "corner", "dynesty", "emcee", "h5netcdf", "h5py", "matplotlib", "shtab"}


class _NoJax:
    """An import finder that refuses JAX."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"jax", "jaxlib"}:
            raise ImportError(f"{name} must not be imported by the unit tests")


sys.meta_path.insert(0, _NoJax())


def _skipped_without_its_package():
    """What a test asks for may need a package that is not installed; then it is skipped and says which."""
    try:
        return (yield)
    except ImportError as error:
        missing = error.__cause__ if isinstance(error, MissingExtraError) else error
        name = (getattr(missing, "name", None) or "").partition(".")[0]
        if name in OPTIONAL and find_spec(name) is None:
            pytest.skip(f"could not import {name!r}: {error}")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _skipped_without_its_package())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _skipped_without_its_package())


@pytest.fixture
def tiny_text():
    """A configuration that simulates and fits a small image with three free parameters."""
    return TINY_CONFIG


@pytest.fixture
def tiny_config(tmp_path):
    """The path of that configuration, beside the image made from it."""
    from diskarray.pipeline.simulate import run_simulation

    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_CONFIG)
    run_simulation(path, tmp_path / "tiny.fits")
    return path
