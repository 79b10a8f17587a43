"""A configuration that is fitted and sampled in a second or two, and runs made of it."""

from pathlib import Path

from diskarray.pipeline.run import run_fit
from diskarray.pipeline.sample import run_sample
from diskarray.pipeline.simulate import run_simulation

MICRO = """\
version: 1
data:
  reader: fits
  path: micro.fits
  extension: SCI
  noise: {kind: file, extension: NOISE}
scene:
  star: {flux: 1000.0, unit: mJy}
  disks:
    belt:
      distance: 100.0
      inclination: 50.0
      position_angle: 20.0
      optical_depth: 0.01
      density: {kind: two_power_law, radius: 70.0, scale_height: 5.0}
      phase_function: {kind: henyey_greenstein, g: 0.2}
      rule: {nodes: layer, order: 4}
priors:
  disks.belt.position_angle: {uniform_angle: [-180, 180]}
  disks.belt.optical_depth: {log_uniform: [1e-3, 1e-1]}
fit:
  kind: least_squares
sample:
  kind: emcee
  walkers: 8
  max_steps: 30
simulation:
  shape: [11, 9]
  pixel_scale: 0.22
  background: 0.3
  seed: 1
  psf: {core_fwhm: 0.3, halo_fwhm: 0.3, halo_fraction: 0.0, size: 3}
  truth:
    disks.belt.position_angle: 26.0
    disks.belt.optical_depth: 0.012
"""


def write_micro(folder, name="micro", replaced=()):
    """The path of the configuration in a folder, beside the image made from it.

    Parameters
    ----------
    folder : Path
    name : str
        Of the two files.
    replaced : sequence of (old, new)
        Changes to the configuration.
    """
    text = MICRO.replace("path: micro.fits", f"path: {name}.fits")
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    path = Path(folder) / f"{name}.yaml"
    path.write_text(text)
    if not path.with_suffix(".fits").exists():
        run_simulation(path, path.with_suffix(".fits"))
    return path


def fitted_run(folder, output="run", **changes):
    """The folder of a fit of the small configuration."""
    run_fit(write_micro(folder), Path(folder) / output, progress=False, **changes)
    return Path(folder) / output


def sampled_run(folder, output="run", **changes):
    """The folder of a fit and draws, too few of them to establish anything."""
    run = fitted_run(folder, output)
    run_sample(run, progress=False, **changes)
    return run
