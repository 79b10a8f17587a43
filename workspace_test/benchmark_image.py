"""How fast is the disk's image, its likelihood and their derivatives? Timings, memory, scaling, and the peers.

    python workspace_test/benchmark_image.py [--peers PYTHON] [--quick] [--write]

The disk is that of ../shared/bench/peer_times.py, 200 x 200 pixels. Times are medians of calls in a row in one process,
each with other parameters, over several rounds: for seconds at a time virtual processors take long to wake each other,
and compiled code that shares its work among them takes 2.5 times as long. Compilation is timed apart. ``--peers`` runs
peer_times.py with a Python that has vip_hci and grater-jax, in turns with our own rounds. ``--quick`` leaves out the
scaling. ``--write`` renews docs/performance.md. The last lines say which requirements hold; the exit code is 0 either
way.
"""

import argparse
import functools
import itertools
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np

import diskarray as da

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
PEERS = ROOT.parent / "shared" / "bench" / "peer_times.py"
SIZE, FIELD, FWHM_PIXELS = 200, 200 * 0.01225, 4.0  # pixels, arcsec (the same for any size), pixels
DENSITY = {"radius": 77.0, "alpha_in": 10.0, "alpha_out": -5.0, "scale_height": 1.5}
ORIENTATION = {"inclination": 76.0, "position_angle": 27.0, "distance": 71.9}
EIGHT = {
    "density.alpha_in": da.Uniform(1, 30),
    "density.alpha_out": da.Uniform(-15, -1),
    "density.radius": da.Uniform(60, 90),
    "density.scale_height": da.Uniform(0.3, 6),
    "inclination": da.Uniform(60, 85),
    "position_angle": da.UniformAngle(0, 360),
    "phase_function.g": da.Uniform(-0.9, 0.9),
    "optical_depth": da.LogUniform(1e-5, 1e-1),
}
ELEVEN = EIGHT | {
    "density.eccentricity": da.Uniform(0, 0.4),
    "density.gamma": da.Uniform(1, 4),
    "density.argument_of_pericenter": da.UniformAngle(-180, 180),
}
SIDES, ORDERS, ROWS = (100, 200, 400, 700, 1000), (4, 8, 12, 16, 24), (1, 8, 64)
NUMPY, JAX, ALL = "image, NumPy", "image of 8 free parameters, JAX", "image, everything free, JAX"
VALUE, GRADIENT = "log-likelihood", "value and gradient of 8"
FRESH = f"""
import diskarray as da
disk = da.Disk(density=da.TwoPowerLaw(**{DENSITY!r}), phase_function=da.HenyeyGreenstein(0.3), **{ORIENTATION!r})
grid = da.Grid2D.uniform(({SIZE}, {SIZE}), {FIELD / SIZE!r})
"""
FRESH_NUMPY = FRESH + "disk.image_2d_from(grid).array\n"
FRESH_JAX = f"""
import time, jax
start = time.perf_counter()
{FRESH}
jnp = da.enable_jax()
jax.jit(lambda disk, grid: disk.image_2d_from(grid, xp=jnp).array)(disk, grid).block_until_ready()
print(time.perf_counter() - start)
"""


def disk_at(**settings):
    settings = ORIENTATION | settings
    return da.Disk(density=da.TwoPowerLaw(**DENSITY), phase_function=da.HenyeyGreenstein(0.3), **settings)


def scene_at(psf=None, **settings):
    return da.Scene(disks={"belt": disk_at(**settings)}, instrument=da.Instrument(psf=psf))


def space_of(scene, priors):
    return da.ParameterSpace.of(scene, {f"disks.belt.{name}": prior for name, prior in priors.items()})


def grid_of(side=SIZE):
    return da.Grid2D.uniform((side, side), FIELD / side)


def posterior_of(priors, side=SIZE, **settings):
    """The disk through a Gaussian PSF, observed with noise of 2 % of the peak."""
    scene = scene_at(da.GaussianPSF(fwhm=FWHM_PIXELS * FIELD / side), **settings)
    peak = float(scene.image_2d_from(grid_of(side)).array.max())
    data = da.simulate(scene, grid_of(side), background=0.02 * peak, seed=0)
    return da.Posterior(data, space_of(scene, priors))


