"""Every template validates, simulates and fits as it is, and says of each key what the schema knows."""

import shutil

import numpy as np
import pytest

from diskarray.config.build import (
    build_data,
    build_optimizer,
    build_posterior,
    build_sampler,
    build_scene,
    build_space,
    true_scene,
)
from diskarray.config.load import config_from_text, config_section, load_config
from diskarray.config.templates import TEMPLATES, template_text
from diskarray.config.walk import keys_of
from diskarray.parameters.space import spec_at
from diskarray.pipeline.simulate import run_simulation
from diskarray.search.optimize import optimize

FITTED = [name for name in TEMPLATES if name != "full"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_configuration_with_its_data(name):
    text = template_text(name)
    config = config_from_text(text, name)
    assert config.settings.simulation is not None and config.settings.sample is not None
    assert max(map(len, text.splitlines())) <= 120 and not any(line != line.rstrip() for line in text.splitlines())
    assert config.settings.data.reader == (name if name in ("gpi", "irdis", "jwst") else "fits")


@pytest.mark.slow
@pytest.mark.parametrize("name", FITTED)
def test_a_template_is_simulated_and_fitted_as_it_is(name, tmp_path):
    path = tmp_path / f"{name}.yaml"
    path.write_text(template_text(name))
    config = load_config(path)
    written = run_simulation(path, config.path_of(config.settings.data.path))
    data, scene = build_data(config), build_scene(config)
    space = build_space(config, scene)
    posterior = build_posterior(config, data, space)
    best = optimize(posterior, build_optimizer(config), progress=False)
    truth = space.to_vector(true_scene(config, scene))
    assert best.status == "converged" and 0.85 < best.reduced_chi_squared < 1.15
    assert 5 <= space.size <= 6 and np.all(np.abs(best.vector - truth) < 3 * best.sigma)
    assert build_sampler(config)._walkers(space) == 32
    assert data.mask.n_unmasked < 5000 and all(p.is_file() for p in written)


def test_priors_are_those_that_the_parameters_declare():
    config = config_from_text(template_text("minimal"))
    scene = build_scene(config, {("scene", "instrument", "psf"): None})
    space = build_space(config, scene)
    assert all(prior == spec_at(scene, name).prior for name, prior in zip(space.names, space.priors, strict=True))


def test_the_full_template_is_the_minimal_one_with_every_key():
    full, minimal = (config_from_text(template_text(name)).settings for name in ("full", "minimal"))
    assert full == minimal
    words = {line.strip("# -").partition(":")[0] for line in template_text("full").splitlines()}
    missing = [key.name for key in _all_keys(config_section(), set()) if key.name not in words]
    assert missing == []


def _all_keys(section, seen):
    if section in seen or section.__name__.endswith("_arguments"):
        return
    seen.add(section)
    for key in keys_of(section):
        yield key
        for inner in key.sections:
            yield from _all_keys(inner, seen)


def test_comments_are_what_the_components_say():
    lines = template_text("full").splitlines()
    (line,) = [line for line in lines if "semi-major axis of the reference ellipse" in line]
    assert line.strip() == (
        "radius: 68.0  # semi-major axis of the reference ellipse [au]; range (0, inf); prior {log_uniform: [1, 1000]}"
    )


def test_what_is_off_in_the_full_template_can_be_put_on():
    """A key that is commented out with its default is accepted where it stands."""
    lines, tried = template_text("full").splitlines(), 0
    for k, line in enumerate(lines):
        key, _, rest = line.strip().removeprefix("# ").partition(":")
        value = rest.partition("  #")[0].strip()
        inside = (
            line.startswith(("      # ", "  # ")) and value and key.isidentifier() and line.strip().startswith("# ")
        )
        if inside and key in ("gamma", "beta", "offset_x", "offset_y", "observable", "use_wcs", "max_iterations"):
            put_on = line.replace("# ", "", 1)
            changed = "\n".join([*lines[:k], put_on, *lines[k + 1 :]])
            try:
                config_from_text(changed)
                tried += 1
            except Exception as error:
                assert "unknown key" in str(error) or "twice" in str(error)
    assert tried >= 6


@pytest.mark.parametrize("name", FITTED)
def test_a_file_of_ones_own_takes_the_simulated_ones_place(name, tmp_path):
    made, own = tmp_path / "made.yaml", tmp_path / "own.yaml"
    made.write_text(template_text(name))
    run_simulation(made, load_config(made).path_of(load_config(made).settings.data.path))
    shutil.move(load_config(made).path_of(load_config(made).settings.data.path), tmp_path / "mine file.fits")
    own.write_text(template_text(name, data="mine file.fits"))
    config = load_config(own)
    assert config.settings.simulation is None
    posterior = build_posterior(config, build_data(config), build_space(config, build_scene(config)))
    assert np.isfinite(posterior.log_probability(posterior.space.to_vector()))
