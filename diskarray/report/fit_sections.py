"""What the search found: the parameters, what follows from them, how well the model fits, and how it was found."""

__all__ = ["derived_section", "parameter_cells", "parameters_section", "search_section", "statistics_section"]

import math

import numpy as np

from .html import definitions, element, join, paragraph, section, table, unordered
from .numbers import count, duration, interval, number, percent, prior_text, signed, unit_text
from .parameters import label_of

_ERRORS = {
    "independent": "taken from the noise map, with independent pixels",
    "scaled": "taken from the noise map times one factor, so that the reduced chi-squared is 1",
    "correlated": "allowing for the scatter and the correlation of the residuals",
}


def parameters_section(fit, estimates, parameters):
    """The best values of a fit.

    Parameters
    ----------
    fit : OptimizeResult
    estimates : dict of str to Estimate
    parameters : dict of str to Parameter
        May lack some, then their prior and meaning are not said.
    """
    known = any(math.isfinite(e.truth) for e in estimates.values())
    header = ["Parameter", "Best value", "Error", "Unit", "Prior", "Limit or flag"]
    header += ["Truth", "Pull"] if known else []
    rows = [_row(name, e, parameters.get(name), fit, known) for name, e in estimates.items()]
    note = f"Errors are one standard deviation, {_ERRORS.get(fit.errors, fit.errors)}."
    note += " A pull is the distance from the truth in errors." if known else ""
    parts = [table("Best values and errors of the fit", header, rows, identifier="best-fit", note=note, left=(3, 4, 5))]
    meanings = [(element("code", name), p.meaning) for name, p in parameters.items() if p.meaning]
    if meanings:
        parts += [element("h3", "What the parameters mean"), definitions(meanings)]
    return section("parameters", "Best-fit parameters", *parts)


def parameter_cells(name):
    """A parameter's name in words above its path."""
    return join([label_of(name), element("code", name)])


def _row(name, estimate, parameter, fit, with_truth):
    unit = parameter.unit if parameter is not None else _unit_of(fit, name)
    flags = [element("span", flag, class_=_flag(flag)) for flag in estimate.flags]
    if estimate.limit is not None:
        flags.append(_limit(estimate.limit))
    cells = [
        parameter_cells(name),
        number(estimate.value, estimate.sigma),
        number(estimate.sigma, estimate.sigma),
        unit_text(unit),
        prior_text(parameter.prior) if parameter is not None else "",
        join(flags, " "),
    ]
    if with_truth:
        cells += [number(estimate.truth, digits=6), signed(estimate.pull)]
    return cells


def _error(sigma):
    return "held" if sigma == 0 else number(sigma, sigma)


def _flag(text):
    return "flag" if text in ("chosen", "solved for") or text.startswith("same image") else "flag open"


def _limit(limit):
    side = {"upper": "<", "lower": ">"}.get(limit.side, limit.side)
    said = [f"{side} ", number(limit.value, digits=4), " at ", percent(limit.level), f" ({limit.method})"]
    return element("span", join(said))


def _unit_of(fit, name):
    rows = zip((*fit.names, *fit.linear.names), (*fit.units, *fit.linear.units), strict=True)
    return dict(rows).get(name, "")


def derived_section(derived, sampled, problem=None):
    """What follows from the parameters.

    Parameters
    ----------
    derived : sequence of Derived
    sampled : bool
        Whether they come from draws.
    problem : str, optional
        Why there are none.
    """
    parts = []
    for disk in dict.fromkeys(d.disk for d in derived):
        rows = []
        for one in (d for d in derived if d.disk == disk and math.isfinite(d.value)):
            moves = one.sigma > 0
            row = [one.title, number(one.value, one.sigma), _error(one.sigma), unit_text(one.unit), one.meaning]
            rows.append(
                [*row[:3], interval(one.low, one.high, one.sigma) if moves else "", *row[3:]] if sampled else row
            )
        header = ["Quantity", "Median" if sampled else "Value", "Error", "Unit", "Meaning"]
        header[3:3] = ["16 % to 84 %"] if sampled else []
        how = "the scatter of the draws" if sampled else "propagated linearly from those of the parameters"
        if rows:
            parts.append(
                table(
                    f"Disk “{disk}”",
                    header,
                    rows,
                    identifier=f"derived-{disk}",
                    note=f"Errors are one standard deviation, {how}; “held”: it depends on no free parameter.",
                    left=(len(header) - 2, len(header) - 1),
                )
            )
    if any(d.key == "near_side" for d in derived):
        parts.append(
            paragraph(
                "Which side is near follows from the convention that dust scatters forwards. One image does not tell: "
                "the disk turned by 180°, with a phase function that scatters backwards as this one does forwards, "
                "looks the same."
            )
        )
    if problem:
        parts.append(paragraph(f"Not all of them could be computed: {problem}"))
    if not parts:
        parts.append(paragraph("No further number is defined for this model."))
    return section("derived", "Derived quantities", *parts)


