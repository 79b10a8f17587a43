"""Make the image that a configuration's scene and `simulation` part describe."""

__all__ = ["run_simulation"]

import json
import math
from pathlib import Path

import numpy as np

from ..config.build import build_scene, build_space, true_scene
from ..config.load import load_config
from ..dataset.simulate import simulate
from ..errors import ConfigError, OutputError, UnitError
from ..files.atomic import write_text
from ..files.fits import FitsHDU, write_fits
from ..optics.psf import EmpiricalPSF
from ..structures.grid import Grid2D

FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def run_simulation(config_path, output, overwrite=False):
    """Simulate an image and write it with its noise map and PSF, and the true values of the free parameters.

    Parameters
    ----------
    config_path
        A YAML file with a `simulation` part.
    output
        The FITS file to write: extensions SCI, NOISE and PSF.
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    tuple of Path
        The FITS file and `<name>_truth.json` beside it.

    Raises
    ------
    ConfigError
        When the configuration has no `simulation` part or its values make no sense.
    OutputError
        When a file exists and `overwrite` is False.
    """
    config = load_config(config_path)
    settings = config.settings.simulation
    if settings is None:
        raise ConfigError(f"{config.document.name}: a simulation needs the part 'simulation'.")
    kernel = psf_kernel(settings.psf, settings.pixel_scale)
    scene = build_scene(config, instead={("scene", "instrument", "psf"): EmpiricalPSF(kernel=kernel)})
    if scene.unit is None:
        raise ConfigError(f"{config.document.where(('scene',))}: a simulation needs 'scene.star' with its unit.")
    scene_true = true_scene(config, scene)
    grid = Grid2D.uniform(shape_native=tuple(settings.shape), pixel_scale=settings.pixel_scale)
    try:
        imaging = simulate(
            scene_true,
            grid,
            background=settings.background,
            photon_noise=settings.photon_noise,
            seed=settings.seed,
            unit=scene.unit,
        )
    except UnitError as error:
        raise ConfigError(f"{config.document.where(('scene', 'star', 'unit'))}: {error}") from error
    space = build_space(config, scene)
    truth = dict(zip(space.names, space.to_vector(scene_true).tolist(), strict=True))
    return _write(Path(output), imaging, kernel, truth, settings.seed, overwrite)


def psf_kernel(settings, pixel_scale):
    """A Gaussian core in a Gaussian halo, sampled on pixels and of unit sum, shape (size, size)."""
    offset = (np.arange(settings.size) - (settings.size - 1) / 2) * pixel_scale
    r_squared = offset[:, None] ** 2 + offset[None, :] ** 2
    kernel = np.zeros((settings.size, settings.size))
    for fraction, fwhm in (
        (1.0 - settings.halo_fraction, settings.core_fwhm),
        (settings.halo_fraction, settings.halo_fwhm),
    ):
        gaussian = np.exp(-0.5 * r_squared * (FWHM_PER_SIGMA / fwhm) ** 2)
        kernel += fraction * gaussian / gaussian.sum()
    return kernel


def _digitized(image, imaging):
    """Values in decimal steps below a thousandth of the noise, so that processors that differ in the last digit of
    an exponential write the same bytes."""
    decimals = 3 - math.floor(math.log10(float(imaging.noise_map.min())))
    return np.round(image.array, decimals).astype(np.float32)


def _write(path, imaging, kernel, truth, seed, overwrite):
    truth_path = path.with_name(f"{path.stem}_truth.json")
    for existing in (path, truth_path):
        if existing.exists() and not overwrite:
            raise OutputError(f"{existing} exists already: choose another --output or pass --overwrite.")
    cards = {"BUNIT": imaging.unit}
    origin = {"ORIGIN": "diskarray simulate", "SEED": (seed, "of the noise")}
    hdus = [
        FitsHDU(cards=origin),
        FitsHDU(_digitized(imaging.data, imaging), "SCI", cards, imaging.product_header),
        FitsHDU(_digitized(imaging.noise_map, imaging), "NOISE", cards, imaging.product_header),
        FitsHDU(kernel.astype(np.float32), "PSF"),
    ]
    write_fits(path, hdus, overwrite=overwrite)
    write_text(truth_path, json.dumps(truth, indent=2) + "\n", overwrite=overwrite)
    return path, truth_path