class Clock:
    """Times of named functions of a small number that makes every call another one."""

    def __init__(self):
        self.times, self.first, self.calls = {}, {}, itertools.count(1)

    def call(self, function):
        start = time.perf_counter()
        result = function(1e-6 * next(self.calls))
        for part in result if isinstance(result, tuple) else (result,):
            np.asarray(part)  # waits for JAX
        return time.perf_counter() - start

    def run(self, functions, repeat):
        """Each function ``repeat`` times in a row, as the peers are timed, after one call that does not count.

        A machine that takes back memory left alone for a second makes whoever takes turns look slow.
        """
        for name, function in functions.items():
            seconds = self.call(function)
            self.first.setdefault(name, seconds)
            self.times.setdefault(name, []).extend(self.call(function) for _ in range(repeat))

    def ms(self, name):
        return 1e3 * float(np.median(self.times[name]))


def image_functions(grid, **settings):
    """{name: function} of the image: NumPy, JAX with what a fit frees traced, JAX with every number traced."""
    disk, compiled, compiled_space = disk_at(**settings), *compiled_images()
    space = space_of(scene_at(**settings), EIGHT)
    start = space.to_vector()
    return {
        NUMPY: lambda h: da.replace(disk, "inclination", disk.inclination - h).image_2d_from(grid).array,
        JAX: lambda h: compiled_space(space, start - h, grid),
        ALL: lambda h: compiled(da.replace(disk, "inclination", disk.inclination - h), grid),
    }


@functools.cache
def compiled_images():
    import jax

    jnp = da.enable_jax()
    return (
        jax.jit(lambda disk, grid: disk.image_2d_from(grid, xp=jnp).array),
        jax.jit(lambda space, vector, grid: space.to_model(vector).image_2d_from(grid, xp=jnp).array),
    )


def inference_functions(posterior):
    """{name: function} of the compiled likelihood and its derivatives, the posterior an argument of all."""
    import jax

    jnp = da.enable_jax()
    start = posterior.space.to_vector()
    likelihood = jax.jit(lambda post, vector: post.log_likelihood(vector, xp=jnp))
    jacobian = jax.jit(lambda post, vector: jax.jacfwd(lambda v: post.residuals(v, xp=jnp))(vector))
    return {
        VALUE: lambda h: likelihood(posterior, start + h),
        GRADIENT: lambda h: posterior.value_and_gradient(start + h, xp=jnp),
        "forward Jacobian of 8": lambda h: jacobian(posterior, start + h),
    }


def main_functions():
    functions = image_functions(grid_of())
    for i in (88, 90):
        functions |= {f"{n}, i = {i}": f for n, f in image_functions(grid_of(), inclination=float(i)).items()}
    return functions | inference_functions(posterior_of(EIGHT))


def side_by_side(clock, python, repeat, rounds):
    """Rounds of ours and of peer_times.py alternate; its medians over the rounds, {} without an interpreter for it."""
    functions, found = main_functions(), []
    clock.run(functions, repeat)
    for _ in range(rounds if python else 0):
        command = [python, str(PEERS), "--size", str(SIZE), "--repeat", str(repeat)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
        clock.run(functions, repeat)
    return {name: float(np.median([one[name] for one in found])) for name in (found[0] if found else ())}


def memory():
    """Temporary memory per pixel in doubles, of value and gradient of 11 parameters, streaming, from the compiler."""
    import jax

    jnp = da.enable_jax()
    posterior = posterior_of(ELEVEN, rule=da.Quadrature(path="streaming"))

    def doubles(function):
        lowered = jax.jit(function).lower(posterior, posterior.space.to_vector())
        return lowered.compile().memory_analysis().temp_size_in_bytes / (8 * SIZE**2)

    value = functools.partial(da.Posterior.log_likelihood, xp=jnp)
    return {"value": doubles(value), "gradient": doubles(jax.value_and_grad(value, argnums=1))}


def first_images(repeat=3):
    """Seconds, each in a fresh process: all of it with NumPy; from after ``import jax`` with JAX, and so where an
    earlier process has left its compiled code."""
    seconds = {"numpy": [], "jax": [], "jax, kept": []}
    with tempfile.TemporaryDirectory() as folder:
        cache = os.environ | {"JAX_COMPILATION_CACHE_DIR": folder}
        fresh_jax(cache)
        for _ in range(repeat):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", FRESH_NUMPY], check=True)
            seconds["numpy"].append(time.perf_counter() - start)
            seconds["jax"].append(fresh_jax(os.environ))
            seconds["jax, kept"].append(fresh_jax(cache))
    return {name: float(np.median(values)) for name, values in seconds.items()}


def fresh_jax(environment):
    done = subprocess.run(
        [sys.executable, "-c", FRESH_JAX], check=True, capture_output=True, text=True, env=environment
    )
    return float(done.stdout)


def compilations(n=100):
    """How often XLA compiles during ``n`` different vectors, counted from before the first."""
    import jax

    jnp, posterior, found = da.enable_jax(), posterior_of(EIGHT, side=21), []
    posterior.value_and_gradient(posterior.space.to_vector(), xp=jnp)
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, *_, **__: found.append(event) if event.endswith("backend_compile_duration") else None
    )
    for u in np.random.default_rng(0).uniform(0.05, 0.95, size=(n, posterior.space.size)):
        posterior.value_and_gradient(posterior.space.from_unit_cube(u), xp=jnp)
    return 1 + len(found)


