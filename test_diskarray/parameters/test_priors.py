"""Every prior of the registry: normalized, its inverse right, -inf outside, never NaN."""

import math

import array_api_strict
import numpy as np
import pytest
from scipy import integrate, optimize, stats

from diskarray.errors import ParameterError
from diskarray.parameters.priors import (
    PRIORS,
    Isotropic,
    LogUniform,
    Normal,
    TruncatedNormal,
    Uniform,
    UniformAngle,
)

# prior, the interval that holds (all but 1e-15 of) its probability, the same distribution in scipy
CASES = {
    "uniform": [(Uniform(-2, 3), (-2, 3), stats.uniform(-2, 5)), (Uniform(60, 88), (60, 88), stats.uniform(60, 28))],
    "log_uniform": [
        (LogUniform(0.5, 50), (0.5, 50), stats.loguniform(0.5, 50)),
        (LogUniform(1e-7, 10), (1e-7, 10), stats.loguniform(1e-7, 10)),
    ],
    "normal": [(Normal(3, 0.2), (1, 5), stats.norm(3, 0.2)), (Normal(0, 100), (-1000, 1000), stats.norm(0, 100))],
    "truncated_normal": [
        (
            TruncatedNormal(mean, sigma, lower, upper),
            (lower, upper),
            stats.truncnorm((lower - mean) / sigma, (upper - mean) / sigma, mean, sigma),
        )
        for mean, sigma, lower, upper in [
            (0, 1, -1, 2),
            (76, 2, 0, 90),
            (0, 1, 1, 2),
            (0, 1, -7, -6),
            (0, 1, 6, 8),
            (0, 1, 10, 11),
            (0, 0.5, -15, -12),
        ]
    ],
    "isotropic": [
        (Isotropic(), (0, 180), None),
        (Isotropic(0, 90), (0, 90), None),
        (Isotropic(60, 88), (60, 88), None),
        (Isotropic(85, 120), (85, 120), None),
    ],
    "uniform_angle": [
        (UniformAngle(), (0, 360), stats.uniform(0, 360)),
        (UniformAngle(-90, 90), (-90, 90), stats.uniform(-90, 180)),
    ],
}
ALL = [(name, *case) for name, cases in CASES.items() for case in cases]
every_prior = pytest.mark.parametrize(
    "name, prior, ends, reference", ALL, ids=lambda v: repr(v) if hasattr(v, "log_density") else ""
)
INSIDE = np.array([1e-6, 0.01, 0.2, 0.5, 0.77, 0.99, 1 - 1e-6])


def integral(prior, lower, upper):
    points = np.linspace(lower, upper, 9)[1:-1]
    return integrate.quad(
        lambda v: math.exp(prior.log_density(v)), lower, upper, points=points, epsabs=1e-13, epsrel=1e-11, limit=400
    )[0]


def test_every_prior_of_the_registry_is_tested():
    assert set(CASES) == set(PRIORS) and all(
        isinstance(case[0], PRIORS[n]) for n, cases in CASES.items() for case in cases
    )
    with pytest.raises(TypeError):
        PRIORS["uniform"] = None


@every_prior
def test_the_density_integrates_to_one(name, prior, ends, reference):
    np.testing.assert_allclose(integral(prior, *ends), 1, rtol=1e-9)


@every_prior
def test_from_unit_is_the_inverse_of_the_cumulative_probability(name, prior, ends, reference):
    values = prior.from_unit(INSIDE)
    assert np.all(np.diff(values) > 0) and np.all((values >= ends[0]) & (values <= ends[1]))
    for u, value in zip(INSIDE[1:-1], values[1:-1], strict=True):
        np.testing.assert_allclose(integral(prior, ends[0], value), u, rtol=1e-7)


