"""The smallest configuration that simulates and fits an image: three free parameters."""

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
