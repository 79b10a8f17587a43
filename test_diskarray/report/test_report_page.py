import dataclasses
import hashlib
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from made_report import MANIFEST, MadeRun, draws_of, imaging, posterior_of
from page_parser import Page

import diskarray as da
from diskarray.errors import DataError, MissingExtraError, OutputError
from diskarray.pipeline.products import bayesian_information_criterion
from diskarray.report.facts import facts_of
from diskarray.report.page import page_of, write_report
from diskarray.results.optimize_result import Basin, Detection, Limit

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
RADIUS = "disks.belt.density.radius"


def same(cells, values):
    """A column holds exactly these numbers, in any order of rows; NaN is no number."""
    for name, value in values.items():
        numbers = cells[name].numbers
        assert numbers == ([] if math.isnan(value) else [value]), name


def png_figure(run):
    from matplotlib.figure import Figure

    return Figure(figsize=(2, 1), dpi=50)


def test_every_number_of_the_fit_is_in_the_page(run, page, fit):
    column = dict(zip(fit.names, fit.vector, strict=True))
    same(page.column("best-fit", "Best value"), column)
    same(page.column("best-fit", "Error"), dict(zip(fit.names, fit.sigma, strict=True)))
    same(page.column("best-fit", "Truth"), run.truth)
    pulls = page.column("best-fit", "Pull")
    for k, name in enumerate(fit.names):
        assert pulls[name].number == pytest.approx((fit.vector[k] - run.truth[name]) / fit.sigma[k])
    assert page.column("best-fit", "Prior")[RADIUS].text == "uniform, 40 to 90"
    expected = {
        "Chi-squared": fit.chi_squared,
        "Pixels": fit.n_data,
        "Free parameters": 3,
        "Degrees of freedom": fit.n_data - 3,
        "Log-likelihood": fit.log_likelihood,
        "Bayesian information criterion": bayesian_information_criterion(fit),
        "Residuals over noise map": fit.noise_scale,
        "Chi-squared gained by the disk": fit.detection.chi_squared_gain,
        "What noise may gain (5 σ)": fit.detection.threshold,
        "Inflation by correlated noise": fit.detection.inflation,
    }
    for term, value in expected.items():
        assert page.terms["statistics", term].number == value, term
    assert page.terms["statistics", "Reduced chi-squared"].numbers == [
        fit.reduced_chi_squared,
        math.sqrt(2 / (fit.n_data - 3)),
    ]
    searched = {
        "Images computed": fit.n_evaluations,
        "Time": fit.seconds,
        "Chi-squared could still fall by": fit.remaining_gain,
        "Condition of the problem": fit.condition,
    }
    for term, value in searched.items():
        assert page.terms["search", term].number == value, term
    assert all(step in page.text for step in fit.steps) and fit.message in page.text


def test_the_correlations_are_in_the_page(page, fit):
    rows = page.tables["correlations"][1:]
    for k, row in enumerate(rows):
        assert [cell.number for cell in row[1 : k + 2]] == list(fit.correlation[k, : k + 1])
        assert all(cell.numbers == [] for cell in row[k + 2 :])


def test_every_number_of_the_draws_is_in_the_page(page, samples, fit):
    names = samples.names
    for title, values in {"Mean": samples.mean, "Standard deviation": samples.sigma, "Highest": samples.vector}.items():
        same(page.column("posterior-values", title), dict(zip(names, values, strict=True)))
    same(page.column("posterior-values", "Median"), dict(zip(names, samples.quantile(0.5), strict=True)))
    for title, ends in {"16 % to 84 %": (0.16, 0.84), "5 % to 95 %": (0.05, 0.95)}.items():
        cells = page.column("posterior-values", title)
        for k, name in enumerate(names):
            assert cells[name].numbers == list(samples.quantile(ends)[:, k])
    moved = page.column("posterior-values", "Mean − fit")[RADIUS].number
    k = names.index(RADIUS)
    assert moved == pytest.approx((samples.mean[k] - fit.vector[k]) / samples.sigma[k])
    expected = {
        "Seed": samples.seed,
        "Likelihoods computed": samples.n_evaluations,
        "Time": samples.seconds,
        "Highest log probability": samples.maximum_log_probability,
        "Draws that are not finite": 0,
        "Chains that repeat another": 0,
    }
    for term, value in expected.items():
        assert page.terms["diagnostics", term].number == value, term
    assert page.terms["diagnostics", "Draws"].numbers == [4, 500]
    assert page.terms["diagnostics", "Divergent draws"].numbers == [1, 2000]
    assert page.terms["diagnostics", "BFMI of each chain"].numbers == list(samples.diagnostics.bfmi)
    assert "length = 7" in page.terms["diagnostics", "Settings"].text


