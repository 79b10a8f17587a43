import numpy as np
import pytest

from diskarray.errors import ParameterError, ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.viz.brightness_profile import profile_along, profile_around
from diskarray.viz.deprojected_figure import deprojected_figure
from diskarray.viz.plane import deprojected
from diskarray.viz.profile_figures import azimuthal_profile_figure, radial_profile_figure
from diskarray.viz.style import figure_bytes

matplotlib_figure = pytest.importorskip("matplotlib.figure")


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_axis_profiles_show_data_model_and_residuals(fit):
    figure = radial_profile_figure(fit, half_angle=12.0)
    panels = figure.axes
    assert len(panels) == 4
    for column, towards in enumerate((25.0, -65.0)):
        data = profile_along(fit.data, towards, half_angle=12.0, noise_map=fit.noise_map)
        model = profile_along(fit.model_image, towards, half_angle=12.0)
        above, below = panels[column], panels[column + 2]
        seen = data.counts > 0
        np.testing.assert_array_equal(line(above, "data").get_xdata(), data.positions[seen])
        np.testing.assert_array_equal(line(above, "data").get_ydata(), data.values[seen])
        np.testing.assert_array_equal(line(above, "model").get_ydata(), model.values)
        residual = below.lines[-1].get_ydata()
        np.testing.assert_allclose(residual, ((data.values - model.values) / data.errors)[seen])
        assert 0.4 < np.std(residual) < 1.6
        low, high = above.get_xlim()
        assert low < data.positions[seen].min() and high > data.positions[seen].max()
        assert below.get_xlabel() == f"Offset towards PA {towards % 360:.0f}\N{DEGREE SIGN} [arcsec]"
        upper = above.child_axes[0]
        figure_bytes(figure, dpi=30)
        np.testing.assert_allclose(upper.get_xlim(), np.array(above.get_xlim()) * 50.0)
        assert upper.get_xlabel() == "Offset on the sky [au]"
    assert panels[0].get_ylabel() == "Brightness\n[mJy / arcsec$^{2}$]"


def test_the_ring_profile_shows_the_band_that_was_asked_for(fit):
    figure = azimuthal_profile_figure(fit, inner=40.0, outer=60.0, width=20.0)
    above, below = figure.axes
    disk = fit.model.disks["belt"]
    data = profile_around(fit.data, disk, 40.0, 60.0, width=20.0)
    np.testing.assert_array_equal(line(above, "data").get_ydata(), data.values[data.counts > 0])
    assert above.texts[0].get_text() == "40.0\N{EN DASH}60.0 au" and above.get_xlim() == (0.0, 360.0)
    angles = [text.get_text() for text in above.child_axes[0].get_xticklabels()]
    assert angles[0] == "90" and angles[2] == "30" and angles[6] == "150"
    assert "Azimuth" in below.get_xlabel() and "[deg]" in below.get_xlabel()


def test_every_fit_gets_its_row_and_own_axes_are_drawn_into(fit):
    both = {"H": fit, "J": fit}
    assert len(radial_profile_figure(both).axes) == 8 and len(azimuthal_profile_figure(both).axes) == 4
    own = matplotlib_figure.Figure()
    axes = own.subplots(2, 1)
    assert radial_profile_figure(fit, axes=axes) is own
    assert all(line(ax, "data").get_xdata().size for ax in axes)
    with pytest.raises(ShapeError, match="4 axes, 2 for every fit, not 2"):
        radial_profile_figure(both, axes=axes)


def test_a_disk_must_be_named_where_there_are_several(fit_of, ring):
    fit = fit_of(Frame2D((31, 31), 0.12))
    two = fit.__class__.of(fit.dataset, fit.model.__class__(disks={"a": ring(), "b": ring(position_angle=70.0)}))
    with pytest.raises(ParameterError, match="disk= must name one"):
        radial_profile_figure(two)
    panels = radial_profile_figure(two, disk="b").axes
    assert "PA 70" in panels[2].get_xlabel()


def test_the_deprojected_figure_holds_the_deprojected_arrays(fit):
    figure = deprojected_figure(fit, half_width=70.0, squared_radius=True)
    images = [ax.images[0] for ax in figure.axes if ax.images]
    disk = fit.model.disks["belt"]
    for drawn, image in zip(images, (fit.data, fit.model_image, fit.residual_map), strict=True):
        expected = deprojected(image, disk, half_width=70.0, squared_radius=True)
        shown = drawn.get_array()
        np.testing.assert_array_equal(np.ma.getmaskarray(shown), ~np.isfinite(expected.values))
        np.testing.assert_array_equal(shown.compressed(), expected.values[np.isfinite(expected.values)])
        assert drawn.get_extent() == [70.0, -70.0, -70.0, 70.0]
    assert images[0].get_clim() == images[1].get_clim()
    assert images[2].get_clim()[0] == -images[2].get_clim()[1]
    bars = [child.get_xlabel() for ax in figure.axes for child in ax.child_axes]
    assert all("au$^{2}$ mJy / arcsec$^{2}$" in bar for bar in bars)
    near = next(text for text in figure.axes[0].texts if text.get_text() == "near\nside")
    east, north = near.get_position()
    assert np.degrees(np.arctan2(east, north)) % 360 == pytest.approx(295.0)


def test_a_steep_disk_has_no_view_from_above(fit_of, ring):
    steep = fit_of(Frame2D((31, 31), 0.12), ring(inclination=88.0))
    for draw in (deprojected_figure, azimuthal_profile_figure):
        with pytest.raises(ParameterError, match="too obliquely"):
            draw(steep)
    radial_profile_figure(steep)
