"""The look of every figure: fonts, line widths, colors and page widths that a journal prints.

Colors are those of Okabe & Ito (2008), told apart with every kind of color vision; images use a perceptually uniform
map and residuals a diverging one that is symmetric in lightness. Nothing global changes: settings hold while a figure
is drawn or written, and are put back.
"""

__all__ = [
    "BRIGHTNESS_MAP",
    "COLORS",
    "CYCLE",
    "DOUBLE_COLUMN",
    "FONT",
    "FORMATS",
    "NORMAL",
    "RESIDUAL_MAP",
    "SCREEN_DPI",
    "SINGLE_COLUMN",
    "SMALL",
    "STYLE",
    "figure_bytes",
    "figure_style",
    "new_figure",
    "save_figure",
    "set_ticks",
    "styled",
]

import functools
import io
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from ..errors import MissingExtraError, OutputError, ParameterError, nearest
from ..files.atomic import write_bytes

SINGLE_COLUMN, DOUBLE_COLUMN = 3.5, 7.1  # inches
SMALL, NORMAL = 7.0, 8.0  # points
SCREEN_DPI = 200
BRIGHTNESS_MAP, RESIDUAL_MAP = "inferno", "RdBu_r"
FORMATS = ("png", "pdf", "svg")
FONT, MATH_FONT = "DejaVu Sans", "dejavusans"  # they come with matplotlib: the same look everywhere

COLORS = MappingProxyType(
    {
        "data": "#000000",
        "model": "#D55E00",
        "truth": "#009E73",
        "first": "#0072B2",
        "second": "#E69F00",
        "third": "#CC79A7",
        "fourth": "#56B4E9",
        "guide": "#8C8C8C",
    }
)
"""Colors by their part in a figure; ``guide`` is for lines that are no measurement."""

CYCLE = tuple(COLORS[part] for part in ("first", "model", "truth", "third", "second", "fourth", "data"))

STYLE = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": "black",
        "axes.facecolor": "white",
        "axes.formatter.limits": (-3, 4),
        "axes.formatter.use_mathtext": True,
        "axes.formatter.useoffset": False,
        "axes.grid": False,
        "axes.labelcolor": "black",
        "axes.labelpad": 2.5,
        "axes.labelsize": NORMAL,
        "axes.linewidth": 0.6,
        "axes.titlesize": NORMAL,
        "axes.unicode_minus": True,
        "errorbar.capsize": 0.0,
        "figure.facecolor": "white",
        "font.family": [FONT],
        "font.size": NORMAL,
        "image.interpolation": "nearest",
        "legend.borderaxespad": 0.5,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "legend.handlelength": 1.6,
        "lines.linewidth": 1.1,
        "lines.markersize": 3.0,
        "mathtext.fontset": MATH_FONT,
        "patch.linewidth": 0.6,
        "pdf.fonttype": 42,
        "savefig.facecolor": "white",
        "savefig.transparent": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "diskarray",
        "text.color": "black",
        "text.usetex": False,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
    }
)
"""What is set while a figure is drawn; read-only."""


@contextmanager
def figure_style():
    """A context in which matplotlib draws as the figures here are drawn; its settings are put back afterwards.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    try:
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtraError("Figures need matplotlib: pip install diskarray[plot]") from error
    from cycler import cycler

    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=CYCLE)}):
        yield


def styled(function):
    """Decorator: a function that draws, drawn in the style."""

    @functools.wraps(function)
    def drawn(*args, **kwargs):
        with figure_style():
            return function(*args, **kwargs)

    return drawn


def new_figure(width=SINGLE_COLUMN, height=2.6, layout=None):
    """A figure of its own, known to no window system, on the Agg canvas.

    Parameters
    ----------
    width, height : float
        Inches.
    layout : str, optional
        "constrained" leaves room for labels by itself.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=SCREEN_DPI, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def set_ticks(ax, top=True, right=True):
    """Short ticks that point inwards, on all sides unless another axis is there.

    They are set on the axes, because matplotlib makes ticks only when a figure is written, outside of the style.
    """
    common = {"direction": "in", "which": "both"}
    ax.tick_params(top=top, right=right, **common)
    ax.tick_params(which="major", length=2.8, width=0.6, labelsize=SMALL)
    ax.tick_params(which="minor", length=1.6, width=0.4)


def figure_bytes(figure, format="png", dpi=SCREEN_DPI):
    """A figure as the content of a file; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    format : {"png", "pdf", "svg"}
    dpi : float
        Dots per inch, of images within vector formats too.

    Raises
    ------
    ParameterError
        For another format, or a dpi that is not above 0.
    """
    if format not in FORMATS:
        raise ParameterError(f"a figure is written as {', '.join(FORMATS)}, not {format!r}: {nearest(format, FORMATS)}")
    if not 0 < dpi < float("inf"):
        raise ParameterError(f"dpi, dots per inch, must be a number above 0, got {dpi!r}")
    undated = {"png": {"Software": "diskarray"}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
    stream = io.BytesIO()
    with figure_style():
        figure.savefig(stream, format=format, dpi=dpi, metadata=undated[format])
    return stream.getvalue()


def save_figure(figure, path, *, dpi=300, overwrite=False):
    """Write a figure; the ending of the name says as what.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path
        A .png, .pdf or .svg.
    dpi : float
        Dots per inch.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If the file exists and ``overwrite`` is False, or the disk refuses.
    ParameterError
        For another ending.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already: choose another name or pass overwrite=True.")
    write_bytes(path, figure_bytes(figure, path.suffix.removeprefix("."), dpi), overwrite=overwrite)
    return path
