"""Sums, splines and tables as phase functions."""

import pickle

import array_api_strict
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.special import eval_legendre

import diskarray as da
from diskarray.backend.pytree import on_namespace
from diskarray.errors import ParameterError, ShapeError
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.published import PUBLISHED_PHASE_FUNCTIONS
from diskarray.profiles.registry import PHASE_FUNCTIONS, POLARIZATIONS

COSINES = np.linspace(-1, 1, 201)
SPHERE = 4 * np.pi


def over_the_sphere(function):
    """Integral over solid angle, piece by piece."""

    def term(angle):
        return np.sin(angle) * float(function.phase(np.cos(angle)))

    edges = np.radians(np.concatenate([[0, 0.05, 0.2], [1.0, 3.0], np.arange(6.0, 181.0, 6.0)]))
    return 2 * np.pi * sum(quad(term, a, b, epsabs=1e-13)[0] for a, b in zip(edges[:-1], edges[1:], strict=True))


def test_sums_of_henyey_greenstein_functions():
    parts = [da.HenyeyGreenstein(g).phase(COSINES) for g in (0.8, 0.3, -0.4)]
    double = da.DoubleHenyeyGreenstein(g1=0.8, g2=-0.4, weight=0.7).phase(COSINES)
    np.testing.assert_allclose(double, 0.7 * parts[0] + 0.3 * parts[2], rtol=1e-13)
    triple = da.TripleHenyeyGreenstein(0.8, 0.3, -0.4, weight=0.6, second_share=0.25)
    np.testing.assert_allclose(triple.phase(COSINES), 0.6 * parts[0] + 0.1 * parts[1] + 0.3 * parts[2], rtol=1e-13)
    for weights in ((0.6, 0.1), (0.6, 0.1, 0.3)):
        same = da.TripleHenyeyGreenstein.from_weights((0.8, 0.3, -0.4), weights)
        np.testing.assert_allclose(same.phase(COSINES), triple.phase(COSINES), rtol=1e-13)
    one = da.TripleHenyeyGreenstein.from_weights((0.8, 0.3, -0.4), (1.0, 0.0))
    np.testing.assert_allclose(one.phase(COSINES), parts[0], rtol=1e-13)


@pytest.mark.parametrize(
    ("g", "weights", "message"),
    [
        ((0.1, 0.2), (0.5, 0.2), "three g"),
        ((0.1, 0.2, 0.3), (0.5,), "three g"),
        ((0.1, 0.2, 0.3), (0.8, 0.4), "at most 1"),
        ((0.1, 0.2, 0.3), (-0.1, 0.4), "at least 0"),
        ((0.1, 0.2, 0.3), (0.5, 0.2, 0.2), "add up to 1"),
        ((0.1, 1.2, 0.3), (0.5, 0.2), "g2"),
    ],
)
def test_weights_that_are_none_are_refused(g, weights, message):
    with pytest.raises(ParameterError, match=message):
        da.TripleHenyeyGreenstein.from_weights(g, weights)


def test_rayleigh_and_isotropic():
    np.testing.assert_allclose(da.RayleighScattering().phase(COSINES), 3 / (16 * np.pi) * (1 + COSINES**2), rtol=1e-14)
    np.testing.assert_allclose(da.IsotropicScattering().phase(COSINES), 1 / SPHERE, rtol=1e-14)
    assert np.shape(da.IsotropicScattering().phase(0.3)) == ()


def test_legendre_series():
    moments = np.array([0.5, -0.2, 0.1, 0.03, -0.4])
    expected = 1 + sum((2 * n + 1) * c * eval_legendre(n, COSINES) for n, c in enumerate(moments, start=1))
    np.testing.assert_allclose(da.LegendreSeries(moments).phase(COSINES), expected / SPHERE, rtol=1e-12, atol=1e-14)
    series = da.LegendreSeries(0.4 ** np.arange(1, 40))
    np.testing.assert_allclose(series.phase(COSINES), da.HenyeyGreenstein(0.4).phase(COSINES), rtol=1e-9)
    assert da.LegendreSeries([0.3]).moments.shape == (1,)


def test_spline_through_its_knots_over_the_probed_angles():
    values = np.array([8.0, 2.5, 1.4, 0.8, 0.9, 1.3])
    spline = da.SplinePhaseFunction(values=values, inclination=75.0)
    np.testing.assert_allclose(spline.angles, [15.0, 40.0, 65.0, 115.0, 140.0, 165.0], rtol=1e-14)
    np.testing.assert_allclose(spline.phase(np.cos(np.radians(spline.angles))) * SPHERE, values, rtol=1e-11)
    assert float(spline.phase(0.0)) * SPHERE == pytest.approx(1.0, rel=1e-14)
    reference = CubicSpline(np.linspace(15, 165, 7), np.log(np.insert(values, 3, 1.0)), bc_type="natural")
    angles = np.linspace(15, 165, 400)
    np.testing.assert_allclose(spline.phase(np.cos(np.radians(angles))) * SPHERE, np.exp(reference(angles)), rtol=1e-10)
    assert da.SplinePhaseFunction().values.shape == (4,)


def test_spline_goes_on_with_its_slope_and_levels_off():
    spline = da.SplinePhaseFunction(values=[5.0, 2.0, 0.8, 1.1], inclination=40.0)
    slope = np.diff(np.log(spline.phase(np.cos(np.radians([50.0, 50.001])))))[0] / 0.001

    def logarithm(angle):
        return np.log(float(spline.phase(np.cos(np.radians(angle)))) * SPHERE)

    assert (logarithm(50.0) - logarithm(49.999)) / 0.001 == pytest.approx(slope, rel=1e-3)
    assert logarithm(0.0) == pytest.approx(np.log(5.0) - 20.0 * slope * np.tanh(50 / 20), rel=1e-5)
    behind = (logarithm(130.0) - logarithm(129.999)) / 0.001
    assert logarithm(180.0) == pytest.approx(np.log(1.1) + 20.0 * behind * np.tanh(50 / 20), rel=1e-4)
    assert np.all(np.isfinite(spline.phase(COSINES)))


