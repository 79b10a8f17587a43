"""Fits of what surrounds a disk: weights of reference stars against the closed form, a planet between pixels."""

import numpy as np

from diskarray.backend.pytree import replace
from diskarray.dataset.imaging import Imaging
from diskarray.fit.posterior import Posterior
from diskarray.model.instrument import Instrument
from diskarray.model.point_source import PointSource
from diskarray.model.scene import Scene
from diskarray.optics.psf import GaussianPSF
from diskarray.optics.stellar_residual import StellarResidual
from diskarray.parameters.priors import LogUniform, Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.search.least_squares import LeastSquares
from diskarray.search.optimize import optimize
from diskarray.structures.grid import Grid2D
from diskarray.structures.image import Image2D

SHAPE, SCALE = (24, 27), 0.1
GRID = Grid2D.uniform(SHAPE, SCALE)
RANDOM = np.random.default_rng(12)


class Glow:
    """A user's plain class in place of a disk, quick to evaluate."""

    def image_2d_from(self, grid, *, xp=np):
        return Image2D.from_slim(1e-3 * xp.exp(-(grid.y**2) - (grid.x - 0.3) ** 2 / 2), grid.mask, xp=xp)


BELT = Glow()


def test_weights_of_references_are_those_of_linear_least_squares():
    references, noise = RANDOM.normal(size=(3, *SHAPE)), RANDOM.uniform(0.05, 0.2, SHAPE)
    scene = Scene(disks={"belt": BELT}, stellar_residual=StellarResidual(references), background=0.0)
    belt = scene.image_2d_from(GRID).array
    data = belt + np.tensordot([0.6, -0.3, 0.1], references, axes=1) + 0.2 + noise * RANDOM.normal(size=SHAPE)
    posterior = Posterior(
        Imaging(data, noise, pixel_scale=SCALE),
        ParameterSpace.of(
            scene,
            {
                "stellar_residual.weights": Uniform(-5, 5),
                "background": Uniform(-5, 5),
            },
        ),
    )
    best = optimize(posterior, LeastSquares())
    design = np.stack([*references.reshape(3, -1), np.ones(data.size)], axis=1) / noise.reshape(-1, 1)
    expected, *_ = np.linalg.lstsq(design, ((data - belt) / noise).ravel(), rcond=None)
    covariance = np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(best.vector, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(best.covariance, covariance, rtol=1e-3, atol=1e-3 * covariance.max())


def test_a_planet_is_found_between_pixels():
    scene = Scene(
        disks={"belt": BELT},
        instrument=Instrument(psf=GaussianPSF(fwhm=0.25)),
        sources={"planet": PointSource(y=0.537, x=-0.281, flux=2e-5)},
    )
    truth = scene.image_2d_from(GRID).array
    noise = np.full(SHAPE, 1e-3 * truth.max())
    start = replace(replace(scene, "sources.planet.y", 0.48), "sources.planet.flux", 1e-5)
    posterior = Posterior(
        Imaging(truth, noise, pixel_scale=SCALE),
        ParameterSpace.of(
            start,
            {
                "sources.planet.y": Uniform(-1, 1),
                "sources.planet.x": Uniform(-1, 1),
                "sources.planet.flux": LogUniform(1e-7, 1e-3),
            },
        ),
    )
    best = optimize(posterior, LeastSquares()).scene.sources["planet"]
    assert np.hypot(best.y - 0.537, best.x + 0.281) < 1e-5
    assert abs(best.flux / 2e-5 - 1) < 1e-4
