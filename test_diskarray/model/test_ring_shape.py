"""Peaks, widths and thicknesses of densities, against closed forms and brute force."""

import math

import numpy as np
import pytest

import diskarray as da
from diskarray.errors import ParameterError
from diskarray.profiles.registry import RADIAL_PROFILES, VERTICAL_PROFILES

LN2 = math.log(2)


class OwnRing:
    """A user's plain class without hints: two Gaussians, of different thickness."""

    def density(self, X, Y, Z, *, xp=np):
        r = xp.sqrt(X**2 + Y**2)
        bright = xp.exp(-0.5 * ((r - 60.0) / 4.0) ** 2 - 0.5 * (Z / 1.0) ** 2)
        return bright + 0.5 * xp.exp(-0.5 * ((r - 110.0) / 5.0) ** 2 - 0.5 * (Z / 6.0) ** 2)


def brute_force(density, azimuth=0.0, between=(5.0, 800.0)):
    """Peak, half-maximum radii and peak of the column, by looking at very many radii."""
    r = np.geomspace(*between, 200001)
    cosine, sine = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    n = density.density(r * cosine, r * sine, 0.0 * r)
    top = int(np.argmax(n))
    outside, inside = n[top:] < 0.5 * n[top], n[top::-1] < 0.5 * n[top]
    few, x = r[::1000, None], np.linspace(-9.0, 12.0, 3001)
    column = np.trapezoid(density.density(few * cosine, few * sine, np.exp(x)) * np.exp(x), x, axis=1)
    return r[top], r[top - int(np.argmax(inside))], r[top + int(np.argmax(outside))], few[int(np.argmax(column)), 0]


def test_two_power_laws_peak_where_the_formula_says():
    density = da.TwoPowerLaw(radius=80.0, alpha_in=7.0, alpha_out=-2.5, scale_height=2.0, beta=1.3)
    shape = da.ring_shape(density)
    assert shape.peak_radius == pytest.approx(80.0 * (7.0 / 2.5) ** (1 / 19.0), rel=1e-14)
    assert shape.surface_peak_radius == pytest.approx(80.0 * (8.3 / 1.2) ** (1 / 19.0), rel=1e-14)
    peak, inner, outer, surface = brute_force(density)
    assert shape.peak_radius == pytest.approx(peak, rel=1e-4)
    assert shape.surface_peak_radius == pytest.approx(surface, rel=3e-2)
    assert shape.inner_half_radius == pytest.approx(inner, rel=1e-4)
    assert shape.outer_half_radius == pytest.approx(outer, rel=1e-4)
    assert shape.radial_fwhm == pytest.approx(outer - inner, rel=1e-3)
    assert shape.relative_width == shape.radial_fwhm / shape.peak_radius
    height = 2.0 * (shape.peak_radius / 80.0) ** 1.3
    assert shape.scale_height == pytest.approx(height, rel=1e-9)
    assert shape.aspect_ratio == pytest.approx(height / shape.peak_radius, rel=1e-9)
    assert shape.vertical_fwhm == pytest.approx(2 * height * math.sqrt(LN2), rel=1e-9)


@pytest.mark.parametrize("gamma", [0.7, 1.0, 2.0, 4.0])
def test_the_thickness_of_any_exponent(gamma):
    shape = da.ring_shape(da.TwoPowerLaw(scale_height=3.0, beta=0.0, gamma=gamma))
    assert shape.scale_height == pytest.approx(3.0, rel=1e-9)
    assert shape.vertical_fwhm == pytest.approx(6.0 * LN2 ** (1 / gamma), rel=1e-9)


def test_a_gaussian_ring_has_the_widths_of_a_gaussian():
    for width in (8.0, 0.02):
        radial, vertical = da.GaussianRing(radius=90.0, width=width), da.VerticalLorentzian(1.2, beta=0.0)
        shape = da.ring_shape(da.Layered(radial=radial, vertical=vertical))
        assert shape.peak_radius == pytest.approx(90.0, rel=1e-7)
        assert shape.radial_fwhm == pytest.approx(width * math.sqrt(8 * LN2), rel=1e-7)
        assert shape.vertical_fwhm == pytest.approx(2.4, rel=1e-6)
        assert shape.scale_height == pytest.approx(1.2 * math.sqrt(math.e - 1), rel=1e-6)


