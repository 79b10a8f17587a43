"""On NumPy bundled numbers are the numbers themselves; what JAX makes of them is compared in parity_elementary.py."""

from diskarray.backend.numbers import bundled


def test_numpy_gets_the_numbers_themselves():
    numbers = (1.5, {"slope": -2.0})
    assert bundled(numbers)() is numbers
