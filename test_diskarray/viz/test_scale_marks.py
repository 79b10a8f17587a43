import math

import numpy as np
import pytest

from diskarray.optics.psf import EmpiricalPSF, GaussianPSF
from diskarray.structures.frame import Frame2D
from diskarray.viz import scale_marks
from diskarray.viz.sky_axes import SkyView

SCALE = 0.02


@pytest.mark.parametrize(("north_angle", "mirrored"), [(0.0, False), (35.0, False), (0.0, True), (70.0, True)])
def test_the_beam_is_the_half_maximum_ellipse_on_the_sky(north_angle, mirrored):
    psf = GaussianPSF(fwhm=0.12, axis_ratio=0.6, angle=30.0)
    frame = Frame2D((41, 41), SCALE, north_angle=north_angle, mirrored=mirrored)
    beam = scale_marks.beam_of(psf, frame)
    assert beam.major == pytest.approx(0.12, rel=0.03) and beam.minor == pytest.approx(0.072, rel=0.03)
    up, right = math.cos(math.radians(30.0)), -math.sin(math.radians(30.0))
    y, x = frame.sky_from(frame.center[0] + up, frame.center[1] + right)
    expected = math.degrees(math.atan2(-x, y)) % 180.0
    assert abs((beam.position_angle - expected + 90.0) % 180.0 - 90.0) < 2.0


def test_the_beam_of_a_finer_kernel_is_in_arcsec():
    offsets = np.arange(-30, 31) * SCALE / 3
    kernel = np.exp(-4 * math.log(2) * (offsets[:, None] ** 2 + offsets[None, :] ** 2) / 0.1**2)
    psf = EmpiricalPSF(kernel=kernel, over_sample_size=3)
    assert scale_marks.beam_of(psf, Frame2D((41, 41), SCALE)).major == pytest.approx(0.1, rel=0.03)


def test_no_psf_and_one_that_varies_have_no_beam():
    class Varying:
        def kernel_from(self, pixel_scale, *, xp=np):
            return np.ones((2, 3, 3))

    assert scale_marks.beam_of(None, Frame2D((9, 9), SCALE)) is None
    assert scale_marks.beam_of(Varying(), Frame2D((9, 9), SCALE)) is None


@pytest.mark.parametrize(("width", "length"), [(3.0, 1.0), (2.9, 0.5), (1.5, 0.5), (0.66, 0.2), (30.0, 10.0)])
def test_the_scale_bar_is_a_round_number_below_a_third(width, length):
    assert scale_marks.scale_bar_length(width) == pytest.approx(length)


def test_marks_are_drawn_to_scale(fit):
    pytest.importorskip("matplotlib")
    from diskarray.viz.fit_figure import fit_figure

    axes = fit_figure(fit).axes[:2]
    ellipse = axes[0].patches[0]
    assert ellipse.height == pytest.approx(0.12, rel=0.05)
    view = SkyView.of(fit.data.mask)
    bar = next(line for line in axes[1].lines if line.get_linewidth() == 1.4)
    assert np.ptp(bar.get_xdata()) * (view.east - view.west) == pytest.approx(1.0)
    assert any(text.get_text() == "1\N{DOUBLE PRIME} = 50 au" for text in axes[1].texts)


def test_an_ellipse_of_a_tilted_beam_points_to_its_position_angle(fit):
    matplotlib_figure = pytest.importorskip("matplotlib.figure")
    ax = matplotlib_figure.Figure().subplots()
    ax.set(xlim=(1, -1), ylim=(-1, 1))
    ellipse = scale_marks.draw_beam(ax, SkyView(1, -1, -1, 1), scale_marks.Beam(0.4, 0.2, 30.0))
    end = ellipse.get_patch_transform().transform((0, 1)) - ellipse.get_patch_transform().transform((0, 0))
    np.testing.assert_allclose(end, 0.2 * np.array([math.sin(math.radians(30)), math.cos(math.radians(30))]))


def test_au_are_given_only_for_a_distance_that_all_disks_share(ring):
    class Scene:
        def __init__(self, *disks):
            self.disks = dict(enumerate(disks))

    assert scale_marks.shared_distance(Scene(ring(), ring())) == 50.0
    assert scale_marks.shared_distance(Scene(ring(), ring(distance=60.0))) is None
    assert scale_marks.shared_distance(None) is None
