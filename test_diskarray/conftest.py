"""The unit tests are NumPy only: importing JAX fails in them, whether it is installed or not."""

import sys

import pytest


class _NoJax:
    """An import finder that refuses JAX."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"jax", "jaxlib"}:
            raise ImportError(f"{name} must not be imported by the unit tests")


sys.meta_path.insert(0, _NoJax())

TINY_CONFIG = """\
version: 1
data:
  reader: fits
  path: tiny.fits
  extension: SCI
  noise: {kind: file, extension: NOISE}
  masks: [{kind: circular, radius: 1.1}]
scene:
  star: {flux: 1000.0, unit: mJy}
  instrument:
    psf: {kind: empirical, kernel: {path: tiny.fits, extension: PSF}}
  disks:
    belt:
      distance: 100.0
      inclination: 50.0
      position_angle: 20.0
      optical_depth: 0.01
      density: {kind: two_power_law, radius: 70.0, scale_height: 5.0}
      phase_function: {kind: henyey_greenstein, g: 0.2}
priors:
  disks.belt.inclination: {uniform: [30, 80]}
  disks.belt.position_angle: {uniform: [-20, 80]}
  disks.belt.optical_depth: {log_uniform: [1e-3, 1e-1]}
fit:
  kind: least_squares
simulation:
  shape: [33, 29]
  pixel_scale: 0.08
  background: 0.05
  seed: 1
  psf: {core_fwhm: 0.15, halo_fwhm: 0.3, halo_fraction: 0.2, size: 5}
  truth:
    disks.belt.inclination: 53.0
    disks.belt.position_angle: 26.0
    disks.belt.optical_depth: 0.012
"""


@pytest.fixture
def tiny_text():
    """A configuration that simulates and fits a small image with three free parameters."""
    return TINY_CONFIG


@pytest.fixture
def tiny_config(tmp_path):
    """The path of that configuration, beside the image made from it."""
    from diskarray.pipeline.simulate import run_simulation

    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_CONFIG)
    run_simulation(path, tmp_path / "tiny.fits")
    return path
