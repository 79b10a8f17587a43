"""The figure of data before a fit: what is drawn where."""

import numpy as np
import pytest

import diskarray as da
from diskarray.errors import ShapeError

pytest.importorskip("matplotlib")
from diskarray.viz.data_figure import data_figure, mask_outline

FRAME = da.Frame2D((21, 25), 0.1, (9.0, 13.0), north_angle=90.0)
DATA = np.random.default_rng(1).normal(size=(21, 25))
MASK = np.zeros((21, 25), dtype=bool)
MASK[3:6, 4:8] = True


@pytest.fixture
def imaging():
    return da.Imaging(DATA, np.full((21, 25), 2.0), unit="adu/arcsec2", frame=FRAME, mask=MASK, observable="Q_phi")


def _panels(figure):
    return [ax for ax in figure.axes if ax.images]


def test_three_panels_with_mask_and_star(imaging):
    figure = data_figure(imaging, title="a file")
    panels = _panels(figure)
    assert [ax.texts[0].get_text() for ax in panels] == [r"$Q_\phi$", "Noise", "Signal / noise"]
    np.testing.assert_array_equal(panels[0].images[0].get_array().mask, MASK)
    np.testing.assert_allclose(panels[2].images[0].get_array().compressed(), DATA[~MASK] / 2.0)
    for ax in panels:
        (star,) = [line for line in ax.lines if line.get_gid() == "star"]
        assert star.get_xydata().tolist() == [[0.0, 0.0]]
        (lines,) = [made for made in ax.collections if made.get_gid() == "mask"]
        assert len(lines.get_segments()) == 2 * (3 + 4)
    left, right = panels[0].get_xlim()
    assert left - right == pytest.approx(21 * 0.1) and left > right
    assert figure.texts[0].get_text() == "a file" or figure._suptitle.get_text() == "a file"


def test_the_outline_is_on_the_sky(imaging):
    ends = mask_outline(imaging.mask).reshape(-1, 2)
    y, x = FRAME.sky_from(np.array([2.5, 5.5]), np.array([3.5, 7.5]))
    assert ends[:, 0].min() == pytest.approx(min(-x)) and ends[:, 0].max() == pytest.approx(max(-x))
    assert ends[:, 1].min() == pytest.approx(min(y)) and ends[:, 1].max() == pytest.approx(max(y))
    assert mask_outline(da.Mask2D.none(FRAME)).shape == (0, 2, 2)


def test_a_row_for_every_data_set_and_given_axes(imaging):
    figure = data_figure({"one": imaging, "two": imaging})
    assert len(_panels(figure)) == 6
    from matplotlib.figure import Figure

    own = Figure()
    axes = own.subplots(1, 3)
    assert data_figure(imaging, axes=axes) is own
    with pytest.raises(ShapeError, match="three panels"):
        data_figure(imaging, axes=axes[:2])
