import io
import itertools
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from diskarray.errors import MissingExtraError, ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D
from diskarray.viz.fit_figure import fit_figure

pytest.importorskip("matplotlib")

SCALE = 0.1
ROWS, COLUMNS = 9, 13


def fit_on(frame, mask_array=None):
    """A made-up fit whose data are distinct numbers."""
    mask = Mask2D(np.zeros(frame.shape_native, bool) if mask_array is None else mask_array, frame)
    data = np.arange(ROWS * COLUMNS, dtype=float).reshape(ROWS, COLUMNS)
    model = data[::-1] * 0.5
    residual = data - model
    maps = {"data": data, "model_image": model, "residual_map": residual, "normalized_residual_map": residual / 7.0}
    return SimpleNamespace(**{name: Image2D(array, mask=mask) for name, array in maps.items()})


@pytest.fixture
def frame():
    return Frame2D(shape_native=(ROWS, COLUMNS), pixel_scale=SCALE)


def drawn_images(figure):
    return [ax.images[0] for ax in figure.axes if ax.images]


def shown_at(image, row, column):
    """Where the center of a pixel lands, in the panel's own (RA, Dec) offsets."""
    to_offsets = image.get_transform() - image.axes.transData
    return to_offsets.transform((column, row))


def test_panels_hold_the_four_arrays_with_masked_pixels_masked(frame):
    hidden = np.zeros((ROWS, COLUMNS), bool)
    hidden[4, 5:8] = True
    fit = fit_on(frame, hidden)
    images = drawn_images(fit_figure(fit))
    assert len(images) == 4
    for image, name in zip(images, ("data", "model_image", "residual_map", "normalized_residual_map"), strict=True):
        np.testing.assert_array_equal(image.get_array().mask, hidden)
        np.testing.assert_array_equal(image.get_array()[~hidden], getattr(fit, name).array[~hidden])
        red, green, blue, alpha = image.cmap.get_bad()
        assert red == green == blue and alpha == 1.0


def test_east_is_left_and_north_up(frame):
    image = drawn_images(fit_figure(fit_on(frame)))[0]
    left, right = image.axes.get_xlim()
    bottom, top = image.axes.get_ylim()
    assert left > 0 > right and bottom < 0 < top
    np.testing.assert_allclose(shown_at(image, row=4, column=0), (6 * SCALE, 0.0), atol=1e-12)
    np.testing.assert_allclose(shown_at(image, row=8, column=6), (0.0, 4 * SCALE), atol=1e-12)
    assert image.axes.get_xlabel() == "RA offset [arcsec]"


