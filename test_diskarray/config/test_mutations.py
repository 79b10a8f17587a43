"""A good configuration broken in more than a hundred ways: each is one error with its line, and a way out."""

import os
import re
import subprocess
import sys
import time

import pytest

from diskarray.cli.main import main

BASE = """\
version: 1
data:
  reader: fits
  path: tiny.fits
  extension: SCI
  observable: total
  noise: {kind: file, extension: NOISE}
  preprocess:
    crop: 13
    background: {level: 0.001}
  masks:
    - {kind: circular, radius: 1.1}
    - {kind: annular, inner_radius: 0.1, outer_radius: 1.1}
scene:
  background: 0.0
  star: {flux: 1000.0, unit: mJy}
  instrument:
    psf: {kind: gaussian, fwhm: 0.15, axis_ratio: 0.9}
    offset_y: 0.0
  sources:
    planet: {y: 0.2, x: 0.1, flux: 1.0e-6}
  disks:
    belt:
      distance: 100.0
      inclination: 50.0
      position_angle: 20.0
      optical_depth: 0.01
      rule: {nodes: layer, order: 5}
      density:
        kind: layered
        radial: {kind: inner_edge, edge_radius: 50.0, radial: {kind: gaussian_ring, radius: 70.0, width: 8.0}}
        vertical: {kind: gaussian, scale_height: 5.0}
        eccentricity: 0.05
      phase_function:
        kind: tabulated
        angles: [20, 90, 150]
        values: [3.0, 1.0, 2.0]
    inner:
      distance: 100.0
      inclination: 52.0
      density: {kind: two_power_law, radius: 40.0, alpha_in: 9.0, alpha_out: -6.0}
      phase_function: {kind: henyey_greenstein, g: 0.2}
priors:
  disks.belt.inclination: {uniform: [30, 80]}
  disks.belt.position_angle: {uniform_angle: [0, 360]}
  disks.belt.optical_depth: {log_uniform: [1.0e-3, 1.0e-1]}
  disks.belt.density.eccentricity: {truncated_normal: {mean: 0.05, sigma: 0.02, lower: 0, upper: 0.2}}
  disks.inner.optical_depth: {linear: {minimum: 0}}
  disks.inner.position_angle: {tied: disks.belt.position_angle}
fit:
  kind: least_squares
  tolerance: 1.0e-4
  starts: 1
  loss: linear
sample:
  kind: emcee
  walkers: 16
  move: differential
simulation:
  shape: [33, 29]
  pixel_scale: 0.08
  background: 0.05
  seed: 1
  psf: {core_fwhm: 0.15, halo_fwhm: 0.3, halo_fraction: 0.2, size: 5}
  truth:
    disks.belt.inclination: 53.0
"""

UNKNOWN = [  # a key, the same misspelt
    ("version", "vresion"),
    ("data", "dat"),
    ("scene", "scen"),
    ("priors", "prior"),
    ("fit", "fitt"),
    ("sample", "sampel"),
    ("simulation", "simulaton"),
    ("extension", "extention"),
    ("observable", "observables"),
    ("preprocess", "preproces"),
    ("crop", "crops"),
    ("masks", "mask"),
    ("inner_radius", "inner_radii"),
    ("instrument", "instrumnt"),
    ("fwhm", "fwmh"),
    ("axis_ratio", "axisratio"),
    ("offset_y", "ofset_y"),
    ("sources", "source"),
    ("disks", "discs"),
    ("distance", "distnace"),
    ("inclination", "inclnation"),
    ("position_angle", "positon_angle"),
    ("optical_depth", "opticaldepth"),
    ("rule", "rules"),
    ("nodes", "node"),
    ("density", "densty"),
    ("edge_radius", "edge_raduis"),
    ("vertical", "vertcal"),
    ("scale_height", "scale_hight"),
    ("eccentricity", "eccentricty"),
    ("phase_function", "phase_funtion"),
    ("angles", "angels"),
    ("alpha_in", "alpha_inn"),
    ("tolerance", "tolerence"),
    ("starts", "start"),
    ("walkers", "walker"),
    ("move", "moves"),
    ("shape", "shapes"),
    ("pixel_scale", "pixelscale"),
    ("seed", "sede"),
    ("core_fwhm", "core_fwmh"),
    ("truth", "truths"),
    ("truncated_normal", "truncated_nomal"),
    ("log_uniform", "loguniform"),
    ("sigma", "sgima"),
]