def test_the_diagnostics_table_is_complete(page, samples):
    table = samples.diagnostics
    titles = {
        "R-hat": table.rhat,
        "R-hat of quarters": table.rhat_blocks,
        "ESS bulk": table.ess_bulk,
        "ESS tail": table.ess_tail,
        "MCSE of mean": table.mcse_mean,
        "MCSE of sd": table.mcse_sd,
        "Autocorrelation time": table.tau,
    }
    names = [*table.names[:-1], "log probability"]
    for title, values in titles.items():
        same(page.column("diagnostics-table", title), dict(zip(names, map(float, values), strict=True)))


def test_every_gate_is_there_with_its_verdict(page, samples):
    rows = page.tables["gates"][3:]
    assert [row[1].text for row in rows] == [gate.verdict for gate in samples.gates]
    assert [row[4].text for row in rows] == [gate.text for gate in samples.gates]
    for row, gate in zip(rows, samples.gates, strict=True):
        assert (row[2].number, row[3].number) == (gate.value, gate.limit) and row[5].text


def test_limits_flags_and_minima_are_there(run, read, fit):
    limit = Limit(RADIUS, "upper", 61.25, 0.95, "profile of chi-squared")
    twin = Basin(np.array(fit.vector) + 1.0, fit.chi_squared + 0.5, 0, image_of=0, refined=False)
    run.fit = dataclasses.replace(
        fit, limits=(limit,), at_bound=(RADIUS,), basins=(*fit.basins, twin), degenerate=(("a", "b", 0.99),)
    )
    page = read(run)
    cell = page.column("best-fit", "Limit or flag")[RADIUS]
    assert cell.numbers == [61.25, 0.95] and "at bound" in cell.text and "<" in cell.text
    assert page.column("limits", "Value")[RADIUS].number == 61.25
    assert page.column("basins", "Chi-squared")["1"].number == twin.chi_squared
    assert page.column("basins", "Above the lowest")["1"].number == pytest.approx(
        twin.chi_squared - min(b.chi_squared for b in run.fit.basins)
    )
    note = page.column("basins", "Note")["1"].text
    assert "same image as minimum 0" in note and "binned image" in note
    same(page.column("basin-values", "Minimum 1"), dict(zip(fit.names, twin.vector, strict=True)))
    assert "a and b are nearly degenerate" in page.text


def test_derived_numbers_are_there(run, page):
    facts = facts_of(run, {})
    for one in facts.derived:
        if math.isfinite(one.value):
            cell = page.column("derived-belt", "Median")[one.title]
            assert cell.number == one.value
            error = page.column("derived-belt", "Error")[one.title]
            assert error.numbers == ([one.sigma] if one.sigma > 0 else []) and (one.sigma > 0 or error.text == "held")


def test_the_data_and_what_was_held_are_described(run, page):
    data = run.data["data"]
    assert page.terms["data", "Source"].text == "star.fits, HDU 1"
    assert page.terms["data", "Size"].numbers == [23, 21, 23 * 0.13, 21 * 0.13]
    assert page.terms["data", "Pixels that count"].numbers == [483, 483, 1.0]
    assert page.terms["data", "Star at pixel"].numbers == [10, 11]
    assert page.terms["data", "Noise (1 σ per pixel)"].numbers == [float(data.noise_map.slim[0])]
    assert page.terms["data", "Flux of the star"].numbers == [1000.0]
    assert page.column("held", "Value")["disks.belt.density.scale_height"].number == 3.0
    assert "disks.belt.density.radius" not in page.column("held", "Value")
    assert "layer nodes of order 6" in page.text


