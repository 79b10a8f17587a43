import hashlib
import json
import math
import os
import signal
import sys

import numpy as np
import pytest
from small_runs import write_micro

from diskarray.config.build import build_data
from diskarray.config.load import load_config
from diskarray.dataset.preprocess import replay
from diskarray.errors import ConfigError, DataError, Interrupted, OutputError, ParameterError
from diskarray.files.fits import read_image
from diskarray.files.lock import FolderLock
from diskarray.pipeline import run as run_module
from diskarray.pipeline.open_run import open_run
from diskarray.pipeline.run import run_fit
from diskarray.scattering import paths

OWN = """\
import numpy as np

import diskarray as da


@da.component
class NarrowRing:
    \"\"\"A ring that is Gaussian in radius and height.\"\"\"

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius of the ring")
    width: float = da.parameter(6.0, unit="au", above=0, doc="radial standard deviation")

    def density(self, X, Y, Z, *, xp=np):
        r = xp.sqrt(X**2 + Y**2)
        return xp.exp(-0.5 * ((r - self.radius) / self.width) ** 2 - 0.125 * Z**2)
"""


@pytest.fixture
def fitted(tiny_config):
    return run_fit(tiny_config, tiny_config.parent / "out", progress=False)


def no_constant(word):
    raise AssertionError(f"{word} is not JSON")


