"""Single numbers that compiled code should compute once, before its loops."""

__all__ = ["bundled", "replaced"]

import numpy as np

from .namespace import is_jax_array, is_jax_namespace

_TOGETHER = 8  # of more numbers than that XLA computes each by itself all the same


def bundled(numbers, *, xp=np):
    """Numbers to be used in a loop, in compiled code as one array.

    XLA makes a piece of code of every number that it computes, and takes as long to compile it as one for an image.

    Parameters
    ----------
    numbers : tree
        Of 0-d arrays; plain numbers and arrays in it are left as they are.
    xp : module
        Array namespace.

    Returns
    -------
    callable
        The numbers again, when it is called within the loop.
    """
    if not is_jax_namespace(xp):
        return lambda: numbers
    import jax

    leaves, tree = jax.tree.flatten(numbers)
    places = [k for k, leaf in enumerate(leaves) if is_jax_array(leaf) and leaf.ndim == 0]
    singles = [leaves[k] for k in places]
    arrays = [xp.stack(singles[k : k + _TOGETHER]) for k in range(0, len(singles), _TOGETHER)]

    def loose():
        numbers = [number for array in arrays for number in xp.unstack(array)]
        return jax.tree.unflatten(tree, replaced(leaves, places, numbers))

    return loose


def replaced(values, places, others):
    """The values as a list, with the others in these places."""
    filled = list(values)
    for k, value in zip(places, others, strict=True):
        filled[k] = value
    return filled