def test_provenance_configuration_and_references_are_there(run, read):
    run.text = "version: 1\n# mine & only <mine>\n"
    page = read(run)
    rows = page.tables["inputs"][1:]
    assert [row[0].text for row in rows] == ["configuration", "data.path"]
    assert rows[1][1].text == "/home/someone/star.fits" and rows[1][2].number == 123456 and rows[1][3].text == "d" * 64
    assert page.column("versions", "Version")["numpy"].text == "2.0.1"
    assert page.column("products", "SHA-256")["results/fit.npz"].text == "e" * 64
    assert page.terms["provenance", "Seed"].number == 17
    assert page.terms["provenance", "Time: fit, search"].number == 3.25
    assert page.terms["provenance", "Peak memory"].number == 300 * 2**20
    assert run.text in page.text and f"diskarray rerun {run.folder}/manifest.json" in page.text
    assert "Augereau et al. 1999" in page.text and "Henyey & Greenstein 1941" in page.text
    assert "pip install diskarray==9.8.7" in page.text


def test_components_of_the_users_own_are_named_in_the_command(run, read):
    run.manifest["components"] = [{"path": "/home/my parts/ring.py", "sha256": "f" * 64}]
    assert "--components '/home/my parts/ring.py'" in read(run).text


def test_every_entry_of_a_manifest_is_shown_even_unknown_ones(run, read):
    run.manifest |= {"walked": {"dog": [1, True, None, {"far": 2.5}]}, "empty": {}}
    page = read(run)
    assert page.terms["provenance", "walked"].numbers == [1, 2.5]
    assert all(word in page.terms["provenance", "walked"].text for word in ("dog: ", "yes", "none", "far: "))


def test_figures_are_in_the_page_or_named(run, read):
    def absent(run):
        raise MissingExtraError("Figures need matplotlib.")

    figures = {
        "first": SimpleNamespace(title="First", caption="Caption one.", draw=png_figure),
        "fit": SimpleNamespace(title="The fit", caption="Caption two.", draw=png_figure),
        "none": SimpleNamespace(title="Not for this run", caption="", draw=lambda run: None),
        "broken": SimpleNamespace(title="Broken", caption="", draw=absent),
    }
    page = read(run, figures)
    images = page.attributes("img")
    assert all(i["src"].startswith("data:image/png;base64,iVBOR") and i["alt"] for i in images)
    assert [f["id"] for f in page.attributes("figure")] == ["figure-fit", "figure-first"]
    assert images[0]["width"] == "400" and "Caption one." in page.text and "Caption two." in page.text
    assert "Broken: Figures need matplotlib." in page.text and "Not for this run" not in page.text


def test_the_evidence_and_a_comparison_are_shown(run, read, fit, posterior, tmp_path):
    run.samples = draws_of(
        fit,
        posterior,
        statistics={},
        independent_chains=False,
        effective_sample_size=1234.5,
        log_evidence=-321.25,
        log_evidence_error=0.125,
    )
    estimates = {"fit": {"value": 1.5, "sigma": 0.25}, "samples": {"value": 1.75, "sigma": 0.5}}
    content = {
        "runs": {"one": {"trusted": True, "fit": {"chi_squared": 11.5}, "samples": {"log_evidence": -3.5}}, "two": {}},
        "parameters": {
            RADIUS: {
                "unit": "au",
                "runs": {"one": estimates, "two": estimates},
                "fit_minus_samples": {"one": -0.5},
                "minus one": {"two": {"by": "fit", "z": 2.25}},
            }
        },
        "evidence": {
            "best": "one",
            "certain": False,
            "models": {"one": {"log_evidence": -3.5, "log_evidence_error": 0.1, "priors": {"a": "Uniform(0, 1)"}}},
        },
    }
    place = run.path("results/comparison.json")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(content))
    page = read(run)
    assert page.terms["evidence", "Log-evidence"].numbers == [-321.25, 0.125]
    assert page.terms["diagnostics", "Effective size of the weighted set"].number == 1234.5
    assert page.column("comparison-runs", "Chi-squared")["one"].number == 11.5
    (row,) = page.tables["comparison-parameters"][1:]
    assert [n for cell in row for n in cell.numbers] == [1.5, 0.25, 1.75, 0.5, -0.5, 1.5, 0.25, 1.75, 0.5, 2.25]
    assert page.column("comparison-evidence", "Log-evidence")["one"].numbers == [-3.5, 0.1]
    assert "one, does not lead by more than three errors" in page.text
    place.write_text("{nothing")
    assert "comparison.json is damaged" in read(run).text


