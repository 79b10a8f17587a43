"""The `fit` and `sample` parts, several data sets, and priors by list and by name."""

import dataclasses
import math

import numpy as np
import pytest

from diskarray.config.build import (
    build_data,
    build_optimizer,
    build_posterior,
    build_sampler,
    build_scene,
    build_space,
)
from diskarray.config.engines import OPTIMIZERS, SAMPLERS
from diskarray.config.load import load_config
from diskarray.config.prior_schema import CLASSES
from diskarray.config.prior_text import prior_text
from diskarray.errors import ConfigError
from diskarray.files.fits import FitsHDU, write_fits
from diskarray.parameters.parameter import parameters_of
from diskarray.parameters.priors import Linear
from diskarray.profiles.registry import DENSITIES
from diskarray.sampling.consensus import Consensus
from diskarray.sampling.dynesty_engine import Dynesty
from diskarray.sampling.emcee_engine import Emcee
from diskarray.sampling.nuts import NUTS
from diskarray.search.lbfgs import LBFGSB


def written(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return load_config(path)


def with_sample(path, text):
    return written(path, "simulation:\n", f"sample: {text}\nsimulation:\n")


def test_without_a_part_the_defaults_hold(tiny_config):
    config = load_config(tiny_config)
    assert build_sampler(config) == Emcee() and build_sampler(config, "dynesty") == Dynesty()
    assert build_sampler(config, "nuts") == NUTS() and build_sampler(config, "consensus") == Consensus(Emcee())
    with pytest.raises(ConfigError, match="there is no sampler 'emce': did you mean emcee"):
        build_sampler(config, "emce")


def test_settings_are_those_of_the_file(tiny_config):
    config = with_sample(tiny_config, "{kind: dynesty, live_points: 80, queue: null, sample: rwalk}")
    assert build_sampler(config) == build_sampler(config, "dynesty") == Dynesty(live_points=80, sample="rwalk")
    assert build_sampler(config, "emcee") == Emcee()
    config = written(tiny_config, "kind: least_squares", "kind: lbfgsb\n  max_iterations: 7")
    assert build_optimizer(config) == LBFGSB(max_iterations=7)


@pytest.mark.parametrize("kind", [kind for kind in (*SAMPLERS, *OPTIMIZERS) if kind != "consensus"])
def test_every_setting_of_an_engine_can_be_written(tiny_config, kind):
    cls = {**SAMPLERS, **OPTIMIZERS}[kind]
    given = {field.name: getattr(cls(), field.name) for field in dataclasses.fields(cls)}
    text = ", ".join(f"{name}: {'null' if v is None else str(v).lower()}" for name, v in given.items())
    if kind in SAMPLERS:
        assert build_sampler(with_sample(tiny_config, f"{{kind: {kind}, {text}}}")) == cls()
    else:
        config = written(tiny_config, "fit:\n  kind: least_squares", f"fit: {{kind: {kind}, {text}}}")
        assert build_optimizer(config) == cls()


def test_parts_of_the_data_are_sampled_apart(tiny_config):
    config = with_sample(tiny_config, "{kind: consensus, engine: {kind: emcee, walkers: 20}}")
    assert build_sampler(config) == Consensus(Emcee(walkers=20))
    tiny_config.write_text(
        tiny_config.read_text().replace("sample: {kind: consensus, engine: {kind: emcee, walkers: 20}}\n", "")
    )
    halves = "[{kind: wedge, start_angle: 3.7, end_angle: 183.7}, {kind: wedge, start_angle: 183.7, end_angle: 3.7}]"
    config = with_sample(tiny_config, f"{{kind: consensus, engine: {{kind: nuts}}, shards: {halves}}}")
    first, second = build_sampler(config).shards
    data = build_data(config)
    assert first.frame == data.frame and not (~first.array & ~second.array).any()
    assert build_sampler(config, data=data).shards == (first, second)
    with pytest.raises(ConfigError, match=r"sample.engine.kind is 'dynesty'"):
        written(tiny_config, "engine: {kind: nuts}", "engine: {kind: dynesty}")


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("{linear: []}", Linear()),
        ("{linear: [0.01, 0.02]}", Linear(0.01, 0.02)),
        ("{linear: {minimum: 0}}", Linear(minimum=0)),
        ("{linear: {minimum: -.inf, maximum: .inf}}", Linear(minimum=-math.inf, maximum=math.inf)),
        ("{linear: {mean: 0.01, sigma: 0.1, maximum: 1}}", Linear(0.01, 0.1, maximum=1)),
        ("{linear: [null, null, 0, 1]}", Linear(minimum=0, maximum=1)),
    ],
)
def test_a_linear_parameter_leaves_the_vector(tiny_config, text, prior):
    config = written(tiny_config, "{log_uniform: [1e-3, 1e-1]}", text)
    space = build_space(config, build_scene(config))
    assert space.size == 2 and space.linear_priors == (prior,)
    assert (
        build_posterior(config, build_data(config), space).scene_from(space.to_vector()).disks["belt"].optical_depth > 0
    )


