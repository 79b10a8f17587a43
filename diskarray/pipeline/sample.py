"""Sample the posterior of a run, from its fit, in its own folder; and go on with what was interrupted."""

__all__ = ["SampleRun", "resume_run", "run_sample"]

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..backend.precision import enable_jax
from ..config.build import build_sampler
from ..errors import DataError, Interrupted, MissingExtraError, OutputError
from ..files.atomic import write_text
from ..files.lock import FolderLock
from ..sampling.nuts import NUTS
from ..sampling.sample import sample
from .compare import compare_runs
from .layout import LOG, SAMPLES, digest_of_file, remove_blocks
from .log import RunLog
from .manifest import environment, peak_memory, write_manifest
from .open_run import Run, open_with_files
from .run import run_fit
from .stop import stoppable

BLOCKS, COMPARISON = "blocks", "results/comparison.json"
UNFINISHED = ("running", "interrupted", "failed")


@dataclass(frozen=True)
class SampleRun:
    """A finished sampling.

    Attributes
    ----------
    run
        The Run.
    samples
        The SampleResult; None where the fit before it did not converge, so that nothing was sampled.
    notice
        What could not be written, or "".
    resumed
        False where there was nothing left to do.
    """

    run: Run
    samples: Any
    notice: str = ""
    resumed: bool = True


def run_sample(
    source,
    *,
    engine=None,
    output=None,
    seed=0,
    backend=None,
    checkpoint_every=10.0,
    overwrite=False,
    progress=True,
    component_files=(),
):
    """Sample the posterior of a run, or fit a configuration and sample then.

    Parameters
    ----------
    source
        A run folder with a fit, which is sampled in its own folder, or a configuration.
    engine
        "emcee", "dynesty", "nuts" or "consensus"; default the configuration's.
    output
        The run folder to make of a configuration.
    seed : int
        Of the sampler.
    backend
        "numpy" or "jax"; default NumPy, or JAX for an engine that needs it.
    checkpoint_every : float
        Seconds of work that a killed process may lose.
    overwrite
        Whether earlier draws, or of a configuration an earlier run, may be replaced.
    progress
        Whether to show progress.
    component_files
        Python files with the user's own components.

    Returns
    -------
    SampleRun

    Raises
    ------
    OutputError
        If there are draws, or the beginning of some, and ``overwrite`` is False.
    SamplerError
        If the fit is no place to begin.
    Interrupted
        On SIGTERM and SIGINT; what was done is kept.
    """
    if Path(source).is_dir():
        if output is not None:
            raise OutputError(f"{source} is a run folder and is sampled in its own place: leave out --output.")
        folder = source
    else:
        if output is None:
            raise OutputError(f"{source} is a configuration: name the run folder to make with --output.")
        fitted = run_fit(
            source,
            output,
            backend=backend or "numpy",
            overwrite=overwrite,
            progress=progress,
            component_files=component_files,
        )
        folder = output
        if not fitted.result.succeeded:
            return SampleRun(open_with_files(folder, component_files), None)
    run = open_with_files(folder, component_files)
    arguments = {"engine": engine, "seed": seed, "backend": backend, "checkpoint_every": checkpoint_every}
    with _locked(run):
        _check_room(run, overwrite)
        return _sampled(run, arguments, progress)


def resume_run(folder, *, progress=True, component_files=()):
    """Go on with an interrupted sampling, with the arguments it was begun with.

    Returns
    -------
    SampleRun
        ``resumed`` is False where it had come to its end.

    Raises
    ------
    DataError
        If no sampling was begun in the folder.
    """
    run = open_with_files(folder, component_files)
    with _locked(run):
        run = open_with_files(folder, component_files)  # as it is now that nobody else writes to it
        arguments = run.manifest["arguments"].get("sample")
        if arguments is None:
            raise DataError(f"{folder}: no sampling was begun there: `diskarray sample {folder}` begins one.")
        if run.manifest["status"] not in UNFINISHED and run.samples is not None:
            return SampleRun(run, run.samples, resumed=False)
        return _sampled(run, arguments, progress, resumed=True)


@contextlib.contextmanager
def _locked(run):
    lock = FolderLock(run.folder)
    try:
        yield
    finally:
        lock.release()


def _check_room(run, overwrite):
    """Refuse to touch an earlier sampling unless asked to; its draws stay until there are new ones."""
    samples, blocks = run.path(SAMPLES), run.path(BLOCKS)
    begun = "sample" in run.manifest["arguments"] and run.manifest["status"] in UNFINISHED
    if not overwrite and begun and blocks.exists():
        raise OutputError(
            f"{run.folder} holds an unfinished sampling: `diskarray resume {run.folder}` goes on with it, --overwrite "
            "begins anew."
        )
    if not overwrite and (samples.exists() or blocks.exists()):
        raise OutputError(f"{run.folder} has been sampled already: pass --overwrite to replace its draws.")