CHANGED = {  # name: (old, new, what the error says, a text on its line: by default the new one)
    "version 2": ("version: 1", "version: 2", "version = 2: must be 1"),
    "version as text": ("version: 1", "version: '1'", "must be 1"),
    "unknown reader": ("reader: fits", "reader: fit", "did you mean fits"),
    "unknown noise": ("{kind: file, extension: NOISE}", "{kind: fil, extension: NOISE}", "did you mean file"),
    "unknown mask": ("kind: circular", "kind: circle", "did you mean circular"),
    "unknown psf": ("kind: gaussian, fwhm", "kind: gauss, fwhm", "did you mean gaussian"),
    "PSF without its kind": ("{kind: gaussian, fwhm", "{fwhm", "'scene.instrument.psf.kind' is missing"),
    "unknown density": ("kind: two_power_law", "kind: power_law", "did you mean two_power_law"),
    "unknown radial": ("kind: gaussian_ring", "kind: gausian_ring", "did you mean gaussian_ring"),
    "unknown vertical": ("kind: gaussian, scale", "kind: gausian, scale", "did you mean gaussian"),
    "unknown phase function": ("kind: henyey_greenstein", "kind: henyey_grenstein", "did you mean henyey_greenstein"),
    "unknown optimizer": ("kind: least_squares", "kind: least_square", "did you mean least_squares"),
    "unknown sampler": ("kind: emcee", "kind: emce", "did you mean emcee"),
    "unknown observable": ("observable: total", "observable: totl", "did you mean total"),
    "unknown prior": ("{uniform: [30, 80]}", "{unifrom: [30, 80]}", "did you mean uniform"),
    "unknown loss": ("loss: linear", "loss: liner", "did you mean linear"),
    "unknown move": ("move: differential", "move: diff", "must be 'differential' or 'stretch'"),
    "unknown nodes": ("nodes: layer", "nodes: layers", "must be one of 'automatic', 'layer', 'panels'"),
    "inclination too large": ("inclination: 50.0", "inclination: 190.0", "less than or equal to 180"),
    "inclination negative": ("inclination: 50.0", "inclination: -1", "greater than or equal to 0"),
    "distance 0": ("distance: 100.0", "distance: 0", "greater than 0"),
    "eccentricity 1": ("eccentricity: 0.05", "eccentricity: 1", "less than 1"),
    "outer slope positive": ("alpha_out: -6.0", "alpha_out: 6.0", "less than 0"),
    "optical depth negative": ("optical_depth: 0.01", "optical_depth: -0.01", "greater than or equal to 0"),
    "g of 1": ("g: 0.2}", "g: 1.0}", "less than 1"),
    "value negative": ("values: [3.0, 1.0, 2.0]", "values: [3.0, -1.0, 2.0]", "greater than or equal to 0"),
    "crop 0": ("crop: 13", "crop: 0", "whole number of pixels of at least 1"),
    "crop outside": ("crop: 13", "crop: 130", "does not lie inside the image"),
    "radius negative": ("radius: 1.1}", "radius: -1.1}", "radius must be above 0"),
    "axis ratio above 1": ("axis_ratio: 0.9", "axis_ratio: 1.9", "less than or equal to 1"),
    "seed negative": ("seed: 1", "seed: -1", "greater than or equal to 0"),
    "shape of three": ("shape: [33, 29]", "shape: [33, 29, 2]", "at most 2 items"),
    "shape of 0": ("shape: [33, 29]", "shape: [0, 29]", "greater than 0"),
    "pixel scale negative": ("pixel_scale: 0.08", "pixel_scale: -0.08", "greater than 0"),
    "halo fraction 1": ("halo_fraction: 0.2", "halo_fraction: 1.0", "less than 1"),
    "tolerance 2": ("tolerance: 1.0e-4", "tolerance: 2.0", "LeastSquares.tolerance must be between 0 and 1"),
    "starts 0": ("starts: 1", "starts: 0", "LeastSquares.starts must be a whole number above 0"),
    "walkers 1": ("walkers: 16", "walkers: 1", "Emcee.walkers must be a whole number, at least 4"),
    "order 1": ("order: 5", "order: 1", "Quadrature.order must be a whole number from 2 to 64"),
    "distance as word": ("distance: 100.0", "distance: far", "must be a valid number"),
    "distance in quotes": ("distance: 100.0", "distance: '100'", "must be a valid number"),
    "distance true": ("distance: 100.0", "distance: true", "must be a valid number"),
    "distance null": ("distance: 100.0", "distance: null", "must be a valid number"),
    "distance a list": ("distance: 100.0", "distance: [100]", "must be a valid number"),
    "distance not a number": ("distance: 100.0", "distance: .nan", "must be a finite number"),
    "distance infinite": ("distance: 100.0", "distance: .inf", "must be a finite number"),
    "distance octal": ("distance: 100.0", "distance: 0100", "must be a valid number"),
    "seed fraction": ("seed: 1", "seed: 1.5", "must be a valid integer"),
    "starts as word": ("starts: 1", "starts: many", "must be a valid integer"),
    "path a number": ("path: tiny.fits", "path: 3", "must be a valid string"),
    "extension true": ("extension: SCI", "extension: true", "must be a valid string"),
    "unit a number": ("unit: mJy", "unit: 3", "must be a valid string"),
    "masks no list": (
        "masks:\n    - {kind: circular, radius: 1.1}\n    - {kind: annular",
        "masks:\n    {kind: annular",
        "must be a valid list",
    ),
    "density a word": (
        "density: {kind: two_power_law, radius: 40.0, alpha_in: 9.0, alpha_out: -6.0}",
        "density: two_power_law",
        "must be a valid mapping",
    ),
    "fit a word": (
        "fit:\n  kind: least_squares\n  tolerance: 1.0e-4\n  starts: 1\n  loss: linear",
        "fit: least_squares",
        "must be a valid mapping",
    ),
    "angles a number": ("angles: [20, 90, 150]", "angles: 90", "must be a valid list"),
    "prior no mapping": ("{uniform: [30, 80]}", "uniform", "must be a valid mapping"),
    "prior of text": ("{uniform: [30, 80]}", "{uniform: [low, 80]}", "must be a valid number"),
    "prior with too few": ("{uniform: [30, 80]}", "{uniform: [30]}", r"uniform takes \[lower, upper\], got 1 of them"),
    "prior with too many": ("{uniform: [30, 80]}", "{uniform: [30, 80, 2]}", r"got 3 of them"),
    "prior upside down": ("{uniform: [30, 80]}", "{uniform: [80, 30]}", "lower must be below upper"),
    "prior below 0": ("{log_uniform: [1.0e-3, 1.0e-1]}", "{log_uniform: [-1, 1]}", "lower must be above 0"),
    "prior without its sigma": (
        "{mean: 0.05, sigma: 0.02, lower: 0, upper: 0.2}",
        "{mean: 0.05, lower: 0, upper: 0.2}",
        "'.*sigma' is missing",
    ),
    "sigma 0": ("sigma: 0.02", "sigma: 0.0", "sigma must be above 0"),
    "linear with half a Gaussian": (
        "{linear: {minimum: 0}}",
        "{linear: {mean: 0}}",
        "a Gaussian prior has a mean and a sigma",
    ),
    "linear that is not": (
        "disks.inner.optical_depth: {linear: {minimum: 0}}",
        "disks.inner.inclination: {linear: {minimum: 0}}",
        "inclination",
    ),
    "two priors in one": ("{uniform: [30, 80]}", "{uniform: [30, 80], normal: [50, 5]}", "a prior is one name"),
    "no prior": ("{uniform: [30, 80]}", "{}", "a prior is one name"),
    "prior of an unknown path": ("disks.belt.inclination: {", "disks.belt.inclinaton: {", "did you mean inclination"),
    "prior of an unknown disk": ("disks.belt.inclination: {", "disks.bet.inclination: {", "did you mean belt"),
    "prior of a part": ("disks.belt.inclination: {", "disks.belt.density: {", "is not a parameter"),
    "prior of a word": ("disks.belt.inclination: {", "disks.belt.rule: {", "rule"),
    "start outside the prior": ("{uniform: [30, 80]}", "{uniform: [60, 80]}", r"lies outside \[60, 80\]"),
    "prior outside the range": (
        "{truncated_normal: {mean: 0.05, sigma: 0.02, lower: 0, upper: 0.2}}",
        "{uniform: [1.5, 2]}",
        "outside the physical range",
    ),
    "tie to a fixed one": ("{tied: disks.belt.position_angle}", "{tied: disks.belt.distance}", "which has no prior"),
    "tie to nothing": (
        "{tied: disks.belt.position_angle}",
        "{tied: disks.belt.position_angel}",
        "did you mean disks.belt.position_angle",
    ),
    "tie to a number": ("{tied: disks.belt.position_angle}", "{tied: 3}", "must be a valid string"),
    "truth of an unknown path": (
        "disks.belt.inclination: 53.0",
        "disks.belt.inclinaton: 53.0",
        "did you mean inclination",
    ),
    "truth out of range": (
        "disks.belt.inclination: 53.0",
        "disks.belt.inclination: 190.0",
        "outside its physical range",
    ),
    "mask upside down": ("outer_radius: 1.1", "outer_radius: 0.05", "radii must satisfy"),
    "mask of everything": (
        "inner_radius: 0.1, outer_radius: 1.1",
        "inner_radius: 0.1, outer_radius: 0.1001",
        "no pixel is left",
    ),
    "background of two kinds": ("{level: 0.001}", "{level: 0.001, inner_radius: 0.5}", "background is a level, or"),
    "values that do not fit": ("values: [3.0, 1.0, 2.0]", "values: [3.0, 1.0]", "3 numbers"),
    "order without nodes": ("{nodes: layer, order: 5}", "{order: 5}", "Quadrature.order belongs to"),
    "unknown unit": ("extension: SCI", "unit: bananas", "'bananas' is not understood"),
    "unit of another kind": ("unit: mJy", "unit: adu", "the data are in 'mJy / arcsec2'"),
    "name with a space": ("planet: {", "my planet: {", "a name must be a word"),
    "settings of another engine": (
        "kind: emcee\n  walkers: 16",
        "kind: dynesty\n  walkers: 16",
        "unknown key 'sample.walkers'",
        "walkers",
    ),
    "settings of another kind": ("kind: henyey_greenstein, g", "kind: isotropic, g", "unknown key"),
    "duplicate key": ("position_angle: 20.0", "inclination: 20.0", "given twice"),
    "duplicate part": ("sample:\n", "fit:\n", "given twice", "fit:\n  kind: emcee"),
    "duplicate prior": (
        "disks.belt.position_angle: {uniform_angle",
        "disks.belt.inclination: {uniform_angle",
        "given twice",
    ),
    "bad indentation": ("    offset_y: 0.0", "   offset_y: 0.0", "not valid YAML"),
    "open bracket": ("shape: [33, 29]", "shape: [33, 29", "not valid YAML", "pixel_scale"),
    "tabulator": ("  star: {flux", "\tstar: {flux", "not valid YAML"),
    "anchor": ("distance: 100.0", "distance: &d 100.0", "anchors and aliases"),
    "tag": ("distance: 100.0", "distance: !!float 100", "tags are not allowed"),
    "key that is no name": ("seed: 1", "1: 1", "a key must be a name"),
}