def test_a_parameter_that_is_not_linear_is_named(tiny_config):
    config = written(tiny_config, "inclination: {uniform: [30, 80]}", "inclination: {linear: []}")
    with pytest.raises(ConfigError, match=r"tiny\.yaml:21: .*inclination"):
        build_posterior(config, build_data(config), build_space(config, build_scene(config)))


@pytest.mark.parametrize("kind", CLASSES)
def test_arguments_of_a_prior_may_be_named(tiny_config, kind):
    names = [field.name for field in dataclasses.fields(CLASSES[kind])]
    values = dict(zip(["lower", "upper", "mean", "sigma", "minimum", "maximum"], [30, 80, 50, 5, 0, 180], strict=True))
    arguments = {name: values[name] for name in names}
    text = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    config = written(tiny_config, "{uniform: [30, 80]}", f"{{{kind}: {{{text}}}}}")
    space = build_space(config, build_scene(config))
    assert CLASSES[kind](**arguments) in (*space.priors, *space.linear_priors)
    with pytest.raises(ConfigError, match=r":21: unknown argument '.*uper'"):
        written(tiny_config, f"{{{kind}: {{", f"{{{kind}: {{uper: 3, ")


@pytest.mark.parametrize("cls", DENSITIES.values())
def test_a_default_prior_as_text_is_the_prior(tiny_config, cls):
    for spec in parameters_of(cls).values():
        text = tiny_config.read_text().replace("{log_uniform: [1e-3, 1e-1]}", prior_text(spec.prior))
        path = tiny_config.with_name("other.yaml")
        path.write_text(text)
        ((_, section),) = [p for p in load_config(path).settings.priors.items() if p[0].endswith("optical_depth")]
        ((name, values),) = section.given().items()
        assert CLASSES[name](*values) == spec.prior


def test_arguments_with_defaults_may_be_left_out(tiny_config):
    config = written(tiny_config, "{uniform: [30, 80]}", "{isotropic: []}")
    assert build_space(config, build_scene(config)).priors[0] == CLASSES["isotropic"]()


@pytest.fixture
def joint_config(tiny_config):
    """Two images of one scene."""
    text = tiny_config.read_text()
    block = text[text.index("data:") : text.index("scene:")]
    one = block.removeprefix("data:\n").replace("  ", "    ", 1).replace("\n  ", "\n    ")
    both = f"datasets:\n  first:\n{one.rstrip()}\n  second:\n{one.rstrip()}\n"
    both = both[::-1].replace("1.1"[::-1], "0.9"[::-1], 1)[::-1]
    tiny_config.write_text(text.replace(block, both))
    return tiny_config


def test_several_data_sets_are_fitted_together(joint_config):
    config = load_config(joint_config)
    data = build_data(config)
    assert list(data) == ["first", "second"] == list(config.datasets)
    assert data["second"].mask.n_unmasked < data["first"].mask.n_unmasked
    posterior = build_posterior(config, data, build_space(config, build_scene(config)))
    assert posterior.n_data == sum(one.mask.n_unmasked for one in data.values())
    other = joint_config.with_name("other.fits")
    write_fits(
        other, [FitsHDU(np.ones((33, 29)), "SCI", {"BUNIT": "mJy/arcsec2"}), FitsHDU(np.ones((33, 29)), "NOISE")]
    )
    with pytest.raises(ConfigError, match=r"tiny\.yaml:2: there are 2 data sets \(first, second\)"):
        build_data(config, other)


def test_one_of_several_data_sets_may_come_from_elsewhere(joint_config):
    config = load_config(joint_config)
    other = joint_config.with_name("other.fits")
    other.write_bytes(joint_config.with_name("tiny.fits").read_bytes())
    data = build_data(config, {"second": other})
    assert "tiny.fits" in data["first"].source and "other.fits" in data["second"].source


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  first:\n", "  first one:\n", r":3: datasets\.first one: a name must be a word"),
        ("reader: fits", "reader: fist", r":4: datasets\.first\.reader is 'fist': did you mean fits"),
        ("0.9}", "-0.9}", r"radius must be above 0"),
    ],
)
def test_mistakes_in_one_of_them_are_at_their_line(joint_config, old, new, message):
    with pytest.raises(ConfigError, match=message):
        build_data(written(joint_config, old, new))


def test_one_data_set_is_named_data(tiny_config):
    assert list(load_config(tiny_config).datasets) == ["data"]
