"""Run a fit from its configuration to its run folder."""

__all__ = ["FitRun", "fit_config", "run_fit", "read_config"]

import dataclasses
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..backend.precision import enable_jax
from ..config.build import build_data, build_optimizer, build_posterior, build_scene, build_space, true_scene
from ..config.load import load_config
from ..config.own_components import components_from
from ..errors import ParameterError
from ..files.atomic import output_folder, write_text
from ..files.lock import FolderLock
from ..fit.identity import data_digest
from ..search.optimize import optimize
from .integral import quadrature_record
from .layout import CONFIG, ENTRIES, LOG, check_replaceable, digest_of_file
from .log import RunLog
from .manifest import environment, file_record, input_files, now, peak_memory, write_manifest
from .products import write_fit_products
from .stop import stoppable


@dataclasses.dataclass(frozen=True)
class FitRun:
    """A finished fit.

    Attributes
    ----------
    result
        The OptimizeResult.
    output
        The run folder.
    truth
        Path -> true value of every free parameter when this configuration simulates its data, else None.
    notice
        Why there is no figure, or "".
    """

    result: Any
    output: Path
    truth: dict | None
    notice: str


def run_fit(
    config_path,
    output,
    data_path=None,
    backend="numpy",
    overwrite=False,
    progress=True,
    component_files=(),
    seed=None,
):
    """Fit what a configuration describes and write the run folder.

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
    component_files
        Python files with the user's own components.
    seed
        Of the random starts, in place of the configuration's.

    Returns
    -------
    FitRun
    """
    config = read_config(config_path, component_files)
    arguments = {
        "backend": backend,
        "data": None if data_path is None else os.path.abspath(data_path),
        "components": [os.path.abspath(path) for path in component_files],
        "seed": seed,
    }
    return fit_config(config, output, arguments, overwrite=overwrite, progress=progress)


def read_config(path, component_files=()):
    """The configuration in a file, with the user's own components known to it."""
    return load_config(path, components=components_from(component_files))


def fit_config(config, output, arguments, *, overwrite=False, progress=True):
    """Fit what a Config describes; ``arguments`` are those that ``run_fit`` notes in the manifest."""
    instead = arguments["data"]
    xp = enable_jax() if arguments["backend"] == "jax" else np
    optimizer = seeded(build_optimizer(config), arguments["seed"])
    with stoppable(lambda: "nothing was written"), _new_folder(output, overwrite) as folder:
        log = RunLog(folder / LOG)
        for name in ("results", "figures"):
            (folder / name).mkdir()
        write_text(folder / CONFIG, config.document.text)
        log.line(f"diskarray fit {config.document.name}, backend {arguments['backend']}")
        with log.phase("read data"):
            imaging = build_data(config, None if instead is None else Path(instead))
            inputs = [file_record(path, role) for role, path in input_files(config, instead).items()]
        with log.phase("prepare posterior"):
            scene = build_scene(config)
            posterior = build_posterior(config, imaging, build_space(config, scene))
        truth = _truth(config, scene, posterior.space, instead)
        with log.phase("search"), log.messages():
            result = optimize(posterior, optimizer, xp=xp, progress=progress)
        log.line(f"{result.status}: {result.message}")
        with log.phase("write products"):
            found = posterior.fit_from(result.scene)
            fits = dict(found) if hasattr(found, "items") else {"data": found}
            products, notice = write_fit_products(folder, result, fits)
        manifest = {
            "command": "fit",
            "status": result.status,
            "message": result.message,
            "created": now(),
            "arguments": {"fit": arguments},
            "config": _config_record(config, output, folder),
            "data": inputs,
            "components": [file_record(path) for path in arguments["components"]],
            **environment(xp),
            "seed": getattr(optimizer, "seed", None),
            **_described(posterior, fits, truth),
            "fit": {"status": result.status, "message": result.message, "engine": result.engine},
            "timings": {"fit": log.timings},
            "peak_memory": peak_memory(),
            "products": {name: digest_of_file(folder / name) for name in products},
        }
        write_manifest(folder, manifest)
    return FitRun(result, Path(output), truth, notice)


def seeded(settings, seed):
    """Settings with another seed; refused where no random number is drawn."""
    if seed is None:
        return settings
    if getattr(settings, "starts", 1) == 1 or not hasattr(settings, "seed"):
        raise ParameterError(
            f"a seed has no effect on this fit: {type(settings).__name__} draws random starts only where the fit's "
            "'starts' is above 1"
        )
    return dataclasses.replace(settings, seed=seed)


@contextmanager
def _new_folder(output, overwrite):
    """The folder to fill; what it replaces must be a run's, and none that a sampler is writing to."""
    output, lock = Path(os.path.abspath(output)), None
    if overwrite:
        check_replaceable(output)
        if (output / "manifest.json").is_file():
            lock = FolderLock(output)
    try:
        with output_folder(output, ENTRIES, overwrite=overwrite) as folder:
            yield folder
            if overwrite:
                check_replaceable(output)
    finally:
        if lock is not None:
            lock.release()


def _config_record(config, output, folder):
    path = os.path.abspath(config.document.name)
    return {
        "name": Path(path).name,
        "path": path,
        "from_run": os.path.relpath(os.path.dirname(path), os.path.abspath(output)),
        "sha256": digest_of_file(folder / CONFIG),
    }


def _described(posterior, fits, truth):
    """What a reader of the manifest needs to know of data, model and priors."""
    space, datasets = posterior.space, {name: fit.dataset for name, fit in fits.items()}
    free = zip(space.names, space.units, space.priors, strict=True)
    return {
        "quadrature": quadrature_record(posterior, datasets),
        "preprocessing": {name: _provenance(dataset) for name, dataset in datasets.items()},
        "identity": {"posterior": posterior.identity(), "data": data_digest(posterior.data)},
        "parameters": {
            name: {"unit": unit, "prior": repr(prior), "period": getattr(prior, "period", None)}
            for name, unit, prior in free
        },
        "truth": truth,
    }


def _provenance(dataset):
    """What was done to an image before it was fitted."""
    return [json.loads(step) for step in dataset.provenance]


def _truth(config, scene, space, data_path):
    """True values by name when the configuration simulates its own data and these are read."""
    if config.settings.simulation is None or data_path is not None:
        return None
    return dict(zip(space.names, space.to_vector(true_scene(config, scene)).tolist(), strict=True))
