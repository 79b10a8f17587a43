"""How dust scatters."""

import pickle

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.errors import ParameterError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.profiles.protocols import PhaseFunction
from diskarray.profiles.registry import PHASE_FUNCTIONS

COSINES = np.linspace(-1, 1, 201)
UNPOLARIZED = {kind: cls for kind, cls in PHASE_FUNCTIONS.items() if kind not in ("polarized", "spline")}
SIGNED = ("legendre",)  # a sum that may become negative


def drawn(cls, rng):
    """An object with every number drawn from its default prior, each entry of an array on its own."""
    shapes = {name: np.shape(getattr(cls(), name)) for name in parameters_of(cls)}
    return cls(
        **{name: spec.prior.from_unit(rng.uniform(size=shapes[name])) for name, spec in parameters_of(cls).items()}
    )


def over_the_sphere(function):
    """Integral over solid angle of a function of the scattering angle."""
    return 2 * np.pi * quad(lambda angle: np.sin(angle) * function(np.cos(angle)), 0, np.pi, epsabs=1e-12, limit=200)[0]


@pytest.mark.parametrize(("kind", "cls"), PHASE_FUNCTIONS.items(), ids=PHASE_FUNCTIONS)
def test_finite_not_negative_and_picklable(kind, cls):
    rng = np.random.default_rng(3)
    assert isinstance(cls(), PhaseFunction)
    for _ in range(100):
        function = drawn(cls, rng)
        values = function.phase(COSINES)
        assert np.all(np.isfinite(values)) and np.any(values > 0) and (kind in SIGNED or np.all(values >= 0))
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(function)).phase(COSINES), values)


@pytest.mark.parametrize("cls", UNPOLARIZED.values(), ids=UNPOLARIZED)
def test_normalized_over_the_sphere(cls):
    rng = np.random.default_rng(5)
    for _ in range(10):
        function = drawn(cls, rng)
        assert over_the_sphere(lambda c, f=function: float(f.phase(c))) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("g", [-0.9, -0.3, 0.0, 0.4, 0.95])
def test_henyey_greenstein_mean_cosine_is_g(g):
    function = HenyeyGreenstein(g)
    assert over_the_sphere(lambda c: c * float(function.phase(c))) == pytest.approx(g, abs=1e-9)


def test_henyey_greenstein_closed_forms():
    np.testing.assert_allclose(HenyeyGreenstein(0.0).phase(COSINES), 1 / (4 * np.pi), rtol=1e-14)
    for g in (-0.7, 0.5, 0.99):
        forward, sideways, backward = HenyeyGreenstein(g).phase(np.array([1.0, 0.0, -1.0])) * 4 * np.pi
        assert forward == pytest.approx((1 + g) / (1 - g) ** 2, rel=1e-12)
        assert sideways == pytest.approx((1 - g * g) / (1 + g * g) ** 1.5, rel=1e-12)
        assert backward == pytest.approx((1 - g) / (1 + g) ** 2, rel=1e-12)


@pytest.mark.parametrize("g", [1 - 1e-9, -1 + 1e-9, np.nextafter(1, 0), np.nextafter(-1, 0)])
def test_finite_up_to_the_ends_of_the_physical_range(g):
    values = HenyeyGreenstein(g).phase(np.array([-1.0, 0.0, 1.0]))
    assert np.all(np.isfinite(values)) and np.all(values > 0)
    forward = values[2] if g > 0 else values[0]
    assert forward == pytest.approx((1 + abs(g)) / (1 - abs(g)) ** 2 / (4 * np.pi), rel=1e-6)


def test_polarized_is_the_product():
    polarized = Polarized(phase_function=HenyeyGreenstein(0.4))
    np.testing.assert_array_equal(polarized.phase(np.array([-1.0, 1.0])), 0)
    assert float(polarized.phase(0.0)) == pytest.approx((1 - 0.16) / (4 * np.pi * 1.16**1.5), rel=1e-14)
    half = Polarized(phase_function=HenyeyGreenstein(0.4), polarization=type(polarized.polarization)(maximum=0.5))
    np.testing.assert_allclose(half.phase(COSINES), 0.5 * polarized.phase(COSINES), rtol=1e-14)


@pytest.mark.parametrize("g", [1.0, -1.0, 1.5, np.nan, "forward", None])
def test_range_errors(g):
    with pytest.raises(ParameterError, match="HenyeyGreenstein.g"):
        HenyeyGreenstein(g)


def test_polarized_says_what_its_parts_need():
    with pytest.raises(ParameterError, match=r"phase_function needs a \.phase\(cos_phi, \*, xp\) method"):
        Polarized(phase_function=0.3)
    with pytest.raises(ParameterError, match=r"polarization needs a \.fraction\(cos_phi, \*, xp\) method"):
        Polarized(polarization=HenyeyGreenstein())
