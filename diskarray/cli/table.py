"""The tables that the command prints."""

__all__ = ["aligned", "draws_table", "number_text", "parameter_table"]

import math


def parameter_table(parameters, at_bound=(), truth=None):
    """Lines of aligned text: parameter, value, sigma, unit, and the truth and the pull where it is known.

    Parameters
    ----------
    parameters
        Path -> mapping with `value`, `sigma` (None when unknown) and `unit`.
    at_bound
        Paths of parameters that ended at a bound of their prior.
    truth
        Path -> true value, for simulated data.

    Returns
    -------
    str
    """
    rows = [["parameter", "value", "sigma", "unit"] + (["truth", "pull"] if truth else [])]
    for path, fitted in parameters.items():
        value, sigma = fitted["value"], fitted["sigma"]
        decimals = _decimals(value, sigma)
        row = [
            path + (" (at bound)" if path in at_bound else ""),
            _text(value, decimals),
            _text(sigma, decimals),
            fitted["unit"] or "",
        ]
        if truth:
            row += _truth_cells(truth.get(path), value, sigma, decimals)
        rows.append(row)
    return aligned(rows, left={0, 3})


def draws_table(parameters, truth=None):
    """Lines of aligned text: parameter, median, the way to the 16 and 84 % quantiles, unit, R-hat, effective size.

    Parameters
    ----------
    parameters
        Path -> mapping with `median`, `q16`, `q84`, `sigma`, `unit`, and `diagnostics` with `rhat` and `ess_bulk`, as
        `results.summary` makes it; None where a figure is unknown.
    truth
        Path -> true value, for simulated data.

    Returns
    -------
    str
    """
    rows = [["parameter", "median", "-", "+", "unit", "R-hat", "ESS"] + (["truth", "pull"] if truth else [])]
    for path, found in parameters.items():
        value, sigma = found["median"], found["sigma"]
        decimals = _decimals(value, sigma)
        row = [path, *(_text(number, decimals) for number in (value, *_arms(found))), found["unit"] or ""]
        row += [_figure(found["diagnostics"].get("rhat"), ".4f"), _figure(found["diagnostics"].get("ess_bulk"), ".0f")]
        if truth:
            row += _truth_cells(truth.get(path), value, sigma, decimals)
        rows.append(row)
    return aligned(rows, left={0, 4})


def aligned(rows, left=()):
    """Rows of cells as lines of columns, those in ``left`` aligned to the left, the others to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def number_text(value, sigma):
    """A value and its error with the digits that the error leaves: `76.432 +- 0.031`."""
    decimals = _decimals(value, sigma)
    return f"{_text(value, decimals)} +- {_text(sigma, decimals)}"


def _arms(found):
    low, value, high = found["q16"], found["median"], found["q84"]
    return (None, None) if None in (low, value, high) else (value - low, high - value)


def _figure(value, style):
    return "-" if value is None else format(value, style)


def _truth_cells(true_value, value, sigma, decimals):
    if true_value is None:
        return ["", ""]
    pull = f"{(value - true_value) / sigma:+.2f}" if sigma and value is not None else "-"
    return [_text(true_value, decimals), pull]


def _decimals(value, sigma):
    """Digits after the point that show two digits of sigma, or five of a value without one."""
    if sigma:
        return 1 - math.floor(math.log10(sigma))
    return 4 - math.floor(math.log10(abs(value))) if value else 4


def _text(value, decimals):
    if value is None:
        return "-"
    if decimals > 6:
        return f"{value:.{max(1, decimals + math.floor(math.log10(abs(value))) if value else 1)}e}"
    return f"{value:.{max(0, decimals)}f}"