def scaling(repeat, rounds):
    """Microseconds per pixel by the side of the image; milliseconds by the rule's order; ms per vmapped row."""
    sides = {n: {f"{b} {n}": f for b, f in image_functions(grid_of(n)).items()} for n in SIDES}
    rules = {n: image_functions(grid_of(), rule=da.Quadrature("panels", n)) for n in ORDERS}
    orders, tables = {n: {f"{b} {n}": f for b, f in functions.items()} for n, functions in rules.items()}, []
    for table, per in ((sides, lambda n: 1e3 / n**2), (orders, lambda n: 1.0)):
        clock = Clock()
        for _ in range(rounds):
            clock.run({k: f for functions in table.values() for k, f in functions.items()}, repeat)
        tables.append({n: [clock.ms(k) * per(n) for k in functions] for n, functions in table.items()})
    return (*tables, rows_timed(repeat))


def rows_timed(repeat):
    """{number of rows: milliseconds per row} of the vmapped log-likelihood, and of ``log_likelihoods``."""
    import jax

    jnp, posterior, clock = da.enable_jax(), posterior_of(EIGHT), Clock()
    compiled = jax.jit(lambda post, rows: jax.vmap(lambda v: post.log_likelihood(v, xp=jnp))(rows))
    start = posterior.space.to_vector()
    ways = {
        "vmap": lambda rows: compiled(posterior, rows),
        "ours": lambda rows: posterior.log_likelihoods(rows, xp=jnp),
    }
    cases = [(way, n) for n in ROWS for way in ways]
    clock.run(
        {(way, n): lambda h, way=way, n=n: ways[way](start + h * np.arange(1, n + 1)[:, None]) for way, n in cases},
        repeat,
    )
    return {n: [clock.ms((way, n)) / n for way in ways] for n in ROWS}


def requirements(clock, peers, used, first, compiled, scales):
    """One line per requirement: whether it holds, and the measured figure."""
    slowest = max(clock.ms(f"{NUMPY}, i = {i}") for i in (88, 90))
    lines = [
        ("value and gradient at most 4 x the log-likelihood", 4, clock.ms(GRADIENT) / clock.ms(VALUE)),
        ("memory of the value at most 12 doubles per pixel", 12, used["value"]),
        ("memory of the gradient at most 12 doubles per pixel", 12, used["gradient"]),
        ("first NumPy image within 0.6 s", 0.6, first["numpy"]),
        ("first JAX image within 1.5 s of import jax", 1.5, first["jax"]),
        ("100 vectors compile once", 1, compiled),
    ]
    for k, backend in enumerate(("NumPy", "JAX")):
        growth = scales[0][1000][k] / scales[0][200][k] if scales else math.nan
        lines.append((f"cost per pixel, 200^2 to 1000^2, {backend}: below 1.5", 1.5, growth))
    vip, grater, gradient = (peers.get(name, math.nan) for name in ("vip_image", "grater_image", "grater_gradient"))
    lines.append(("near edge-on NumPy image / VIP's: at most 1", 1, slowest / vip))
    lines += [
        (what, -bar, -ratio)
        for what, bar, ratio in (
            ("NumPy image at least 8 x VIP's speed", 8, vip / clock.ms(NUMPY)),
            ("JAX image at least 20 x VIP's speed", 20, vip / clock.ms(JAX)),
            ("JAX image at least 40 x grater-jax's speed", 40, grater / clock.ms(JAX)),
            ("value and gradient at least 30 x grater-jax's gradient", 30, gradient / clock.ms(GRADIENT)),
        )
    ]
    return "\n".join(
        f"- not timed: {what}"
        if math.isnan(got)
        else f"- {'holds' if got <= bar else 'FAILS'}: {what} ({abs(got):.2f})"
        for what, bar, got in lines
    )


