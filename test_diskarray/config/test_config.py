import inspect
from typing import get_args

import numpy as np
import pytest

from diskarray.config.build import build_data, build_optimizer, build_scene, build_space, true_scene
from diskarray.config.data_schema import data_section
from diskarray.config.load import load_config
from diskarray.config.schema import component_section
from diskarray.dataset.readers.registry import READERS
from diskarray.errors import ConfigError, DataError
from diskarray.files.fits import FitsHDU, write_fits
from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.optics.registry import PSFS
from diskarray.parameters.parameter import parameters_of
from diskarray.parameters.priors import PRIORS
from diskarray.parameters.space import Tied
from diskarray.profiles.registry import (
    DENSITIES,
    PHASE_FUNCTIONS,
    POLARIZATIONS,
    RADIAL_PROFILES,
    VERTICAL_PROFILES,
)

PROFILES = (DENSITIES, RADIAL_PROFILES, VERTICAL_PROFILES, PHASE_FUNCTIONS, POLARIZATIONS)
COMPONENTS = [cls for registry in (*PROFILES, PSFS) for cls in registry.values()]


def edited(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return load_config(path)


def test_the_scene_is_what_the_file_says(tiny_config):
    scene = build_scene(load_config(tiny_config))
    belt = scene.disks["belt"]
    assert (belt.inclination, belt.distance, belt.density.radius, belt.phase_function.g) == (50.0, 100.0, 70.0, 0.2)
    assert scene.star.flux == 1000.0 and scene.star.unit == "mJy"
    assert scene.instrument.psf.kernel.shape == (5, 5)


def test_what_the_file_leaves_out_has_the_components_default(tiny_config):
    density = build_scene(load_config(tiny_config)).disks["belt"].density
    assert density.alpha_in == parameters_of(density)["alpha_in"].default


def test_kinds_nest(tiny_config):
    config = edited(
        tiny_config,
        "{kind: henyey_greenstein, g: 0.2}",
        "{kind: polarized, phase_function: {kind: henyey_greenstein, g: 0.6}, "
        "polarization: {kind: rayleigh, maximum: 0.4}}",
    )
    phase_function = build_scene(config).disks["belt"].phase_function
    assert isinstance(phase_function, PHASE_FUNCTIONS["polarized"])
    assert phase_function.phase_function.g == 0.6 and phase_function.polarization.maximum == 0.4


def test_parts_and_lists_of_numbers_can_be_named(tiny_config):
    config = edited(
        tiny_config,
        "{kind: two_power_law, radius: 70.0, scale_height: 5.0}",
        "{kind: layered, radial: {kind: inner_edge, edge_radius: 55, radial: {kind: gaussian_ring, radius: 70}}, "
        "vertical: {kind: lorentzian, scale_height: 5.0}}",
    )
    config = edited(
        tiny_config,
        "{kind: henyey_greenstein, g: 0.2}",
        "{kind: tabulated, angles: [20, 90, 150], values: [3.0, 1.0, 2], normalized: false}",
    )
    config = edited(tiny_config, "fit:\n", "  disks.belt.phase_function.values: {uniform: [0, 5]}\nfit:\n")
    belt, space = build_scene(config).disks["belt"], build_space(config, build_scene(config))
    assert (belt.density.radial.edge_radius, belt.density.radial.radial.radius) == (55.0, 70.0)
    assert isinstance(belt.density.vertical, VERTICAL_PROFILES["lorentzian"])
    assert belt.phase_function.angles == (20.0, 90.0, 150.0) and belt.phase_function.values.tolist() == [3.0, 1.0, 2.0]
    assert space.names[-3:] == tuple(f"disks.belt.phase_function.values[{k}]" for k in range(3))
    with pytest.raises(ConfigError, match=r"values"):
        edited(tiny_config, "[3.0, 1.0, 2]", "[3.0, -1.0, 2]")
    with pytest.raises(ConfigError, match=r"3 numbers"):
        build_scene(edited(tiny_config, "[3.0, -1.0, 2]", "[3.0, 1.0]"))


def test_lists_become_tuples_and_parts_of_components_are_sections(tiny_config):
    config = edited(tiny_config, "extension: PSF}}", "extension: PSF}, center: [2, 1.5]}")
    assert build_scene(config).instrument.psf.center == (2.0, 1.5)
    config = edited(
        tiny_config, "      distance: 100.0", "      rule: {nodes: panels, order: 12}\n      distance: 100.0"
    )
    assert build_scene(config).disks["belt"].rule.order == 12


MEMBERS = """\
  sources:
    planet: {y: 0.3, x: -0.2, flux: 1.0e-5}
  stellar_residual: {references: {path: stars.fits}, weights: [0.2, 0.1], shift_y: 0.01}
  background: 0.4
"""


@pytest.fixture
def stars(tmp_path):
    """Two reference images, a stack of kernels and its maps, beside the configuration."""
    random = np.random.default_rng(2)
    arrays = {"STARS": (2, 33, 29), "KERNELS": (3, 5, 5), "MAPS": (3, 33, 29), "MASK": (33, 29)}
    hdus = [FitsHDU(random.uniform(size=shape), name=name) for name, shape in arrays.items()]
    write_fits(tmp_path / "stars.fits", hdus)
    return hdus


def test_everything_in_the_scene_can_be_written(tiny_config, stars):
    config = edited(tiny_config, "  disks:\n", MEMBERS + "  disks:\n")
    scene = build_scene(config)
    planet, residual = scene.sources["planet"], scene.stellar_residual
    assert (planet.y, planet.x, planet.flux, scene.background) == (0.3, -0.2, 1e-5, 0.4)
    np.testing.assert_array_equal(residual.references, stars[0].array)
    np.testing.assert_array_equal(residual.weights, [0.2, 0.1])
    assert residual.shift_y == 0.01 and residual.shift_x == 0.0
    config = edited(
        tiny_config,
        "priors:\n",
        "priors:\n  stellar_residual.weights: {uniform: [-1, 1]}\n"
        "  sources.planet.flux: {log_uniform: [1e-7, 1e-3]}\n  background: {normal: [0, 1]}\n",
    )
    assert build_space(config, build_scene(config)).size == 7
    with pytest.raises(ConfigError, match=r"weights = 0.2 lies outside \[-1, 0.15\]"):
        config = edited(tiny_config, "{uniform: [-1, 1]}", "{uniform: [-1, 0.15]}")
        build_space(config, build_scene(config))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("flux: 1.0e-5", "flux: -1.0", r"scene\.sources\.planet\.flux = -1.0: must be greater than or equal to 0"),
        ("planet: {y", "planet: {z", r"unknown key 'scene\.sources\.planet\.z'"),
        ("weights: [0.2, 0.1]", "weights: [0.2]", r"weights has shape \(1,\) for 2 references"),
        ("weights: [0.2, 0.1]", "weights: [0.2, many]", r"scene\.stellar_residual\.weights"),
        ("planet:", "my planet:", r"scene\.sources\.my planet: a name must be a word"),
    ],
)
def test_mistakes_in_the_members_of_a_scene_are_named(tiny_config, stars, old, new, message):
    edited(tiny_config, "  disks:\n", MEMBERS + "  disks:\n")
    with pytest.raises(ConfigError, match=message):
        build_scene(edited(tiny_config, old, new))


