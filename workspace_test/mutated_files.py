"""Can a damaged or hostile file do harm? Reads mutated FITS, HDF5 and NPZ files, each in a child process.

    python workspace_test/mutated_files.py [--quick] [--count 1500] [--seed 7] [--write]

Every file must end in exactly one of diskarray's typed errors, which names the file and the place, or be read right:
equal to the undamaged file, or, where no checksum protects it, what h5py or astropy themselves read from it. No other
exception, no warning, no crash, nothing beyond 5 s, and no more than 400 MB of memory above that of an idle child,
which also has a limit on its address space. Python may open no file outside the folder of the mutants (an audit hook
watches); HDF5 opens files unwatched, so that hostile links point at files that can be read, and reading them fails.
``--quick`` reads 150 files; ``--write`` makes docs/damaged_files.md.
"""

import argparse
import json
import os
import queue
import re
import resource
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "damaged_files.md"
LIMIT = 5.0  # seconds for one file
MEMORY = 400  # MB above an idle child's
ADDRESSES = 1500  # MB above an idle child's
STARTING = 120.0
PLACE = re.compile(
    r"HDU|card |dataset|\.npy|array '|attribute|not a FITS file|not a readable|is damaged|not a regular file"
    r"|cannot be read|unzipped|larger than|holds no image|no extension|claims|is a link|is no array|is encrypted"
)
TEXT = """# Damaged and hostile files

FITS, HDF5 and NPZ files, each with one damage at a random place (cut, a flipped byte or bit, bytes inserted, zeroed or
exchanged) or one lie told on purpose (huge declared sizes, zip bombs, links to other files, contradictory WCS, wrong
dimensions, pickles), read by diskarray's readers in child processes with limits on time and memory. Every file must end
in one typed error that names the file and the place, or be read right: equal to the undamaged file, or, where the file
has no checksum that could tell, what astropy, h5py or NumPy themselves read from it ("as it says"). Made by
`workspace_test/mutated_files.py`.

"""


# the child: paths in, verdicts out


def _read(path, kind, variant):
    import diskarray as da

    variant %= 3
    if kind.startswith("hdf5"):
        return da.read_hdf5(path)
    if kind.startswith("npz"):
        return da.read_npz(path)
    if variant == 2:
        return da.read_jwst(path, center=("CRPIX2", "CRPIX1"))
    noise = da.NoiseFromFile(extension="ERR")
    return da.Imaging.from_fits(path, extension="SCI", noise=noise, center=("CRPIX2", "CRPIX1"))


def _content(imaging):
    """Everything that was read, as bytes."""
    frame = imaging.frame
    told = repr((frame, imaging.unit, imaging.observable, imaging.header)).encode()
    arrays = (imaging.data.array, imaging.noise_map.array, imaging.mask.array)
    return told + b"".join(array.tobytes() for array in arrays)