def content_of(path):
    return json.loads(path.read_text(), parse_constant=no_constant)


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_run_writes_its_folder(fitted, tiny_config):
    pytest.importorskip("matplotlib")
    out = tiny_config.parent / "out"
    assert files_below(out) == [
        "config.yaml",
        "figures/fit.png",
        "manifest.json",
        "results/fit.json",
        "results/fit.npz",
        "results/model.fits",
        "results/residuals.fits",
        "run.log",
    ]
    assert (out / "figures/fit.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "config.yaml").read_bytes() == tiny_config.read_bytes() and fitted.notice == ""


def test_the_result_is_complete_and_finds_the_truth(fitted, tiny_config):
    content = content_of(tiny_config.parent / "out/results/fit.json")
    result = fitted.result
    assert content["status"] == "converged" and content["message"]
    assert content["n_data"] == result.n_data and content["n_evaluations"] > 0 and content["n_free"] == 3
    assert content["reduced_chi_squared"] == pytest.approx(1.0, abs=0.2)
    assert content["log_likelihood"] == result.log_likelihood
    k, n = result.n_free, result.n_data
    assert content["bayesian_information_criterion"] == pytest.approx(k * math.log(n) - 2 * result.log_likelihood)
    assert content["at_bound"] == [] and content["unconstrained"] == []
    assert list(content["parameters"]) == list(fitted.truth)
    for name, true_value in fitted.truth.items():
        found = content["parameters"][name]
        assert abs(found["value"] - true_value) < 4.0 * found["sigma"]
    assert content["parameters"]["disks.belt.inclination"]["unit"] == "deg"


def test_the_manifest_says_what_was_done_with_what(fitted, tiny_config):
    manifest = content_of(tiny_config.parent / "out/manifest.json")
    assert (manifest["command"], manifest["status"]) == ("fit", "converged")
    assert manifest["config"]["sha256"] == hashlib.sha256(tiny_config.read_bytes()).hexdigest()
    image = tiny_config.with_name("tiny.fits")
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    files = {record["role"]: record for record in manifest["data"]}
    assert set(files) == {"data.path", "scene.instrument.psf.kernel.path"}
    assert files["data.path"] == {
        "role": "data.path",
        "path": str(image),
        "size": image.stat().st_size,
        "sha256": digest,
    }
    assert {"diskarray", "numpy", "scipy", "astropy"} <= set(manifest["versions"])
    assert manifest["versions"]["numpy"] == np.__version__
    assert (manifest["backend"], manifest["precision"]) == ("numpy", "float64")
    assert manifest["device"]["cores"] == os.cpu_count() and manifest["python"] and manifest["platform"]
    assert set(manifest["timings"]["fit"]) == {"read data", "prepare posterior", "search", "write products"}
    assert manifest["timings"]["fit"]["search"] >= fitted.result.seconds * 0.9
    assert manifest["peak_memory"] > 30e6
    assert manifest["truth"] == fitted.truth
    assert manifest["parameters"]["disks.belt.inclination"]["prior"] == "Uniform(lower=30.0, upper=80.0)"
    for name, known in manifest["products"].items():
        assert hashlib.sha256((tiny_config.parent / "out" / name).read_bytes()).hexdigest() == known


def test_the_manifest_says_which_quadrature_and_path(tiny_config, monkeypatch):
    text, taken = tiny_config.read_text(), []

    def noted(quadrature, n_nodes, n_lines, original=paths.path_for):
        taken.append((quadrature.nodes, n_lines, original(quadrature, n_nodes, n_lines)))
        return taken[-1][-1]

    monkeypatch.setattr(paths, "path_for", noted)
    rules = {
        "{nodes: panels, order: 8, path: vectorized}": ("panels", "vectorized"),
        "{nodes: layer, order: 6, path: streaming}": ("layer", "streaming"),
        "{nodes: panels, order: 12}": ("panels", "blocks"),
    }
    for k, (rule, (nodes, path)) in enumerate(rules.items()):
        tiny_config.write_text(text.replace("optical_depth: 0.01\n", f"optical_depth: 0.01\n      rule: {rule}\n"))
        run_fit(tiny_config, tiny_config.parent / f"out{k}", progress=False)
        (record,) = content_of(tiny_config.parent / f"out{k}/manifest.json")["quadrature"]
        assert record["disk"] == "disks.belt" and record["quadrature"]["nodes"] == nodes
        assert record["path"] == {"data": path}
        assert record["lines_of_sight"]["data"] > 593  # those behind the mask count, from where the PSF brings light
        assert set(taken) == {(nodes, record["lines_of_sight"]["data"], path)}
        taken.clear()


def test_the_manifest_keeps_the_preprocessing_and_it_replays(tmp_path):
    steps = ("extension: SCI\n", "extension: SCI\n  preprocess: {background: {level: 0.1}, crop: 4}\n")
    write_micro(tmp_path)
    run_fit(write_micro(tmp_path, replaced=[steps]), tmp_path / "out", progress=False)
    records = content_of(tmp_path / "out/manifest.json")["preprocessing"]["data"]
    assert [record["step"] for record in records] == ["background", "crop"]
    image = open_run(tmp_path / "out").data["data"]
    plain = build_data(load_config(write_micro(tmp_path)))
    assert replay(plain, records).data.array.tobytes() == image.data.array.tobytes()
    assert image.data.array.shape == (9, 9)


def test_the_log_has_a_line_for_every_phase(fitted, tiny_config):
    lines = (tiny_config.parent / "out/run.log").read_text().splitlines()
    phases = [line.split(" s  ", 1)[1].partition(":")[0] for line in lines]
    assert phases[1:4] == ["read data", "prepare posterior", "search"] and phases[-1] == "write products"
    assert any("converged" in line for line in lines)


def test_fits_products_carry_unit_and_sky_and_nan_where_masked(fitted, tiny_config):
    results = tiny_config.parent / "out/results"
    data, header = read_image(tiny_config.with_name("tiny.fits"), "SCI")
    model, model_header = read_image(results / "model.fits", "MODEL")
    residual, residual_header = read_image(results / "residuals.fits", "RESIDUAL")
    normalized, _ = read_image(results / "residuals.fits", "NORMALIZED")
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
    content = content_of(tiny_config.parent / "out/results/fit.json")
    assert content["at_bound"] == ["disks.belt.optical_depth"]
    assert math.isnan(run.result.sigma[2]) and content["parameters"]["disks.belt.optical_depth"]["sigma"] is None


def test_linear_parameters_are_among_the_results(tmp_path):
    config = write_micro(tmp_path, replaced=[("{log_uniform: [1e-3, 1e-1]}", "{linear: {}}")])
    run = run_fit(config, tmp_path / "out", progress=False)
    found = content_of(tmp_path / "out/results/fit.json")["parameters"]["disks.belt.optical_depth"]
    assert found["value"] == run.result.linear.values[0] and abs(found["value"] - 0.012) < 4 * found["sigma"]
    assert open_run(tmp_path / "out").best_scene.disks["belt"].optical_depth == found["value"]


def test_other_data_can_be_fitted_and_then_no_truth_is_claimed(tiny_config):
    other = tiny_config.with_name("other.fits")
    other.write_bytes(tiny_config.with_name("tiny.fits").read_bytes())
    run = run_fit(tiny_config, tiny_config.parent / "out", data_path=other, progress=False)
    manifest = content_of(tiny_config.parent / "out/manifest.json")
    assert manifest["data"][0]["path"] == str(other) and run.truth is None
    assert manifest["arguments"]["fit"]["data"] == str(other)
    assert open_run(tiny_config.parent / "out").data["data"].source.startswith(str(other))


def test_joint_data_sets_have_a_model_and_residuals_each(tmp_path):
    one = write_micro(tmp_path)
    write_micro(tmp_path, "second", [("seed: 1", "seed: 2")])
    text = one.read_text()
    part = text[text.index("  reader") : text.index("scene:")]
    both = "".join(
        f"  {name}:\n" + "".join(f"  {line}\n" for line in part.replace("micro", file).splitlines())
        for name, file in (("first", "micro"), ("second", "second"))
    )
    joint = tmp_path / "joint.yaml"
    joint.write_text(text.replace("data:\n" + part, "datasets:\n" + both))
    out = run_fit(joint, tmp_path / "out", progress=False).output
    assert {"results/model_first.fits", "results/model_second.fits"} <= set(files_below(out))
    for name in ("first", "second"):
        data = read_image(tmp_path / f"{'micro' if name == 'first' else name}.fits", "SCI").array
        model = read_image(out / f"results/model_{name}.fits", "MODEL").array
        residual = read_image(out / f"results/residuals_{name}.fits", "RESIDUAL").array
        np.testing.assert_allclose(model + residual, data, atol=1e-4)
    run = open_run(out)
    assert set(run.data) == set(run.fits) == {"first", "second"}
    assert {record["role"] for record in run.manifest["data"]} == {"datasets.first.path", "datasets.second.path"}
    with pytest.raises(ConfigError, match="2 data sets"):
        run_fit(joint, tmp_path / "other", data_path=tmp_path / "micro.fits", progress=False)


def test_own_components_are_used_and_noted(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(OWN)
    rings = [("kind: two_power_law, radius: 70.0, scale_height: 5.0", "kind: narrow_ring, radius: 70.0, width: 12.0")]
    rings += [("rule: {nodes: layer, order: 4}", "rule: {nodes: panels, order: 4}")]
    write_micro(tmp_path)
    config = write_micro(tmp_path, replaced=rings)
    run_fit(config, tmp_path / "out", component_files=[own], progress=False)
    manifest = content_of(tmp_path / "out/manifest.json")
    (record,) = manifest["components"]
    assert record["path"] == str(own) and record["sha256"] == hashlib.sha256(own.read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match="narrow_ring"):
        run_fit(config, tmp_path / "out2", progress=False)


def test_a_seed_changes_the_random_starts_and_is_refused_without_any(tmp_path):
    config = write_micro(tmp_path)
    with pytest.raises(ParameterError, match="'starts' is above 1"):
        run_fit(config, tmp_path / "out", seed=3, progress=False)
    config.write_text(config.read_text().replace("kind: least_squares", "kind: least_squares\n  starts: 3"))
    seen = []
    for seed in (None, 3, 4, 5):
        run_fit(config, tmp_path / f"out{seed}", seed=seed, progress=False)
        seen.append(content_of(tmp_path / f"out{seed}/manifest.json")["seed"])
    assert seen == [0, 3, 4, 5]
    assert len({open_run(tmp_path / f"out{seed}").fit.n_evaluations for seed in (None, 3, 4, 5)}) > 1


def test_an_existing_output_is_refused_before_the_fit_and_replaced_on_request(fitted, tiny_config, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(run_module, "optimize", lambda *arguments, **keywords: pytest.fail("the fit must not start"))
        with pytest.raises(OutputError, match="--overwrite"):
            run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    run_fit(tiny_config, tiny_config.parent / "out", overwrite=True, progress=False)


@pytest.mark.parametrize("name", ["notes.txt", "results/notes.txt", "figures/mine.doc", "blocks/x.npz"])
def test_a_file_that_no_run_wrote_is_never_removed(name, tmp_path, monkeypatch):
    config = write_micro(tmp_path)
    run_fit(config, tmp_path / "out", progress=False)
    mine = tmp_path / "out" / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("dear to me")
    monkeypatch.setattr(run_module, "optimize", lambda *arguments, **keywords: pytest.fail("the fit must not start"))
    with pytest.raises(OutputError, match="no run wrote"):
        run_fit(config, tmp_path / "out", overwrite=True, progress=False)
    assert mine.read_text() == "dear to me"


def test_a_run_that_is_being_written_to_is_not_replaced(tmp_path):
    config = write_micro(tmp_path)
    run_fit(config, tmp_path / "out", progress=False)
    lock = FolderLock(tmp_path / "out")
    try:
        with pytest.raises(Exception, match="in use by process"):
            run_fit(config, tmp_path / "out", overwrite=True, progress=False)
    finally:
        lock.release()
    run_fit(config, tmp_path / "out", overwrite=True, progress=False)
    assert not (tmp_path / "out/lock").exists()


def test_a_failed_fit_leaves_nothing(tiny_config, monkeypatch):
    def interrupted(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "optimize", interrupted)
    before = sorted(os.listdir(tiny_config.parent))
    with pytest.raises(KeyboardInterrupt):
        run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert sorted(os.listdir(tiny_config.parent)) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_fit_and_leaves_nothing(number, tiny_config, monkeypatch):
    before, handler = sorted(os.listdir(tiny_config.parent)), signal.getsignal(number)
    monkeypatch.setattr(run_module, "optimize", lambda *a, **k: signal.raise_signal(number))
    with pytest.raises(Interrupted, match=f"stopped by {number.name}: nothing was written"):
        run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert sorted(os.listdir(tiny_config.parent)) == before and signal.getsignal(number) == handler


def test_a_broken_image_leaves_nothing(tiny_config):
    tiny_config.with_name("tiny.fits").write_bytes(b"SIMPLE  = not really")
    with pytest.raises(DataError, match=r"tiny\.fits"):
        run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert not (tiny_config.parent / "out").exists()


def test_without_matplotlib_everything_but_the_figure_is_written(tiny_config, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("diskarray.viz")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    run = run_fit(tiny_config, tiny_config.parent / "out", progress=False)
    assert "diskarray[plot]" in run.notice
    assert "figures/fit.png" not in files_below(tiny_config.parent / "out")
    assert "results/fit.npz" in files_below(tiny_config.parent / "out")