@pytest.mark.parametrize("vertical", VERTICAL_PROFILES)
@pytest.mark.parametrize("radial", RADIAL_PROFILES)
def test_every_registered_density_against_brute_force(radial, vertical):
    density = da.Layered(radial=RADIAL_PROFILES[radial](), vertical=VERTICAL_PROFILES[vertical]())
    shape = da.ring_shape(density)
    peak, inner, outer, surface = brute_force(density)
    found = (shape.peak_radius, shape.inner_half_radius, shape.outer_half_radius)
    top = [float(density.density(r, 0.0, 0.0)) for r in (shape.peak_radius, peak)]
    assert top[0] == pytest.approx(top[1], rel=1e-6)
    if radial != "flat_belt":  # whose top is flat
        np.testing.assert_allclose(found, (peak, inner, outer), rtol=3e-4)
    assert shape.surface_peak_radius == pytest.approx(surface, rel=4e-2)
    if radial == "power_laws":
        assert shape.surface_peak_radius == pytest.approx(da.ring_shape(da.TwoPowerLaw()).surface_peak_radius, rel=1e-6)


def test_a_density_of_ones_own_without_hints():
    shape = da.ring_shape(OwnRing())
    assert shape.peak_radius == pytest.approx(60.0, rel=1e-6)
    assert shape.radial_fwhm == pytest.approx(4.0 * math.sqrt(8 * LN2), rel=1e-5)
    assert shape.surface_peak_radius == pytest.approx(110.0, rel=1e-6)  # fainter, but six times as thick
    assert shape.vertical_fwhm == pytest.approx(math.sqrt(8 * LN2), rel=1e-6)
    outer = da.ring_shape(OwnRing(), radii=np.linspace(90.0, 140.0, 200))
    assert outer.peak_radius == pytest.approx(110.0, rel=1e-6)
    assert outer.vertical_fwhm == pytest.approx(6 * math.sqrt(8 * LN2))


@pytest.mark.parametrize("cls", [da.TwoPowerLaw, da.Layered])
def test_an_eccentric_ring_is_measured_along_its_semi_major_axis(cls):
    round_ring, eccentric = da.ring_shape(cls()), da.ring_shape(cls(eccentricity=0.3, argument_of_pericenter=50.0))
    for name in ("peak_radius", "surface_peak_radius", "radial_fwhm", "vertical_fwhm", "scale_height"):
        assert getattr(eccentric, name) == pytest.approx(getattr(round_ring, name), rel=1e-6)
    for azimuth, factor in ((50.0, 0.7), (230.0, 1.3)):
        there = da.ring_shape(cls(eccentricity=0.3, argument_of_pericenter=50.0), azimuth=azimuth)
        assert there.peak_radius == pytest.approx(factor * round_ring.peak_radius, rel=1e-6)
        assert there.radial_fwhm == pytest.approx(factor * round_ring.radial_fwhm, rel=1e-6)
        assert there.azimuth == azimuth
        assert there.surface_peak_radius == pytest.approx(factor * round_ring.surface_peak_radius, rel=1e-6)


def test_what_a_density_does_not_have_is_not_a_number():
    rising = da.ring_shape(da.TwoPowerLaw(alpha_out=-0.5, beta=1.0))
    assert math.isnan(rising.surface_peak_radius) and rising.peak_radius > 0
    layered = da.Layered(radial=da.RadialPowerLaws(alpha_out=-0.5), vertical=da.VerticalGaussian(beta=1.0))
    assert math.isnan(da.ring_shape(layered).surface_peak_radius)

    class Cusp:
        def density(self, X, Y, Z, *, xp=np):
            return xp.exp(-xp.sqrt(X**2 + Y**2) / 50.0 - xp.abs(Z))

    cusp = da.ring_shape(Cusp())
    assert math.isnan(cusp.peak_radius) and math.isnan(cusp.radial_fwhm) and math.isnan(cusp.scale_height)


def test_what_is_refused():
    for wrong in (da.Disk(), da.TwoPowerLaw, 3.0):
        with pytest.raises(ParameterError, match="needs a density"):
            da.ring_shape(wrong)
    for radii in ([3.0, 2.0, 1.0], [1.0, 2.0], [-1.0, 2.0, 3.0], [1.0, np.nan, 3.0]):
        with pytest.raises(ParameterError, match="radii"):
            da.ring_shape(da.TwoPowerLaw(), radii=radii)