def test_nothing_hostile_gets_through(run, read, fit, tmp_path):
    posterior, hostile = run.posterior, HOSTILE
    data = da.Imaging(
        np.array(posterior.data.data.array),
        np.array(posterior.data.noise_map.array),
        pixel_scale=0.13,
        unit="mJy / arcsec2",
        source=hostile,
    )
    run.posterior = posterior_of(data)
    run.folder = tmp_path / "<b>run"
    run.name, run.text = f"/x/{hostile}.yaml", hostile
    run.manifest = {
        **MANIFEST,
        "created": hostile,
        "version": hostile,
        "command": [hostile, {hostile: hostile}],
        "versions": {hostile: hostile},
        "data": [{"role": hostile, "path": hostile, "size": 1, "sha256": hostile}],
        "components": [{"path": hostile, "sha256": hostile}],
        "products": {hostile: hostile},
        "preprocessing": {"data": [hostile, {hostile: hostile}]},
        "quadrature": [{"disk": hostile, "quadrature": {"nodes": hostile}, "path": {"data": hostile}}],
    }
    run.fit = dataclasses.replace(
        fit, message=hostile, steps=(hostile,), engine=hostile, limits=(Limit(hostile, hostile, 1.0, 0.9, hostile),)
    )
    run.samples = dataclasses.replace(run.samples, engine=hostile, message=hostile, settings={hostile: hostile})
    place = run.path("results/comparison.json")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"runs": {hostile: {}}, "parameters": {hostile: {"unit": hostile}}}))
    figures = {hostile: SimpleNamespace(title=hostile, caption=hostile, draw=png_figure)}
    page = read(run, figures)
    assert not page.attributes("script") and all("onerror" not in i for i in page.attributes("img"))
    assert page.text.count("<script>alert(1)</script>") > 30
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_the_page_is_sound(run, read):
    page = read(run, {"fit": SimpleNamespace(title="Fit", caption="c", draw=png_figure)})
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for a in page.attributes("a")]
    assert links and all(link.startswith("#") and link[1:] in ids for link in links)
    assert len(page.attributes("h1")) == len(page.attributes("main")) == len(page.attributes("title")) == 1
    assert all(a.get("aria-label") for a in page.attributes("pre"))
    assert all(a.get("scope") in ("col", "row") for a in page.attributes("th"))
    remote = [
        a for _, a in page.elements for k in ("src", "href") if a.get(k, "").partition(":")[0] in ("http", "https")
    ]
    assert remote == [] and not page.attributes("link") and not page.attributes("script")


def test_a_fit_without_samples_says_so(run, read, fit):
    run.samples, run.truth = None, None
    page = read(run)
    assert "No posterior was sampled in this run" in page.text and "Gaussian approximation" in page.text
    assert "posterior-values" not in page.tables and "diagnostics-table" not in page.tables
    assert "Truth" not in [cell.text for cell in page.tables["best-fit"][0]]
    assert page.column("derived-belt", "Value")["peak radius"].numbers
    assert page.attributes("div")[1]["class"] == "verdict passed"


def test_samples_without_a_fit(run, read):
    run.fit = None
    page = read(run)
    assert "best-fit" not in page.tables and "posterior-values" in page.tables
    assert "Mean − fit" not in [cell.text for cell in page.tables["posterior-values"][0]]


def test_a_failed_search_leads_the_page(run, read, fit):
    run.fit, run.samples = dataclasses.replace(fit, status="max_evaluations", message="stopped at 3 images"), None
    page = read(run)
    assert "did not converge" in page.text and page.attributes("div")[1]["class"] == "verdict failed"
    assert page.tables["gates"][1][1].text == "failed"


