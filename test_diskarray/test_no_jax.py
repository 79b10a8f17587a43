"""The whole tour with NumPy alone, in a process where importing JAX is an error."""

import subprocess
import sys

import pytest

TOUR = """
import importlib.abc, importlib.util, os, sys, warnings

class NoJax(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("jax", "jaxlib", "numpyro"):
            raise ImportError(f"{name} is forbidden here")

sys.meta_path.insert(0, NoJax())
import numpy as np  # adds filters of its own

warnings.simplefilter("error")
environment, filters = dict(os.environ), list(warnings.filters)

import diskarray as da

folder = sys.argv[1]
assert dict(os.environ) == environment and list(warnings.filters) == filters

# build and mask
grid = da.Grid2D.uniform(shape_native=(21, 23), pixel_scale=0.1, over_sample_size=2)
mask = da.Mask2D.annular(grid.frame, 0.2, 0.95)
grid = da.Grid2D(mask, 2)
belt = da.Disk(density=da.TwoPowerLaw(radius=60.0, scale_height=4.0, eccentricity=0.1), inclination=60.0,
               position_angle=30.0, distance=100.0)

# index, transform, arithmetic
image = belt.image_2d_from(grid)
assert type(image) is da.Image2D and image[mask.array].max() == 0 and (image + image).sum() == 2 * image.sum()
spots = belt.image_2d_from(da.Grid2DIrregular([(0.3, -0.3), (0.1, 0.2)]))
assert type(spots) is da.ImageIrregular and spots.max() > 0
moved = belt.to_reference_frame(grid)
assert moved.shape == grid.array.shape

# convolve
psf = da.EmpiricalPSF(kernel=np.outer(*[np.hanning(7)] * 2))
instrument = da.Instrument(psf=psf, throughput=np.ones((21, 23)))
scene = da.Scene(disks={"belt": belt}, instrument=instrument, star=da.Star(100.0, unit="mJy"))
blurred = scene.image_2d_from(grid)
assert type(blurred) is da.Image2D and np.isfinite(blurred.array).all()

# simulate and fit
data = da.simulate(scene, da.Grid2D(mask), background=0.02 * blurred.max(), seed=1, unit="mJy / arcsec2")
priors = {"disks.belt.inclination": da.Uniform(40, 80), "disks.belt.optical_depth": da.LogUniform(1e-5, 1e-1)}
space = da.ParameterSpace.of(scene, priors)
posterior = da.Posterior(data, space)
best = da.optimize(posterior, da.LeastSquares(), start=np.array([55.0, 2e-3]), progress=False)
assert best.succeeded and abs(best.vector[0] - 60) < 5 * best.sigma[0], best
assert np.isfinite(posterior.log_probability(best.vector))
assert posterior.log_probability(np.array([30.0, 1e-3])) == -np.inf

# plot and save
fit = posterior.fit_from(best.scene)
if importlib.util.find_spec("matplotlib"):
    da.fit_figure(fit, unit=data.unit).savefig(f"{folder}/fit.png")
    assert os.path.getsize(f"{folder}/fit.png") > 1000
from diskarray.files.fits import FitsHDU, write_fits
hdu = FitsHDU(array=fit.model_image.array, name="MODEL", cards={"BUNIT": "mJy / arcsec2"})
write_fits(f"{folder}/model.fits", [hdu])
assert os.path.getsize(f"{folder}/model.fits") > 2000

# what needs JAX says so
try:
    da.enable_jax()
except da.MissingExtraError as error:
    assert "diskarray[jax]" in str(error)
else:
    raise SystemExit("enable_jax found a JAX")
try:
    posterior.value_and_gradient(best.vector, xp=np)
except da.BackendError:
    pass
else:
    raise SystemExit("a gradient without JAX")
assert not {"jax", "jaxlib"} & set(sys.modules)
print("the tour is over")
"""


def run(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_the_numpy_tour_needs_no_jax(tmp_path):
    done = run(TOUR, str(tmp_path))
    assert done.stdout.strip() == "the tour is over", done.stderr


@pytest.mark.parametrize("forbidden", ["import jax", "from jax import numpy", "import jaxlib.xla_client"])
def test_the_import_hook_works(forbidden, tmp_path):
    code = TOUR.split("import numpy")[0] + forbidden
    done = run(code, str(tmp_path))
    assert done.returncode == 1 and "is forbidden here" in done.stderr


def test_importing_loads_nothing_optional():
    heavy = {"jax", "matplotlib", "h5py", "emcee", "dynesty", "scipy.stats", "astropy", "pydantic", "yaml"}
    done = run(f"import sys, diskarray; print(sorted({heavy!r} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
