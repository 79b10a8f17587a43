import sys
from types import SimpleNamespace

import numpy as np
import pytest

from diskarray.errors import MissingExtraError, ParameterError, ShapeError
from diskarray.results.optimize_result import Basin
from diskarray.sampling.compare import Comparison
from diskarray.viz.basins_figure import basin_table, basins_figure
from diskarray.viz.chain_figures import autocorrelation_figure, rank_figure, trace_figure
from diskarray.viz.corner_figure import central_ticks, corner_figure, shown_range
from diskarray.viz.draws import autocorrelation, draws_of, rank_counts
from diskarray.viz.evidence_figure import evidence_figure
from diskarray.viz.style import figure_bytes

matplotlib_figure = pytest.importorskip("matplotlib.figure")
TRUTH = {"disks.belt.density.radius": 50.1, "disks.belt.position_angle": 361.0}


def test_traces_show_every_chain_and_the_truth(sampled):
    figure = trace_figure(sampled, truths=TRUTH)
    rows = figure.axes[::2]
    draws = draws_of(sampled)
    assert len(rows) == 3 and len(figure.axes) == 6
    for k, ax in enumerate(rows[:2]):
        for chain, line in zip(draws.values[..., k], ax.lines, strict=False):
            np.testing.assert_array_equal(line.get_ydata(), chain)
    assert rows[0].lines[-1].get_ydata()[0] == 50.1 and rows[1].lines[-1].get_ydata()[0] == 1.0
    assert rows[1].get_ylabel() == "position angle\n[deg]" and rows[-1].get_xlabel() == "Kept step"
    assert rows[2].get_ylabel() == "flux\n[$10^{5}$ mJy]"
    heights = [patch.get_width() for patch in figure.axes[1].patches]
    assert sum(heights) == draws.flat.shape[0]


def test_nested_sampling_is_shown_over_the_volume_left(result_of):
    nested = result_of(kind="nested", chains=1)
    figure = trace_figure(nested)
    assert len(figure.axes) == 4, "the linear parameter has no trace"
    with pytest.raises(ParameterError, match="linear"):
        trace_figure(nested, names=["flux"])
    ax = figure.axes[0]
    points = ax.collections[0].get_offsets()
    np.testing.assert_allclose(points[:, 0], -nested.weighted["log_volume"])
    np.testing.assert_allclose(points[:, 1], nested.weighted["samples"][:, 0])
    assert np.ptp(figure.axes[2].collections[0].get_offsets()[:, 1]) <= 360.0
    assert "Prior volume" in figure.axes[2].get_xlabel()
    for draw in (rank_figure, autocorrelation_figure):
        with pytest.raises(ParameterError, match="nested sampling has no chains|only one set"):
            draw(nested)


def test_rank_figures_hold_the_counts(sampled):
    figure = rank_figure(sampled, bins=12)
    draws = draws_of(sampled)
    for k, ax in enumerate(figure.axes):
        counts = [patch.get_data().values for patch in ax.patches if hasattr(patch, "get_data")]
        np.testing.assert_array_equal(counts, rank_counts(draws.values[..., k], 12))
        assert ax.get_title() == draws.labels[k] and ax.get_xlim() == (0, 600)
    assert figure.get_supxlabel() == "Rank among all draws" and figure.get_supylabel() == "Draws in a bin"


def test_walkers_are_grouped_for_their_ranks(result_of):
    ensemble = result_of(kind="ensemble", chains=20, draws=30)
    ax = rank_figure(ensemble, names=["radius"], bins=5).axes[0]
    counts = [patch.get_data().values for patch in ax.patches if hasattr(patch, "get_data")]
    assert len(counts) == 6 and all(count.sum() == 90 for count in counts)


def test_autocorrelations_show_the_mean_over_chains(sampled):
    figure = autocorrelation_figure(sampled, longest=25)
    draws = draws_of(sampled)
    ax = figure.axes[0]
    curves = autocorrelation(draws.values[..., 0], 25)
    assert any(np.array_equal(line.get_ydata(), curves.mean(axis=0)) for line in ax.lines)
    tau = sampled.diagnostics.row(draws.names[0])["tau"]
    assert any(np.all(np.asarray(line.get_xdata()) == tau) for line in ax.lines)
    assert ax.get_xlim() == (0, 25) and figure.get_supxlabel() == "Lag [steps]"


@pytest.mark.parametrize("draw", [trace_figure, rank_figure, autocorrelation_figure])
def test_own_axes_are_drawn_into_and_counted(draw, sampled):
    own = matplotlib_figure.Figure()
    assert draw(sampled, names=["radius"], axes=own.subplots()) is own
    assert own.axes[0].get_xlabel()
    with pytest.raises(ShapeError, match="3 axes"):
        draw(sampled, axes=own.axes)


def test_a_corner_figure_has_a_panel_for_every_pair(sampled):
    pytest.importorskip("corner")
    figure = corner_figure(sampled, truths=TRUTH, title="a posterior")
    cells = np.reshape(figure.axes, (3, 3))
    assert cells[2, 0].get_xlabel() == "radius [au]" and cells[1, 0].get_ylabel() == "position angle\n[deg]"
    marked = [line for line in cells[0, 0].lines if np.all(np.asarray(line.get_xdata()) == 50.1)]
    assert len(marked) == 1
    best = [line for line in cells[1, 0].lines if line.get_marker() == "s"]
    np.testing.assert_allclose(np.ravel([best[0].get_xdata(), best[0].get_ydata()]), [50.2, -1.0])
    assert not [line for line in corner_figure(sampled, best=False).axes[3].lines if line.get_marker() == "s"]
    quantiles = np.quantile(draws_of(sampled).flat[:, 0], [0.16, 0.5, 0.84])
    lines = [np.ravel(line.get_xdata())[0] for line in cells[0, 0].lines]
    assert all(np.any(np.isclose(lines, q, atol=1e-3)) for q in quantiles)
    assert figure.get_suptitle() == "a posterior" and figure_bytes(figure, dpi=40)