def _sampled(run, arguments, progress, resumed=False):
    """Draw, and write what was found; the manifest says at every moment how far it is."""
    if run.fit is None:
        raise DataError(f"{run.folder} has no fit to begin from: `diskarray fit` makes one.")
    run.check_fit()
    log, notes = RunLog(run.path(LOG)), _Notes(run, arguments, resumed)
    log.line(f"diskarray {'resume' if resumed else 'sample'} {run.folder}, seed {arguments['seed']}")
    with stoppable(notes.consequence):
        with log.phase("read data and prepare posterior"):
            posterior = run.posterior
            engine = build_sampler(run.config, arguments["engine"], data=posterior.data)
        xp = enable_jax() if _library_of(engine, arguments["backend"]) == "jax" else np
        if not resumed:
            remove_blocks(run.folder)
        notes.begun(engine, environment(xp, getattr(engine, "packages", ())))
        with notes.kept(log), log.phase(f"sample with {type(engine).__name__}"), log.messages():
            result = sample(
                posterior,
                engine,
                start=run.fit,
                seed=arguments["seed"],
                xp=xp,
                checkpoint=run.path(BLOCKS),
                checkpoint_every=arguments["checkpoint_every"],
                progress=progress,
            )
        with notes.kept(log), log.phase("write draws"):
            products, notice = _write(run, result)
        log.line(f"{result.status}: {result.message}; {'established' if result.established else 'NOT established'}")
        notes.finished(result, products, log)
    return SampleRun(Run(run.folder, notes.manifest, run.components), result, notice)


def _library_of(engine, backend):
    """What was asked for, else JAX where the engine has gradients to take."""
    parts = (engine, getattr(engine, "engine", None))
    return backend or ("jax" if any(isinstance(part, NUTS) for part in parts) else "numpy")


def _write(run, result):
    """Write the draws in every form; returns the names of what was written, and what could not be."""
    written, notice = [], ""
    for name in (SAMPLES, "results/sample.nc", "results/sample.json"):
        try:
            result.save(run.path(name), data=run.posterior.data, overwrite=True)
            written.append(name)
        except MissingExtraError as error:
            notice = f"no {name}: {error}"
            run.path(name).unlink(missing_ok=True)
    found = compare_runs({run.folder.name: run}, samples={run.folder.name: result})
    write_text(run.path(COMPARISON), json.dumps(found.content, indent=2, allow_nan=False) + "\n", overwrite=True)
    return [*written, COMPARISON], notice


class _Notes:
    """What the manifest says while a sampling runs and when it ends."""

    def __init__(self, run, arguments, resumed):
        self.run, self.manifest, self.resumed = run, dict(run.manifest), resumed
        self.arguments, self.noted = arguments, False

    def consequence(self):
        """What an interruption means, in words."""
        if not self.noted:
            return f"no draw was made, {self.run.folder} is as it was"
        return f"what was done is kept, `diskarray resume {self.run.folder}` goes on with it"

    def begun(self, engine, surroundings):
        """From now on the run is one that can be resumed."""
        arguments = {**self.manifest["arguments"], "sample": self.arguments}
        described = {"engine": type(engine).__name__, "seed": self.arguments["seed"], "environment": surroundings}
        self.noted = True
        self._write(command="sample", arguments=arguments, seed=self.arguments["seed"], sample=described)

    @contextlib.contextmanager
    def kept(self, log):
        """Note how it ended, if not well."""
        try:
            yield
        except KeyboardInterrupt as stopped:
            self._write("interrupted", f"stopped after {log.seconds:.0f} s")
            reason = str(stopped).partition(":")[0] or "stopped"
            raise Interrupted(f"{reason}: {self.consequence()}.") from stopped
        except Exception as error:
            self._write("failed", " ".join(str(error).split()))
            raise

    def finished(self, result, products, log):
        """Note the result."""
        reasons = "; ".join(gate.text for gate in result.gates if gate.passed is not True)
        status = result.status if result.established else "not_established"
        described = {"status": result.status, "message": result.message, "established": result.established}
        digests = {name: digest_of_file(self.run.path(name)) for name in products}
        before = self.manifest["timings"].get("sample", {}) if self.resumed else {}
        timings = {name: before.get(name, 0.0) + seconds for name, seconds in log.timings.items()}
        self._write(
            status,
            reasons or result.message,
            sample={**self.manifest["sample"], **described},
            timings={**self.manifest["timings"], "sample": timings},
            peak_memory=max(self.manifest.get("peak_memory") or 0, peak_memory() or 0) or None,
            products={**self.manifest["products"], **digests},
        )

    def _write(self, status="running", message="", **changes):
        self.manifest |= {"status": status, "message": message, **changes}
        write_manifest(self.run.folder, self.manifest)
