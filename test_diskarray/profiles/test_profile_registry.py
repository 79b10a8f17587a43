"""The registries of profiles: read-only, and every entry makes an object from its defaults."""

import numpy as np
import pytest

from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.registry import (
    DENSITIES,
    PHASE_FUNCTIONS,
    POLARIZATIONS,
    RADIAL_PROFILES,
    VERTICAL_PROFILES,
)

REGISTRIES = (DENSITIES, RADIAL_PROFILES, VERTICAL_PROFILES, PHASE_FUNCTIONS, POLARIZATIONS)


@pytest.mark.parametrize("registry", REGISTRIES)
def test_read_only(registry):
    with pytest.raises(TypeError):
        registry["mine"] = object


@pytest.mark.parametrize("cls", [cls for registry in REGISTRIES for cls in registry.values()])
def test_defaults_and_default_priors_are_physical(cls):
    made = cls()
    for name, spec in parameters_of(cls).items():
        assert np.all(getattr(made, name) == spec.default) and spec.doc
        assert spec.prior is not None and all(spec.contains(spec.prior.from_unit(u)) for u in (0.001, 0.5, 0.999))
        assert name in cls.__doc__
