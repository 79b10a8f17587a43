"""How images, fits, results and scenes show themselves in a notebook.

Nothing is registered on import. ``%load_ext diskarray`` (or ``diskarray.enable_notebook()``) tells IPython, by the
names of the classes, how to show them; structures and results know nothing of it, and none is imported for it.
"""

__all__ = [
    "enable_notebook",
    "html_of",
    "load_ipython_extension",
    "picture_of",
    "unload_ipython_extension",
]

import html
import sys
from types import MappingProxyType

import numpy as np

from ..errors import BackendError, MissingExtraError
from ..parameters.parameter import parameters_of
from .data_figure import data_figure
from .fit_figure import fit_figure
from .sky_axes import SkyView, draw_compass, draw_image, lower_left_is_fainter, panel_grid
from .style import BRIGHTNESS_MAP, RESIDUAL_MAP, SINGLE_COLUMN, figure_bytes, styled

_DOTS = 130  # per inch
_ROOT = __name__.partition(".")[0]
_STYLE = "text-align:left;padding:0.1em 0.9em 0.1em 0"


def enable_notebook(shell=None):
    """Have IPython and Jupyter show diskarray's objects as pictures and tables; ``%load_ext diskarray`` does the same.

    Parameters
    ----------
    shell : InteractiveShell, optional
        IPython's shell; default the one that runs.

    Raises
    ------
    BackendError
        If no IPython is running.
    """
    shell = _running_shell() if shell is None else shell
    formatters = shell.display_formatter.formatters
    for place, name in _PICTURES:
        formatters["image/png"].for_type_by_name(f"{_ROOT}.{place}", name, picture_of)
    for place, name in _TABLES:
        formatters["text/html"].for_type_by_name(f"{_ROOT}.{place}", name, html_of)
    if not _shows_figures(formatters["image/png"]):
        formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _figure_picture)


def load_ipython_extension(shell):
    """What ``%load_ext diskarray`` calls."""
    enable_notebook(shell)


def unload_ipython_extension(shell):
    """What ``%unload_ext diskarray`` calls: objects are shown as text again."""
    formatters = shell.display_formatter.formatters
    for kind, named in (("image/png", _PICTURES), ("text/html", _TABLES)):
        for place, name in named:
            _forget(formatters[kind], f"{_ROOT}.{place}", name, {picture_of, html_of})
    _forget(formatters["image/png"], "matplotlib.figure", "Figure", {_figure_picture})


def picture_of(shown):
    """An object as a PNG picture, or None where there is none to show or matplotlib is missing.

    Parameters
    ----------
    shown : Image2D, Imaging or FitImaging

    Returns
    -------
    bytes or None
    """
    try:
        return figure_bytes(_DRAWN[type(shown).__name__](shown), dpi=_DOTS)
    except MissingExtraError:
        return None


def html_of(shown):
    """An object as an HTML table.

    Parameters
    ----------
    shown : Scene, Disk, OptimizeResult, SampleResult or Comparison

    Returns
    -------
    str
    """
    return _WRITTEN[type(shown).__name__](shown)


@styled
def _image_figure(image):
    """One panel; symmetric about zero where most of the light is not positive."""
    view = SkyView.of(image.mask)
    figure, ((ax,),) = panel_grid(1, [view], width=SINGLE_COLUMN)
    values = np.asarray(image.slim)
    low, high = np.percentile(values, (0.3, 99.7))
    if -low > 0.5 * high:
        limits, cmap = (-max(-low, high, 1e-300), max(-low, high, 1e-300)), RESIDUAL_MAP
    else:
        limits, cmap = (min(low, 0.0), high if high > 0 else 1.0), BRIGHTNESS_MAP
    draw_image(ax, image, view, cmap, limits, None)
    draw_compass(ax, on_the_left=lower_left_is_fainter(image, view))
    return figure


def _scene_table(scene):
    rows = [("", "value", "unit", "meaning")]
    for path, component in _components(scene):
        rows.append(
            (f"<b>{html.escape(path or type(scene).__name__)}</b>", f"<i>{type(component).__name__}</i>", "", "")
        )
        for name, spec in parameters_of(component).items():
            value = getattr(component, name)
            rows.append((name, _number_text(value), spec.unit, html.escape(spec.doc)))
    return _table(rows)


def _components(node, path=""):
    """Every component that declares parameters, below a component, with its path."""
    if hasattr(type(node), "__dataclass_fields__"):
        if parameters_of(node):
            yield path, node
        inside = {name: getattr(node, name, None) for name in type(node).__dataclass_fields__}
    elif hasattr(node, "items"):
        inside = dict(node.items())
    else:
        return
    for name, value in inside.items():
        yield from _components(value, f"{path}.{name}" if path else str(name))


def _optimize_table(result):
    linear = result.linear
    rows = [("parameter", "value", "error", "unit", "")]
    for name, value, sigma, unit in [
        *zip(result.names, result.vector, result.sigma, result.units, strict=True),
        *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
    ]:
        flags = [
            flag
            for flag, names in (
                ("at bound", (*result.at_bound, *linear.at_bound)),
                ("not constrained", result.unconstrained),
            )
            if name in names
        ]
        rows.append((html.escape(name), *_with_error(value, sigma), unit, ", ".join(flags)))
    summary = (
        f"<b>{html.escape(result.status)}</b>: {html.escape(result.message)}<br>reduced chi-squared "
        f"{result.reduced_chi_squared:.4f} from {result.n_data} pixels; {html.escape(result.errors)} errors"
    )
    return f"{summary}{_table(rows)}"


