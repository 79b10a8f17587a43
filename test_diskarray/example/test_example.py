import json

import pytest

from diskarray.config.build import build_data, build_scene, build_space
from diskarray.config.load import load_config
from diskarray.example.locate import example_config
from diskarray.files.fits import read_image
from diskarray.pipeline.run import run_fit
from diskarray.pipeline.simulate import run_simulation

IMAGE, TRUTH = "hr4796a_like.fits", "hr4796a_like_truth.json"


def test_regenerating_the_example_gives_the_same_bytes(tmp_path):
    run_simulation(example_config(), tmp_path / IMAGE)
    for name in (IMAGE, TRUTH):
        assert (tmp_path / name).read_bytes() == example_config().with_name(name).read_bytes(), (
            f"{name} is not what its configuration makes: if the model was meant to change, regenerate it with "
            "`diskarray simulate diskarray/example/hr4796a_like.yaml --output diskarray/example/hr4796a_like.fits "
            "--overwrite`"
        )


def test_the_example_is_small_and_complete():
    image = example_config().with_name(IMAGE)
    assert image.stat().st_size < 1_000_000
    for extension in ("SCI", "NOISE"):
        header = read_image(image, extension).header
        assert header.text("BUNIT") == "mJy / arcsec2" and header.text("CTYPE1") == "EAST"
    assert read_image(image, "PSF").array.shape == (41, 41)
    signal = read_image(image, "SCI").array / read_image(image, "NOISE").array
    assert 10 < signal.max() < 40


def test_the_fit_starts_away_from_the_truth():
    config = load_config(example_config())
    space = build_space(config, build_scene(config))
    truth = json.loads(example_config().with_name(TRUTH).read_text())
    assert list(truth) == list(space.names)
    assert all(start != truth[name] for name, start in zip(space.names, space.to_vector(), strict=True))


def test_the_data_have_the_configured_mask():
    data = build_data(load_config(example_config()))
    assert data.n_not_finite == 0 and 0 < data.mask.n_unmasked < data.mask.array.size


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return run_fit(example_config(), tmp_path_factory.mktemp("example") / "out", progress=False)


def test_the_fit_finds_every_true_value_within_three_sigma(fitted):
    result = fitted.result
    assert result.status == "converged" and result.at_bound == ()
    assert result.reduced_chi_squared == pytest.approx(1.0, abs=0.05)
    for name, value, sigma in zip(result.names, result.vector, result.sigma, strict=True):
        assert abs(value - fitted.truth[name]) < 3.0 * sigma, name


def test_the_start_was_several_sigma_off(fitted):
    config = load_config(example_config())
    start = build_space(config, build_scene(config)).to_vector()
    truth = list(fitted.truth.values())
    assert all(abs(start - truth) > 3.0 * fitted.result.sigma)
