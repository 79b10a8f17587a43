"""Make the image that a configuration's scene and `simulation` part describe."""

__all__ = ["run_simulation"]

import json
from pathlib import Path

import numpy as np

from ..config.build import build_scene, build_space, true_scene
from ..config.load import load_config
from ..config.own_components import components_from
from ..dataset.simulate import simulate
from ..errors import ConfigError, OutputError, UnitError
from ..files.atomic import write_text
from ..files.fits import write_fits
from ..optics.psf import EmpiricalPSF
from ..structures.grid import Grid2D
from .simulated_layouts import check_simulated, layout_hdus, simulated_observables

FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def run_simulation(config_path, output=None, overwrite=False, seed=None, component_files=()):
    """Simulate an image and write it with its noise map and PSF, and the true values of the free parameters.

    Parameters
    ----------
    config_path
        A YAML file with a `simulation` part.
    output
        The FITS file to write, in the layout that the configuration's reader reads, with the PSF as its last
        extension; default the file that the configuration names.
    overwrite
        Whether existing files may be replaced.
    seed
        Of the noise, in place of the configuration's.
    component_files
        Python files with the user's own components.

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
    config = load_config(config_path, components=components_from(component_files))
    settings = config.settings.simulation
    if settings is None:
        raise ConfigError(f"{config.document.name}: a simulation needs the part 'simulation'.")
    seed = settings.seed if seed is None else seed
    section = check_simulated(config)
    kernel = psf_kernel(settings.psf, settings.pixel_scale)
    scene = build_scene(config, instead={("scene", "instrument", "psf"): EmpiricalPSF(kernel=kernel)})
    if scene.unit is None:
        raise ConfigError(f"{config.document.where(('scene',))}: a simulation needs 'scene.star' with its unit.")
    scene_true = true_scene(config, scene)
    grid = Grid2D.uniform(shape_native=tuple(settings.shape), pixel_scale=settings.pixel_scale)
    try:
        images = [
            simulate(
                scene_true,
                grid,
                background=settings.background,
                photon_noise=settings.photon_noise,
                seed=seed + k,
                unit=scene.unit,
                observable=observable,
            )
            for k, observable in enumerate(simulated_observables(section))
        ]
    except UnitError as error:
        raise ConfigError(f"{config.document.where(('scene', 'star', 'unit'))}: {error}") from error
    space = build_space(config, scene)
    truth = dict(zip(space.names, space.to_vector(scene_true).tolist(), strict=True))
    output = config.path_of(section.path) if output is None else Path(output)
    return _write(output, section, images, kernel, truth, seed, overwrite)


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


def _write(path, section, images, kernel, truth, seed, overwrite):
    truth_path = path.with_name(f"{path.stem}_truth.json")
    for existing in (path, truth_path):
        if existing.exists() and not overwrite:
            raise OutputError(f"{existing} exists already: choose another --output or pass --overwrite.")
    origin = {"ORIGIN": "diskarray simulate", "SEED": (seed, "of the noise")}
    hdus = layout_hdus(section, images, kernel, origin)
    write_fits(path, hdus, overwrite=overwrite)
    write_text(truth_path, json.dumps(truth, indent=2) + "\n", overwrite=overwrite)
    return path, truth_path
