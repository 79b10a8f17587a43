"""How strongly scattered light is polarized."""

import pickle

import numpy as np
import pytest

from diskarray.errors import ParameterError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.polarization import RayleighPolarization
from diskarray.profiles.protocols import Polarization
from diskarray.profiles.registry import POLARIZATIONS

COSINES = np.linspace(-1, 1, 181)


@pytest.mark.parametrize("cls", POLARIZATIONS.values(), ids=POLARIZATIONS)
def test_a_fraction_that_vanishes_forward_and_backward(cls):
    rng = np.random.default_rng(6)
    assert isinstance(cls(), Polarization)
    for _ in range(20):
        curve = cls(**{name: float(s.prior.from_unit(rng.uniform())) for name, s in parameters_of(cls).items()})
        values = curve.fraction(COSINES)
        assert np.all(np.isfinite(values)) and np.all((values >= 0) & (values <= 1))
        np.testing.assert_array_equal(values[[0, -1]], 0)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(curve)).fraction(COSINES), values)


def test_rayleigh_is_symmetric_and_known_at_known_angles():
    curve = RayleighPolarization(maximum=0.4)
    np.testing.assert_allclose(curve.fraction(COSINES), curve.fraction(-COSINES), rtol=1e-14)
    cosines = np.cos(np.radians([90.0, 60.0, 45.0]))
    np.testing.assert_allclose(curve.fraction(cosines), [0.4, 0.4 * 3 / 5, 0.4 / 3], rtol=1e-12)


@pytest.mark.parametrize("maximum", [-0.01, 1.01, np.nan])
def test_range_errors(maximum):
    with pytest.raises(ParameterError, match="RayleighPolarization.maximum"):
        RayleighPolarization(maximum=maximum)
