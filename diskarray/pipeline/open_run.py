"""A run folder opened again: its configuration, data, posterior and results, each read when it is first asked for."""

__all__ = ["Run", "open_run", "open_with_files", "other_components"]

import dataclasses
import os
from functools import cached_property
from pathlib import Path

import numpy as np

from ..config.build import build_data, build_posterior, build_scene, build_space
from ..config.load import load_config
from ..config.own_components import components_from
from ..errors import ConfigError, DataError
from ..results.load_result import load_result
from .belonging import foreign_draws, foreign_files
from .layout import CONFIG, FIT, SAMPLES, digest_of_file, path_inside
from .manifest import read_manifest


def open_run(folder, *, components=()):
    """Open a run folder.

    Parameters
    ----------
    folder
        What ``diskarray fit`` or ``diskarray sample`` wrote.
    components : sequence of classes
        Your own component classes, where the run was made with some.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        Naming the folder and what is missing in it.
    """
    return Run(Path(folder), read_manifest(folder), tuple(components))


def open_with_files(folder, component_files=(), *, accept_changes=False):
    """Open a run folder with the user's own components from the files they name.

    A manifest names the files that the run used, but it makes no code run: only those named here are read, and they
    must be the ones that the run used.

    Parameters
    ----------
    folder, component_files
        The run and the Python files.
    accept_changes
        Whether configuration, data and components may be others than they were.

    Raises
    ------
    ConfigError
        If a file that the run used is not named, or was changed.
    """
    manifest = read_manifest(folder)
    lacking = other_components(manifest, component_files)
    if lacking and not (accept_changes and component_files):
        raise ConfigError(f"{folder}: {lacking[0]}: name the file as it was with --components.")
    return Run(Path(folder), manifest, components_from(component_files), accept_changes)


def other_components(manifest, component_files):
    """One sentence for every file of components of a manifest that is not among those given."""
    given = {digest_of_file(path) for path in component_files}
    lacking = [record["path"] for record in manifest["components"] if record["sha256"] not in given]
    what = "is not what the run read" if component_files else "is needed"
    return [f"components ({path}) {what}" for path in lacking]


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A run; whatever is costly is read when it is first asked for.

    Attributes
    ----------
    folder : Path
    manifest : dict
        See ``pipeline.manifest``.
    components : tuple of classes
    accept_changes : bool
        Whether configuration and data may be others than the run read.
    config : Config
        The frozen copy; its paths are those of the original.
    data : dict of str to Imaging
        One data set is named "data".
    posterior : Posterior
    fit : OptimizeResult or None
    samples : SampleResult or None
    best_scene : Scene
        The maximum of the samples where there are some, else that of the fit.
    fits : dict of str to FitImaging
        Of the best scene.
    truth : dict of str to float, or None
        True values of the free parameters, where the data are simulated.
    """

    folder: Path
    manifest: dict
    components: tuple = ()
    accept_changes: bool = False

    def path(self, name):
        """The path of a file of this folder, given relative to it; DataError if it leads out."""
        return path_inside(self.folder, name)

    @cached_property
    def config(self):
        """The configuration as it was when the run was made, paths relative to where it lay."""
        path = self.path(CONFIG)
        if not path.is_file():
            raise DataError(f"{self.folder}: {CONFIG} is missing.")
        if not self.accept_changes and self._changed_config():
            raise DataError(f"{self.folder}: {self._changed_config()[0]}.")
        config = load_config(path, components=self.components)
        name = str(self._origin() / Path(self.manifest["config"]["path"]).name)
        return dataclasses.replace(config, document=dataclasses.replace(config.document, name=name))

    @cached_property
    def _imaging(self):
        self.check_inputs()
        return build_data(self.config, self.data_path)

    @property
    def data_path(self):
        """The file that was read in place of the configuration's, or None."""
        given = self.manifest["arguments"].get("fit", {}).get("data")
        return None if given is None else Path(self._moved(given))

    @cached_property
    def data(self):
        """Name -> Imaging."""
        return dict(self._imaging) if hasattr(self._imaging, "items") else {"data": self._imaging}

    @cached_property
    def posterior(self):
        """The Posterior that was fitted."""
        scene = build_scene(self.config)
        return build_posterior(self.config, self._imaging, build_space(self.config, scene))

    @cached_property
    def fit(self):
        """The best fit, or None."""
        return self._result(FIT)

    @cached_property
    def samples(self):
        """The posterior's draws, or None."""
        return self._result(SAMPLES)

    @property
    def best_scene(self):
        """The Scene at the highest point known."""
        result = self.samples or self.fit
        if result is None:
            raise DataError(f"{self.folder} has no result: neither {FIT} nor {SAMPLES} is in it.")
        return result.scene

    @cached_property
    def fits(self):
        """Name -> FitImaging at the best scene."""
        found = self.posterior.fit_from(self.best_scene)
        return dict(found) if hasattr(found, "items") else {"data": found}

    @property
    def truth(self):
        """Name -> true value, or None."""
        known = self.manifest.get("truth")
        return None if known is None else {name: np.float64(value).item() for name, value in known.items()}

    def changed_inputs(self):
        """One sentence for every file that the run read and that is missing or not the same any more."""
        found = self._changed_config()
        for record in self.manifest["data"]:
            path = Path(self._moved(record["path"]))
            name = f"{record.get('role', 'data')} ({path})"
            if not path.is_file():
                found.append(f"{name} is missing")
            elif path.stat().st_size != record.get("size") or digest_of_file(path) != record["sha256"]:
                found.append(f"{name} is not what the run read: its digest is another one")
        return found

    def check_inputs(self):
        """Raise DataError if a file that the run read is missing or was changed."""
        changed = self.changed_inputs()
        if changed and not self.accept_changes:
            raise DataError(f"{self.folder}: {'; '.join(changed)}.")

    def check_fit(self):
        """Raise DataError if the fit in the folder is not the one that the run wrote."""
        self._refuse(foreign_files(self, (FIT,)))

    def check_results(self):
        """Raise DataError if fit or draws in the folder are not those that the run wrote."""
        self._refuse(foreign_files(self))
        self._refuse(foreign_draws(self, self.samples))

    def _refuse(self, foreign):
        if foreign:
            raise DataError(f"{self.folder}: {'; '.join(foreign)}.")

    def _changed_config(self):
        path = self.path(CONFIG)
        same = path.is_file() and digest_of_file(path) == self.manifest["config"]["sha256"]
        return [] if same else [f"{CONFIG} is missing or was changed: its digest is not the manifest's"]

    def _origin(self):
        """The folder that the configuration's paths are relative to; it may have moved together with the run."""
        record = self.manifest["config"]
        origin = Path(record["path"]).parent
        moved = self.folder / record.get("from_run", ".")
        inputs = [Path(r["path"]) for r in self.manifest["data"]]
        if inputs and not all(path.is_file() for path in inputs) and moved.is_dir():
            return Path(os.path.abspath(moved))
        return origin

    def _moved(self, path):
        """A path of the manifest where it is now."""
        before = Path(self.manifest["config"]["path"]).parent
        origin, path = self._origin(), Path(path)
        if origin == before or path.is_file():
            return path
        return Path(os.path.abspath(origin / os.path.relpath(path, before)))

    def _result(self, name):
        path = self.path(name)
        if not path.is_file():
            return None
        return load_result(path, components=self.components)