def peer_table(clock, peers):
    if not peers:
        return "The peers were not timed: give `--peers PYTHON`."
    pairs = (
        (NUMPY, "vip_image"),
        (f"{NUMPY}, i = 90", "vip_image"),
        (JAX, "vip_image"),
        (JAX, "grater_image"),
        (VALUE, "grater_likelihood"),
        (GRADIENT, "grater_gradient"),
    )
    lines = ["| ours | ms | theirs (i = 76) | ms | times faster |", "|---|---|---|---|---|"]
    for ours, theirs in pairs:
        ratio = peers[theirs] / clock.ms(ours)
        lines.append(f"| {ours} | {clock.ms(ours):.2f} | `{theirs}` | {peers[theirs]:.1f} | {ratio:.1f} |")
    return "\n".join(lines)


def own_tables(clock, used, first, compiled, scales):
    lines = ["| what | median [ms] | fastest [ms] | first call [s] |", "|---|---|---|---|"]
    lines += [
        f"| {n} | {clock.ms(n):.2f} | {1e3 * min(t):.2f} | {clock.first[n]:.2f} |" for n, t in clock.times.items()
    ]
    lines += [
        "",
        f"First image in a fresh process: NumPy {first['numpy']:.2f} s, JAX {first['jax']:.2f} s after `import jax`,",
        f"{first['jax, kept']:.2f} s where an earlier process left its compiled code (`JAX_COMPILATION_CACHE_DIR`).",
        f"100 different vectors compile {compiled} time(s). Temporary memory, 11 free parameters, in doubles per",
        f"pixel: {used['value']:.1f} for the value, {used['gradient']:.1f} for value and gradient.",
    ]
    heads = (
        "side | NumPy [us per pixel] | JAX, 8 free [us per pixel] | JAX, all free [us per pixel]",
        "panels of order | NumPy [ms] | JAX, 8 free [ms] | JAX, all free [ms]",
        "rows at once | log-likelihood, `vmap` [ms per row] | `log_likelihoods` [ms per row]",
    )
    for head, table in zip(heads, scales, strict=False):
        lines += ["", f"| {head} |", "|---" * (head.count("|") + 1) + "|"]
        lines += ["| " + " | ".join([str(n), *(f"{t:.3g}" for t in times)]) + " |" for n, times in table.items()]
    return "\n".join(lines)


def processor():
    """Its name, where the system tells."""
    information = pathlib.Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has vip_hci and grater-jax")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=5, help="how often the peers take their turn")
    parser.add_argument("--quick", action="store_true", help="leave out the scaling")
    parser.add_argument("--write", action="store_true", help="renew docs/performance.md")
    arguments = parser.parse_args()
    clock = Clock()
    peers = side_by_side(clock, arguments.peers, arguments.repeat, arguments.rounds)
    scales = () if arguments.quick else scaling(max(3, arguments.repeat // 3), arguments.rounds)
    own = memory(), first_images(), compilations(), scales
    text = f"## Beside the peers\n\n{peer_table(clock, peers)}\n\n## By itself\n\n{own_tables(clock, *own)}"
    listed = requirements(clock, peers, *own)
    print(f"{text}\n\n{listed}")
    if arguments.write:
        PAGE.write_text(
            f"# Performance\n\nOn {os.cpu_count()} cores of an {processor()}, float64, an image of {SIZE} x {SIZE} "
            "pixels of a ring of 77 au\nseen at 76 degrees; the likelihood through a Gaussian PSF of 4 pixels. "
            "Medians of calls in a row, in\nrounds that alternate with the peers'; ratios differ from one kind of "
            "processor to another. For seconds\nat a time virtual processors take long to wake each other, and "
            "compiled code that shares its work among\nthem takes 2.5 times as long. Written by\n"
            "`python workspace_test/benchmark_image.py --peers PYTHON --write`, PYTHON with vip_hci and grater-jax.\n\n"
            f"{text}\n\n## Requirements\n\n{listed}\n"
        )


if __name__ == "__main__":
    main()
