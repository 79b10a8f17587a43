"""Where the dust is."""

import pickle
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.errors import ParameterError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.protocols import Density
from diskarray.profiles.registry import DENSITIES

SINGULAR = np.array(
    [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [5.0, 0.0, 0.0],
        [0.0, -5.0, 0.0],
        [1e-200, 0.0, 0.0],
        [0.0, 0.0, 1e-300],
        [1e6, 1e6, 0.0],
        [1e6, 0.0, 1e6],
        [0.0, 0.0, -1e6],
    ]
).T


def drawn(cls, rng):
    """An object with every parameter drawn from its default prior."""
    return cls(**{name: float(spec.prior.from_unit(rng.uniform())) for name, spec in parameters_of(cls).items()})


@pytest.mark.parametrize("cls", DENSITIES.values(), ids=DENSITIES)
def test_finite_and_not_negative_over_the_whole_prior(cls):
    rng = np.random.default_rng(4)
    for _ in range(200):
        density = drawn(cls, rng)
        points = np.concatenate([rng.normal(0, rng.choice([0.1, 10, 300]), size=(3, 50)), SINGULAR], axis=1)
        values = density.density(*points)
        assert np.all(np.isfinite(values)) and np.all(values >= 0)


@pytest.mark.parametrize("cls", DENSITIES.values(), ids=DENSITIES)
def test_contract(cls):
    density = cls()
    assert isinstance(density, Density)
    copy = pickle.loads(pickle.dumps(drawn(cls, np.random.default_rng(1))))
    assert isinstance(copy, cls) and all(hasattr(copy, name) for name in parameters_of(cls))
    X, Y, Z = np.random.default_rng(2).uniform(20, 60, size=(3, 20))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(density)).density(X, Y, Z / 30), density.density(X, Y, Z / 30)
    )


@pytest.mark.parametrize("cls", DENSITIES.values(), ids=DENSITIES)
def test_vertical_column_is_the_integral_over_z(cls):
    rng = np.random.default_rng(8)
    for _ in range(10):
        density = drawn(cls, rng)
        R, H = density.scales().radius * (1 - density.scales().eccentricity), density.scales().scale_height
        angle = np.radians(density.scales().argument_of_pericenter)
        X, Y = R * np.cos(angle), R * np.sin(angle)
        edges = [0, *(H * np.geomspace(1e-4, 1e4, 33))]
        at_height = partial(density.density, X, Y)
        column = 2 * sum(quad(at_height, a, b)[0] for a, b in pairwise(edges))
        assert float(density.vertical_column()) == pytest.approx(column, rel=1e-6)


@pytest.mark.parametrize(("alpha_in", "alpha_out"), [(10.0, -5.0), (2.0, -2.0), (4.0, -12.0)])
def test_peak_and_slopes(alpha_in, alpha_out):
    density = TwoPowerLaw(radius=80.0, alpha_in=alpha_in, alpha_out=alpha_out, scale_height=2.0)
    r = np.geomspace(20, 300, 200001)
    n = density.density(r, 0 * r, 0 * r)
    peak = 80.0 * (-alpha_in / alpha_out) ** (1 / (2 * (alpha_in - alpha_out)))
    assert r[np.argmax(n)] == pytest.approx(peak, rel=1e-4)
    assert float(density.density(80.0, 0.0, 0.0)) == pytest.approx(1.0, rel=1e-14)
    for start, slope in ((0.8, alpha_in), (8e3, alpha_out)):
        two = density.density(np.array([start, 1.01 * start]), np.zeros(2), np.zeros(2))
        assert np.log(two[1] / two[0]) / np.log(1.01) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("gamma", "beta", "r"), [(2.0, 1.0, 80.0), (1.0, 0.0, 120.0), (3.0, 1.5, 40.0)])
def test_vertical_profile_and_flaring(gamma, beta, r):
    density = TwoPowerLaw(radius=80.0, scale_height=2.0, gamma=gamma, beta=beta)
    height = 2.0 * (r / 80.0) ** beta
    z = height * np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
    fall = density.density(r, 0.0, z) / density.density(r, 0.0, 0.0)
    np.testing.assert_allclose(fall, np.exp(-(np.array([2, 1, 0.5, 0.5, 1, 2]) ** gamma)), rtol=1e-12)


def test_eccentric_ring_peaks_at_its_pericenter_distance():
    density = TwoPowerLaw(radius=60.0, alpha_in=20.0, alpha_out=-20.0, eccentricity=0.3, argument_of_pericenter=70.0)
    r = np.linspace(20, 100, 80001)
    for turn, expected in ((0.0, 42.0), (180.0, 78.0)):
        angle = np.radians(70.0 + turn)
        n = density.density(r * np.cos(angle), r * np.sin(angle), 0 * r)
        assert r[np.argmax(n)] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"radius": 0.0},
        {"radius": -1.0},
        {"alpha_in": 0.0},
        {"alpha_out": 0.0},
        {"alpha_out": 2.0},
        {"scale_height": 0.0},
        {"gamma": 0.0},
        {"eccentricity": 1.0},
        {"eccentricity": -0.1},
        {"radius": np.nan},
        {"beta": np.inf},
        {"radius": "wide"},
        {"gamma": True},
    ],
)
def test_range_errors_name_the_parameter(wrong):
    with pytest.raises(ParameterError, match=f"TwoPowerLaw.{next(iter(wrong))}"):
        TwoPowerLaw(**wrong)
