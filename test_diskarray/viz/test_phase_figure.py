import numpy as np
import pytest

from diskarray.fit.phase_curve import PhaseCurve
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.viz.phase_figure import hidden_ranges, phase_function_figure, truth_values

pytest.importorskip("matplotlib")
angles_shown = np.arange(181.0)


def curve(g=0.3, probed=(30.0, 150.0), relative_to=None):
    values = np.asarray(HenyeyGreenstein(g=g).phase(np.cos(np.radians(angles_shown))))
    if relative_to is not None:
        values = values / values[int(relative_to)]
    seen = (angles_shown >= probed[0]) & (angles_shown <= probed[1])
    return PhaseCurve(angles_shown, values, 0.9 * values, 1.1 * values, seen, probed, 0.6827, relative_to, 100)


def test_what_is_seen_is_drawn_through_and_what_is_not_is_dashed():
    ax = phase_function_figure(curve()).axes[0]
    solid = [line for line in ax.lines if line.get_linestyle() == "-"]
    dashed = [line for line in ax.lines if line.get_linestyle() != "-"]
    np.testing.assert_array_equal(solid[0].get_xdata(), angles_shown[30:151])
    np.testing.assert_array_equal(solid[0].get_ydata(), curve().values[30:151])
    assert sorted((line.get_xdata()[0], line.get_xdata()[-1]) for line in dashed) == [(0, 30), (150, 180)]
    shaded = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
    assert shaded == [(0.0, 30.0), (150.0, 180.0)] == hidden_ranges([curve()])


def test_the_band_is_the_curves():
    ax = phase_function_figure(curve()).axes[0]
    vertices = ax.collections[0].get_paths()[0].vertices
    at_90 = vertices[vertices[:, 0] == 90.0][:, 1]
    assert at_90.min() == pytest.approx(curve().lower[90]) and at_90.max() == pytest.approx(curve().upper[90])


def test_a_steep_function_gets_a_logarithmic_axis_and_axes_have_units():
    flat, steep = (phase_function_figure(curve(g)).axes[0] for g in (0.1, 0.8))
    assert flat.get_yscale() == "linear" and steep.get_yscale() == "log"
    assert flat.get_xlabel() == "Scattering angle [deg]" and flat.get_ylabel() == "Phase function [sr$^{-1}$]"
    assert "relative to 90" in phase_function_figure(curve(relative_to=90.0)).axes[0].get_ylabel()
    assert phase_function_figure(curve(), quantity="Polarized").axes[0].get_ylabel().startswith("Polarized")


def test_the_truth_is_scaled_like_the_curve():
    true = HenyeyGreenstein(g=0.5)
    np.testing.assert_allclose(truth_values(true, curve()), true.phase(np.cos(np.radians(angles_shown))))
    assert truth_values(true, curve(relative_to=90.0))[90] == 1.0
    ax = phase_function_figure(curve(), truth=true).axes[0]
    assert "truth" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_several_curves_share_their_axes():
    from matplotlib.figure import Figure

    own = Figure().subplots()
    figure = phase_function_figure({"inner": curve(), "outer": curve(0.5, (20.0, 160.0))}, axes=own)
    assert figure is own.figure
    assert [text.get_text() for text in own.get_legend().get_texts()] == ["inner, 68 % band", "outer, 68 % band"]
    assert hidden_ranges([curve(), curve(0.5, (20.0, 160.0))]) == [(0.0, 20.0), (160.0, 180.0)]
    assert hidden_ranges([curve(probed=(0.0, 180.0))]) == []
