"""No key is dead: for every key of the schema, of every kind, another value changes what is built from the file."""

import dataclasses
import hashlib

import numpy as np
import pytest

from diskarray.backend.pytree import FrozenDict
from diskarray.config.build import build_data, build_optimizer, build_sampler, build_scene, build_space
from diskarray.config.load import config_from_text, config_section
from diskarray.config.prior_schema import CLASSES
from diskarray.config.walk import keys_of, kind_of_section, kinds_word
from diskarray.config.write_yaml import scalar
from diskarray.dataset.imaging import Imaging
from diskarray.dataset.wcs import offset_cards
from diskarray.errors import ConfigError, DataError
from diskarray.files.fits import FitsHDU, write_fits
from diskarray.pipeline.simulate import run_simulation
from diskarray.structures.frame import Frame2D
from diskarray.structures.mask import Mask2D

SHAPE = (21, 19)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files in every layout, each twice with other content."""
    place = tmp_path_factory.mktemp("live")
    for k, name in enumerate(("a", "b")):
        random = np.random.default_rng(k + 1)
        image, sigma = random.normal(3.0, 1.0, SHAPE), random.uniform(0.5, 1.0, SHAPE)
        cube = np.stack([image, sigma, image + 1, sigma + 1])
        mask = (random.uniform(size=SHAPE) > 0.8).astype(np.uint8)
        kernels = random.uniform(size=(2, 5, 5)) + 20 * np.eye(5)[2][:, None] * np.eye(5)[2]
        unit = {"BUNIT": "mJy/arcsec2"}
        hdus = [
            FitsHDU(cube, "SCI", unit),
            FitsHDU(np.stack([image + 2, sigma + 2, image, sigma]), "OTHER", unit),
            FitsHDU(mask, "MASK"),
            FitsHDU(1 - mask, "MASK2"),
            FitsHDU(np.stack([mask, 1 - mask]), "MASKS"),
            FitsHDU(kernels, "KERNELS"),
            FitsHDU(kernels[::-1] + 1, "KERNELS2"),
            FitsHDU(random.uniform(0.2, 0.8, (2, *SHAPE)), "MAPS"),
            FitsHDU(random.uniform(0.2, 0.8, (2, *SHAPE)), "MAPS2"),
        ]
        write_fits(place / f"{name}.fits", hdus)
        write_fits(place / f"{name}_pair.fits", [FitsHDU(cube[:2], "SCI", unit), FitsHDU(cube[2:], "OTHER", unit)])
        header = offset_cards(Frame2D(SHAPE, 0.1, (9.0 + k, 8.0), north_angle=30.0))
        write_fits(place / f"{name}_wcs.fits", [FitsHDU(cube[:2], "SCI", unit, header)])
        error = [FitsHDU(np.stack([sigma, sigma + 1]), "ERR", unit), FitsHDU(np.stack([mask, mask]) * 3, "DQ")]
        stars = {**unit, "PIXAR_A2": 0.0036}
        write_fits(place / f"{name}_jwst.fits", [FitsHDU(cube[[0, 2]], "SCI", stars), *error])
        write_fits(place / f"{name}_jwst_wcs.fits", [FitsHDU(cube[[0, 2]], "SCI", unit, header), *error])
        arrays = {
            "image": cube[0],
            "other": cube[2],
            "noise": sigma,
            "noise2": sigma + 1,
            "y": 0.1 * np.arange(21) - 1.2,
        }
        arrays |= {"x": 0.1 * np.arange(19) - 0.9, "mask2": mask, "cube": cube, "sigmas": cube + 9}
        np.savez(place / f"{name}.npz", **arrays)
        _write_hdf5(place / f"{name}.h5", arrays)
    return place


def _write_hdf5(path, arrays):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


MASKS = {
    "circular": {"radius": 0.8},
    "annular": {"inner_radius": 0.1, "outer_radius": 0.8},
    "elliptical": {"major_axis_radius": 0.8, "axis_ratio": 0.5, "position_angle": 10.0},
    "elliptical_annular": {
        "inner_major_axis_radius": 0.2,
        "outer_major_axis_radius": 0.9,
        "axis_ratio": 0.5,
        "position_angle": 10.0,
    },
    "wedge": {"start_angle": 10.0, "end_angle": 100.0},
    "file": {"path": "a.fits", "extension": "MASKS", "plane": 0},
}
STORED = {"unit": "mJy/arcsec2", "pixel_scale": 0.1}
DATA = {
    "fits": {
        "path": "a.fits",
        "plane": 0,
        "pixel_scale": 0.1,
        "noise": {"kind": "file", "plane": 1},
        "masks": [],
    },
    "gpi": {"path": "a.fits", "inner_pixels": 2.0, "pixel_scale": 0.1, "extension": "SCI", "outer_pixels": 9.0},
    "irdis": {"path": "a_pair.fits", "inner_pixels": 2.0, "outer_pixels": 9.0},
    "jwst": {"path": "a_jwst.fits", "inner_pixels": 2.0, "outer_pixels": 9.0, "center": [10.0, 9.0]},
    "hdf5": {"path": "a.h5", "image": "image", "noise": "noise", **STORED},
    "npz": {"path": "a.npz", "image": "image", "noise": "noise", **STORED},
}
NEEDED = {  # of kinds: the values without which there is none
    "empirical": {"kernel": {"path": "a.fits", "extension": "KERNELS", "plane": 0}},
    "spatially_varying": {
        "kernels": {"path": "a.fits", "extension": "KERNELS"},
        "weight_maps": {"path": "a.fits", "extension": "MAPS"},
    },
    "free_form": {"values": [1.0, 2.0, 1.5]},
    "legendre": {"moments": [0.3, 0.1]},
    "spline": {"values": [2.0, 1.0, 1.5, 2.0]},
    "tabulated": {"angles": [10.0, 90.0, 170.0], "values": [0.3, 0.2, 0.1]},
    "polarized": {"phase_function": {"kind": "henyey_greenstein"}, "polarization": {"kind": "rayleigh"}},
    "consensus": {"engine": {"kind": "emcee"}},
}
RESIDUAL = {"references": {"path": "a.fits", "extension": "MAPS"}, "weights": [0.2, 0.1]}
SIMULATION = {
    "shape": [15, 14],
    "pixel_scale": 0.1,
    "seed": 1,
    "background": 0.1,
    "psf": {"core_fwhm": 0.2, "halo_fwhm": 0.5, "halo_fraction": 0.2, "size": 5},
}
BASE = {
    "version": 1,
    "data": {"reader": "fits", **DATA["fits"]},
    "scene": {"disks": {"belt": {"inclination": 40.0}}, "star": {"flux": 1.0, "unit": "mJy"}},
    "priors": {"disks.belt.inclination": {"isotropic": [0.0, 90.0]}},
    "simulation": SIMULATION,
}
WITH = {  # (section, key): other values without which the key is not allowed, or means nothing
    ("Quadrature", "order"): {"nodes": "panels"},
    ("NoiseFromAnnuli", "path"): {"plane": 1},
    ("FileMask", "extension"): {"extension": "MASK", "plane": None},
    ("Background", "inner_radius"): {"level": None, "inner_radius": 0.2, "outer_radius": 0.9},
    ("Background", "outer_radius"): {"level": None, "inner_radius": 0.2, "outer_radius": 0.9},
    ("Scene", "sources"): {"instrument": {"psf": {"kind": "gaussian"}}},
    ("fits_reader", "use_wcs"): {"path": "a_wcs.fits"},
    ("irdis_reader", "use_wcs"): {"path": "a_wcs.fits"},
    ("jwst_reader", "use_wcs"): {"path": "a_jwst_wcs.fits", "pixel_scale": 0.1},
    ("jwst_reader", "integration"): {"integration": 0},
    ("hdf5_reader", "plane"): {"image": "cube", "noise": "sigmas", "plane": 0},
    ("npz_reader", "plane"): {"image": "cube", "noise": "sigmas", "plane": 0},
}
TO = {  # (section, key): a value to change it to, where none can be guessed
    "extension": ["OTHER", "KERNELS2", "MAPS2", "MASK2"],
    "plane": [1, 2, "U_phi", "I"],
    "noise_plane": ["V"],
    "noise": [
        {"kind": "annuli"},
        {"kind": "annuli", "extension": "cube"},
        "noise2",
        {"kind": "file", "extension": "OTHER"},
    ],
    "image": ["other"],
    "axes": [["y", "x"]],
    "path": ["b.fits", "b_pair.fits", "b_jwst.fits", "b.h5", "b.npz", "streaming"],
    "center": [[3.0, 2.0], [1.0, 2.0], "centroid"],
    "recenter": [[3.0, 2.0]],
    "background": [{"level": 0.5}],
    "inner_radius": [0.3],
    "origin": [[0.2, 0.1]],
    "crop": [3],
    "bin": [2],
    "unit": ["Jy/arcsec2", "adu"],
    "north_angle": [20.0],
    "angles": [[20.0, 80.0, 160.0]],
    "moments": [[0.2, 0.1]],
    "masks": [[{"kind": "wedge", "start_angle": 0, "end_angle": 100}]],
    "scene": [{"disks": {"belt": {"inclination": 41.0}}, "star": {"flux": 1.0, "unit": "mJy"}}],
    "disks": [{"belt": {"inclination": 41.0}}],
    "rule": [{"nodes": "panels"}],
    "instrument": [{"offset_y": 0.1}],
    "references": [{"path": "b.fits", "extension": "MAPS"}],
    "kernel": [{"path": "b.fits", "extension": "KERNELS", "plane": 0}],
    "kernels": [{"path": "b.fits", "extension": "KERNELS"}],
    "weight_maps": [{"path": "b.fits", "extension": "MAPS"}],
    "psf": [{"core_fwhm": 0.3, "halo_fwhm": 0.5, "halo_fraction": 0.2, "size": 5}],
    "mask": ["mask2"],
    "preprocess": [{"background": {"level": 0.5}}],
    "throughput": [{"path": "a.fits", "extension": "MAPS", "plane": 0}],
    "transmission": [{"path": "a.fits", "extension": "MAPS", "plane": 0}],
    "stellar_residual": [{"references": {"path": "a.fits", "extension": "MAPS"}}],
    "sources": [{"planet": {}}],
    "weights": [[0.1, 0.2]],
    "shape": [[14, 15]],
    "truth": [{"disks.belt.inclination": 80.0}],
    "shards": [
        [{"kind": "wedge", "start_angle": 0, "end_angle": 180}, {"kind": "wedge", "start_angle": 180, "end_angle": 0}]
    ],
}


def digest(value):
    """Everything that an object is made of, as text."""
    if isinstance(value, (Imaging, Mask2D)):
        names = ("data", "noise_map", "unit", "frame", "observable", "header", "mask", "array")
        return {name: digest(getattr(value, name)) for name in names if hasattr(value, name)}
    if dataclasses.is_dataclass(value):
        return type(value).__name__, {f.name: digest(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (dict, FrozenDict)):
        return {key: digest(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return value.shape, hashlib.sha256(np.ascontiguousarray(value)).hexdigest()
    return [digest(one) for one in value] if isinstance(value, (list, tuple)) else repr(value)


def flow(value):
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items() if one is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def built(folder, content):
    """The plan: all that is built from a configuration, and the file that it simulates."""
    text = "".join(f"{key}: {flow(value)}\n" for key, value in content.items())
    config = config_from_text(text, str(folder / "live.yaml"))
    data, scene = build_data(config), build_scene(config)
    space = build_space(config, scene)
    made = [digest(part) for part in (data, scene, space.priors, space.linear_priors, space.tied)]
    return [*made, digest(build_optimizer(config)), digest(build_sampler(config, data=data))]


def simulated(folder, content):
    (folder / "made.yaml").write_text("".join(f"{key}: {flow(value)}\n" for key, value in content.items()))
    run_simulation(folder / "made.yaml", folder / "made.fits", overwrite=True)
    return (folder / "made.fits").read_bytes()


def at(content, path, value):
    """A copy of nested content with the part at a path exchanged."""
    if not path:
        return value
    if isinstance(content, list):
        return [at(one, path[1:], value) if k == path[0] else one for k, one in enumerate(content)]
    return {**content, path[0]: at(content.get(path[0], {}), path[1:], value)}


def get(content, path):
    for name in path:
        content = content[name] if isinstance(content, list) else content.get(name, {})
    return content


def values_of(section):
    """The content of a section that is complete in itself."""
    word, kind = kinds_word(section), kind_of_section(section)
    if section.__name__.endswith("_mask") or section.__name__ == "FileMask":
        return {"kind": kind, **MASKS[kind]}
    if word == "reader":
        return {"reader": kind, **DATA[kind]}
    needed = dict(NEEDED.get(kind, {}))
    needed |= {"Background": {"level": 0.2}, "StellarResidual": RESIDUAL, "NoiseFromFile": {"plane": 1}}.get(
        section.__name__, {}
    )
    return ({word: kind} if word else {}) | needed


def walk(section, path, content, seen):
    """Every key of every section once: (name of the section, key, path of the section, content of the file)."""
    if section in seen:
        return
    seen.add(section)
    for key in keys_of(section):
        if key.name not in ("kind", "reader"):
            yield section.__name__, key, path, content
        for inner in key.sections if key.name not in ("datasets", "priors") else ():
            place = (*path, key.name)
            value = values_of(inner)
            for name, other in WITH.get((section.__name__, key.name), {}).items():
                content = at(content, (*path, name), other)
            if key.container == "list":
                place, whole = (*place, 0), at(content, place, [value])
                if key.name == "shards":
                    whole = at(content, place[:-1], [value, {"kind": "wedge", "start_angle": 5, "end_angle": 6}])
            elif key.container == "names":
                place, whole = (*place, "belt"), at(content, (*place, "belt"), value)
            else:
                whole = at(content, place, {**value, **(get(content, place) if not kinds_word(inner) else {})})
            yield from walk(inner, place, whole, seen)


def others(key, value):
    """Values to change a key to."""
    value = key.default if value in ({}, None) else value
    yield from TO.get(key.name, [])
    for inner in key.sections:
        if key.container == "names":
            yield {"other": values_of(inner)}
        elif key.container == "":
            yield values_of(inner)
    if "one of" in key.takes:
        yield from key.takes.partition("one of ")[2].split(", ")
    if isinstance(value, bool) or "true or false" in key.takes:
        yield not value
    elif isinstance(value, list):
        yield [0.9 * one for one in value]
    elif "number" in key.takes:
        value = value if isinstance(value, (int, float)) else 1
        whole = "whole" in key.takes and "or number" not in key.takes
        yield from (value + 1, 3, 20, 40) if whole else (0.9 * value, value + 0.1, value - 0.1, 0.5, 2.5)
    yield from ("stretch", "single", "unif", "cauchy", "differences", "scaled", "panels", "layer")


ROOT = config_section()
SPOTS = [
    spot
    for spot in walk(ROOT, (), BASE, set())
    if spot[0] != "Configuration" or spot[1].name not in ("version", "datasets", "priors", "simulation")
]


@pytest.mark.parametrize(
    ("section", "key", "path", "content"),
    SPOTS,
    ids=[f"{name}-{key.name}-{k}" for k, (name, key, *_) in enumerate(SPOTS)],
)
def test_every_key_changes_what_is_built(folder, section, key, path, content):
    make = simulated if path[:1] == ("simulation",) else built
    for name, value in WITH.get((section, key.name), {}).items():
        content = at(content, (*path, name), value)
    before = make(folder, content)
    tried = []
    for value in others(key, get(content, (*path, key.name))):
        try:
            if make(folder, at(content, (*path, key.name), value)) != before:
                return
        except (ConfigError, DataError) as error:
            tried.append(f"{value!r}: {error}")
    pytest.fail(f"no value of {section}.{key.name} changes anything; " + "; ".join(tried))


def test_top_level_keys_are_alive(folder):
    before = built(folder, BASE)
    freed = at(BASE, ("priors",), {"disks.belt.inclination": {"uniform": [0.0, 90.0]}})
    joint = {key: value for key, value in BASE.items() if key != "data"}
    joint["datasets"] = {"one": BASE["data"], "two": BASE["data"]}
    assert built(folder, freed) != before and built(folder, joint) != before
    with pytest.raises(ConfigError, match="version = 2: must be 1"):
        built(folder, BASE | {"version": 2})
    with pytest.raises(ConfigError, match="a simulation needs the part 'simulation'"):
        simulated(folder, {key: value for key, value in BASE.items() if key != "simulation"})


def priors_of(folder, prior):
    both = {"disks.belt.inclination": prior, "disks.belt.position_angle": {"uniform": [0, 9]}}
    return built(folder, at(BASE, ("priors",), both))[2:5]


ARGUMENTS = {"lower": (30.0, 31.0), "upper": (80.0, 79.0), "mean": (50.0, 49.0), "sigma": (5.0, 6.0)}
ARGUMENTS |= {"minimum": (0.0, 1.0), "maximum": (90.0, 80.0)}


@pytest.mark.parametrize(("kind", "name"), [(k, f.name) for k, c in CLASSES.items() for f in dataclasses.fields(c)])
def test_every_argument_of_a_prior_changes_it(folder, kind, name):
    names = [field.name for field in dataclasses.fields(CLASSES[kind])]
    given = {one: ARGUMENTS[one][0] for one in names}
    before = priors_of(folder, {kind: given})
    assert priors_of(folder, {kind: list(given.values())}) == before
    assert priors_of(folder, {kind: given | {name: ARGUMENTS[name][1]}}) != before
    assert priors_of(folder, {"tied": "disks.belt.position_angle"}) != before
