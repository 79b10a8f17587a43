"""The operations that libraries spell differently, on NumPy and on the strict array API."""

import array_api_strict
import numpy as np
import pytest
from scipy import special

from diskarray.backend.operations import (
    floating,
    frozen,
    gamma_function,
    next_fast_length,
    normal_quantile,
    safe_input,
    segment_mean,
    value_where,
)
from diskarray.errors import DataError

NAMESPACES = [np, array_api_strict]
RNG = np.random.default_rng(5)


@pytest.mark.parametrize("xp", NAMESPACES)
@pytest.mark.parametrize("inner", [(), (2,), (2, 3)])
def test_segment_mean_averages_consecutive_runs(xp, inner):
    lengths = np.array([1, 4, 2, 9])
    values = RNG.normal(size=(16, *inner))
    expected = [part.mean(axis=0) for part in np.split(values, np.cumsum(lengths)[:-1])]
    np.testing.assert_allclose(np.asarray(segment_mean(xp.asarray(values), lengths, xp=xp)), expected, atol=1e-15)


@pytest.mark.parametrize("value", [[1, 2], (1.5, 2), np.array([1, 2], ">f4"), np.array([True, False]), 3, range(3)])
def test_frozen_makes_a_read_only_float_copy(value):
    result = frozen(value)
    np.testing.assert_array_equal(result, np.asarray(value))
    assert result.dtype == np.dtype(float) and not result.flags.writeable
    assert not np.shares_memory(result, value) if isinstance(value, np.ndarray) else True


def test_frozen_leaves_other_libraries_alone():
    array = array_api_strict.asarray([1, 2])
    assert frozen(array) is array


def test_frozen_refuses_what_would_lose_its_meaning():
    from astropy import units

    for value in (["a"], [1j], None, [None], [[1], [1, 2]], np.ma.masked_array([1, 2], [0, 1]), [1, 2] * units.mJy, {}):
        with pytest.raises(DataError):
            frozen(value)


@pytest.mark.parametrize("xp", NAMESPACES)
def test_floating_converts_whole_numbers_only(xp):
    for value in (1, [1, 2], np.array([1, 2])):
        assert xp.isdtype(floating(value, xp=xp).dtype, "real floating")
    single = xp.asarray([1.0], dtype=xp.float32)
    assert floating(single, xp=xp).dtype == xp.float32


@pytest.mark.parametrize("length", [1, 7, 17, 101, 1023])
def test_fast_lengths_have_small_prime_factors(length):
    fast = next_fast_length(length)
    assert length <= fast < 1.25 * length + 8
    for prime in (2, 3, 5, 7, 11):
        while fast % prime == 0:
            fast //= prime
    assert fast == 1


@pytest.mark.parametrize("xp", NAMESPACES)
def test_special_functions(xp):
    u = np.array([1e-10, 0.1, 0.5, 0.99])
    result = normal_quantile(xp.asarray(u), xp=xp)
    assert type(result) is type(xp.asarray(u))
    np.testing.assert_allclose(0.5 * special.erfc(-np.asarray(result) / np.sqrt(2)), u, rtol=1e-10)
    np.testing.assert_allclose(
        np.asarray(gamma_function(xp.asarray([1.0, 1.5, 5.0]), xp=xp)), [1, np.sqrt(np.pi) / 2, 24]
    )


def test_numpy_sees_the_value_itself_and_calls_only_what_is_allowed():
    assert safe_input(3.0, False, lambda: 1.0) == 3.0
    assert value_where(True, lambda: 2.0, -1.0) == 2.0
    assert value_where(False, lambda: 1 / 0, -1.0) == -1.0


def test_compiled_libraries_see_the_substitute_and_choose_afterwards():
    xp = array_api_strict
    no, yes = xp.asarray(False), xp.asarray(True)
    assert (
        float(safe_input(xp.asarray(3.0), no, lambda: 1.0, xp=xp)) == 1.0
        and float(safe_input(xp.asarray(3.0), yes, lambda: 1.0, xp=xp)) == 3.0
    )
    assert float(value_where(no, lambda: xp.asarray(2.0), -1.0, xp=xp)) == -1.0
    assert float(value_where(yes, lambda: xp.asarray(2.0), -1.0, xp=xp)) == 2.0
