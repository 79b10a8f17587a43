import hashlib
import json
import math
import os
import sys

import numpy as np
import pytest

from diskarray.errors import DataError, OutputError
from diskarray.files.fits import read_image
from diskarray.pipeline import run as run_module
from diskarray.pipeline.products import PRODUCTS
from diskarray.pipeline.run import run_fit


@pytest.fixture
def fitted(tiny_config):
    return run_fit(tiny_config, tiny_config.parent / "out", progress=False)


def no_constant(word):
    raise AssertionError(f"{word} is not JSON")


def test_a_run_writes_its_products(fitted, tiny_config):
    pytest.importorskip("matplotlib")
    assert sorted(os.listdir(tiny_config.parent / "out")) == sorted(PRODUCTS)
    assert (tiny_config.parent / "out" / "fit.png").read_bytes().startswith(b"\x89PNG")
    assert fitted.notice == ""


def test_the_result_is_complete_and_finds_the_truth(fitted, tiny_config):
    content = json.loads((tiny_config.parent / "out" / "result.json").read_text(), parse_constant=no_constant)
    assert content["status"] == "converged" and content["message"]
    assert content["n_data"] == fitted.result.n_data and content["n_evaluations"] > 0
    assert content["reduced_chi_squared"] == pytest.approx(1.0, abs=0.2)
    assert content["log_likelihood"] == fitted.result.log_likelihood
    assert content["at_bound"] == []
    assert content["config"]["sha256"] == hashlib.sha256(tiny_config.read_bytes()).hexdigest()
    data_file = tiny_config.with_name("tiny.fits")
    assert content["data"]["sha256"] == hashlib.sha256(data_file.read_bytes()).hexdigest()
    assert content["backend"] == "numpy" and {"diskarray", "numpy"} <= set(content["versions"])
    assert list(content["parameters"]) == list(fitted.truth)
    for name, true_value in fitted.truth.items():
        found = content["parameters"][name]
        assert abs(found["value"] - true_value) < 4.0 * found["sigma"]
    assert content["parameters"]["disks.belt.inclination"]["unit"] == "deg"


def test_fits_products_carry_unit_and_sky_and_nan_where_masked(fitted, tiny_config):
    out = tiny_config.parent / "out"
    data, header = read_image(tiny_config.with_name("tiny.fits"), "SCI")
    model, model_header = read_image(out / "model.fits", "MODEL")
    residual, residual_header = read_image(out / "residuals.fits", "RESIDUAL")
    normalized, _ = read_image(out / "residuals.fits", "NORMALIZED")
    for keyword in ("CTYPE1", "CTYPE2", "CRPIX1", "CD1_1", "CD2_2", "BUNIT"):
        assert model_header.cards[keyword] == residual_header.cards[keyword] == header.cards[keyword]
    shown = np.isfinite(model)
    assert shown.sum() == fitted.result.n_data
    np.testing.assert_allclose((model + residual)[shown], data[shown], atol=1e-5)
    assert np.nansum(normalized**2) == pytest.approx(fitted.result.chi_squared, rel=1e-5)


def test_unknown_sigmas_are_null(tiny_config):
    text = tiny_config.read_text().replace("{log_uniform: [1e-3, 1e-1]}", "{uniform: [0.001, 0.011]}")
    tiny_config.write_text(text)
    run = run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    content = json.loads((tiny_config.parent / "out" / "result.json").read_text(), parse_constant=no_constant)
    assert content["at_bound"] == ["disks.belt.optical_depth"]
    assert math.isnan(run.result.sigma[2]) and content["parameters"]["disks.belt.optical_depth"]["sigma"] is None


def test_other_data_can_be_fitted_and_then_no_truth_is_claimed(tiny_config):
    other = tiny_config.with_name("other.fits")
    other.write_bytes(tiny_config.with_name("tiny.fits").read_bytes())
    run = run_fit(tiny_config, tiny_config.parent / "out", data_path=other, progress=False)
    content = json.loads((tiny_config.parent / "out" / "result.json").read_text())
    assert content["data"]["name"] == str(other) and run.truth is None


def test_an_existing_output_is_refused_before_the_fit_and_replaced_on_request(fitted, tiny_config, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(run_module, "optimize", lambda *arguments, **keywords: pytest.fail("the fit must not start"))
        with pytest.raises(OutputError, match="--overwrite"):
            run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    run_fit(tiny_config, tiny_config.parent / "out", overwrite=True, progress=False)


def test_a_failed_fit_leaves_nothing(tiny_config, monkeypatch):
    def interrupted(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "optimize", interrupted)
    before = sorted(os.listdir(tiny_config.parent))
    with pytest.raises(KeyboardInterrupt):
        run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert sorted(os.listdir(tiny_config.parent)) == before


def test_a_broken_image_leaves_nothing(tiny_config):
    tiny_config.with_name("tiny.fits").write_bytes(b"SIMPLE  = not really")
    with pytest.raises(DataError, match="tiny.fits"):
        run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert not (tiny_config.parent / "out").exists()


def test_without_matplotlib_everything_but_the_figure_is_written(tiny_config, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    run = run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert "diskarray[plot]" in run.notice
    assert sorted(os.listdir(tiny_config.parent / "out")) == ["model.fits", "residuals.fits", "result.json"]
