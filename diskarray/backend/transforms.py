"""Compiled function transformations, each compiled once per function and shape.

Compiled functions live in a bounded memo beside the plain functions they come from, never on an object, so
every object of the library pickles and copies without them.
"""

__all__ = ["compiled", "compiled_value_and_gradient", "compiled_jacobian", "compiled_batch"]

from functools import lru_cache

from .precision import require_jax


@lru_cache(maxsize=64)
def compiled(function):
    """``jax.jit(function)``; ``function`` must be a module-level function of pytrees."""
    return require_jax().jit(function)


@lru_cache(maxsize=64)
def compiled_value_and_gradient(function):
    """Compiled value and reverse-mode gradient with respect to the *last* of two arguments."""
    jax = require_jax()
    return jax.jit(jax.value_and_grad(function, argnums=1))


@lru_cache(maxsize=64)
def compiled_jacobian(function):
    """Compiled forward-mode Jacobian with respect to the *last* of two arguments."""
    jax = require_jax()
    return jax.jit(jax.jacfwd(function, argnums=1))


@lru_cache(maxsize=64)
def compiled_batch(function):
    """Compiled map over the rows of the *last* of two arguments."""
    jax = require_jax()
    return jax.jit(jax.vmap(function, in_axes=(None, 0)))
