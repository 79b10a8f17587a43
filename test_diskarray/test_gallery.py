"""The gallery shows every registered component with every parameter."""

import pathlib

import pytest

from diskarray.optics.registry import PSFS
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.registry import (
    DENSITIES,
    PHASE_FUNCTIONS,
    POLARIZATIONS,
    RADIAL_PROFILES,
    VERTICAL_PROFILES,
)

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "gallery.md"
REGISTRIES = (DENSITIES, RADIAL_PROFILES, VERTICAL_PROFILES, PHASE_FUNCTIONS, POLARIZATIONS, PSFS)


@pytest.mark.parametrize("cls", [cls for registry in REGISTRIES for cls in registry.values()])
def test_every_component_is_shown(cls):
    page = PAGE.read_text(encoding="utf-8")
    assert f"### {cls.__name__}\n" in page, "run python workspace_test/gallery.py"
    for name in parameters_of(cls):
        assert f"(gallery/{cls.__name__}-{name}.png)" in page, "run python workspace_test/gallery.py"
