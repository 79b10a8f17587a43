"""Are chains lost? Kills runs at random moments, resumes them, and compares every bit with runs left in peace.

    python workspace_test/kill_resume.py [--engine emcee ...] [--kills 10] [--signals 1] [--damages 60] [--write]

The acceptance run is ``--kills 50 --signals 5 --damages 300``. A run is a process of its own. It is killed (SIGKILL) at
a moment drawn uniformly over the time from its first file to its end, started again, killed again, until it gets to its
end. After every kill every block must be readable; at the end draws, counters and what is said about the run must be
those of a run that was never killed and kept no checkpoint, and nothing may be left but the checkpoint itself, no
process either. SIGTERM, SIGINT and SIGUSR1 must end a run with code 130 within 10 s, to be resumed the same way.
Damages flip, cut or exchange a checkpoint's files: one CheckpointError each, and nothing overwritten. ``--write``
makes docs/reliability.md.
"""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "test_diskarray" / "support")]
LIMIT = 300.0  # seconds for one process
EVERY = 0.05  # seconds between writes, so that many moments lie within one
STOP_WITHIN = 10.0
TEXT = """# Reliability of checkpoints

Runs of every engine, as processes of their own, killed (SIGKILL) at moments drawn uniformly over their duration and
resumed until they end; stopped by SIGTERM, SIGINT and SIGUSR1 (exit code 130 within 10 s) and resumed; and finished
checkpoints with a flipped bit, or with files cut, lengthened, removed or exchanged. A resumed run passes if draws,
counters and everything that is said about it are, bit by bit, those of a run that was never interrupted and kept no
checkpoint, if every block could be read after every kill, and if no file and no process is left over. A damage passes
if it ends as one CheckpointError and nothing is written. Least squares keeps no checkpoint: run again, it gives the
same bits. No failure among n trials means a rate below 3/n (95 %).

"""
PAGE = HERE.parent / "docs" / "reliability.md"


# what is run: name -> function(checkpoint) -> result; an engine that is not there yet is left out


def _sampled(engine, problem, checkpoint, xp=np, start=True):
    from problems import best_fit

    import diskarray as da

    start = best_fit(problem) if start else None
    return da.sample(
        problem, engine, start=start, seed=7, xp=xp, checkpoint=checkpoint, checkpoint_every=EVERY, progress=False
    )


def _emcee(checkpoint, workers=0, steps=400):
    from problems import conjugate

    import diskarray as da

    return _sampled(da.Emcee(max_steps=steps, autocorrelation_times=1e6, workers=workers), conjugate(), checkpoint)


def _emcee_workers(checkpoint):
    return _emcee(checkpoint, workers=2, steps=60)


def _emcee_jax(checkpoint):
    from problems import conjugate

    import diskarray as da

    engine = da.Emcee(max_steps=500, autocorrelation_times=1e6)
    return _sampled(engine, conjugate(), checkpoint, xp=da.enable_jax())


def _dynesty(checkpoint, dynamic=False):
    from problems import conjugate

    import diskarray as da

    return _sampled(
        da.Dynesty(live_points=100, dynamic=dynamic, effective_samples=1500), conjugate(), checkpoint, start=False
    )


def _dynesty_dynamic(checkpoint):
    return _dynesty(checkpoint, dynamic=True)


def _nuts(checkpoint):
    from problems import correlated

    import diskarray as da

    return _sampled(da.NUTS(draws=600, warmup=100, chains=2, block=10), correlated(), checkpoint, xp=da.enable_jax())


def _posterior(joint):
    import diskarray as da

    scene = da.Scene(disks={"belt": da.Disk(inclination=50.0, position_angle=30.0, distance=20.0, optical_depth=0.01)})
    random, images = np.random.default_rng(0), {}
    for name in ("one", "two"):
        clean = scene.image_2d_from(da.Grid2D.uniform((12, 12), 0.9)).array
        noise = np.full(clean.shape, 0.05 * clean.max())
        seen = clean + noise * random.standard_normal(clean.shape)
        images[name] = da.Imaging(data=seen, noise_map=noise, pixel_scale=0.9)
    priors = {"disks.belt.inclination": da.Uniform(20, 80), "disks.belt.position_angle": da.Uniform(-30, 90)}
    return da.Posterior(images if joint else images["one"], da.ParameterSpace.of(scene, priors))


def _consensus(checkpoint):
    import diskarray as da

    posterior = _posterior(joint=True)
    engine = da.Consensus(da.Emcee(max_steps=20, autocorrelation_times=1e6))
    return da.sample(
        posterior,
        engine,
        start=posterior.space.to_vector(),
        seed=7,
        checkpoint=checkpoint,
        checkpoint_every=EVERY,
        progress=False,
    )


def _least_squares(_):
    import diskarray as da

    return da.optimize(_posterior(joint=False), da.LeastSquares(), progress=False)


