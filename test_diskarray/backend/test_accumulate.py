"""Sums of terms that are made one at a time; their derivatives are compared in parity_elementary.py."""

import array_api_strict
import numpy as np
import pytest

from diskarray.backend.accumulate import accumulate

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_the_sum_of_all_rows(xp):
    rows, weights, array = RNG.normal(size=6), RNG.normal(size=6), RNG.normal(size=(2, 3))

    def term(row, weight, array, numbers):
        return weight * (numbers["scale"] * array + row) ** 2

    total = accumulate(term, (xp.asarray(rows), xp.asarray(weights)), (xp.asarray(array),), {"scale": 3.0}, xp=xp)
    expected = (weights[:, None, None] * (3.0 * array + rows[:, None, None]) ** 2).sum(axis=0)
    np.testing.assert_allclose(np.asarray(total), expected, atol=1e-13)


def test_one_term_is_held_at_a_time():
    seen = []
    accumulate(lambda row, array, numbers: seen.append(array.shape) or row * array, (np.ones(4),), (np.ones(5),))
    assert seen == [(5,)] * 4
