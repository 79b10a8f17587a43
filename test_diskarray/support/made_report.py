"""Runs without a run: a small real fit, draws made by hand around it, and the rest of what a Run has."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import diskarray as da

TRUTH = {"disks.belt.inclination": 52.0, "disks.belt.position_angle": 24.0, "disks.belt.density.radius": 62.0}
MANIFEST = {
    "command": "sample",
    "status": "converged",
    "created": "2026-01-02T03:04:05Z",
    "version": "9.8.7",
    "config": {"path": "/home/someone/star.yaml", "sha256": "c" * 64},
    "data": [{"role": "data.path", "path": "/home/someone/star.fits", "size": 123456, "sha256": "d" * 64}],
    "components": [],
    "versions": {"diskarray": "9.8.7", "numpy": "2.0.1"},
    "other_versions": {"jax": "0.9.1"},
    "seed": 17,
    "arguments": {"fit": {"backend": "numpy"}},
    "timings": {"fit": {"search": 3.25}},
    "peak_memory": 300 * 2**20,
    "products": {"results/fit.npz": "e" * 64},
    "quadrature": [{"disk": "disks.belt", "quadrature": {"nodes": "layer", "order": 6}, "error": 2e-5, "shift": 0.01}],
    "backend": "numpy",
}


def scene(**values):
    """A ring of dust."""
    density = da.TwoPowerLaw(radius=values.get("radius", 60.0), alpha_in=8.0, alpha_out=-6.0, scale_height=3.0)
    disk = da.Disk(
        density=density,
        phase_function=da.HenyeyGreenstein(g=0.3),
        inclination=values.get("inclination", 52.0),
        position_angle=values.get("position_angle", 24.0),
        distance=50.0,
        optical_depth=values.get("optical_depth", 2e-3),
        rule=da.Quadrature("layer", 6),
    )
    return da.Scene(disks={"belt": disk}, star=da.Star(flux=1000.0, unit="mJy"))


def imaging(brightness=1.0, seed=5):
    """A noisy image of the ring."""
    grid = da.Grid2D.uniform((21, 23), 0.13)
    truth = scene(radius=62.0, optical_depth=2e-3 * brightness)
    image = np.array(truth.image_2d_from(grid).array)
    noise = np.full(image.shape, 0.02)
    image = image + noise * np.random.default_rng(seed).standard_normal(image.shape)
    return da.Imaging(image, noise, pixel_scale=0.13, unit="mJy / arcsec2", source="star.fits, HDU 1")


def posterior_of(data, **priors):
    """The posterior of three parameters."""
    known = {
        "disks.belt.inclination": da.Uniform(30.0, 80.0),
        "disks.belt.position_angle": da.UniformAngle(-180.0, 180.0),
        "disks.belt.density.radius": da.Uniform(40.0, 90.0),
    }
    return da.Posterior(data, da.ParameterSpace.of(scene(), {**known, **priors}))


def draws_of(fit, posterior, chains=4, draws=500, **changes):
    """Draws of the Gaussian that the fit describes."""
    random = np.random.default_rng(3)
    normal = random.standard_normal((chains, draws, fit.vector.size))
    samples = fit.vector + normal @ np.linalg.cholesky(fit.covariance).T
    arguments = {
        "engine": "Made",
        "settings": {"length": 7},
        "seed": 17,
        "samples": samples,
        "log_probability": -0.5 * np.sum(normal**2, axis=-1),
        "status": "finished",
        "message": "all draws were made",
        "independent_chains": True,
        "n_evaluations": 4321,
        "seconds": 12.5,
        "maximum": (fit.vector, 0.0),
        "statistics": {
            "diverging": np.arange(chains * draws).reshape(chains, draws) == 5,
            "energy": random.standard_normal((chains, draws)),
        },
    }
    return da.SampleResult.of(posterior, **{**arguments, **changes})


@dataclasses.dataclass
class MadeRun:
    """What a Run has; an attribute that is an exception is raised when it is asked for."""

    folder: Path
    posterior: object
    fit: object = None
    samples: object = None
    truth: dict | None = None
    manifest: dict = dataclasses.field(default_factory=lambda: dict(MANIFEST))
    text: str = "version: 1\n"
    name: str = "/home/someone/star.yaml"

    @property
    def config(self):
        return SimpleNamespace(document=SimpleNamespace(name=self.name, text=self.text))

    @property
    def data(self):
        return dict(self.posterior.data) if hasattr(self.posterior.data, "items") else {"data": self.posterior.data}

    @property
    def best_scene(self):
        return (self.samples or self.fit).scene

    @property
    def fits(self):
        found = self.posterior.fit_from(self.best_scene)
        return dict(found) if hasattr(found, "items") else {"data": found}

    def path(self, name):
        return self.folder / name