RUNS = {
    "emcee": ("Emcee", _emcee),
    "emcee, 2 workers": ("Emcee", _emcee_workers),
    "emcee, JAX": ("Emcee", _emcee_jax),
    "dynesty": ("Dynesty", _dynesty),
    "dynesty, dynamic": ("Dynesty", _dynesty_dynamic),
    "NUTS": ("NUTS", _nuts),
    "consensus of emcee": ("Consensus", _consensus),
    "least squares": ("LeastSquares", _least_squares),
}
NUMBERS = (
    "n_evaluations",
    "status",
    "message",
    "log_evidence",
    "log_evidence_error",
    "effective_sample_size",
    "maximum_log_probability",
    "chi_squared",
)
WITHOUT_CHECKPOINT = ("least squares",)  # over in seconds: run again from the beginning


# a run, in a process of its own


def child(name, folder, target):
    """Run, and write the digest of the result; 130 if asked to stop."""
    import diskarray as da

    print("begun", flush=True)
    try:
        result = RUNS[name][1](folder or None)
    except da.Interrupted:
        sys.exit(130)
    Path(target).write_text(digest(result))


def digest(result):
    """Digest of everything in a result but its duration."""
    hashed = hashlib.sha256()
    for key in ("samples", "log_probability", "vector", "covariance", "linear_samples"):
        if hasattr(result, key):
            hashed.update(np.ascontiguousarray(getattr(result, key)).tobytes())
    for key in sorted(getattr(result, "statistics", {})):
        hashed.update(key.encode() + np.ascontiguousarray(result.statistics[key]).tobytes())
    for key in NUMBERS:
        hashed.update(f"{key}={getattr(result, key, None)!r}".encode())
    return hashed.hexdigest()


def start(name, folder, target):
    options = ["--child", name, "--folder", str(folder), "--target", str(target)]
    command = [sys.executable, str(Path(__file__).resolve()), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    process.stdout.readline()
    while folder and name not in WITHOUT_CHECKPOINT and process.poll() is None and not (Path(folder) / "lock").exists():
        time.sleep(0.002)
    return process


def finish(process):
    """Exit code and what was printed."""
    try:
        _, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
        return "hung", errors
    return process.returncode, errors


def processes_of(session):
    """Processes of a session that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(entry.name)
    return found


class Findings:
    """What went wrong."""

    def __init__(self):
        self.texts = []

    def expect(self, true, text):
        if not true:
            self.texts.append(text)
            print(f"    {text}", flush=True)


def unreadable(folder):
    """Blocks that NumPy cannot read, or whose steps are not all there."""
    bad = []
    for path in sorted(folder.glob("blocks/[0-9]*.npz")):
        try:
            with np.load(path, allow_pickle=False) as block:
                entries, size = json.loads(block["index"].tobytes()), block["data"].size
            wanted = sum(np.dtype(k).itemsize * int(np.prod(s, dtype=int)) for e in entries for _, k, s in e["arrays"])
            bad += [path.name] if wanted != size else []
        except Exception as error:
            bad.append(f"{path.name}: {error}")
    return bad


def litter(folder):
    """Everything in a folder of a finished run that does not belong there."""
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    return [n for n in names if n != "header.json" and not re.fullmatch(r"blocks/\d{6}\.npz", n)]


def attack(name, folder, number, moment, findings):
    """Start a run and send a signal after a while; True if the run was hit before its end."""
    target = folder.with_suffix(".digest")
    process = start(name, folder, target)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=moment)
    # with no checkpoint open, a run ends by a polite signal as every process does
    hit = process.poll() is None and (number == signal.SIGKILL or (folder / "lock").exists())
    asked = time.monotonic()
    if hit:
        process.send_signal(number)
    code, errors = finish(process)
    hit = hit and code != 0
    if not hit:
        findings.expect(code == 0, f"{name}: a run ended with {code}: {errors[-400:]}")
    elif number == signal.SIGKILL:
        findings.expect(code == -number, f"{name}: killed, but ended with {code}")
    else:
        stopped = time.monotonic() - asked
        findings.expect(code == 130, f"{name}: {number.name} ended it with {code}: {errors[-400:]}")
        findings.expect(stopped < STOP_WITHIN, f"{name}: {number.name} took {stopped:.1f} s")
    waiting = time.monotonic() + STOP_WITHIN
    while processes_of(process.pid) and time.monotonic() < waiting:
        time.sleep(0.05)
    findings.expect(not processes_of(process.pid), f"{name}: processes outlive their parent")
    if folder.exists():
        findings.expect(not (bad := unreadable(folder)), f"{name}: not readable: {bad}")
    return hit


def campaign(name, numbers, duration, reference, random, findings):
    """Hit runs with every signal of a list; resume each to its end and compare.

    Returns
    -------
    hits, runs that got to their end, most hits of one : int
    """
    hits, finished, most = 0, 0, 0
    with tempfile.TemporaryDirectory() as place:
        while numbers:
            folder, own = Path(place) / f"run{finished}", 0
            while True:
                number = numbers[0] if numbers else signal.SIGKILL
                moment = random.uniform(0, duration) if numbers else LIMIT
                hit = attack(name, folder, number, moment, findings)
                if not hit:
                    break
                numbers, hits, own = numbers[1:], hits + 1, own + 1
            result = folder.with_suffix(".digest")
            same = result.exists() and result.read_text() == reference
            findings.expect(same, f"{name}: resumed after {own} interruptions, it is another result")
            if name not in WITHOUT_CHECKPOINT:
                findings.expect(not (left := litter(folder)), f"{name}: left behind: {left}")
            finished, most = finished + 1, max(most, own)
            result.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            if findings.texts[8:]:
                return hits, finished, most
    return hits, finished, most


def damages(name, count, random, findings):
    """Damage a finished checkpoint in many ways: one CheckpointError each, nothing written; how many were refused."""
    import diskarray as da

    refused = 0
    with tempfile.TemporaryDirectory() as place:
        whole, other = Path(place) / "whole", Path(place) / "damaged"
        code, errors = finish(start(name, whole, Path(place) / "digest"))
        findings.expect(code == 0, f"{name}: {errors[-400:]}")
        for _ in range(count):
            shutil.copytree(whole, other)
            what = damage(other, random)
            before = contents(other)
            try:
                RUNS[name][1](other)
                findings.expect(False, f"{name}: accepted {what}")
            except da.CheckpointError:
                refused += 1
            except Exception as error:
                findings.expect(False, f"{name}: {what} gave {error!r}")
            findings.expect(contents(other) == before, f"{name}: {what}: something was written")
            shutil.rmtree(other)
    return refused


def damage(folder, random):
    """Flip a bit, cut a file short, lengthen it, remove it, or put another block in its place."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    kind = random.choice(["flip", "flip", "flip", "cut", "lengthen", "remove", "exchange"])
    last = max(p for p in files if p.suffix == ".npz")
    allowed = [p for p in files if kind != "remove" or p != last]  # without its last block a run is only shorter
    path = allowed[random.integers(len(allowed))]
    content = bytearray(path.read_bytes())
    if kind == "flip":
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
    elif kind == "cut":
        content = content[: random.integers(len(content))]
    elif kind == "lengthen":
        content += random.bytes(int(random.integers(1, 100)))
    elif kind == "exchange":
        content = files[(files.index(path) + 1) % len(files)].read_bytes()
    path.unlink() if kind == "remove" else path.write_bytes(bytes(content))
    return f"{kind} {path.name}"


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def examine(name, arguments, findings):
    """A row of the table."""
    random = np.random.default_rng([arguments.seed, *name.encode()])
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "digest"
        code, errors = finish(start(name, "", target))
        findings.expect(code == 0, f"{name}: {errors[-400:]}")
        if code != 0:
            return None
        reference, folder = target.read_text(), Path(place) / "run"
        process, began = start(name, folder, target), time.monotonic()
        finish(process)
        duration = time.monotonic() - began
        findings.expect(target.read_text() == reference, f"{name}: with a checkpoint it is another result")
        findings.expect(not litter(folder) if folder.exists() else True, f"{name}: litter")
    kills = campaign(name, [signal.SIGKILL] * arguments.kills, duration, reference, random, findings)
    signals, refused = (0, 0, 0), 0
    if name not in WITHOUT_CHECKPOINT:
        polite = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1] * arguments.signals
        signals = campaign(name, polite, duration, reference, random, findings)
        refused = damages(name, arguments.damages, random, findings)
    return {"name": name, "duration": duration, "kills": kills, "signals": signals, "refused": refused}