@pytest.mark.parametrize("inclination", [0.0, 3.0, 40.0, 76.0, 90.0, 104.0, 180.0])
def test_spline_can_be_normalized(inclination):
    values = [6.0, 2.0, 0.7, 1.2]
    spline = da.SplinePhaseFunction(values=values, inclination=inclination, normalized=True)
    assert over_the_sphere(spline) == pytest.approx(1.0, abs=1e-8)
    plain = da.SplinePhaseFunction(values=values, inclination=inclination)
    ratio = spline.phase(COSINES) / plain.phase(COSINES)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


@pytest.mark.parametrize("n", [4, 30])
def test_table_is_scipys_monotone_interpolation(n):
    angles = np.linspace(12.0, 168.0, n)
    values = 0.3 + np.cos(np.radians(angles)) ** 2
    table = da.TabulatedPhaseFunction(angles=angles, values=values, normalized=False)
    reference, phi = PchipInterpolator(angles, values), np.linspace(0, 180, 500)
    expected = reference(np.clip(phi, 12.0, 168.0)) / reference(90.0) / SPHERE
    np.testing.assert_allclose(table.phase(np.cos(np.radians(phi))), expected, rtol=1e-10)
    whole = da.TabulatedPhaseFunction(angles=angles, values=values)
    assert over_the_sphere(whole) == pytest.approx(1.0, abs=1e-8)
    np.testing.assert_allclose(whole.phase(COSINES) * whole.scale(), table.phase(COSINES) * table.scale(), rtol=1e-12)


def test_a_fine_table_of_a_known_function_gives_it_back():
    angles = np.arange(0.0, 181.0, 2.0)
    truth = da.HenyeyGreenstein(0.35)
    table = da.TabulatedPhaseFunction(angles=angles, values=17.0 * truth.phase(np.cos(np.radians(angles))))
    np.testing.assert_allclose(table.phase(COSINES), truth.phase(COSINES), rtol=2e-4)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: da.SplinePhaseFunction(values=[1.0, 2.0, 3.0]), ShapeError, "even number"),
        (lambda: da.SplinePhaseFunction(values=[1.0, 0.0]), ParameterError, "SplinePhaseFunction.values"),
        (lambda: da.SplinePhaseFunction(values=[[1.0, 2.0]]), ShapeError, "SplinePhaseFunction.values"),
        (lambda: da.SplinePhaseFunction(values="steep"), ParameterError, "SplinePhaseFunction.values"),
        (lambda: da.SplinePhaseFunction(inclination=181.0), ParameterError, "SplinePhaseFunction.inclination"),
        (lambda: da.TabulatedPhaseFunction(angles=(0.0, 90.0), values=[1.0]), ShapeError, "2 numbers"),
        (lambda: da.TabulatedPhaseFunction(angles=(0.0, 200.0), values=[1.0, 2.0]), ParameterError, "0 to 180"),
        (lambda: da.TabulatedPhaseFunction(values=-1.0), ParameterError, "TabulatedPhaseFunction.values"),
        (lambda: da.TabulatedPhaseFunction(values=0.0), ParameterError, "zero where they set the scale"),
        (lambda: da.LegendreSeries([0.1, 1.1]), ParameterError, "LegendreSeries.moments"),
        (lambda: da.DoubleHenyeyGreenstein(weight=1.1), ParameterError, "DoubleHenyeyGreenstein.weight"),
        (lambda: da.TripleHenyeyGreenstein(g3=-1.0), ParameterError, "TripleHenyeyGreenstein.g3"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("cls", [*PHASE_FUNCTIONS.values(), *POLARIZATIONS.values()])
def test_the_array_standard_and_numpy_agree(cls):
    rng = np.random.default_rng(2)
    shapes = {name: np.shape(getattr(cls(), name)) for name in parameters_of(cls)}
    made = cls(**{n: spec.prior.from_unit(rng.uniform(size=shapes[n])) for n, spec in parameters_of(cls).items()})
    method = "phase" if hasattr(made, "phase") else "fraction"
    strict = getattr(on_namespace(made, array_api_strict), method)
    values = strict(array_api_strict.asarray(COSINES), xp=array_api_strict)
    np.testing.assert_allclose(np.asarray(values), getattr(made, method)(COSINES), rtol=1e-12, atol=1e-15)


def test_published_phase_functions():
    with pytest.raises(TypeError):
        PUBLISHED_PHASE_FUNCTIONS["mine"] = None
    for function in PUBLISHED_PHASE_FUNCTIONS.values():
        assert over_the_sphere(function) == pytest.approx(1.0, abs=1e-8)
        assert pickle.loads(pickle.dumps(function)).phase(0.3) == function.phase(0.3)
    known = PUBLISHED_PHASE_FUNCTIONS["hr4796a_h2_chen2020"]
    source = {0.9884906417034811: 0.795033278796646, 0.5540015360217095: 0.02240002032471728}  # the file named there
    source[-0.1764385144981221] = 1 - sum(source.values())
    expected = sum(weight * da.HenyeyGreenstein(g).phase(COSINES) for g, weight in source.items())
    np.testing.assert_allclose(known.phase(COSINES), expected, rtol=2e-4)


def test_probed_angles():
    assert [tuple(map(float, da.probed_angles(i))) for i in (0.0, 76.0, 90.0, 104.0)] == [
        (90.0, 90.0),
        (14.0, 166.0),
        (0.0, 180.0),
        (14.0, 166.0),
    ]