def test_a_disk_that_is_not_there(run, read, fit):
    limit = Limit("disks.belt.optical_depth", "upper", 3.25e-4, 0.95, "linear in brightness")
    unknown = np.full_like(np.array(fit.covariance), np.nan)
    run.samples = None
    run.fit = dataclasses.replace(
        fit,
        status="not_constrained",
        message="no significant disk",
        detection=Detection(3.0, 1.0, 40.0),
        limits=(limit,),
        covariance=unknown,
        unconstrained=fit.names,
    )
    page = read(run)
    assert "The data contain no significant disk" in page.text
    assert page.terms["overview", "Optical depth"].number == 3.25e-4
    assert page.column("limits", "Value")["disks.belt.optical_depth"].number == 3.25e-4
    assert page.column("best-fit", "Error")[RADIUS].numbers == []
    assert page.terms["statistics", "Detected"].text == "no"


def test_a_run_without_any_result(run, read):
    run.fit = run.samples = None
    page = read(run)
    assert "This run holds no result" in page.text and "data" in {s for s, _ in page.terms}
    assert "There is no result that anything could be asked of" in page.text


def test_several_data_sets(run, read, fit):
    posterior = posterior_of({"K1": imaging(), "K2": imaging(seed=6)})
    run.posterior, run.samples = posterior, None
    page = read(run)
    assert page.column("data-sets", "Pixels")["K1"].number == 483
    fits = run.fits
    same(page.column("data-sets", "Chi-squared"), {name: float(one.chi_squared) for name, one in fits.items()})
    assert "findings-K1" in page.tables or "K1: nothing was found" in page.text


@pytest.mark.parametrize("part", ["data", "posterior", "fits", "samples", "fit", "config"])
def test_what_cannot_be_read_is_named_and_the_rest_is_shown(part, run, read):
    def broken(self):
        raise DataError(f"{part} is gone.")

    kind = type("Broken", (MadeRun,), {part: property(broken, lambda self, value: None)})
    values = {f.name: getattr(run, f.name) for f in dataclasses.fields(run)}
    page = read(kind(**values))
    assert f"{part} is gone." in page.text and page.tables["versions"]


def test_writing_refuses_before_any_work(run, tmp_path, monkeypatch):
    from diskarray.report import page as module

    monkeypatch.setattr(module, "facts_of", lambda run: pytest.fail("no work is done"))
    run.folder.mkdir()
    (run.folder / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="overwrite"):
        write_report(run)
    with pytest.raises(OutputError, match=r"\.html"):
        write_report(run, tmp_path / "config.yaml")
    assert (run.folder / "report.html").read_text() == "mine"


def test_writing(run, tmp_path, monkeypatch):
    from diskarray.report import page as module

    monkeypatch.setattr(module, "facts_of", lambda run: facts_of(run, {}))
    run.folder.mkdir()
    path = write_report(run)
    assert path == run.folder / "report.html" and Page(path.read_text(encoding="utf-8")).problems == []
    assert write_report(run, overwrite=True) == path
    assert write_report(run, tmp_path / "other.HTML").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert page_of(facts_of(run, {})).isascii() is False


@pytest.mark.parametrize("case", ["own", "other posterior", "changed file", "unknown file"])
def test_draws_that_are_not_the_runs_own_are_never_trusted(case, run, read, samples):
    path = run.path("results/sample.npz")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"draws")
    own = hashlib.sha256(b"draws").hexdigest()
    run.manifest["products"] = {"results/sample.npz": "0" * 64 if case == "changed file" else own}
    run.manifest["identity"] = {"posterior": "f" * 64 if case == "other posterior" else samples.identity}
    if case == "unknown file":
        run.manifest["products"] = {}
    page = read(run)
    shown = page.attributes("div")[1]["class"]
    assert shown == ("verdict passed" if case == "own" else "verdict failed")
    said = {"other posterior": "another posterior", "changed file": "its digest is another one"}
    assert said.get(case, "did not write it") in page.text or case == "own"
    assert (page.tables["gates"][1][1].text == "failed") is (case != "own")
