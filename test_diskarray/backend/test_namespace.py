"""Which library an array belongs to, asked without importing any; a stand-in plays JAX."""

import sys
import types

import array_api_strict
import numpy as np
import pytest

from diskarray.backend.namespace import (
    check_namespace,
    concrete,
    is_jax_array,
    is_jax_namespace,
    is_numpy_namespace,
    is_traced,
    namespace_of,
)
from diskarray.backend.precision import check_precision, enable_jax, require_jax
from diskarray.backend.pytree import component
from diskarray.backend.transforms import evaluate, exact_jacobian, value_and_gradient
from diskarray.errors import BackendError, DiskArrayError, MissingExtraError
from diskarray.parameters.parameter import parameter
from diskarray.structures.decorators import to_image
from diskarray.structures.grid import Grid2DIrregular


class Array:
    """Plays a JAX array."""

    shape = (3, 2)


class Tracer(Array):
    """Plays a number that is not known yet."""


@pytest.fixture
def stand_in(monkeypatch):
    jax = types.ModuleType("jax")
    jax.Array, jax.core = Array, types.SimpleNamespace(Tracer=Tracer)
    monkeypatch.setitem(sys.modules, "jax", jax)


def test_without_jax_nothing_is_a_jax_array(monkeypatch):
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    for value in (1.0, np.ones(2), Array(), None):
        assert not is_jax_array(value) and not is_traced(value)
    assert "jax" not in sys.modules


def test_jax_arrays_and_tracers_are_told_apart(stand_in):
    assert is_jax_array(Array()) and not is_traced(Array()) and concrete(Array())
    assert is_jax_array(Tracer()) and is_traced(Tracer()) and not concrete(Tracer())
    assert not is_jax_array(np.ones(2)) and not is_traced(np.ones(2))


@pytest.mark.parametrize(
    "value, seen", [(1, True), (1.0, True), (np.ones(2), True), (np.float64(1), True), (object(), False), ("1", False)]
)
def test_concrete_numbers_can_be_looked_at(value, seen):
    assert concrete(value) is seen


def test_namespaces_are_recognized():
    assert is_numpy_namespace(np) and not is_numpy_namespace(array_api_strict)
    assert is_jax_namespace(types.ModuleType("jax.numpy")) and not is_jax_namespace(np)


def test_the_namespace_of_arrays_is_the_one_that_is_not_numpy():
    strict = array_api_strict.asarray(1.0)
    for arrays in ((), (1.0,), ([1],), (np.ones(2),), (np.float64(1), 2)):
        assert namespace_of(*arrays) is np
    for arrays in ((strict,), (np.ones(2), strict), (2.0, strict, np.ones(1))):
        assert namespace_of(*arrays) is array_api_strict


@component
class Lamp:
    brightness: float = parameter(1.0)

    @to_image
    def image(self, grid, *, xp=np):
        return self.brightness * grid.y


def test_a_jax_array_with_xp_numpy_is_refused_wherever_it_hides(stand_in):
    points = Grid2DIrregular(np.ones((3, 2)))
    hidden = Lamp()
    object.__setattr__(hidden, "brightness", Array())
    moved = Grid2DIrregular(np.ones((3, 2)))
    object.__setattr__(moved, "array", Array())
    for call in (
        lambda: check_namespace(np, (1.0, Array())),
        lambda: hidden.image(points),
        lambda: Lamp().image(moved),
        lambda: Lamp().image(Array()),
        lambda: Lamp().image((Array(), 1.0)),
        lambda: Lamp().image(grid=[1.0, Array()]),
    ):
        with pytest.raises(BackendError, match="JAX array"):
            call()
    check_namespace(np, (1.0, np.ones(2)))
    check_namespace(array_api_strict, (Array(),))


def test_a_missing_jax_is_named_as_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    for call in (require_jax, enable_jax):
        with pytest.raises(MissingExtraError, match=r"diskarray\[jax\]"):
            call()
    check_precision(np)


def test_an_object_made_before_jax_says_what_to_do(monkeypatch):
    from diskarray.backend import pytree

    lamp = Lamp()
    monkeypatch.setattr(pytree, "_PENDING", {Lamp: None})
    with pytest.raises(DiskArrayError, match="enable_jax"):
        lamp.__jax_array__  # noqa: B018
    monkeypatch.setattr(pytree, "_PENDING", {})
    assert not hasattr(lamp, "__jax_array__")


def test_numpy_evaluates_plainly_and_has_no_derivatives():
    def function(subject, vector, *, xp):
        return subject * xp.sum(vector)

    assert evaluate(function, 2.0, np.arange(3)) == 6.0
    assert exact_jacobian(function, 2.0, np.arange(3)) is None
    with pytest.raises(BackendError, match="enable_jax"):
        value_and_gradient(function, 2.0, np.arange(3), xp=np)
