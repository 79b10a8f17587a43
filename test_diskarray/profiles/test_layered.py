"""Radial and vertical profiles, alone and combined."""

import functools
import pickle
from itertools import pairwise, product

import array_api_strict
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

import diskarray as da
from diskarray.backend.pytree import on_namespace
from diskarray.errors import ParameterError, ShapeError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.protocols import Density
from diskarray.profiles.registry import RADIAL_PROFILES, VERTICAL_PROFILES

PAIRS = list(product(RADIAL_PROFILES, VERTICAL_PROFILES))
SINGULAR = np.array(
    [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [5.0, 0.0, 0.0],
        [0.0, -5.0, 0.0],
        [1e-200, 0.0, 0.0],
        [0.0, 0.0, 1e-300],
        [1e6, 1e6, 0.0],
        [1e6, 0.0, 1e6],
        [0.0, 0.0, -1e6],
    ]
).T
R = np.geomspace(1.0, 1000.0, 4001)


def drawn(cls, rng, **settings):
    """An object with every number drawn from its default prior, each entry of an array on its own."""
    shapes = {name: np.shape(getattr(cls(), name)) for name in parameters_of(cls)}
    values = {name: spec.prior.from_unit(rng.uniform(size=shapes[name])) for name, spec in parameters_of(cls).items()}
    return cls(**values | settings)


def layered(radial, vertical, rng):
    return drawn(
        da.Layered, rng, radial=drawn(RADIAL_PROFILES[radial], rng), vertical=drawn(VERTICAL_PROFILES[vertical], rng)
    )


@pytest.mark.parametrize(("radial", "vertical"), PAIRS)
def test_every_combination_is_finite_symmetric_and_pickles(radial, vertical):
    rng = np.random.default_rng(4)
    for _ in range(60):
        density = layered(radial, vertical, rng)
        points = np.concatenate([rng.normal(0, rng.choice([0.1, 10, 300]), size=(3, 50)), SINGULAR], axis=1)
        values = density.density(*points)
        assert isinstance(density, Density) and np.all(np.isfinite(values)) and np.all(values >= 0)
        np.testing.assert_array_equal(density.density(points[0], points[1], -points[2]), values)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(density)).density(*points), values)


@pytest.mark.parametrize(("radial", "vertical"), PAIRS)
def test_the_array_standard_and_numpy_agree(radial, vertical):
    rng = np.random.default_rng(9)
    density, points = layered(radial, vertical, rng), rng.normal(0, 60, size=(3, 40))
    strict = on_namespace(density, array_api_strict)
    values = strict.density(*(array_api_strict.asarray(p) for p in points), xp=array_api_strict)
    np.testing.assert_allclose(np.asarray(values), density.density(*points), rtol=1e-12, atol=1e-300)
    column = strict.vertical_column(xp=array_api_strict)
    np.testing.assert_allclose(float(column), float(density.vertical_column()), rtol=1e-13)
    if hasattr(density, "scales"):
        assert all(np.isfinite(float(x)) for x in strict.scales()) and float(strict.scales().radius) > 0


@pytest.mark.parametrize(("radial", "vertical"), PAIRS)
def test_the_column_is_the_integral_over_z_at_the_reference_radius(radial, vertical):
    rng = np.random.default_rng(8)
    for _ in range(5):
        density = layered(radial, vertical, rng)
        e, angle = density.eccentricity, np.radians(density.argument_of_pericenter)
        X, Y = (density.radial.radius * (1 - e) * f(angle) for f in (np.cos, np.sin))
        height = density.vertical.scale_height
        midplane = float(density.density(X, Y, 0.0))
        assert midplane == pytest.approx(float(density.radial.midplane(np.asarray(density.radial.radius))), rel=1e-9)
        if midplane < 1e-30:
            continue
        edges = [0, *(height * np.geomspace(1e-4, 1e7, 50))]
        along = functools.partial(density.density, X, Y)
        column = 2 * sum(quad(along, a, b)[0] for a, b in pairwise(edges))
        assert float(density.vertical_column()) == pytest.approx(column / midplane, rel=1e-6)


def test_power_laws_and_a_gaussian_are_the_two_power_law():
    shape = {"eccentricity": 0.2, "argument_of_pericenter": 40.0}
    whole = da.TwoPowerLaw(radius=70.0, alpha_in=8.0, alpha_out=-3.0, scale_height=2.0, gamma=1.6, beta=0.7, **shape)
    parts = da.Layered(
        radial=da.RadialPowerLaws(radius=70.0, alpha_in=8.0, alpha_out=-3.0),
        vertical=da.VerticalGaussian(scale_height=2.0, gamma=1.6, beta=0.7),
        **shape,
    )
    X, Y, Z = np.random.default_rng(1).normal(size=(3, 500)) * np.array([[70.0], [70.0], [3.0]])
    np.testing.assert_allclose(parts.density(X, Y, Z), whole.density(X, Y, Z), rtol=1e-10)
    assert parts.vertical_column() == whole.vertical_column() and parts.scales() == whole.scales()


