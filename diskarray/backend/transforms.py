"""Functions of ``(subject, vector, *, xp)`` evaluated and differentiated by the array library in use.

Under JAX each is compiled once per function and shape. Compiled functions live in a bounded memo beside the plain
functions they come from, never on an object, so every object of the library pickles and copies without them.
"""

__all__ = ["evaluate", "evaluate_each", "evaluate_rows", "exact_jacobian", "has_derivatives", "value_and_gradient"]

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import numpy as np

from ..errors import BackendError
from .device import usable_cpus
from .namespace import is_jax_namespace
from .precision import require_jax


def evaluate(function, subject, vector, *, xp=np):
    """``function(subject, vector, xp=xp)`` as a NumPy array; compiled under JAX.

    Parameters
    ----------
    function : callable
        ``function(subject, vector, *, xp)``, defined once (a method taken from its class, a module's function): it
        is what the compiled code is remembered by.
    subject : pytree
    vector : array, shape (n,)
    xp : module
        numpy (default) or jax.numpy.
    """
    if not is_jax_namespace(xp):
        return function(subject, vector, xp=xp)
    return np.asarray(_compiled(function, "value")(subject, xp.asarray(vector)))


def evaluate_each(function, subject, vectors, *, xp=np):
    """``evaluate`` for every vector, a list; compiled code runs side by side in threads.

    What is compiled for one vector serves all of them: unlike ``evaluate_rows`` it takes no compilation of its own.
    """
    if not is_jax_namespace(xp) or len(vectors) == 1:
        return [evaluate(function, subject, vector, xp=xp) for vector in vectors]
    with ThreadPoolExecutor(usable_cpus()) as pool:
        return list(pool.map(lambda vector: evaluate(function, subject, vector, xp=xp), vectors))


def evaluate_rows(function, subject, rows, chunk, *, xp=np):
    """``function(subject, row, xp=xp)`` for every row, as a NumPy array.

    Under JAX it is compiled once per number of rows that go together. On processors these are one thread's share, one
    row after the other: images side by side would gain nothing there, and each of them runs every quadrature that one
    of them needs. On an accelerator ``chunk`` rows are evaluated at once.

    Parameters
    ----------
    function, subject
        As for ``evaluate``.
    rows : array, shape (m, n)
    chunk : int
        Rows that fit into an accelerator's memory together.
    xp : module
        numpy (default) or jax.numpy.

    Returns
    -------
    array, shape (m, ...)
    """
    if not is_jax_namespace(xp):
        return np.stack([function(subject, row, xp=xp) for row in rows])
    rows, on_processors = np.asarray(rows), require_jax().default_backend() == "cpu"
    together = _compiled(function, "rows in turn" if on_processors else "rows at once")
    threads = usable_cpus() if on_processors else 1
    chunk = min(len(rows), -(-len(rows) // threads) if on_processors else chunk)
    filled = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % chunk, axis=0)])
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda part: np.asarray(together(subject, part)), np.split(filled, len(filled) // chunk))
        return np.concatenate(list(parts))[: len(rows)]


def has_derivatives(*, xp=np):
    """Whether the library differentiates by itself."""
    return is_jax_namespace(xp)


def exact_jacobian(function, subject, vector, *, xp=np):
    """Forward-mode Jacobian with respect to the vector, a NumPy array; None where the library has no derivatives."""
    if not is_jax_namespace(xp):
        return None
    return np.asarray(_compiled(function, "jacobian")(subject, xp.asarray(vector)))


def value_and_gradient(function, subject, vector, *, xp):
    """Value of a scalar function and its reverse-mode gradient with respect to the vector, left as JAX arrays.

    Raises
    ------
    BackendError
        If ``xp`` is not jax.numpy.
    """
    if not is_jax_namespace(xp):
        raise BackendError(f"a gradient needs JAX: pass xp=da.enable_jax(), got xp={getattr(xp, '__name__', xp)}")
    return _compiled(function, "gradient")(subject, xp.asarray(vector))


@lru_cache(maxsize=64)
def _compiled(function, kind):
    jax = require_jax()
    import jax.numpy as jnp

    bound = partial(function, xp=jnp)
    transformed = {
        "value": lambda: bound,
        "rows at once": lambda: jax.vmap(bound, in_axes=(None, 0)),
        "rows in turn": lambda: lambda subject, rows: jax.lax.map(partial(bound, subject), rows),
        "jacobian": lambda: jax.jacfwd(bound, argnums=1),
        "gradient": lambda: jax.value_and_grad(bound, argnums=1),
    }[kind]()
    return jax.jit(transformed)
