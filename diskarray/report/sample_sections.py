"""What a sampler found: the posterior, every requirement on it, its diagnostics and its evidence."""

__all__ = ["checks_section", "comparison_section", "diagnostics_section", "evidence_section", "posterior_section"]

import math

import numpy as np

from .fit_sections import parameter_cells
from .html import definitions, element, join, paragraph, section, table, unordered
from .numbers import count, duration, exact, interval, number, prior_text, signed, unit_text, with_error
from .parameters import difference
from .verdict import FAILED, OPEN, PASSED

_CLASSES = {PASSED: "passed", FAILED: "failed", OPEN: "open"}
_KINDS = {
    "chains": "independent chains",
    "ensemble": "walkers of an ensemble, which depend on each other",
    "nested": "one set from nested sampling",
}
_COLUMNS = (
    ("rhat", "R-hat", 5),
    ("rhat_blocks", "R-hat of quarters", 5),
    ("ess_bulk", "ESS bulk", 5),
    ("ess_tail", "ESS tail", 5),
    ("mcse_mean", "MCSE of mean", 3),
    ("mcse_sd", "MCSE of sd", 3),
    ("tau", "Autocorrelation time", 4),
)


def checks_section(checks):
    """Every requirement, how it fared, and what it means."""
    if not checks:
        return section("checks", "Requirements", paragraph("There is no result that anything could be asked of."))
    rows = [[c.title, _state(c.state), number(c.value), number(c.limit), c.text, c.meaning] for c in checks]
    header = ["Requirement", "Verdict", "Found", "Limit", "In words", "What it means"]
    note = "“Not established” means that the figure could not be computed, which is not the same as passing."
    return section(
        "checks",
        "Requirements",
        table(
            "What a result has to meet, and how this one fared",
            header,
            rows,
            identifier="gates",
            note=note,
            left=(1, 4, 5),
        ),
    )


def _state(state):
    return element("span", state, class_=f"state {_CLASSES[state]}")


def posterior_section(samples, estimates, parameters, best=None):
    """The posterior of every parameter.

    Parameters
    ----------
    samples : SampleResult or None
    estimates : dict of str to Estimate
    parameters : dict of str to Parameter
    best : dict of str to Estimate, optional
        What the fit found.
    """
    if samples is None:
        said = "No posterior was sampled in this run, so there are no draws, diagnostics or evidence. "
        return section(
            "posterior", "Posterior", paragraph(said, element("code", "diskarray sample RUN"), " makes them.")
        )
    known = any(math.isfinite(e.truth) for e in estimates.values())
    header = ["Parameter", "Mean", "Standard deviation", "Median", "16 % to 84 %", "5 % to 95 %", "Highest", "Unit"]
    header += ["Mean − fit"] if best else []
    header += ["Truth", "Pull"] if known else []
    rows = [
        _row(name, e, parameters.get(name), (best or {}).get(name), known, bool(best)) for name, e in estimates.items()
    ]
    note = "“Highest” is where the posterior is highest."
    note += " “Mean − fit” is in standard deviations of the draws." if best else ""
    return section(
        "posterior",
        "Posterior",
        table(
            "What the draws say of every parameter", header, rows, identifier="posterior-values", note=note, left=(7,)
        ),
        _priors(samples),
    )


def _row(name, estimate, parameter, fitted, with_truth, with_fit):
    q, sigma = estimate.quantiles or (math.nan,) * 5, estimate.sigma
    cells = [
        parameter_cells(name),
        number(estimate.value, sigma),
        number(sigma, sigma),
        number(q[2], sigma),
        interval(q[1], q[3], sigma),
        interval(q[0], q[4], sigma),
        number(estimate.maximum, sigma),
        unit_text(parameter.unit) if parameter is not None else "",
    ]
    if with_fit:
        period = parameter.period if parameter is not None else None
        moved = difference(estimate.value, fitted.value, period) / sigma if fitted and sigma > 0 else math.nan
        cells.append(signed(moved))
    if with_truth:
        cells += [number(estimate.truth, digits=6), signed(estimate.pull)]
    return cells


def _priors(samples):
    rows = zip(samples.names, samples.priors, samples.units, strict=True)
    linear = zip(samples.linear_names, samples.linear_priors, samples.linear_units, strict=False)
    pairs = [(element("code", name), f"{prior_text(prior)} {unit}".strip()) for name, prior, unit in (*rows, *linear)]
    return join([element("h3", "Priors"), definitions(pairs)])