MISSING = {  # what is cut out: (text, what is missing, a text on the line that is named)
    "version": ("version: 1\n", "'version'", "data:"),
    "data": (BASE[BASE.index("data:") : BASE.index("scene:")], "'data'", "version"),
    "scene": (BASE[BASE.index("scene:") : BASE.index("priors:")], "'scene'", "version"),
    "priors": (BASE[BASE.index("priors:") : BASE.index("fit:")], "'priors'", "version"),
    "disks": (BASE[BASE.index("  disks:") : BASE.index("priors:")], "'scene.disks'", "scene:"),
    "path": ("  path: tiny.fits\n", "'data.path'", "data:"),
    "noise": ("  noise: {kind: file, extension: NOISE}\n", "'data.noise'", "data:"),
    "reader": ("  reader: fits\n", "'data.reader'", "data:"),
    "kind of a mask": ("kind: circular, ", "'data.masks.0.kind'", "{radius: 1.1}"),
    "radius of a mask": (", radius: 1.1", "'data.masks.0.radius'", "{kind: circular}"),
    "kind of a fit": ("  kind: least_squares\n", "'fit.kind'", "fit:"),
    "seed": ("  seed: 1\n", "'simulation.seed'", "simulation:"),
    "size": (", size: 5", "'simulation.psf.size'", "psf: {core"),
}


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def cases():
    for key, wrong in UNKNOWN:
        old, new = f"{key}:", f"{wrong}:"
        broken = BASE.replace(old, new, 1)
        yield f"misspelt {key}", broken, line_of(broken, new), rf"unknown \w+ '.*{wrong}': .*{key}"
    for name, (old, new, says, *at) in CHANGED.items():
        assert BASE.count(old) >= 1, name
        broken = BASE.replace(old, new, 1)
        yield name, broken, line_of(broken, at[0] if at else new), says
    for name, (cut, says, at) in MISSING.items():
        assert BASE.count(cut) == 1 or name == "seed", name
        broken = BASE.replace(cut, "", 1)
        yield f"missing {name}", broken, line_of(broken, at), f"{says} is missing" if "is missing" not in says else says
    both = BASE.replace("scene:\n", "datasets:\n  other: {reader: gpi, path: x.fits}\nscene:\n", 1)
    yield "data and datasets", both, line_of(both, "datasets:"), "either data or datasets"


