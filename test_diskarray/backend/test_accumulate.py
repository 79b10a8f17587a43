"""Sums of terms that are made one at a time; their derivatives are compared in parity_elementary.py."""

import array_api_strict
import numpy as np
import pytest

from diskarray.backend.accumulate import accumulate, chosen_rows

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


def test_of_several_tables_one_is_added_up():
    tables = [(np.array([1.0, 2.0]), np.array([3.0, 4.0])), (np.array([5.0, 6.0, 7.0]), np.array([1.0, 1.0, 2.0]))]
    for index, expected in ((0, 11.0), (1, 25.0), (np.asarray(1), 25.0)):
        *rows, count = chosen_rows(tables, index)
        assert count is None
        np.testing.assert_array_equal(accumulate(lambda a, b, x, _: a * b * x, rows, (np.ones(2),)), expected)


def test_only_rows_that_count_are_added_up():
    rows = (np.array([1.0, 2.0, 5.0]),)
    total = accumulate(lambda row, x, _: row * x, rows, (np.ones(2),), count=np.asarray(2))
    np.testing.assert_array_equal(total, 3.0)