def statistics_section(fit, fits, information=math.nan):
    """How well the model describes the data.

    Parameters
    ----------
    fit : OptimizeResult
    fits : dict of str to FitImaging
        Of the best scene.
    information : float
        The Bayesian information criterion.
    """
    freedom = fit.n_data - fit.n_free
    pairs = [
        ("Chi-squared", number(fit.chi_squared, digits=7)),
        ("Pixels", count(fit.n_data)),
        ("Free parameters", count(fit.n_free)),
        ("Degrees of freedom", count(freedom)),
        (
            "Reduced chi-squared",
            join([number(fit.reduced_chi_squared), "; noise alone would give 1 ± ", _scatter(freedom)]),
        ),
        ("Log-likelihood", number(fit.log_likelihood, digits=8)),
        ("Bayesian information criterion", number(information, digits=8)),
        ("Residuals over noise map", number(fit.noise_scale, digits=4)),
        ("Loss", "plain least squares" if fit.loss == "linear" else fit.loss),
        ("Errors", _ERRORS.get(fit.errors, fit.errors)),
        *_detection(fit.detection),
    ]
    parts = [definitions(pairs)]
    if len(fits) > 1:
        header = ["Data set", "Pixels", "Chi-squared", "Chi-squared per pixel", "Log-likelihood"]
        rows = [
            [
                name,
                count(one.n_data),
                number(float(one.chi_squared), digits=7),
                number(float(one.chi_squared) / one.n_data),
                number(float(one.log_likelihood), digits=8),
            ]
            for name, one in fits.items()
        ]
        parts.append(table("Share of every data set", header, rows, identifier="data-sets"))
    if fit.limits:
        rows = [
            [parameter_cells(one.name), one.side, number(one.value, digits=4), percent(one.level), one.method]
            for one in fit.limits
        ]
        header = ["Parameter", "Side", "Value", "Probability", "Found by"]
        parts.append(table("One-sided limits", header, rows, identifier="limits", left=(1, 4)))
    parts.append(_correlations(fit))
    return section("statistics", "Quality of the fit", *parts)


def _scatter(freedom):
    return number(math.sqrt(2 / freedom), digits=2) if freedom > 0 else number(math.nan)


def _detection(detection):
    if detection is None:
        return [("Detection", "not tested")]
    return [
        ("Chi-squared gained by the disk", number(detection.chi_squared_gain)),
        ("What noise may gain (5 σ)", number(detection.threshold)),
        ("Inflation by correlated noise", number(detection.inflation)),
        ("Detected", "yes" if detection.is_detected else "no"),
    ]


def _correlations(fit):
    """The correlation matrix, its upper half left out."""
    if len(fit.names) < 2 or not np.any(np.isfinite(fit.covariance)):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = fit.correlation
    rows = [
        [
            join([str(k + 1), " ", parameter_cells(name)]),
            *(number(v, 0.05) for v in matrix[k, : k + 1]),
            *[None] * (len(fit.names) - k - 1),
        ]
        for k, name in enumerate(fit.names)
    ]
    header = ["Parameter", *(str(k + 1) for k in range(len(fit.names)))]
    note = "Of the errors of the searched parameters; the columns are numbered like the rows."
    return table("Correlations", header, rows, identifier="correlations", note=note)


def search_section(fit):
    """How the minimum was found, and which others there are."""
    pairs = [
        ("Optimizer", fit.engine),
        ("Ended as", f"{fit.status}: {fit.message}"),
        ("Images computed", count(fit.n_evaluations)),
        ("Time", duration(fit.seconds)),
        ("Chi-squared could still fall by", number(fit.remaining_gain, digits=2)),
        ("Condition of the problem", number(fit.condition, digits=3)),
    ]
    parts = [definitions(pairs)]
    if fit.steps:
        parts += [element("h3", "Steps"), unordered(fit.steps, ordered=True)]
    if fit.basins:
        parts += _basins(fit)
    return section("search", "How the search went", *parts)


def _basins(fit):
    lowest = min(b.chi_squared for b in fit.basins)
    header = ["Minimum", "Chi-squared", "Above the lowest", "Starts that ended there", "Note"]
    rows = [
        [
            str(k),
            number(b.chi_squared, digits=7),
            number(b.chi_squared - lowest, digits=3),
            count(b.n_starts),
            join(
                [
                    element("span", flag, class_=_flag(flag))
                    for flag in (
                        "chosen" if b.chosen else "",
                        f"same image as minimum {b.image_of}" if b.image_of is not None else "",
                        "" if b.refined else "seen on the binned image only",
                    )
                    if flag
                ],
                " ",
            ),
        ]
        for k, b in enumerate(fit.basins)
    ]
    columns = [str(k) for k in range(len(fit.basins))]
    values = [
        [
            parameter_cells(name),
            *(number(float(b.vector[k]), _sigma(fit, k)) for b in fit.basins),
            unit_text(fit.units[k]),
        ]
        for k, name in enumerate(fit.names)
    ]
    note = "A minimum with the same image as another is its mirror: no data of this kind can tell them apart."
    found = [
        element("h3", "Minima"),
        table("Minima of chi-squared", header, rows, identifier="basins", left=(4,), note=note),
    ]
    if len(fit.basins) > 1:
        header = ["Parameter", *(f"Minimum {c}" for c in columns), "Unit"]
        found.append(table("Where they lie", header, values, identifier="basin-values", left=(len(columns) + 1,)))
    return found


def _sigma(fit, k):
    sigma = float(fit.sigma[k])
    return sigma if math.isfinite(sigma) else None
