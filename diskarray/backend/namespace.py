"""Recognize array libraries without importing them.

JAX is looked up in ``sys.modules``: if it was never imported, no array can be a JAX array, and asking costs
one dictionary look-up.
"""

__all__ = [
    "check_namespace",
    "concrete",
    "is_jax_array",
    "is_jax_namespace",
    "is_numpy_namespace",
    "is_traced",
    "namespace_of",
]

import sys

import numpy as np

from ..errors import BackendError


def is_jax_array(value):
    """True for JAX arrays and tracers; never imports JAX."""
    jax = sys.modules.get("jax")
    return jax is not None and hasattr(jax, "Array") and isinstance(value, jax.Array)


def is_traced(value):
    """True for a JAX tracer, whose number is not known while a function is being compiled."""
    jax = sys.modules.get("jax")
    return jax is not None and hasattr(jax, "core") and isinstance(value, jax.core.Tracer)


def is_jax_namespace(xp):
    """True if ``xp`` is ``jax.numpy``."""
    return getattr(xp, "__name__", "") == "jax.numpy"


def is_numpy_namespace(xp):
    """True if ``xp`` is NumPy itself."""
    return xp is np


def check_namespace(xp, values):
    """Raise BackendError if a JAX array is among ``values`` while ``xp`` is NumPy."""
    if "jax" not in sys.modules or not is_numpy_namespace(xp):
        return
    for value in values:
        if is_jax_array(value):
            raise BackendError(
                "a JAX array was given but xp is numpy: pass xp=jax.numpy (from da.enable_jax()), "
                "or convert the array with numpy.asarray first"
            )


def concrete(value):
    """True if the number(s) in ``value`` can be looked at (not a tracer, not a placeholder object)."""
    if is_traced(value):
        return False
    return isinstance(value, (int, float, np.ndarray, np.generic)) or is_jax_array(value)


def namespace_of(*arrays):
    """The array namespace that arrays belong to: NumPy for NumPy's own, numbers and lists, else the other one."""
    found = (a.__array_namespace__() for a in arrays if hasattr(a, "__array_namespace__"))
    return next((xp for xp in found if not is_numpy_namespace(xp)), np)
