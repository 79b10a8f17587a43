"""Numbers that compiled code may know."""

import pickle

import numpy as np
import pytest

from diskarray.backend.constant import Constant, held_at


def test_a_constant_is_a_float():
    number = Constant(2.0)
    assert isinstance(number, float) and number == 2.0 and repr(number) == "2.0"
    assert type(number * 3) is float
    assert type(pickle.loads(pickle.dumps(number))) is Constant


@pytest.mark.parametrize("value", [2.0, 2, np.float64(2.0), np.asarray(2.0), Constant(2.0)])
def test_what_can_be_looked_at_is_held(value):
    assert held_at(value, 2.0) and not held_at(value, 1.0)


@pytest.mark.parametrize("value", [np.array([2.0]), None, "2.0"])
def test_what_is_no_single_number_is_not_held(value):
    assert not held_at(value, 2.0)
