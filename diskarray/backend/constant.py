"""Numbers that are known when code is compiled, so that simpler formulas can be chosen for them.

A power with the exponent 2, or an ellipse of eccentricity 0, needs no logarithm. Compiled code can use that only where
the number cannot change. A ``Constant`` is a float that JAX does not trace: part of a tree's structure, not a leaf.
"""

__all__ = ["Constant", "held_at"]

import numpy as np

from .namespace import concrete
from .pytree import register_with_jax


class Constant(float):
    """A float that stays what it is inside compiled code; arithmetic with it gives plain floats."""

    __slots__ = ()


def _register():
    from jax.tree_util import register_pytree_node

    register_pytree_node(Constant, lambda number: ((), float(number)), lambda number, _: Constant(number))


register_with_jax(Constant, _register)


def held_at(value, number):
    """Whether ``value`` is known to equal ``number``: False for a traced value, whatever it will be."""
    return concrete(value) and np.ndim(value) == 0 and float(value) == number
