"""How strongly scattered light is polarized."""

import pickle

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from diskarray.errors import ParameterError, ShapeError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.polarization import RayleighPolarization
from diskarray.profiles.polarization_table import TabulatedPolarization
from diskarray.profiles.protocols import Polarization
from diskarray.profiles.registry import POLARIZATIONS

COSINES = np.linspace(-1, 1, 181)


@pytest.mark.parametrize("cls", POLARIZATIONS.values(), ids=POLARIZATIONS)
def test_a_fraction_that_vanishes_forward_and_backward(cls):
    rng = np.random.default_rng(6)
    assert isinstance(cls(), Polarization)
    for _ in range(20):
        shapes = {name: np.shape(getattr(cls(), name)) for name in parameters_of(cls)}
        curve = cls(**{n: s.prior.from_unit(rng.uniform(size=shapes[n])) for n, s in parameters_of(cls).items()})
        values = curve.fraction(COSINES)
        assert np.all(np.isfinite(values)) and np.all((values >= 0) & (values <= 1))
        np.testing.assert_allclose(values[[0, -1]], 0, atol=1e-6)
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


def test_a_table_is_interpolated_and_falls_to_zero_at_its_ends():
    angles, values = (20.0, 55.0, 90.0, 130.0, 170.0), np.array([0.02, 0.2, 0.35, 0.15, -0.03])
    curve = TabulatedPolarization(angles=angles, values=values)
    reference = PchipInterpolator([0.0, *angles, 180.0], [0.0, *values, 0.0])
    phi = np.linspace(0.5, 179.5, 400)
    np.testing.assert_allclose(curve.fraction(np.cos(np.radians(phi))), reference(phi), atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"values": [0.1, 0.2, 1.2, 0.1, 0.0]}, ParameterError, "TabulatedPolarization.values"),
        ({"values": [0.1, 0.2]}, ShapeError, "5 numbers"),
        ({"angles": (0.0, 90.0), "values": [0.1, 0.2]}, ParameterError, "between 0 and 180"),
        ({"angles": (90.0, 60.0), "values": [0.1, 0.2]}, ParameterError, "increasing"),
        ({"angles": (90.0,), "values": [0.1]}, ParameterError, "at least 2"),
        ({"angles": 90.0}, ParameterError, "list of angles"),
    ],
)
def test_a_table_that_is_none_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        TabulatedPolarization(**wrong)
