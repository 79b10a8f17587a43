"""One configuration, many targets: a run folder for each, a table and a gallery of them all.

survey.csv survey.json     the table
gallery.html               its pictures
configurations/NAME.yaml   what was fitted
targets/NAME/              the run folder
thumbnails/ logs/          what the gallery shows, and what the processes said
"""

__all__ = ["Survey", "run_survey"]

import json
import os
import re
import shutil
import signal
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..config.own_components import components_from
from ..errors import Interrupted, OutputError, ParameterError
from ..files.atomic import write_text
from ..files.lock import FolderLock
from ..pipeline.layout import check_replaceable
from .gallery import gallery_page
from .processes import Task, fit_targets
from .records import is_complete, record_of, record_without_run, write_csv
from .table import read_table
from .targets import target_configs
from .thumbnails import thumbnail_paths, write_thumbnails

_FORMAT = 1
_TABLE, _RECORDS, _GALLERY = "survey.csv", "survey.json", "gallery.html"
_FOLDERS = ("configurations", "targets", "thumbnails", "logs")
_STRAY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_ENDED_WELL = ("converged", "not_constrained")


@dataclass(frozen=True)
class Survey:
    """A finished survey.

    Attributes
    ----------
    records : list of dict
        One per target, in the order of the table; see ``records.record_of``.
    output : Path
    """

    records: list
    output: Path

    @property
    def succeeded(self):
        """Whether every target ended as converged or not constrained."""
        return all(record["status"] in _ENDED_WELL for record in self.records)


def run_survey(
    table_path,
    template_path,
    output,
    *,
    workers=1,
    resume=False,
    overwrite=False,
    backend="numpy",
    data_path=None,
    component_files=(),
    tell=lambda line: None,
):
    """Fit every target of a table.

    Parameters
    ----------
    table_path
        Comma-separated: ``name``, and dotted keys of the configuration that differ between targets.
    template_path
        The configuration of them all.
    output
        The folder to make.
    workers : int
        How many targets are fitted side by side, each in a process of its own.
    resume : bool
        Go on with an earlier survey: finished runs of the same configuration and data are kept, all others made.
    overwrite : bool
        Replace an earlier survey.
    backend : str
        "numpy" or "jax".
    data_path
        A data file for all targets, in place of the configuration's.
    component_files
        Python files with the user's own components.
    tell : callable
        Takes a line about what happened.

    Returns
    -------
    Survey

    Raises
    ------
    ConfigError
        If the table or the configuration is not understood, or a target's values are not allowed; nothing is run then.
    OutputError
        If the folder exists and neither ``resume`` nor ``overwrite`` is True, or it holds what no survey wrote.
    CheckpointError
        If another survey is writing there.
    Interrupted
        If it was asked to stop; ``resume`` goes on.
    """
    if not (isinstance(workers, int) and workers > 0):
        raise ParameterError(f"workers must be a whole number above 0, got {workers!r}")
    table = read_table(table_path)
    configs = target_configs(template_path, table, data_path=data_path, components=components_from(component_files))
    output = Path(os.path.abspath(output))
    with _survey_folder(output, resume, overwrite), _stoppable():
        survey = _Running(output, table, template_path, configs, backend, tuple(map(str, component_files)), tell)
        survey.run(workers)
    return Survey(survey.records, output)


