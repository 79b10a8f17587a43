"""Run a fit from its configuration to its products."""

__all__ = ["FitRun", "run_fit"]

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..backend.precision import enable_jax
from ..config.build import build_data, build_engine, build_posterior, build_scene, build_space, true_scene
from ..config.load import load_config
from ..files.atomic import output_folder
from ..search.optimize import optimize
from .products import PRODUCTS, write_products


@dataclass(frozen=True)
class FitRun:
    """A finished run.

    Attributes
    ----------
    result
        The OptimizeResult.
    output
        The folder of products.
    truth
        Path -> true value of every free parameter when this configuration simulates its data, else None.
    notice
        Why there is no figure, or "".
    """

    result: Any
    output: Path
    truth: dict | None
    notice: str


def run_fit(config_path, output, data_path=None, backend="numpy", overwrite=False, progress=True):
    """Fit what a configuration describes and write the products.

    Parameters
    ----------
    config_path
        The YAML file.
    output
        The folder to make; it appears complete or not at all.
    data_path
        A data file in place of the configured one.
    backend
        "numpy" or "jax".
    overwrite
        Whether the folder of an earlier run may be replaced.
    progress
        Whether to show a progress bar on a terminal.

    Returns
    -------
    FitRun
    """
    config = load_config(config_path)
    xp = enable_jax() if backend == "jax" else np
    read_from = Path(data_path) if data_path is not None else config.path_of(config.settings.data.path)
    data = build_data(config, read_from)
    scene = build_scene(config)
    space = build_space(config, scene)
    posterior = build_posterior(config, data, space)
    engine = build_engine(config)
    truth = _truth(config, scene, space, data_path)
    with output_folder(output, PRODUCTS, overwrite=overwrite) as folder:
        result = optimize(posterior, engine, xp=xp, progress=progress)
        fit = posterior.fit_from(np.asarray(result.vector))
        notice = write_products(folder, config, read_from, data, result, fit, backend)
    return FitRun(result, Path(output), truth, notice)


def _truth(config, scene, space, data_path):
    """True values by name when the configuration simulates its own data and these are read."""
    if config.settings.simulation is None or data_path is not None:
        return None
    return dict(zip(space.names, space.to_vector(true_scene(config, scene)).tolist(), strict=True))