def diagnostics_section(samples):
    """How the draws were made, and the diagnostics of every quantity."""
    chains, draws, _ = samples.samples.shape
    table_of = samples.diagnostics
    pairs = [
        ("Sampler", samples.engine),
        ("Ended as", f"{samples.status}: {samples.message}"),
        ("Draws", join([count(chains), " chains × ", count(draws), f", {_KINDS.get(samples.kind, samples.kind)}"])),
        ("Seed", "none" if samples.seed is None else exact(samples.seed, str(samples.seed))),
        ("Likelihoods computed", count(samples.n_evaluations)),
        ("Time", duration(samples.seconds)),
        ("Highest log probability", number(samples.maximum_log_probability, digits=8)),
        ("Effective size of the weighted set", _optional(samples.effective_sample_size)),
        ("Draws that are not finite", count(table_of.not_finite)),
        ("Chains that repeat another", count(table_of.repeated_chains)),
        ("Divergent draws", _divergences(table_of)),
        ("BFMI of each chain", join([number(value, digits=3) for value in table_of.bfmi], ", ")),
        (
            "Settings",
            unordered(f"{key} = {value}" for key, value in samples.settings.items()) if samples.settings else "",
        ),
    ]
    rows = [
        [
            "log probability" if name == "log_probability" else parameter_cells(name),
            *(number(float(getattr(table_of, key)[k]), digits=digits) for key, _, digits in _COLUMNS),
        ]
        for k, name in enumerate(table_of.names)
    ]
    note = (
        "R-hat: scatter between chains over that within them, 1 where they agree. ESS: how many independent draws they "
        "are worth. MCSE: the error of mean and standard deviation (sd) that comes from the number of draws, in the "
        "parameter's unit. Autocorrelation time: in kept steps."
    )
    header = ["Quantity", *(title for _, title, _ in _COLUMNS)]
    return section(
        "diagnostics",
        "How the sampling went",
        definitions(pairs),
        table("Diagnostics", header, rows, identifier="diagnostics-table", note=note),
    )


def _optional(value):
    return "" if value is None else number(value)


def _divergences(table_of):
    if table_of.divergences is None:
        return "this sampler cannot diverge"
    return join([count(table_of.divergences), " of ", count(table_of.draws)])


def evidence_section(samples):
    """The log-evidence, or why there is none."""
    if samples is None or samples.log_evidence is None:
        why = "nothing was sampled" if samples is None else f"{samples.engine} does not measure it"
        said = f"The evidence is not known: {why}. Nested sampling gives it, and with it models can be compared."
        return section("evidence", "Evidence", paragraph(said))
    error = math.nan if samples.log_evidence_error is None else samples.log_evidence_error
    return section(
        "evidence",
        "Evidence",
        definitions(
            [("Log-evidence", join([number(samples.log_evidence, error), " ± ", number(error, error)]))],
        ),
        paragraph(
            "The evidence is the likelihood averaged over the prior. It means something only next to that of another "
            "model of the same data, and only together with both models' priors."
        ),
    )


def comparison_section(content):
    """The comparison that lies in the run's folder.

    Parameters
    ----------
    content : dict
        As ``diskarray compare`` writes it.
    """
    runs = _mapping(content, "runs")
    parts = [_statistics(runs), _parameters(_mapping(content, "parameters"), list(runs))]
    evidence = content.get("evidence")
    if isinstance(evidence, dict):
        parts += _evidences(evidence)
    return section("comparison", "Comparison", *parts)


def _mapping(content, key):
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _statistics(runs):
    rows = []
    for name, about in runs.items():
        fit, draws = _mapping(about, "fit"), _mapping(about, "samples")
        rows.append(
            [
                name,
                "yes" if about.get("trusted") else "no",
                number(_plain(fit.get("chi_squared")), digits=7),
                number(_plain(fit.get("reduced_chi_squared"))),
                number(_plain(fit.get("bayesian_information_criterion")), digits=8),
                _with_error(draws.get("log_evidence"), draws.get("log_evidence_error")),
            ]
        )
    header = ["Run", "To be trusted", "Chi-squared", "Reduced", "BIC", "Log-evidence"]
    return table("Runs", header, rows, identifier="comparison-runs", left=(1,)) if rows else None


def _parameters(parameters, names):
    """What every run found for every parameter."""
    header, rows = ["Parameter"], []
    for name in names:
        header += [f"{name}: fit", f"{name}: draws", f"{name}: fit − draws (σ)"]
    header += [f"{name} − {names[0]} (σ)" for name in names[1:]] + ["Unit"]
    for key, row in parameters.items():
        cells, found = [parameter_cells(key)], _mapping(row, "runs")
        for name in names:
            one = _mapping(found, name)
            for source in ("fit", "samples"):
                estimate = _mapping(one, source)
                cells.append(_with_error(estimate.get("value"), estimate.get("sigma")))
            cells.append(signed(_plain(_mapping(row, "fit_minus_samples").get(name))))
        between = _mapping(row, f"minus {names[0]}") if names else {}
        cells += [signed(_plain(_mapping(between, name).get("z"))) for name in names[1:]]
        rows.append([*cells, str(row.get("unit", ""))])
    if not rows:
        return None
    return table("Parameters of the runs", header, rows, identifier="comparison-parameters", left=(len(header) - 1,))


def _evidences(evidence):
    models = _mapping(evidence, "models")
    rows = [
        [
            name,
            _with_error(m.get("log_evidence"), m.get("log_evidence_error")),
            _with_error(m.get("difference"), m.get("difference_error")),
            "established" if m.get("established") else "NOT established",
            unordered(f"{key}: {prior}" for key, prior in _mapping(m, "priors").items()),
        ]
        for name, m in models.items()
        if isinstance(m, dict)
    ]
    best, lead = (
        evidence.get("best"),
        "leads by more than three errors" if evidence.get("certain") else "does not lead by more than three errors",
    )
    header = ["Model", "Log-evidence", "Difference to the best", "Draws", "Priors"]
    return [
        table("Evidences", header, rows, identifier="comparison-evidence", left=(3, 4)),
        paragraph(f"The model with the highest evidence, {best}, {lead}."),
    ]


def _with_error(value, sigma):
    value, sigma = _plain(value), _plain(sigma)
    if not math.isfinite(value):
        return number(math.nan)
    return with_error(value, sigma)


def _plain(value):
    """A number of a JSON file; NaN for anything else."""
    return float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else math.nan
