"""Total and polarized intensity of one disk, fitted together: is the truth found, and does the geometry gain?

    python workspace_test/joint_polarization.py [--seeds 6]

A disk seen in both is simulated with several noise seeds and fitted from values off the truth. Checked are the pulls
(fit - truth) / sigma, that the fit's errors are those of the Fisher information of both images, and that every error of
the geometry is at most what the weights 1 / sigma^2 of two separate fits add up to: the images also share parameters
that each alone knows poorly.
"""

import argparse
import sys

import numpy as np

import diskarray as da

GRID = da.Grid2D.uniform((30, 26), 0.12)
TRUTH = da.Scene(
    disks={
        "belt": da.Disk(
            density=da.TwoPowerLaw(radius=62.0, alpha_in=6.0, alpha_out=-4.0, scale_height=4.0),
            phase_function=da.HenyeyGreenstein(0.35),
            polarization=da.RayleighPolarization(0.3),
            inclination=64.0,
            position_angle=35.0,
            distance=60.0,
            optical_depth=2e-3,
            rule=da.Quadrature("layer", 8),
        )
    },
    instrument=da.Instrument(psf=da.GaussianPSF(fwhm=0.25)),
    star=da.Star(flux=800.0, unit="mJy"),
)
GEOMETRY = {
    "disks.belt.inclination": da.Uniform(40, 85),
    "disks.belt.position_angle": da.Uniform(0, 90),
    "disks.belt.density.radius": da.Uniform(40, 90),
    "disks.belt.density.alpha_out": da.Uniform(-12, -1.5),
}
SHARED = {"disks.belt.phase_function.g": da.Uniform(0.0, 0.9), "disks.belt.optical_depth": da.LogUniform(1e-4, 1e-1)}
FRACTION = {"disks.belt.polarization.maximum": da.Uniform(0, 1)}
STEPS = np.array([1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-7, 1e-4])


def imaging(observable, seed):
    """The image of one observable with noise of a tenth of its peak."""
    image = TRUTH.observed_2d_from(GRID, observable).array
    noise = np.full(image.shape, 0.1 * image.max())
    drawn = np.random.default_rng([seed, observable == "total"]).standard_normal(image.shape)
    return da.Imaging(
        data=image + noise * drawn,
        noise_map=noise,
        frame=GRID.frame,
        unit="mJy/arcsec2",
        observable=observable,
        mask=np.hypot(GRID.y, GRID.x).reshape(image.shape) < 0.3,
    )


def fisher(posterior):
    """Fisher information at the truth, from central differences of the residuals."""
    truth = posterior.space.to_vector(TRUTH)
    rows = []
    for k, step in enumerate(STEPS[: truth.size]):
        moved = np.where(np.arange(truth.size) == k, step, 0.0)
        rows.append((posterior.residuals(truth + moved) - posterior.residuals(truth - moved)) / (2 * step))
    return np.array(rows) @ np.array(rows).T


def started(space):
    """Somewhat off the truth."""
    vector = space.to_vector(TRUTH)
    return np.clip(vector * 1.03, *space.bounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    arguments = parser.parse_args()
    joint_space = da.ParameterSpace.of(TRUTH, GEOMETRY | SHARED | FRACTION)
    single_space = da.ParameterSpace.of(TRUTH, GEOMETRY | SHARED)  # one image alone cannot tell the fraction
    truth, pulls, failures = joint_space.to_vector(TRUTH), [], []
    for seed in range(arguments.seeds):
        data = {"total": imaging("total", seed), "polarized": imaging("Q_phi", seed)}
        posterior = da.Posterior(data, joint_space)
        best = da.optimize(posterior, da.LeastSquares(), start=started(joint_space), progress=False)
        pulls.append((best.vector - truth) / best.sigma)
        print(
            f"seed {seed}: {best.status}, reduced chi-squared {best.reduced_chi_squared:.3f}, "
            f"pulls {np.round(pulls[-1], 1)}",
            flush=True,
        )
        if best.status != "converged":
            failures.append(f"seed {seed}: {best.status}")
    both = fisher(posterior)
    alone = {name: fisher(da.Posterior(image, single_space)) for name, image in data.items()}
    weights = {name: 1 / np.diag(np.linalg.inv(information)) for name, information in alone.items()}
    sigma, names = np.sqrt(np.diag(np.linalg.inv(both))), joint_space.names
    print(f"  {'error':<34} {'total':>9} {'Q_phi':>9} {'both':>9} {'weights added':>14} {'of the fit':>11}")
    for k, name in enumerate(GEOMETRY):
        added = (weights["total"][k] + weights["polarized"][k]) ** -0.5
        print(
            f"  {name:<34} {weights['total'][k] ** -0.5:9.3g} {weights['polarized'][k] ** -0.5:9.3g} {sigma[k]:9.3g} "
            f"{added:14.3g} {best.sigma[k]:11.3g}"
        )
        if sigma[k] > 1.001 * added:
            failures.append(f"{name}: the joint error {sigma[k]:.3g} is above {added:.3g}")
    for name, found, expected in zip(names, best.sigma, sigma, strict=True):
        if not 0.75 < found / expected < 1.33:
            failures.append(f"{name}: the fit's error {found:.3g} is not the Fisher information's {expected:.3g}")
    pulls = np.array(pulls)
    print(f"  largest pull {np.abs(pulls).max():.1f}; mean square pull {np.mean(pulls**2):.2f}")
    if np.abs(pulls).max() > 4 or not 0.4 < np.mean(pulls**2) < 2.0:
        failures.append("these are not the pulls of a truth that is found")
    print("".join(f"  FAILED: {f}\n" for f in failures) or "  passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