PSF_SECTIONS = {
    "gaussian": "{kind: gaussian, fwhm: 0.2, axis_ratio: 0.7, angle: 30.0}",
    "moffat": "{kind: moffat, fwhm: 0.2, exponent: 3.0, half_width: 0.5}",
    "empirical": "{kind: empirical, kernel: {path: stars.fits, extension: KERNELS, plane: 1}, center: centroid, "
    "over_sample_size: 2, normalize: false}",
    "spatially_varying": "{kind: spatially_varying, kernels: {path: stars.fits, extension: KERNELS}, "
    "weight_maps: {path: stars.fits, extension: MAPS}, "
    "transmission: {path: stars.fits, extension: MASK}}",
}


@pytest.mark.parametrize("kind", PSFS)
def test_every_psf_can_be_written(tiny_config, stars, kind):
    if kind == "empirical":
        stars[1].array[1, 2, 2] = 20.0
        write_fits(tiny_config.parent / "stars.fits", stars, overwrite=True)
    config = edited(tiny_config, "{kind: empirical, kernel: {path: tiny.fits, extension: PSF}}", PSF_SECTIONS[kind])
    psf = build_scene(config).instrument.psf
    assert type(psf) is PSFS[kind]
    if kind == "empirical":
        assert psf.center == pytest.approx((2, 2), abs=0.1) and psf.over_sample_size == 2 and not psf.normalize
    if kind == "spatially_varying":
        np.testing.assert_array_equal(psf.transmission, stars[3].array)


def test_a_ready_made_value_takes_a_sections_place(tiny_config):
    psf = GaussianPSF(fwhm=0.1)
    scene = build_scene(load_config(tiny_config), instead={("scene", "instrument", "psf"): psf})
    assert scene.instrument.psf is psf