def _sample_table(result):
    rows = [("parameter", "median", "&minus;", "+", "unit", "R-hat", "ESS")]
    names, units = (*result.names, *result.linear_names), (*result.units, *result.linear_units)
    quantiles = result.quantile([0.16, 0.5, 0.84]).T
    if result.linear_samples.shape[-1]:
        flat = result.linear_samples.reshape(-1, result.linear_samples.shape[-1])
        quantiles = np.concatenate([quantiles, np.quantile(flat, [0.16, 0.5, 0.84], axis=0).T])
    for name, unit, (low, middle, high) in zip(names, units, quantiles, strict=True):
        row = result.diagnostics.row(name)
        value, below = _with_error(middle, middle - low)
        figures = (f"{row['rhat']:.3f}", f"{row['ess_bulk']:.0f}")
        rows.append((html.escape(name), value, below, _with_error(middle, high - middle)[1], unit, *figures))
    verdict = "established" if result.established else "NOT established"
    failed = "".join(
        f"<br>{html.escape(gate.verdict)}: {html.escape(gate.text)}" for gate in result.gates if gate.passed is not True
    )
    evidence = ""
    if result.log_evidence is not None:
        evidence = f"; log-evidence {result.log_evidence:.2f} &plusmn; {result.log_evidence_error or np.nan:.2f}"
    chains, draws, _ = result.samples.shape
    return (
        f"<b>{html.escape(result.engine)}</b>, {chains} &times; {draws} draws, <b>{verdict}</b>{evidence}{failed}"
        f"{_table(rows)}"
    )


def _comparison_table(comparison):
    rows = [("model", "log-evidence", "difference", "odds", "")]
    for k, name in enumerate(comparison.names):
        rows.append(
            (
                html.escape(name),
                f"{comparison.log_evidence[k]:.2f} &plusmn; {comparison.log_evidence_error[k]:.2f}",
                f"{comparison.difference[k]:.2f} &plusmn; {comparison.difference_error[k]:.2f}" if k else "best",
                f"1 : {comparison.odds[k]:.3g}",
                "" if comparison.established[k] else "NOT established",
            )
        )
    return _table(rows)


def _table(rows):
    """Rows of cells that are HTML already; the first is the head."""
    head, *body = rows
    cells = "".join(f'<th style="{_STYLE}">{cell}</th>' for cell in head)
    lines = "".join("<tr>" + "".join(f'<td style="{_STYLE}">{cell}</td>' for cell in row) + "</tr>" for row in body)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _with_error(value, sigma):
    """Value and error with two digits of the error."""
    if not (np.isfinite(sigma) and sigma > 0):
        return f"{value:.6g}", "&ndash;"
    decimals = 1 - int(np.floor(np.log10(sigma)))
    if -4 < decimals <= 6:
        return f"{value:.{max(decimals, 0)}f}", f"{sigma:.{max(decimals, 0)}f}"
    digits = max(int(np.floor(np.log10(abs(value)))) if value else 0, -300) + decimals
    return f"{value:.{max(digits, 1)}e}", f"{sigma:.1e}"


def _number_text(value):
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{float(array):g}"
    return html.escape(", ".join(f"{number:g}" for number in array.ravel()[:8]) + (" ..." if array.size > 8 else ""))


def _figure_picture(figure):
    return figure_bytes(figure, dpi=_DOTS)


def _running_shell():
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        raise BackendError("enable_notebook() is for IPython and Jupyter, and neither is running")
    return shell


def _shows_figures(formatter):
    """Whether matplotlib's own display of figures is on."""
    return any(cls.__module__ == "matplotlib.figure" for cls in formatter.type_printers)


def _forget(formatter, module, name, ours):
    """Take back what was registered here, and only that."""
    if formatter.deferred_printers.get((module, name)) in ours:
        del formatter.deferred_printers[module, name]
    for cls in [c for c, function in formatter.type_printers.items() if function in ours]:
        if (cls.__module__, cls.__name__) == (module, name):
            del formatter.type_printers[cls]


_PICTURES = (
    ("structures.image", "Image2D"),
    ("dataset.imaging", "Imaging"),
    ("fit.fit_imaging", "FitImaging"),
)
_TABLES = (
    ("model.scene", "Scene"),
    ("model.disk", "Disk"),
    ("results.optimize_result", "OptimizeResult"),
    ("results.sample_result", "SampleResult"),
    ("sampling.compare", "Comparison"),
)
_DRAWN = MappingProxyType({"Image2D": _image_figure, "Imaging": data_figure, "FitImaging": fit_figure})
_WRITTEN = MappingProxyType(
    {
        "Scene": _scene_table,
        "Disk": _scene_table,
        "OptimizeResult": _optimize_table,
        "SampleResult": _sample_table,
        "Comparison": _comparison_table,
    }
)
