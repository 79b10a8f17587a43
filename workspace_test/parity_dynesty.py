"""Nested sampling on JAX: the points of NumPy, batches of one size, known evidences, resuming bit by bit."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from _harness import begin

import diskarray as da
from diskarray.sampling.nested import LikelihoodQueue

sys.path.insert(0, str(Path(__file__).parents[1] / "test_diskarray" / "support"))
import problems

ANGLE, TAU, G = "disks.belt.position_angle", "disks.belt.optical_depth", "disks.belt.phase_function.g"


def disk_posterior(linear):
    """A small image of a belt whose position angle lies at the seam of its prior."""
    disk = da.Disk(
        density=da.TwoPowerLaw(radius=60.0, scale_height=3.0),
        phase_function=da.HenyeyGreenstein(g=0.4),
        inclination=60.0,
        position_angle=2.0,
        distance=100.0,
        optical_depth=1e-2,
        rule=da.Quadrature("layer", 3),
    )
    scene = da.Scene(disks={"belt": disk})
    data = da.simulate(scene, da.Grid2D.uniform((16, 16), 0.12), background=4e-3, seed=5)
    tau = da.Linear(minimum=0.0, maximum=0.05) if linear else da.Uniform(0.0, 0.05)
    return da.Posterior(
        data,
        da.ParameterSpace.of(
            scene,
            {
                ANGLE: da.UniformAngle(0, 360),
                G: da.Uniform(-0.2, 0.9),
                TAU: tau,
            },
        ),
    )


def sampled(posterior, engine, xp, **more):
    return da.sample(posterior, engine, seed=4, xp=xp, progress=False, **more)


def same_points(table, name, posterior, engine, jnp):
    """The run on JAX chooses exactly the points of the run on NumPy."""
    one, other = sampled(posterior, engine, np), sampled(posterior, engine, jnp)
    points, others = one.weighted["samples"], other.weighted["samples"]
    equal = points.shape == others.shape and np.array_equal(points, others)
    table.line(f"{name}: {len(points)} points are the same", equal and one.n_evaluations == other.n_evaluations)
    if equal:
        worst = float(np.max(np.abs(one.weighted["log_likelihood"] - other.weighted["log_likelihood"])))
        allowed = 1e-6 + 1e-12 * float(np.max(np.abs(one.weighted["log_likelihood"])))
        table.line(f"{name}: log-likelihoods", worst <= allowed, worst, allowed)
        table.line(f"{name}: draws", np.array_equal(one.samples, other.samples))
    return other


def known(table, jnp):
    """Moments and evidence of the problems that have a closed form."""
    for name, engine in (
        ("conjugate", da.Dynesty(live_points=100, sample="rwalk", walks=12)),
        ("bounded", da.Dynesty(live_points=100)),
        ("two_modes", da.Dynesty(live_points=100)),
        ("two_modes", da.Dynesty(live_points=60, dynamic=True, effective_samples=800)),
    ):
        problem = problems.PROBLEMS[name]()
        result = sampled(problem, engine, jnp)
        label = f"{name}, {'dynamic' if engine.dynamic else 'static'}"
        off = abs(result.log_evidence - problem.exact_log_evidence) / result.log_evidence_error
        table.line(f"{label}: evidence, in its errors ({result.log_evidence_error:.2f})", off < 3, float(off), 3.0)
        exact, size = problem.exact_covariance, result.effective_sample_size
        scale = np.sqrt(np.diag(exact))
        mean = np.max(np.abs(result.mean - problem.exact_mean) / scale) * np.sqrt(size)
        table.line(f"{label}: mean, in standard errors", mean < 4, float(mean), 4.0)
        spread = np.max(np.abs(result.covariance - exact) / np.outer(scale, scale)) * np.sqrt(size / 2)
        table.line(f"{label}: covariance, in standard errors", spread < 5, float(spread), 5.0)


def batches(table, posterior, jax, jnp):
    """However many points are asked for, one shape is compiled."""
    shapes, inner = set(), type(posterior).log_likelihoods

    class Watched:
        space, data = posterior.space, posterior.data
        scene_from, identity = posterior.scene_from, posterior.identity
        linear_solution, draw_linear = posterior.linear_solution, posterior.draw_linear

        def log_likelihoods(self, rows, *, xp=np):
            shapes.add(rows.shape)
            return inner(posterior, rows, xp=xp)

    sampled(Watched(), da.Dynesty(live_points=40, dlogz=20.0, queue=20, batch=8), jnp)
    table.line("shapes compiled", shapes == {(8, posterior.space.size)}, len(shapes), 1, str(shapes))


class CutOff(Exception):
    pass


def resumed(table, posterior, jnp):
    """A run cut off three times ends as the one that was not."""
    engine = da.Dynesty(live_points=20, sample="rwalk", walks=4, dlogz=4.0)
    compute, calls = LikelihoodQueue._computed, [0, np.inf]

    def counted(self, rows):
        if calls[0] >= calls[1]:
            raise CutOff
        calls[0] += 1
        return compute(self, rows)

    LikelihoodQueue._computed = counted
    try:
        whole, steps = sampled(posterior, engine, jnp), calls[0]
        calls[0] = 0
        with tempfile.TemporaryDirectory() as folder:
            for calls[1] in np.sort(np.random.default_rng(8).integers(1, steps, 3)):
                try:
                    sampled(posterior, engine, jnp, checkpoint=Path(folder) / "run")
                except CutOff:
                    continue
            calls[1] = np.inf
            again = sampled(posterior, engine, jnp, checkpoint=Path(folder) / "run")
    finally:
        LikelihoodQueue._computed = compute
    equal = all(np.array_equal(whole.weighted[k], again.weighted[k]) for k in whole.weighted) and calls[0] == steps
    equal &= np.array_equal(whole.samples, again.samples) and whole.n_evaluations == again.n_evaluations
    table.line(f"cut off three times in {steps} batches: the same bits, nothing twice", equal)


def angle_at_its_seam(table, result):
    """A position angle of 2 degrees: the mean is not torn apart by the seam."""
    k = result.names.index(ANGLE)
    off = (result.mean[k] - 2.0 + 180) % 360 - 180
    z = abs(off) / result.sigma[k]
    table.line(f"position angle at the seam: {off:+.2f} +- {result.sigma[k]:.2f} from the truth", z < 4, float(z), 4.0)


def main():
    arguments, jax, jnp, table = begin("Nested sampling: NumPy, JAX in lockstep, known answers")
    disk = disk_posterior(linear=False)
    found = same_points(table, "disk", disk, da.Dynesty(live_points=32, sample="rwalk", walks=6, dlogz=1.0), jnp)
    angle_at_its_seam(table, found)
    batches(table, disk, jax, jnp)
    if not arguments.quick:
        linear = disk_posterior(linear=True)
        walks = da.Dynesty(live_points=20, sample="rwalk", walks=5, dlogz=2.0)
        result = same_points(table, "disk, linear depth, walks", linear, walks, jnp)
        off = abs(float(np.mean(result.linear_samples) - 1e-2) / float(np.std(result.linear_samples)))
        table.line("linear optical depth: from the truth, in sigma", off < 4, off, 4.0)
        dynamic = da.Dynesty(live_points=24, dynamic=True, effective_samples=150, dlogz=1.0)
        same_points(table, "mixture, dynamic", problems.two_modes(), dynamic, jnp)
        slices = da.Dynesty(live_points=24, sample="rslice", dlogz=1.0)
        same_points(table, "bounded, slices", problems.bounded(), slices, jnp)
        known(table, jnp)
        resumed(table, disk, jnp)
    table.finish()


if __name__ == "__main__":
    main()