@pytest.mark.parametrize("cls", COMPONENTS)
def test_every_declared_range_is_in_the_schema(cls):
    section = component_section(cls)
    for name, spec in parameters_of(cls).items():
        field = section.model_fields[name]
        number = get_args(field.annotation)[0].__metadata__[0] if get_args(field.annotation) else field
        limits = {type(limit).__name__: limit for limit in number.metadata}
        for word, end in (("Ge", spec.minimum), ("Le", spec.maximum), ("Gt", spec.above), ("Lt", spec.below)):
            assert (word in limits) == (end is not None)
            assert end is None or getattr(limits[word], word.lower()) == end


@pytest.mark.parametrize("name", READERS)
def test_the_keys_of_a_reader_are_its_arguments(name):
    section = next(s for s in get_args(get_args(data_section())[0]) if s.__name__ == f"{name}_reader")
    path, *arguments = inspect.signature(READERS[name]).parameters
    assert set(section.model_fields) - {"reader", "masks", "path", "preprocess"} == set(arguments) - {"mask"}
    for argument in arguments:
        assert argument == "mask" or section.model_fields[argument].description, argument


@pytest.mark.parametrize("kind", PRIORS)
def test_every_prior_can_be_named(tiny_config, kind):
    arguments = {"normal": [50, 5], "truncated_normal": [50, 5, 30, 80]}.get(kind, [30, 80])
    config = edited(tiny_config, "{uniform: [30, 80]}", f"{{{kind}: {arguments}}}")
    space = build_space(config, build_scene(config))
    assert space.priors[0] == PRIORS[kind](*arguments)


def test_a_tied_parameter_follows(tiny_config):
    config = edited(tiny_config, "fit:\n", "  disks.belt.offset_x: {tied: disks.belt.inclination}\nfit:\n")
    space = build_space(config, build_scene(config))
    assert space.tied == (("disks.belt.offset_x", "disks.belt.inclination"),) and space.size == 3
    assert Tied("a") == Tied(to="a")


def test_engine_settings_are_optional_and_checked(tiny_config):
    assert (
        build_optimizer(
            edited(tiny_config, "kind: least_squares", "kind: least_squares\n  max_iterations: 3")
        ).max_iterations
        == 3
    )
    with pytest.raises(ConfigError, match=r"tiny\.yaml:26: LeastSquares\.tolerance must be between 0 and 1"):
        build_optimizer(edited(tiny_config, "max_iterations: 3", "tolerance: 2.0"))
    without = edited(tiny_config, "fit:\n  kind: least_squares\n  tolerance: 2.0\n", "")
    assert build_optimizer(without).tolerance < 1e-3


def test_data_are_read_beside_the_file_and_masked(tiny_config):
    config = load_config(tiny_config)
    data = build_data(config)
    assert data.unit == "mJy / arcsec2" and data.frame.shape_native == (33, 29)
    y, x = data.frame.sky_from(*data.mask.array.nonzero())
    assert (y**2 + x**2 > 1.1**2).all()


def test_masks_add_up_and_may_come_from_a_file(tiny_config):
    few = build_data(edited(tiny_config, "radius: 1.1}", "radius: 1.1}, {kind: wedge, start_angle: 0, end_angle: 90}"))
    assert 0 < few.mask.n_unmasked < 0.3 * few.mask.array.size
    config = edited(
        tiny_config, "{kind: wedge, start_angle: 0, end_angle: 90}", "{kind: file, path: tiny.fits, extension: SCI}"
    )
    with pytest.raises(ConfigError, match=r"tiny\.yaml:7: a mask holds booleans"):
        build_data(config)


def test_noise_can_be_estimated_or_read_from_another_file(tiny_config):
    config = edited(tiny_config, "{kind: file, extension: NOISE}", "{kind: file, extension: NOISE, path: tiny.fits}")
    given = build_data(config).noise_map
    config = edited(tiny_config, "{kind: file, extension: NOISE, path: tiny.fits}", "{kind: annuli, width_pixels: 4}")
    assert not (build_data(config).noise_map.slim == given.slim).all()


def test_a_missing_data_file_is_a_data_error(tiny_config):
    with pytest.raises(DataError, match="absent.fits does not exist"):
        build_data(edited(tiny_config, "path: tiny.fits\n", "path: absent.fits\n"))


def test_the_truth_replaces_the_start(tiny_config):
    config = load_config(tiny_config)
    assert true_scene(config, build_scene(config)).disks["belt"].inclination == 53.0


def test_empirical_psf_needs_its_kernel(tiny_config):
    with pytest.raises(ConfigError, match=r"tiny\.yaml:11: 'scene\.instrument\.psf\.kernel' is missing"):
        edited(tiny_config, ", kernel: {path: tiny.fits, extension: PSF}", "")
    assert PSFS["empirical"] is EmpiricalPSF
