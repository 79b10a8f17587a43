"""Elementary functions on NumPy are NumPy's own; what they do under JAX is compared in parity_elementary.py."""

import numpy as np
import pytest

from diskarray.backend.elementary import logarithm, power, square_root, with_slopes
from diskarray.profiles.density import joined_power_laws

SMALLEST = np.sqrt(np.finfo(float).tiny)  # of what is the root of a sum
X = np.random.default_rng(2).uniform(0.1, 9.0, 50)


@pytest.mark.parametrize(
    ("found", "expected"),
    [(logarithm(X), np.log(X)), (square_root(X), np.sqrt(X)), (power(X, -1.7), X**-1.7), (power(X, 0.0), np.ones(50))],
)
def test_numpy_gets_its_own_functions(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-15 * 8)


def test_numpy_never_asks_for_slopes():
    function = with_slopes(lambda x, *, xp: (2 * x, ()), lambda *_, xp: pytest.fail("NumPy has no derivatives"))
    np.testing.assert_array_equal(function(X), 2 * X)


@pytest.mark.parametrize("inner", [-800.0, -3.0, 0.0, 3.0, 800.0])
def test_joined_power_laws_follow_the_steeper_one_on_either_side(inner):
    outer, depth = -0.5 * inner, 0.3
    value = joined_power_laws(np.array([inner]), np.array([outer]), np.array([depth]))[0]
    steeper = max(np.exp(min(inner, outer) - depth), SMALLEST)
    assert steeper * (1 - 1e-12) <= value <= np.sqrt(2) * steeper * (1 + 1e-12)
    if abs(inner) < 10:
        assert value == pytest.approx(
            np.sqrt(2 / (np.exp(-2 * inner) + np.exp(-2 * outer))) * np.exp(-depth), rel=1e-14
        )
