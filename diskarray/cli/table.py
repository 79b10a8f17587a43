"""The table of fitted parameters that the command prints."""

__all__ = ["parameter_table"]

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
    header = ["parameter", "value", "sigma", "unit"] + (["truth", "pull"] if truth else [])
    rows = [header]
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
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    left = {0, 3}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _truth_cells(true_value, value, sigma, decimals):
    if true_value is None:
        return ["", ""]
    pull = f"{(value - true_value) / sigma:+.2f}" if sigma else "-"
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