@every_prior
def test_densities_and_quantiles_are_those_of_scipy(name, prior, ends, reference):
    if reference is None:
        sine = np.sin(np.radians(prior.from_unit(INSIDE)))
        densities = np.exp(prior.log_density(prior.from_unit(INSIDE)))
        np.testing.assert_allclose(densities / sine, densities[3] / sine[3], rtol=1e-10)
        return
    np.testing.assert_allclose(prior.from_unit(INSIDE), reference.ppf(INSIDE), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(
        prior.log_density(prior.from_unit(INSIDE)), reference.logpdf(prior.from_unit(INSIDE)), rtol=1e-10, atol=1e-12
    )


@every_prior
def test_outside_it_is_minus_infinity_and_nowhere_nan(name, prior, ends, reference):
    if name not in ("normal", "uniform_angle"):
        assert (prior.lower, prior.upper) == ends
        for value in (np.nextafter(ends[0], -1e9), np.nextafter(ends[1], 1e9), ends[0] - 100, ends[1] + 100):
            assert prior.log_density(value) == -np.inf
    strange = np.array([np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(prior.log_density(strange), -np.inf)
    for value in strange:
        assert prior.log_density(value) == -np.inf
    wide = prior.log_density(np.linspace(-500, 500, 2001))
    assert not np.any(np.isnan(wide)) and not np.any(wide == np.inf)
    assert np.all(np.isfinite(prior.log_density(np.linspace(*ends, 13)[1:-1])))


@every_prior
def test_arrays_and_numbers_agree_on_any_namespace(name, prior, ends, reference):
    values = prior.from_unit(INSIDE)
    np.testing.assert_array_equal([prior.log_density(v) for v in values], prior.log_density(values))
    strict = array_api_strict.asarray(INSIDE)
    for function, given in ((prior.from_unit, INSIDE), (prior.log_density, values)):
        result = function(array_api_strict.asarray(given), xp=array_api_strict)
        assert type(result) is type(strict)
        np.testing.assert_allclose(np.asarray(result), function(given), rtol=1e-14)


@every_prior
def test_the_ends_of_the_unit_interval_are_the_ends_of_the_support(name, prior, ends, reference):
    if name == "normal":
        assert prior.from_unit(0.0) == prior.lower == -np.inf and prior.from_unit(1.0) == prior.upper == np.inf
    else:
        np.testing.assert_allclose([prior.from_unit(0.0), prior.from_unit(1.0)], ends, rtol=1e-6, atol=1e-12)


def test_an_inclination_of_zero_has_no_probability_density():
    assert Isotropic().log_density(0.0) == -np.inf and Isotropic(0, 90).log_density(0.0) == -np.inf
    assert Isotropic().log_density(180.0) < -30
    np.testing.assert_allclose(Isotropic().from_unit(0.5), 90)


@pytest.mark.parametrize("lower, upper", [(0, 360), (-180, 180), (0, 180), (-90, 90), (10.5, 370.5)])
def test_a_periodic_angle_is_wrapped_into_its_interval(lower, upper):
    prior = UniformAngle(lower, upper)
    assert prior.period == upper - lower
    seams = [
        np.nextafter(lower, -1e3),
        lower,
        np.nextafter(lower, 1e3),
        np.nextafter(upper, -1e3),
        upper,
        lower - 1e-15,
        -1e-300,
    ]
    values = np.concatenate([seams, np.linspace(-1000, 1000, 401)])
    wrapped = prior.wrapped(values)
    assert np.all((wrapped >= lower) & (wrapped < upper))
    turns = (wrapped - values) / prior.period
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-11)
    assert prior.wrapped(lower) == lower == prior.wrapped(upper)
    np.testing.assert_array_equal(prior.log_density(values), prior.log_density(lower))


def test_the_median_of_a_prior_halves_it():
    for _, prior, ends, _ in ALL:
        half = optimize.brentq(lambda v, p=prior, e=ends: integral(p, e[0], v) - 0.5, *ends, xtol=1e-10)
        np.testing.assert_allclose(prior.from_unit(0.5), half, rtol=1e-7, atol=1e-7)


def test_priors_are_frozen_values():
    assert Uniform(1, 2) == Uniform(1.0, np.float64(2)) and hash(Uniform(1, 2)) == hash(Uniform(1.0, 2.0))
    assert Uniform(1, 2) != LogUniform(1, 2) and Uniform(1, 2) != Uniform(1, 3)
    with pytest.raises(AttributeError):
        Uniform(1, 2).lower = 0


WRONG = [
    (Uniform, (2, 1)),
    (Uniform, (1, 1)),
    (Uniform, (np.nan, 1)),
    (Uniform, (0, np.inf)),
    (Uniform, ("a", 1)),
    (Uniform, (None, 1)),
    (LogUniform, (0, 1)),
    (LogUniform, (-1, 1)),
    (LogUniform, (2, 1)),
    (Normal, (0, 0)),
    (Normal, (0, -1)),
    (Normal, (np.inf, 1)),
    (TruncatedNormal, (0, 0, 0, 1)),
    (TruncatedNormal, (0, 1, 1, 0)),
    (TruncatedNormal, (0, 1, 50, 51)),
    (Isotropic, (-1, 90)),
    (Isotropic, (0, 181)),
    (Isotropic, (90, 0)),
    (UniformAngle, (360, 0)),
    (UniformAngle, (0, np.nan)),
]


@pytest.mark.parametrize("prior, arguments", WRONG)
def test_priors_that_make_no_sense_are_refused_by_name(prior, arguments):
    with pytest.raises(ParameterError, match=prior.__name__):
        prior(*arguments)
