import io
import itertools

import numpy as np
import pytest

from diskarray.errors import OutputError, ParameterError
from diskarray.viz import style

matplotlib = pytest.importorskip("matplotlib")

# Machado, Oliveira & Fernandes (2009), severity 1, for linear RGB
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colors, deficiency="none"):
    """CIE L*a*b* of sRGB colors as somebody with a deficiency sees them."""
    rgb = np.array([matplotlib.colors.to_rgb(color) for color in colors])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ DEFICIENCIES[deficiency].T, 0, 1) @ TO_XYZ.T / (TO_XYZ.sum(axis=1))
    f = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1)


def closest(colors, deficiency):
    seen = lab(colors, deficiency)
    return min(np.linalg.norm(seen[i] - seen[j]) for i, j in itertools.combinations(range(len(colors)), 2))


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_line_colors_are_told_apart_with_every_color_vision(deficiency):
    assert closest(style.CYCLE, deficiency) > 10.0
    assert closest([style.COLORS[part] for part in ("data", "model", "truth")], deficiency) > 20.0


def test_that_check_sees_a_palette_that_fails():
    assert closest(["#d62728", "#8c6d31"], "protanopia") < closest(["#d62728", "#8c6d31"], "none") / 2
    assert closest(["#2ca02c", "#d69028"], "deuteranopia") < 30.0 < closest(["#2ca02c", "#d69028"], "none")


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_images_brighten_evenly_and_residuals_are_symmetric(deficiency):
    steps = np.linspace(0, 1, 64)
    lightness = lab(matplotlib.colormaps[style.BRIGHTNESS_MAP](steps), deficiency)[:, 0]
    assert np.all(np.diff(lightness) > 0)
    residual = lab(matplotlib.colormaps[style.RESIDUAL_MAP](steps), deficiency)
    assert np.all(np.diff(residual[:32, 0]) > 0) and np.all(np.diff(residual[32:, 0]) < 0)
    np.testing.assert_allclose(residual[:, 0], residual[::-1, 0], atol=16.0)
    assert np.linalg.norm(residual[0] - residual[-1]) > 30.0, "the two signs differ"


def test_the_style_holds_inside_and_nothing_is_left_behind():
    before = {key: matplotlib.rcParams[key] for key in style.STYLE}
    with style.figure_style():
        assert matplotlib.rcParams["font.size"] == style.NORMAL
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == list(style.CYCLE)
        inside = dict(before)
    assert {key: matplotlib.rcParams[key] for key in style.STYLE} == before == inside
    with pytest.raises(RuntimeError), style.figure_style():
        raise RuntimeError
    assert {key: matplotlib.rcParams[key] for key in style.STYLE} == before


def test_a_figure_looks_the_same_whatever_is_set_around_it():
    @style.styled
    def drawn():
        figure = style.new_figure()
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1])
        ax.set_xlabel("x [au]")
        style.set_ticks(ax)
        return figure

    usual = style.figure_bytes(drawn(), dpi=60)
    with matplotlib.rc_context({"font.size": 20, "font.family": "serif", "xtick.major.size": 20, "lines.linewidth": 9}):
        assert style.figure_bytes(drawn(), dpi=60) == usual


def test_ticks_are_in_the_style_also_when_a_user_writes_the_figure():
    def written(settings):
        with style.figure_style():
            figure = style.new_figure(2.0, 1.5)
            ax = figure.subplots()
            ax.plot([0, 1], [0, 1])
            style.set_ticks(ax)
        stream = io.BytesIO()
        with matplotlib.rc_context(settings):
            figure.savefig(stream, dpi=60)
        return stream.getvalue()

    other = {"font.family": "serif", "xtick.major.size": 20, "ytick.labelsize": 20, "xtick.direction": "out"}
    assert written({}) == written(other)


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_formats_are_written_reproducibly(format, start):
    with style.figure_style():
        figure = style.new_figure(2.0, 1.0)
        figure.subplots().plot([1, 2])
    content = style.figure_bytes(figure, format)
    assert content.startswith(start) and style.figure_bytes(figure, format) == content


def test_dots_per_inch_count_and_nonsense_is_refused():
    with style.figure_style():
        figure = style.new_figure(2.0, 1.0)
    sizes = {dpi: len(style.figure_bytes(figure, dpi=dpi)) for dpi in (50, 400)}
    assert sizes[400] > sizes[50]
    with pytest.raises(ParameterError, match="png, pdf, svg, not 'jpg'"):
        style.figure_bytes(figure, "jpg")
    with pytest.raises(ParameterError, match="dpi"):
        style.figure_bytes(figure, dpi=0)


def test_a_figure_is_saved_and_not_replaced_unasked(tmp_path):
    with style.figure_style():
        figure = style.new_figure(1.0, 1.0)
    path = style.save_figure(figure, tmp_path / "one.pdf")
    assert path.read_bytes().startswith(b"%PDF")
    with pytest.raises(OutputError, match="exists already"):
        style.save_figure(figure, path)
    style.save_figure(figure, path, overwrite=True)
    with pytest.raises(ParameterError):
        style.save_figure(figure, tmp_path / "one.gif")