@pytest.mark.parametrize(
    ("vertical", "fall"),
    [
        (da.VerticalGaussian(2.0, beta=1.5), lambda t: np.exp(-(t**2))),
        (da.VerticalGaussian(2.0, gamma=0.7, beta=0.0), lambda t: np.exp(-(t**0.7))),
        (da.VerticalExponential(2.0, beta=1.0), lambda t: np.exp(-t)),
        (da.VerticalLorentzian(2.0, beta=0.5), lambda t: 1 / (1 + t**2)),
    ],
)
def test_vertical_profiles_and_their_flaring(vertical, fall):
    Z = np.linspace(-9, 9, 41)
    for ratio in (0.5, 1.0, 3.0):
        expected = fall(np.abs(Z) / (2.0 * ratio**vertical.beta))
        np.testing.assert_allclose(vertical.profile(Z, ratio), expected, rtol=1e-12)


def test_gaussian_ring():
    ring = da.GaussianRing(radius=80.0, width=7.0)
    np.testing.assert_allclose(ring.midplane(np.array([80.0, 73.0, 94.0])), np.exp([0.0, -0.5, -2.0]), rtol=1e-13)


def test_flat_belt_is_flat_between_soft_edges():
    belt = da.FlatBelt(inner_radius=60.0, width=40.0, inner_softness=1.0, outer_softness=2.0)
    assert belt.radius == 80.0
    np.testing.assert_allclose(belt.midplane(np.array([60.0, 100.0])), 0.5, rtol=1e-10)
    np.testing.assert_allclose(belt.midplane(np.linspace(70, 80, 20)), 1.0, rtol=1e-6)
    flanks = 0.5 * (1 + np.tanh(60.0 * np.log([59 / 60, 61 / 60])))
    np.testing.assert_allclose(belt.midplane(np.array([59.0, 61.0])), flanks, rtol=1e-12)
    sloped = da.FlatBelt(inner_radius=60.0, width=40.0, inner_softness=1.0, outer_softness=1.0, slope=-2.0)
    ratio = np.array([0.9, 1.0, 1.1])
    np.testing.assert_allclose(sloped.midplane(80.0 * ratio), ratio**-2.0, rtol=1e-6)


def test_an_inner_edge_cuts_any_profile_softly():
    ring = da.RadialPowerLaws(alpha_in=1.0)
    cut = da.InnerEdge(ring, edge_radius=60.0, softness=0.5)
    np.testing.assert_allclose(cut.midplane(np.asarray(60.0)), 0.5 * ring.midplane(np.asarray(60.0)), rtol=1e-12)
    np.testing.assert_allclose(cut.midplane(R[R > 65]), ring.midplane(R[R > 65]), rtol=1e-7)
    assert np.all(cut.midplane(R[R < 55]) < 1e-8) and cut.radius == ring.radius


def test_free_form_is_a_spline_in_log_log_with_power_laws_outside():
    values = np.array([0.2, 1.0, 0.4, 0.7, 0.1])
    form = da.FreeForm(values=values, inner_radius=40.0, width=80.0, alpha_in=6.0, alpha_out=-4.0)
    knots = form.knots
    np.testing.assert_allclose(knots[[0, -1]], [40.0, 120.0])
    np.testing.assert_allclose(form.midplane(knots), values, rtol=1e-12)
    spline = CubicSpline(np.log(knots), np.log(values), bc_type=((1, 6.0), (1, -4.0)))
    inside = np.geomspace(40.0, 120.0, 300)
    np.testing.assert_allclose(form.midplane(inside), np.exp(spline(np.log(inside))), rtol=1e-11)
    np.testing.assert_allclose(form.midplane(np.array([20.0, 240.0])), values[[0, -1]] * [0.5**6, 2.0**-4], rtol=1e-12)
    assert form.radius == pytest.approx(np.sqrt(40.0 * 120.0)) and da.FreeForm().values.shape == (5,)


def test_eccentric_belt_keeps_to_kepler_ellipses():
    belt = da.Layered(radial=da.GaussianRing(radius=60.0, width=1.0), eccentricity=0.3, argument_of_pericenter=70.0)
    r = np.linspace(20, 100, 80001)
    for turn, expected in ((0.0, 42.0), (180.0, 78.0), (90.0, 60.0 * (1 - 0.09))):
        angle = np.radians(70.0 + turn)
        n = belt.density(r * np.cos(angle), r * np.sin(angle), 0 * r)
        assert r[np.argmax(n)] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (cls, name)
        for registry in (RADIAL_PROFILES, VERTICAL_PROFILES, {"layered": da.Layered})
        for cls in registry.values()
        for name in parameters_of(cls)
    ],
)
def test_range_errors_name_the_parameter(cls, wrong):
    spec = parameters_of(cls)[wrong]
    outside = [np.nan, "wide", *(v for v in (-np.inf, np.inf, spec.lower - 1, spec.upper + 1) if not spec.contains(v))]
    for value in outside:
        with pytest.raises(ParameterError, match=f"{cls.__name__}.{wrong}"):
            cls(**{wrong: value})


