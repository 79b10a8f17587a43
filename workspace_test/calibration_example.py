"""Are the errors of a fit true? The built-in example, simulated with many noise seeds and fitted each time.

    python workspace_test/calibration_example.py [--seeds 100] [--write]

Every fit starts from the example's own start values. The pull of a parameter is (fit - truth) / sigma; over the seeds
its mean should be near 0 and its width near 1. Fails if any parameter's mean over all seeds is beyond 0.5, or its width
outside 0.7-1.3. ``--write`` renews docs/calibration.md.
"""

import argparse
import pathlib
import sys
import time

import numpy as np

import diskarray as da
from diskarray.config.build import build_data, build_optimizer, build_scene, build_space, true_scene
from diskarray.config.load import load_config
from diskarray.example.locate import example_config

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "calibration.md"


def pulls_of(seeds):
    """Pulls (seeds, parameters), parameter names, and seconds per fit."""
    config = load_config(example_config())
    mask, scene = build_data(config).mask, build_scene(config)
    space = build_space(config, scene)
    truth, settings = true_scene(config, scene), config.settings.simulation
    rows, seconds = [], []
    for seed in range(seeds):
        whole = da.simulate(
            truth,
            da.Grid2D(mask),
            background=settings.background,
            photon_noise=settings.photon_noise,
            seed=seed,
            unit=truth.unit,
        )
        start = time.perf_counter()
        best = da.optimize(da.Posterior(whole, space), build_optimizer(config), progress=False)
        seconds.append(time.perf_counter() - start)
        rows.append((best.vector - space.to_vector(truth)) / best.sigma)
        print(
            f"seed {seed:2d}: {best.status}, reduced chi-squared {best.reduced_chi_squared:.3f}, "
            f"largest pull {np.abs(rows[-1]).max():.1f}, {seconds[-1]:.1f} s",
            flush=True,
        )
    return np.array(rows), space.names, np.array(seconds)


def table_of(pulls, names):
    """Markdown rows, for the first 20 seeds and for all."""
    header = ["parameter"] + [
        f"{what} ({len(part)} seeds)" for part in (pulls[:20], pulls) for what in ("mean", "width")
    ]
    lines = ["| " + " | ".join([*header, "largest"]) + " |", "|---" * 6 + "|"]
    for k, name in enumerate(names):
        numbers = [
            f"{f:{form}}"
            for part in (pulls[:20, k], pulls[:, k])
            for f, form in ((part.mean(), "+.2f"), (part.std(ddof=1), ".2f"))
        ]
        lines.append("| " + " | ".join([f"`{name}`", *numbers, f"{np.abs(pulls[:, k]).max():.1f}"]) + " |")
    return "\n".join(lines)


def calibrated(pulls):
    """Whether each parameter's pulls have a mean within 0.5 of 0 and a width of 0.7 to 1.3."""
    mean, width = pulls.mean(axis=0), pulls.std(axis=0, ddof=1)
    return (np.abs(mean) <= 0.5) & (width >= 0.7) & (width <= 1.3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--write", action="store_true", help="renew docs/calibration.md")
    arguments = parser.parse_args()
    pulls, names, seconds = pulls_of(arguments.seeds)
    table, passed = table_of(pulls, names), calibrated(pulls)
    print(table)
    if arguments.write:
        PAGE.write_text(
            "# Are the errors true?\n\n"
            f"The built-in example simulated with {arguments.seeds} noise seeds and fitted each time from the same "
            "start (`python workspace_test/calibration_example.py --write`). The pull of a parameter is (fit - "
            "truth) / sigma. The mean of perfect pulls scatters by 0.22 over 20 seeds and by 0.10 over 100, their "
            "width by 0.16 and 0.07.\n\n"
            f"{table}\n"
        )
    print(f"{passed.sum()} passed, {(~passed).sum()} failed")
    sys.exit(0 if passed.all() else 1)


if __name__ == "__main__":
    main()
