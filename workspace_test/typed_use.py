"""What a type checker makes of the public face; ``make lint`` reads this file, and it runs too.

python workspace_test/typed_use.py
"""

from typing import Any, assert_type

import numpy as np

import diskarray as da

grid = da.Grid2D.uniform(shape_native=(20, 20), pixel_scale=0.1)
spots = da.Grid2DIrregular([(0.1, -0.3), (0.4, 0.2)])
belt = da.Disk(
    density=da.TwoPowerLaw(radius=60.0), polarization=da.RayleighPolarization(), inclination=50.0, distance=71.9
)
scene = da.Scene(disks={"belt": belt}, instrument=da.Instrument(psf=da.GaussianPSF(fwhm=0.2)))

assert_type(grid, da.Grid2D)
assert_type(da.Mask2D.circular(grid.frame, 0.2), da.Mask2D)
assert_type(belt.inclination, float)
assert_type(belt.image_2d_from(grid), da.Image2D)
assert_type(belt.image_2d_from(spots), da.ImageIrregular)
assert_type(belt.stokes_2d_from(spots), da.VectorYX2DIrregular)
assert_type(scene.image_2d_from(grid), da.Image2D)
assert_type(da.replace(scene, "disks.belt.inclination", 70.0), da.Scene)

space = da.ParameterSpace.of(scene, {"disks.belt.inclination": da.Uniform(20, 80)})
data = da.Imaging(data=scene.image_2d_from(grid), noise_map=np.ones((20, 20)))
posterior = da.Posterior(data, space)

assert_type(space, da.ParameterSpace)
assert_type(posterior.data, Any)
assert_type(posterior.n_data, int)


def searched_and_sampled() -> None:
    """Read only: this would take a while to run."""
    best = da.optimize(posterior, da.LeastSquares())
    assert_type(best, da.OptimizeResult)
    assert_type(best.succeeded, bool)
    assert_type(da.sample(posterior, da.Emcee(), start=best), da.SampleResult)
