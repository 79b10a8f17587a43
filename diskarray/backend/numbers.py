"""Single numbers that compiled code should compute once, before its loops."""

__all__ = ["bundled"]

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
    groups = [places[k : k + _TOGETHER] for k in range(0, len(places), _TOGETHER)]
    arrays = [xp.stack([leaves[k] for k in group]) for group in groups]

    def loose():
        found = list(leaves)
        for group, array in zip(groups, arrays, strict=True):
            for place, number in zip(group, xp.unstack(array), strict=True):
                found[place] = number
        return jax.tree.unflatten(tree, found)

    return loose