def _memory(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def child():
    import warnings

    import h5py  # noqa: F401
    from astropy.io import fits  # noqa: F401
    from astropy.wcs import WCS  # noqa: F401

    import diskarray as da

    sys.path.insert(0, str(HERE))
    import _mutants

    folder = Path(sys.argv[2])
    originals = {}
    for number, (kind, make) in enumerate(_mutants.GOOD.items()):
        path = folder / f"good{os.getpid()}_{number}{_mutants.ending_of(kind)}"
        path.write_bytes(make())
        for variant in range(3):
            originals[kind, variant] = _content(_read(path, kind, variant))
    opened = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    idle = _memory("VmRSS")
    limit = int((_memory("VmSize") + ADDRESSES) * 2**20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        Path("/proc/self/clear_refs").write_text("5")
        opened.clear()
        verdict = {}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            began = time.perf_counter()
            try:
                found = _content(_read(task["path"], task["kind"], task["variant"]))
                verdict["end"] = "equal" if found == originals[task["kind"], task["variant"] % 3] else "other"
            except da.DiskArrayError as error:
                verdict |= {"end": "error", "type": type(error).__name__, "message": str(error)}
            except BaseException as error:
                verdict |= {"end": "escaped", "type": type(error).__name__, "message": str(error)[:300]}
            verdict["seconds"] = time.perf_counter() - began
        verdict["memory"] = _memory("VmHWM") - idle
        verdict["warnings"] = [str(w.message)[:200] for w in caught]
        allowed = (str(folder), sys.prefix, sys.base_prefix, str(HERE.parent), "/proc/self", "/usr/lib", "/usr/share")
        verdict["opened"] = [name for name in opened if name.startswith("/") and not name.startswith(allowed)]
        verdict["left_open"] = len([n for n in os.listdir("/proc/self/fd")])
        if verdict["end"] == "other" and "plain" in task:
            verdict["end"] = _as_it_says(task)
        print(json.dumps(verdict), flush=True)


def _as_it_says(task):
    """Whether a library of its own reads the same from a file without checksums."""
    import warnings

    import numpy as np

    try:
        imaging = _read(task["path"], task["kind"], task["variant"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image, noise = _plainly(task["path"], task["kind"])
        used = ~imaging.mask.array
        area = 1.0 if imaging.unit in ("mJy / arcsec2",) else None
        same = image.shape == used.shape and noise.shape == used.shape
        for mine, plain in ((imaging.data.array, image), (imaging.noise_map.array, noise)):
            plain = plain[used].astype(float)
            bright = np.abs(plain) > 0
            factor = 1.0 if area else np.median(mine[used][bright] / plain[bright])
            same = same and np.allclose(mine[used], plain * factor, rtol=1e-12, atol=0)
        return "as it says" if same else "other"
    except Exception as error:
        return f"other ({type(error).__name__}: {error})"


def _plainly(path, kind):
    if kind.startswith("hdf5"):
        import h5py

        with h5py.File(path) as file:
            return file["image"][()], file["noise"][()]
    from astropy.io import fits

    return fits.getdata(path, "SCI"), fits.getdata(path, "ERR")


# the parent


class Child:
    """A process that reads files, one at a time; a new one is started where it had to be killed."""

    def __init__(self, folder):
        self.folder, self.process = folder, None

    def read(self, task):
        if self.process is None:
            self._start()
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
            return self._answer(LIMIT)
        except BrokenPipeError:
            return self._dead("died")

    def _start(self):
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(HERE.parent),
        }
        command = [sys.executable, str(Path(__file__).resolve()), "--child", str(self.folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=self.folder
        )
        ready = self._answer(STARTING)
        if not ready.get("ready"):
            raise RuntimeError(f"a child does not start: {ready}")

    def _answer(self, limit):
        if not select.select([self.process.stdout], [], [], limit)[0]:
            return self._dead("hung")
        line = self.process.stdout.readline()
        return json.loads(line) if line else self._dead("died")

    def _dead(self, how):
        self.process.kill()
        code = self.process.wait()
        self.process = None
        return {
            "end": how,
            "message": f"exit code {code}",
            "seconds": LIMIT,
            "memory": 0.0,
            "warnings": [],
            "opened": [],
        }

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(30)


def tasks(count, seed, folder):
    """All files to read: written to the folder one by one; a list of dictionaries."""
    import numpy as np

    sys.path.insert(0, str(HERE))
    import _mutants

    _mutants.write_secrets(folder)
    made = [(kind, f"lie: {name}", content) for kind, name, content in _mutants.lies()]
    if count < 500:
        made = made[:: max(1, 2 * len(made) // count)]
    rng = np.random.default_rng(seed)
    good = {kind: make() for kind, make in _mutants.GOOD.items()}
    combinations = [(kind, damage) for kind in good for damage in _mutants.DAMAGE]
    number = 0
    while len(made) < count:
        kind, damage = combinations[number % len(combinations)]
        made.append((kind, damage, _mutants.DAMAGE[damage](good[kind], rng)[0]))
        number += 1
    listed = []
    for number, (kind, damage, content) in enumerate(made):
        path = folder / f"m{number}{_mutants.ending_of(kind)}"
        path.write_bytes(content)
        task = {"path": str(path), "kind": kind, "damage": damage, "variant": number // len(combinations)}
        if "no checksums" in kind or " = " in damage:
            task["plain"] = True
        listed.append(task)
    return listed


def failure_of(task, verdict):
    """What is wrong with how a file ended, or ""."""
    end = verdict["end"]
    if end not in ("equal", "as it says", "error"):
        return f"{end} {verdict.get('type', '')} {verdict.get('message', '')}"
    if end == "error":
        said = verdict["message"]
        if Path(task["path"]).name not in said:
            return f"names no file: {said}"
        if not PLACE.search(said):
            return f"names no place: {said}"
        if "\n" in said:
            return f"more than one line: {said}"
    if verdict["warnings"]:
        return f"warnings: {verdict['warnings']}"
    if verdict["opened"]:
        return f"opened {verdict['opened']}"
    if verdict["memory"] > MEMORY:
        return f"{verdict['memory']:.0f} MB"
    return ""


def table(results):
    """Rows of counts by kind of file and of damage, as Markdown."""
    header = ["file", "damage", "files", "error", "equal", "as it says", "failed", "longest", "most memory"]
    rows = []
    groups = {}
    for task, verdict, failed in results:
        damage = "lies" if task["damage"].startswith("lie") else task["damage"].replace("_", " ")
        groups.setdefault((task["kind"], damage), []).append((verdict, failed))
    for (kind, damage), members in sorted(groups.items()):
        ends = Counter(verdict["end"] for verdict, _ in members)
        rows.append(
            [
                kind,
                damage,
                str(len(members)),
                *(str(ends[end]) for end in ("error", "equal", "as it says")),
                str(sum(bool(failed) for _, failed in members)),
                f"{max(verdict['seconds'] for verdict, _ in members):.2f} s",
                f"{max(verdict['memory'] for verdict, _ in members):.0f} MB",
            ]
        )
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def run(listed, folder, children):
    """Every task with its verdict and what is wrong with it."""
    waiting, results, lock = queue.SimpleQueue(), [], threading.Lock()
    for task in listed:
        waiting.put(task)

    def work():
        one = Child(folder)
        while True:
            try:
                task = waiting.get_nowait()
            except queue.Empty:
                break
            verdict = one.read(task)
            with lock:
                results.append((task, verdict, failure_of(task, verdict)))
        one.stop()

    threads = [threading.Thread(target=work) for _ in range(children)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--children", type=int, default=2)
    options = parser.parse_args()
    count = 150 if options.quick else options.count
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        results = run(tasks(count, options.seed, folder), folder, options.children)
    seconds = time.perf_counter() - began
    failures = [(task, failed) for task, _, failed in results if failed]
    types = Counter(verdict["type"] for _, verdict, _ in results if verdict["end"] == "error")
    ends = Counter(verdict["end"] for _, verdict, _ in results)
    kinds = ", ".join(f"{number} {name}" for name, number in types.most_common())
    said = (
        f"{len(results)} files: {ends['error']} typed errors ({kinds}), "
        f"{ends['equal']} read equal, {ends['as it says']} read as the file says, {len(failures)} failures; "
        f"the longest took {max(v['seconds'] for _, v, _ in results):.2f} s, the most memory was "
        f"{max(v['memory'] for _, v, _ in results):.0f} MB above an idle child's."
    )
    if not options.quick:
        print(table(results))
    for task, failed in failures[:40]:
        print(f"FAILED {task['kind']} | {task['damage']} | {Path(task['path']).name}: {failed}")
    print(f"mutated_files: {said} ({seconds:.0f} s)")
    if options.write and not failures:
        PAGE.write_text(TEXT + said + "\n\n" + table(results) + "\n", encoding="utf-8")
    sys.exit(bool(failures))


if __name__ == "__main__":
    child() if sys.argv[1:2] == ["--child"] else main()
