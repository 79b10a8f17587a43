"""Loops and branches, spelled for NumPy and for the array-API standard."""

import platform
import subprocess
import sys

import array_api_strict
import numpy as np
import pytest

from diskarray.backend.loops import branch, in_blocks, on_nonzero, repeated, sorted_rows

NAMESPACES = [np, array_api_strict]
RNG = np.random.default_rng(5)


def test_repeated_applies_a_function_again_and_again():
    assert repeated(lambda x: 2 * x, 3.0, 4) == 48.0


@pytest.mark.parametrize("xp", NAMESPACES)
def test_a_factor_of_zero_gives_zero(xp):
    factor, a = RNG.normal(size=(4, 5)) * RNG.integers(0, 2, size=(4, 5)), RNG.normal(size=(4, 5))
    result = on_nonzero(lambda size, values: size * values**2, xp.asarray(factor), (xp.asarray(a),), xp=xp)
    np.testing.assert_allclose(np.asarray(result), factor * a**2, atol=1e-15)


def test_numpy_evaluates_nothing_where_the_factor_is_zero():
    seen = []

    def function(size, values):
        seen.append(values.copy())
        return values

    on_nonzero(function, np.array([[0.0, 2.0], [0.0, 3.0]]), (np.array([[1.0, 2.0], [3.0, 4.0]]),))
    np.testing.assert_array_equal(seen, [[2.0, 4.0]])


@pytest.mark.parametrize("xp", NAMESPACES)
def test_blocks_give_what_the_whole_gives(xp):
    lengths = []

    def function(a, b):
        lengths.append(a.shape[0])
        return a * b

    a, b = np.arange(11.0), np.linspace(0, 1, 11)
    np.testing.assert_array_equal(np.asarray(in_blocks(function, (xp.asarray(a), xp.asarray(b)), 4, xp=xp)), a * b)
    assert lengths == [4, 4, 3]


@pytest.mark.parametrize("xp", NAMESPACES)
def test_one_branch_is_run(xp):
    functions = [lambda: 1 / 0, lambda: "second", lambda: 1 / 0]
    assert branch(xp.asarray(1), functions, xp=xp) == "second"


MEMORY_OF_TEN_ROUNDS = """
import resource
import numpy as np
from diskarray.backend.loops import in_blocks

def function(a):
    for _ in range(20):
        a = a + np.ones(a.size) + np.ones(a.size)
    return a

lines, pages = (np.zeros(100000),), []
for _ in range(11):
    in_blocks(function, lines, 16000)
    pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(pages[-1] - pages[0])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc hands freed memory back at once")
def test_the_memory_of_a_block_serves_the_next_one():
    done = subprocess.run([sys.executable, "-c", MEMORY_OF_TEN_ROUNDS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000  # pages fetched; 4,450 where every array has its memory fetched anew


@pytest.mark.parametrize("xp", NAMESPACES)
def test_sorted_rows_puts_every_column_in_order(xp):
    rows = np.round(RNG.normal(size=(5, 40)), 1)  # with ties
    np.testing.assert_array_equal(np.asarray(sorted_rows(xp.asarray(rows), xp=xp)), np.sort(rows, axis=0))