def page(rows, arguments, seconds):
    made = (
        f"Written by `python workspace_test/kill_resume.py --kills {arguments.kills} --write` on "
        f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, in {seconds / 60:.0f} "
        "minutes."
    )
    columns = (
        "run",
        "alone [s]",
        "killed",
        "resumed to their end, all identical",
        "kills of one, at most",
        "stopped by signals",
        "damages refused",
    )
    lines = [TEXT + made, "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        (kills, finished, most), (stops, stopped, _) = row["kills"], row["signals"]
        cells = (
            row["name"],
            f"{row['duration']:.1f}",
            kills,
            finished + stopped,
            most,
            stops or "-",
            row["refused"] or "-",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def main():
    import diskarray as da

    parser = argparse.ArgumentParser(description="Kill and resume runs.")
    parser.add_argument("--engine", action="append", choices=list(RUNS))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--signals", type=int, default=1, help="of each kind")
    parser.add_argument("--damages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--child"), parser.add_argument("--folder"), parser.add_argument("--target")
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments.child, arguments.folder, arguments.target)
    began, rows, findings = time.monotonic(), [], Findings()
    for name in arguments.engine or RUNS:
        if hasattr(da, RUNS[name][0]):
            row = examine(name, arguments, findings)
            print(f"  {row}", flush=True)
            rows += [row] if row else []
        else:
            print(f"  {name}: not there yet", flush=True)
    print(f"{len(findings.texts)} findings in {time.monotonic() - began:.0f} s")
    if arguments.write and rows and not findings.texts:
        PAGE.write_text(page(rows, arguments, time.monotonic() - began), encoding="utf-8")
    sys.exit(1 if findings.texts or not rows else 0)


if __name__ == "__main__":
    main()