CASES = list(cases())


def test_there_are_many_and_no_two_are_the_same():
    assert len(CASES) >= 150 and len({text for _, text, *_ in CASES}) == len(CASES)


@pytest.fixture
def folder(tiny_config):
    return tiny_config.parent


def test_the_unbroken_one_is_accepted(folder):
    from diskarray.config.build import build_data, build_posterior, build_sampler, build_scene, build_space
    from diskarray.config.load import load_config

    (folder / "good.yaml").write_text(BASE)
    config = load_config(folder / "good.yaml")
    space = build_space(config, build_scene(config))
    posterior = build_posterior(config, build_data(config), space)
    assert space.size == 4 and space.linear_names == ("disks.inner.optical_depth",)
    assert posterior.data.mask.n_unmasked > 100 and build_sampler(config).walkers == 16


@pytest.mark.parametrize(("text", "line", "says"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_broken_configuration_is_one_line(folder, text, line, says, capsys):
    path = folder / "broken.yaml"
    path.write_text(text)
    before = sorted(os.listdir(folder))
    began = time.process_time()
    words = ["fit", str(path), "--output", str(folder / "out"), "--quiet"]
    code = main(words)
    assert time.process_time() - began < 1.0
    said = capsys.readouterr().err
    assert code == 2, said
    assert said.startswith(f"diskarray: error: {path}:{line}: ") and said.count("\n") == 1, said
    assert re.search(says, said), said
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize("number", range(0, len(CASES), len(CASES) // 4))
def test_the_command_as_a_process_says_the_same(folder, number):
    _, text, line, _ = CASES[number]
    (folder / "broken.yaml").write_text(text)
    words = [sys.executable, "-m", "diskarray", "fit", "broken.yaml", "--output", "out"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith(f"diskarray: error: broken.yaml:{line}: ") and done.stderr.count("\n") == 1