@pytest.mark.parametrize("north_angle", [0.0, 35.0, 90.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_array_is_drawn_where_it_is_on_the_sky(north_angle, mirrored):
    frame = Frame2D((ROWS, COLUMNS), SCALE, north_angle=north_angle, mirrored=mirrored)
    image = drawn_images(fit_figure(fit_on(frame)))[1]
    for row, column in ((0, 0), (8, 0), (3, 12)):
        y, x = frame.sky_from(row, column)
        np.testing.assert_allclose(shown_at(image, row, column), (-x, y), atol=1e-12)


def test_panels_are_cropped_to_whole_unmasked_pixels(frame):
    hidden = np.ones((ROWS, COLUMNS), bool)
    hidden[4, 5:9] = False
    image = drawn_images(fit_figure(fit_on(frame, hidden)))[0]
    np.testing.assert_allclose(image.axes.get_xlim(), (1.5 * SCALE, -2.5 * SCALE), atol=1e-12)
    np.testing.assert_allclose(image.axes.get_ylim(), (-0.5 * SCALE, 0.5 * SCALE), atol=1e-12)


def test_data_and_model_share_a_scale_and_residual_scales_are_symmetric(frame):
    data, model, residual, normalized = drawn_images(fit_figure(fit_on(frame)))
    assert data.get_clim() == model.get_clim()
    for image in (residual, normalized):
        assert image.get_clim()[0] == -image.get_clim()[1] < 0
    assert normalized.get_clim() == (-5.0, 5.0)


def test_masked_pixels_do_not_set_the_scale(frame):
    hidden = np.ones((ROWS, COLUMNS), bool)
    hidden[4, 5] = False
    data, _, residual, _ = drawn_images(fit_figure(fit_on(frame, hidden)))
    assert data.get_clim() == (0.0, 57.0)
    assert residual.get_clim() == (-28.5, 28.5)


def bar_labels(figure):
    return [child.get_xlabel() for ax in figure.axes for child in ax.child_axes]


def test_color_bars_carry_the_unit(frame):
    assert bar_labels(fit_figure(fit_on(frame), unit="mJy / (arcsec2 s)")) == ["mJy / (arcsec$^{2}$ s)"] * 3 + ["σ"]
    assert bar_labels(fit_figure(fit_on(frame))) == ["arbitrary unit"] * 3 + ["σ"]


def test_large_numbers_are_labelled_in_a_power_of_ten(frame):
    fit = fit_on(frame)
    for name in ("data", "model_image", "residual_map"):
        setattr(fit, name, getattr(fit, name) * 2000.0)
    figure = fit_figure(fit, unit="adu")
    assert bar_labels(figure)[0] == "$10^{5}$ adu"
    bar = figure.axes[0].child_axes[0]
    assert max(float(text.get_text()) for text in bar.get_xticklabels()) == pytest.approx(max(bar.get_xticks()) / 1e5)


def labels_that_meet(figure):
    """Pairs of neighboring tick labels below or above a row of panels that touch, and labels cut by the figure."""
    figure.canvas.draw()
    panels = [ax for ax in figure.axes if ax.images]
    for kind in (panels, [bar for ax in panels for bar in ax.child_axes]):
        boxes = []
        for ax in kind:
            low, high = sorted(ax.get_xlim())
            for place, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
                if low <= place <= high and label.get_text():
                    boxes.append((label.get_window_extent(), label.get_text()))
        boxes.sort(key=lambda item: item[0].x0)
        yield from (f"{one} {other}" for (a, one), (b, other) in itertools.pairwise(boxes) if a.x1 >= b.x0)
        yield from (text for box, text in boxes if box.x0 < 0 or box.x1 > figure.bbox.width)


@pytest.mark.parametrize("scale", [0.0123, 0.05, 0.078, 0.082, 0.1, 0.158, 0.32, 0.79, 1.6, 3.9])
def test_tick_labels_of_neighboring_panels_do_not_meet(scale):
    fit = fit_on(Frame2D(shape_native=(ROWS, COLUMNS), pixel_scale=scale))
    figure = fit_figure(fit, unit="mJy")
    assert list(labels_that_meet(figure)) == []
    low, high = sorted(figure.axes[0].get_xlim())
    assert sum(low < tick < high for tick in figure.axes[0].get_xticks()) >= 3


def test_north_and_east_are_marked_and_panels_named(frame):
    figure = fit_figure(fit_on(frame), title="HR 4796A")
    texts = {text.get_text(): text.get_position() for ax in figure.axes for text in ax.texts}
    assert {"Data", "Model", "Residuals", "Normalized residuals", "N", "E"} <= set(texts)
    assert texts["E"][0] < texts["N"][0] and texts["N"][1] > texts["E"][1]
    assert texts["N"][0] < 0.5, "the data brighten to the right, so the compass goes left"
    assert figure.get_suptitle() == "HR 4796A"


def test_an_empty_residual_still_has_a_scale(frame):
    fit = fit_on(frame)
    fit.residual_map = fit.residual_map * 0.0
    assert drawn_images(fit_figure(fit))[2].get_clim() == (-1.0, 1.0)


def test_own_axes_are_drawn_into(frame):
    from matplotlib.figure import Figure

    own = Figure()
    axes = own.subplots(2, 2)
    assert fit_figure(fit_on(frame), axes=axes) is own
    assert all(ax.images for ax in axes.flat)
    with pytest.raises(ShapeError, match="four axes, not 2"):
        fit_figure(fit_on(frame), axes=axes[0])


def test_the_figure_can_be_saved_at_journal_width(frame):
    figure = fit_figure(fit_on(frame), unit="mJy/arcsec2")
    assert figure.get_size_inches()[0] == pytest.approx(7.1)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    assert stream.getvalue().startswith(b"\x89PNG")


def test_a_missing_matplotlib_names_the_extra(frame, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install diskarray\[plot\]"):
        fit_figure(fit_on(frame))


def test_nothing_global_changes():
    script = """
import sys
from types import SimpleNamespace
import matplotlib, numpy
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.viz.fit_figure import fit_figure

def settings():
    return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}

before = settings()
image = Image2D(numpy.ones((5, 5)), mask=Frame2D((5, 5), 0.1))
names = ("data", "model_image", "residual_map", "normalized_residual_map")
fit_figure(SimpleNamespace(**dict.fromkeys(names, image)), unit="mJy / arcsec2", title="a fit")
assert "matplotlib.pyplot" not in sys.modules
assert settings() == before
"""
    subprocess.run([sys.executable, "-c", script], check=True)