class _Running:
    """A survey while it runs: what is known of every target so far."""

    def __init__(self, output, table, template_path, configs, backend, component_files, tell):
        self.output, self.table, self.template_path, self.configs = output, table, template_path, configs
        self.backend, self.component_files, self.tell = backend, component_files, tell
        self.found = {}

    @property
    def records(self):
        """In the order of the table."""
        pending = {c.target.name: record_without_run(c.target.name, "pending", "not run yet") for c in self.configs}
        return list({**pending, **self.found}.values())

    def run(self, workers):
        """Fit what is not there yet, and write table and gallery."""
        tasks = [task for config in self.configs if (task := self._task(config)) is not None]
        kept = len(self.found)
        self.tell(f"{len(self.configs)} targets" + (f", {kept} of them complete already" if kept else ""))
        self._write_table()
        try:
            with closing(fit_targets(tasks, workers)) as outcomes:
                for outcome in outcomes:
                    self._take(outcome)
                    self._write_table()
        except KeyboardInterrupt:
            done = sum(record["status"] != "pending" for record in self.records)
            raise Interrupted(
                f"stopped after {done} of {len(self.configs)} targets; go on with --resume (resume=True)"
            ) from None
        finally:
            self._write_gallery()

    def _task(self, config):
        """What is to be done for a target; None, and its record, if it is complete."""
        name = config.target.name
        path = self.output / "configurations" / f"{name}.yaml"
        folder = self.output / "targets" / name
        if is_complete(folder, config.text, self.backend, self.component_files):
            self.found[name] = record_of(name, folder, self.component_files)
            if not thumbnail_paths(self.output / "thumbnails", name):
                write_thumbnails(folder, self.output / "thumbnails", name, self.component_files)
            return None
        write_text(path, config.text, overwrite=True)
        log = self.output / "logs" / f"{name}.log"
        thumbnails = self.output / "thumbnails"
        return Task(name, str(path), str(folder), str(log), str(thumbnails), self.backend, self.component_files)

    def _take(self, outcome):
        name, seconds = outcome.name, round(outcome.seconds, 2)
        if outcome.error:
            message = f"{outcome.error}: {outcome.message}"
            self.found[name] = record_without_run(name, "failed", message, outcome.error, seconds)
            said = f"failed: {message}"
        else:
            self.found[name] = record = record_of(name, self.output / "targets" / name, self.component_files)
            said = f"{record['status']}, reduced chi-squared {record['reduced_chi_squared'] or float('nan'):.3f}"
        self.tell(f"[{len(self.found)}/{len(self.configs)}] {name}: {said} ({seconds:.0f} s)")

    def _write_table(self):
        records = self.records
        write_csv(self.output / _TABLE, records)
        content = {
            "diskarray_survey": _FORMAT,
            "table": str(self.table.path),
            "template": str(self.template_path),
            "backend": self.backend,
            "counts": {s: sum(r["status"] == s for r in records) for s in sorted({r["status"] for r in records})},
            "targets": records,
        }
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        write_text(self.output / _RECORDS, text, overwrite=True)

    def _write_gallery(self):
        title = f"Survey: {self.table.path.name} with {Path(self.template_path).name}"
        page = gallery_page(title, self.records, self.output / "thumbnails")
        write_text(self.output / _GALLERY, page, overwrite=True)


@contextmanager
def _survey_folder(output, resume, overwrite):
    """The folder, made or taken over, and locked meanwhile."""
    there = os.path.lexists(output) and not (output.is_dir() and not os.listdir(output))
    if there:
        _check_ours(output)
        if not (resume or overwrite):
            raise OutputError(
                f"Output folder {output} exists already: choose another --output, go on there with --resume, or pass "
                "--overwrite."
            )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Output folder {output} cannot be made: {error.strerror or error}.") from error
    lock = FolderLock(output)
    try:
        if overwrite:
            _empty(output)
        for name in _FOLDERS:
            (output / name).mkdir(exist_ok=True)
        _remove_strays(output)
        yield
    finally:
        lock.release()


def _check_ours(output):
    """Refuse a folder in which anything lies that no survey wrote."""
    if not output.is_dir() or output.is_symlink():
        raise OutputError(f"Output {output} exists and is not a folder: choose another --output.")
    known = {_TABLE, _RECORDS, _GALLERY, *_FOLDERS, "lock"}
    foreign = sorted(name for name in set(os.listdir(output)) - known if not _STRAY.fullmatch(name))
    if foreign:
        raise OutputError(
            f"Output folder {output} holds {foreign[0]!r}, which no survey wrote: nothing is changed there. Choose "
            "another --output."
        )
    targets = output / "targets"
    for folder in sorted(targets.iterdir()) if targets.is_dir() else ():
        if not _STRAY.fullmatch(folder.name):
            check_replaceable(folder)


def _empty(output):
    for name in _FOLDERS:
        shutil.rmtree(output / name, ignore_errors=True)
    for name in (_TABLE, _RECORDS, _GALLERY):
        (output / name).unlink(missing_ok=True)


def _remove_strays(output):
    """Remove what a killed survey was writing."""
    for place in (output, *(output / name for name in _FOLDERS)):
        for path in place.iterdir():
            if _STRAY.fullmatch(path.name):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


@contextmanager
def _stoppable():
    """While open, a request to terminate is as good as Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with suppress(TypeError):  # a handler that was not set from Python
            signal.signal(signal.SIGTERM, before)