@pytest.mark.parametrize("wrong", [[1.0], [[1.0, 2.0]], np.ones((2, 3)), [[1.0], [1.0, 2.0]]])
def test_free_form_needs_a_list_of_values(wrong):
    with pytest.raises(ShapeError, match=r"FreeForm\.values"):
        da.FreeForm(values=wrong)


def test_parts_that_are_none_are_refused():
    with pytest.raises(ParameterError, match=r"radial needs a \.midplane\(r, \*, xp\) method"):
        da.Layered(radial=da.VerticalGaussian())
    with pytest.raises(ParameterError, match=r"vertical needs \.profile"):
        da.Layered(vertical=da.GaussianRing())
    with pytest.raises(ParameterError, match=r"radial needs a \.midplane"):
        da.InnerEdge(radial=3.0)
    with pytest.raises(ParameterError, match=r"radial needs a \.midplane"):
        da.Layered(radial=da.GaussianRing)


class Step:
    """A user's own radial profile, without hints."""

    radius = 70.0

    def midplane(self, r, *, xp=np):
        return xp.exp(-xp.abs(r - 70.0) / 8.0)


def test_hints_are_given_only_where_both_parts_have_them():
    assert hasattr(da.Layered(), "scales") and not hasattr(da.Layered(radial=Step()), "scales")
    assert not hasattr(da.Layered(vertical=da.VerticalLorentzian()), "scales")
    assert not hasattr(da.Layered(radial=da.InnerEdge(radial=Step())), "scales")


def brute_force(density, u, v, inclination, features):
    """The line-of-sight integral by adaptive quadrature between many cuts, isotropic scattering."""
    cos_i, sin_i = np.cos(np.radians(inclination)), np.sin(np.radians(inclination))
    cuts = {0.0, *(s * x for s in (-1, 1) for x in (3, 10, 30, 60, 100, 200, 400, 1000, 3000))}
    if abs(cos_i) > 1e-6:
        cuts |= {v * sin_i / cos_i + s for s in (-30, -10, -3, -1, 0, 1, 3, 10, 30)}
    if sin_i > 1e-6:
        cuts |= {(s * np.sqrt(r * r - u * u) - v * cos_i) / sin_i for r in features if r > abs(u) for s in (-1, 1)}

    def integrand(l):
        n = density.density(u, v * cos_i + l * sin_i, l * cos_i - v * sin_i)
        return float(n) / (4 * np.pi * (u * u + v * v + l * l))

    return sum(quad(integrand, a, b, epsabs=1e-12, epsrel=1e-5)[0] for a, b in pairwise(sorted(cuts)))


@pytest.mark.parametrize(
    ("density", "features", "tolerance"),
    [
        (da.Layered(radial=da.GaussianRing()), (60, 77, 95), 1e-4),
        (da.Layered(radial=da.GaussianRing(width=2.0)), (70, 75, 77, 79, 84), 2e-4),
        (da.Layered(radial=da.FlatBelt()), (55, 60, 65, 85, 90, 95), 2e-4),
        (
            da.Layered(radial=da.FlatBelt(), eccentricity=0.15, argument_of_pericenter=-60.0),
            (50, 60, 70, 80, 100),
            2e-4,
        ),
        (da.Layered(radial=da.InnerEdge(edge_radius=70.0)), (60, 68, 70, 72, 77), 2e-4),
        (da.Layered(radial=da.FreeForm(values=[0.3, 1.0, 0.5, 1.2, 0.4])), (40, 52, 69, 91, 120), 1e-3),
        (da.Layered(radial=da.GaussianRing(), vertical=da.VerticalExponential()), (60, 77, 95), 2e-4),
        (da.Layered(radial=da.GaussianRing(), vertical=da.VerticalLorentzian()), (60, 77, 95), 1e-4),
        (da.Layered(radial=Step()), (60, 70, 80), 1e-3),
    ],
    ids=lambda value: type(value.radial).__name__ if hasattr(value, "radial") else None,
)
@pytest.mark.parametrize("inclination", [0.0, 60.0, 88.0])
def test_images_are_the_brute_force_integral(density, features, tolerance, inclination):
    rng, squeeze = np.random.default_rng(1), max(np.cos(np.radians(inclination)), 0.03)
    angle, r = rng.uniform(0, 2 * np.pi, 3), density.radial.radius * np.array([0.85, 1.0, 1.15])
    u, v = r * np.cos(angle), r * np.sin(angle) * squeeze
    disk = da.Disk(
        density=density,
        phase_function=da.IsotropicScattering(),
        inclination=inclination,
        distance=50.0,
        optical_depth=1.0,
    )
    image = disk.image_2d_from(da.Grid2DIrregular(np.stack([u, v], axis=-1) / 50.0)).array
    expected = np.array([brute_force(density, a, b, inclination, features) for a, b in zip(u, v, strict=True)])
    expected *= 50.0**2 / float(density.vertical_column())
    assert np.max(np.abs(image - expected)) < tolerance * np.max(expected)
