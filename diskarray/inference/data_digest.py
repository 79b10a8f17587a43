"""A digest of observed data, whatever model they are compared with: evidences compare models of the same data only."""

__all__ = ["data_digest"]

import dataclasses
import hashlib

import numpy as np


def data_digest(data):
    """SHA-256 hex digest of the pixels that count, their noise, and where they lie on the sky.

    Parameters
    ----------
    data : Imaging, mapping of str to Imaging, or anything else
        Of what is not made of Imaging nothing is known, and the digest is "". Names do not count, their order does.

    Returns
    -------
    str
    """
    images = tuple(data.values()) if hasattr(data, "values") else (data,)
    if not all(hasattr(image, "noise_map") for image in images):
        return ""
    digest = hashlib.sha256()
    for image in images:
        about = (image.unit, getattr(image, "observable", "total"), dataclasses.astuple(image.mask.frame))
        digest.update(repr(about).encode())
        for array in (image.mask.array, image.data.slim, image.noise_map.slim):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()
