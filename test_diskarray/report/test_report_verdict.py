import dataclasses
import math

import numpy as np
import pytest
from made_report import draws_of

from diskarray.dataset.rules.finding import Finding
from diskarray.report.parameters import Estimate
from diskarray.report.verdict import FAILED, OPEN, PASSED, checks_of, notes_of, verdict_of
from diskarray.results.optimize_result import Basin, Detection


def changed(result, **values):
    return dataclasses.replace(result, **values)


def test_a_good_run_is_said_to_be_good(fit, samples):
    verdict = verdict_of(fit, samples)
    assert verdict.state == PASSED and "established" in verdict.headline and "detected" in verdict.headline
    assert f"all {len(samples.gates)} requirements" in verdict.headline


def test_a_fit_alone_is_good_but_its_errors_are_gaussian(fit):
    verdict = verdict_of(fit, None)
    assert verdict.state == PASSED and "No posterior was sampled" in verdict.sentences[0]
    assert verdict_of(changed(fit, detection=None), None).state == OPEN


def test_every_requirement_is_named_with_what_it_means(fit, samples):
    checks = checks_of(fit, samples)
    assert [c.name for c in checks] == ["search", "detection", *(g.name for g in samples.gates)]
    assert all(c.meaning and c.title and c.text for c in checks)
    by_gate = {g.name: g for g in samples.gates}
    assert all(c.value == by_gate[c.name].value and c.text == by_gate[c.name].text for c in checks[2:])


@pytest.mark.parametrize("kind", ["ensemble", "nested"])
def test_the_gates_of_every_engine_have_a_meaning(kind, fit, posterior):
    changes = {"statistics": {}, "independent_chains": False}
    if kind == "nested":
        changes |= {"effective_sample_size": 900.0, "log_evidence": -10.0, "log_evidence_error": 0.1}
    samples = draws_of(fit, posterior, **changes)
    assert samples.kind == kind and all(c.meaning for c in checks_of(None, samples))


def test_nothing_is_trusted_that_did_not_converge(fit, samples):
    stopped = changed(fit, status="max_evaluations", message="stopped early")
    verdict = verdict_of(stopped, samples)
    assert verdict.state == FAILED and "did not converge" in verdict.headline
    assert verdict.sentences == ("stopped early.",)


def test_without_a_disk_only_limits_count(fit):
    none = changed(fit, status="not_constrained", detection=Detection(10.0, 1.0, 40.0))
    verdict = verdict_of(none, None)
    assert verdict.state == FAILED and "no significant disk" in verdict.headline
    assert [c.state for c in checks_of(none, None)] == [PASSED, FAILED]


def test_a_failed_gate_is_named(fit, posterior):
    stuck = draws_of(fit, posterior, status="stopped", message="out of time")
    verdict = verdict_of(fit, stuck)
    assert verdict.state == FAILED and "NOT to be trusted" in verdict.headline and "out of time" in verdict.sentences[0]


def test_an_open_gate_is_not_a_passed_one(fit, posterior):
    one_chain = draws_of(fit, posterior, chains=1, draws=3000)
    verdict = verdict_of(fit, one_chain)
    assert verdict.state == OPEN and "not established" in verdict.headline


def test_a_run_without_results_says_so():
    assert verdict_of(None, None).state == FAILED and checks_of(None, None) == ()


def test_notes_name_what_to_beware_of(fit):
    basin = fit.basins[0]
    troubled = changed(
        fit,
        at_bound=("a.b",),
        unconstrained=("a.b", "c.d"),
        degenerate=(("e.f", "g.h", -0.987),),
        noise_scale=1.7,
        loss="huber",
        basins=(basin, Basin(np.array(basin.vector), basin.chi_squared, 0, image_of=0)),
    )
    text = "\n".join(notes_of(troubled))
    assert "At a bound of what they may be, so without a symmetric error: a.b." in text
    assert "Not constrained by the data: c.d." in text
    assert "e.f and g.h are nearly degenerate (correlation −0.987)" in text
    assert "1.7 times what the noise map says" in text and "off by about that factor" in text
    assert "'huber'" in text and "exactly the same image" in text
    assert "allow for that" in "\n".join(notes_of(changed(troubled, errors="scaled")))
    assert notes_of(changed(fit, noise_scale=math.nan)) == () == notes_of(None)


def test_notes_on_truth_and_data():
    near, far, unknown = (Estimate(1.0, 0.1, truth=1.0, pull=p) for p in (2.9, -3.1, math.nan))
    assert "within three errors" in notes_of(None, {"a": near})[0]
    assert notes_of(None, {"a": near, "b": far}) == (
        "The data are simulated; more than three errors from the truth: b.",
    )
    assert notes_of(None, {"a": near, "b": unknown}) == ()
    findings = [Finding("WARNING", "rule", "It is odd.", "Look."), Finding("INFO", "rule", "Never mind.", "")]
    assert notes_of(None, {}, findings) == ("The check of the data says WARNING: It is odd.",)