def test_a_corner_figure_registers_nothing_with_pyplot(sampled):
    pytest.importorskip("corner")
    corner_figure(sampled, names=["radius", "flux"])
    assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_parameters_that_do_not_vary_are_left_out(result_of):
    pytest.importorskip("corner")
    samples = np.random.default_rng(0).normal(50.0, 1.0, (2, 50, 2))
    samples[..., 1] = 7.0
    result = result_of(samples=samples, log_probability=np.zeros((2, 50)), linear_samples=np.zeros((2, 50, 1)))
    assert len(corner_figure(result).axes) == 1
    with pytest.raises(ParameterError, match="parameters that vary"):
        corner_figure(result, names=["position_angle"])


def test_a_missing_corner_names_the_extra(sampled, monkeypatch):
    monkeypatch.setitem(sys.modules, "corner", None)
    with pytest.raises(MissingExtraError, match=r"pip install diskarray\[plot\]"):
        corner_figure(sampled)


def test_corner_ranges_hold_the_draws_and_the_truth_and_ticks_stay_inside():
    column = np.random.default_rng(0).normal(0.0, 1.0, 5000)
    low, high = shown_range(column)
    assert low < np.quantile(column, 0.002) and np.quantile(column, 0.998) < high < 5.0
    assert shown_range(column, 9.0)[1] > 9.0
    assert shown_range(np.array([1.0] * 2999 + [2.0]))[1] > 2.0
    for low, high in ((0.0, 1.0), (26.91, 27.06), (-1e-3, 7e-4)):
        ticks = central_ticks(low, high)
        assert 2 <= ticks.size <= 3
        assert np.all((ticks > low + 0.1 * (high - low)) & (ticks < high - 0.1 * (high - low)))


def comparison():
    return Comparison(
        names=("two rings", "one ring", "flat"),
        log_evidence=np.array([-100.0, -102.5, -111.0]),
        log_evidence_error=np.array([0.2, 0.3, 0.25]),
        difference=np.array([0.0, -2.5, -11.0]),
        difference_error=np.array([0.0, 0.36, 0.32]),
        priors=({}, {}, {}),
        established=(True, True, False),
    )


def test_evidences_are_shown_with_their_errors_and_doubts():
    ax = evidence_figure(comparison()).axes[0]
    for k, container in enumerate(ax.containers):
        points, _, bars = container
        assert (points.get_xdata()[0], points.get_ydata()[0]) == (comparison().difference[k], k)
        ends = bars[0].get_segments()[0][:, 0]
        error = comparison().difference_error[k] if k else 0.2
        np.testing.assert_allclose(ends, comparison().difference[k] + np.array([-error, error]))
    assert ax.containers[2][0].get_markerfacecolor() == "white" != ax.containers[1][0].get_markerfacecolor()
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["two rings", "one ring", "flat\n(not established)"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the best is on top"
    assert {"1:10", "1:100"} == {text.get_text() for text in ax.texts}
    own = matplotlib_figure.Figure()
    assert evidence_figure(comparison(), axes=own.subplots()) is own


def found(*basins):
    return SimpleNamespace(names=("a.radius", "a.position_angle", "a.g"), units=("au", "deg", ""), basins=basins)


BASINS = (
    Basin(np.array([50.0, 20.0, 0.3]), 1000.0, 3, chosen=True),
    Basin(np.array([50.0, 200.0, -0.3]), 1000.0, 0, image_of=0),
    Basin(np.array([55.0, 21.0, 0.3]), 1100.0, 1, refined=False),
)


def test_basins_show_every_minimum_and_which_are_one_image():
    figure = basins_figure(found(*BASINS))
    assert [ax.get_title() for ax in figure.axes] == ["radius [au]", "position angle [deg]", "$g$"]
    ax = figure.axes[1]
    shown = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])): line
        for line in ax.lines
        if len(line.get_xdata()) == 1
    }
    assert set(shown) == {(20.0, 0.0), (200.0, 0.0), (21.0, 100.0)}
    link = next(line for line in ax.lines if len(line.get_xdata()) == 2)
    assert sorted(link.get_xdata()) == [20.0, 200.0] and list(link.get_ydata()) == [0.0, 0.0]
    assert shown[200.0, 0.0].get_marker() == "x" and shown[21.0, 100.0].get_markerfacecolor() == "white"
    assert [line.get_markerfacecolor() for line in ax.lines].count("none") == 1, "one ring, around the chosen one"
    assert ax.get_ylim()[0] < 0 and ax.get_ylim()[1] > 100.0


def test_basins_need_several_starts_and_known_names():
    with pytest.raises(ParameterError, match="several starts"):
        basin_table(found())
    with pytest.raises(ParameterError, match="no parameter 'radius'"):
        basins_figure(found(*BASINS), names=["radius"])
    vectors, gain = basin_table(found(*BASINS))
    assert vectors.shape == (3, 3) and list(gain) == [0.0, 0.0, 100.0]
    own = matplotlib_figure.Figure()
    assert basins_figure(found(*BASINS), names=["a.g"], axes=own.subplots()) is own
