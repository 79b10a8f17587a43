"""Simulated data: a scene's image with Gaussian noise of known size, the same for the same seed."""

__all__ = ["simulate"]

import numpy as np

from ..errors import ParameterError, UnitError
from ..structures.image import Image2D
from .imaging import Imaging
from .units import surface_brightness_unit


def simulate(scene, grid, *, background, photon_noise=0.0, seed, unit=None, observable="total"):
    """Observe a scene: its image plus noise of standard deviation sqrt(background^2 + photon_noise * image).

    Parameters
    ----------
    scene
        Anything with ``image_2d_from(grid)``, such as a Scene.
    grid : Grid2D
    background : float
        Standard deviation of the part of the noise that does not depend on the image, in the unit of the
        image.
    photon_noise : float
        Variance per unit of (positive) surface brightness, as photons have.
    seed : int
        Of NumPy's PCG64 generator; the noise of a pixel does not depend on the mask.
    unit : str, optional
        Surface-brightness unit of the scene's image, such as ``"mJy / arcsec2"``.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}
        Which image of the scene is observed; all but "total" need a Scene.

    Returns
    -------
    Imaging
        With the standard deviations it was made with as its noise map.
    """
    for name, value in (("background", background), ("photon_noise", photon_noise)):
        if not (np.isfinite(value) and value >= 0):
            raise ParameterError(f"{name} must be a finite number, 0 or above, got {value}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ParameterError(f"seed must be a whole number, 0 or above, got {seed!r}")
    if unit is not None and surface_brightness_unit(unit)[0] != 1.0:
        raise UnitError(f"a scene's image is not in {unit!r}: give its unit per arcsec2, such as 'mJy / arcsec2'")
    image = scene.image_2d_from(grid) if observable == "total" else scene.observed_2d_from(grid, observable)
    if not isinstance(image, Image2D):
        raise ParameterError(f"simulate needs a Grid2D, got {type(grid).__name__}")
    sigma = np.sqrt(background**2 + photon_noise * np.maximum(image.array, 0.0))
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal(image.array.shape)
    return Imaging(
        data=image.array + sigma * noise,
        noise_map=sigma,
        mask=image.mask,
        unit=unit,
        observable=observable,
        source=f"simulate(seed={seed})",
    )
