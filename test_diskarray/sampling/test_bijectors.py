"""Coordinates without bounds: exact round trips, exact Jacobians, and no silent clipping at a bound."""

import math

import array_api_strict as strict
import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.errors import ParameterError, ShapeError
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.parameters.priors import Isotropic, LogUniform, Normal, TruncatedNormal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace
from diskarray.sampling.bijectors import HalfLine, Interval, Line, LogInterval, Unconstrained, bijector_for

MAPS = [
    Line(3.0, 2.5),
    HalfLine(1.5, 0.7),
    HalfLine(-1.5, -0.7),
    Interval(-2.0, 5.0),
    Interval(40.0, 41.0),
    LogInterval(1e-5, 1e-1),
]
PRIORS = {
    "disks.belt.inclination": Isotropic(30.0, 88.0),
    "disks.belt.position_angle": UniformAngle(0.0, 180.0),
    "disks.belt.optical_depth": LogUniform(1e-5, 1e-1),
    "disks.belt.density.scale_height": Normal(2.0, 1.0),
    "disks.belt.density.alpha_out": TruncatedNormal(-5.0, 2.0, -12.0, -1.0),
    "disks.belt.phase_function.g": Uniform(-1.0, 1.0),
    "disks.belt.offset_x": Normal(0.0, 3.0),
}


def space():
    return ParameterSpace.of(Scene(disks={"belt": Disk()}), PRIORS)


@pytest.mark.parametrize("bijector", MAPS, ids=repr)
def test_round_trip_from_coordinates(bijector):
    z = np.linspace(-9, 9, 37)
    back = bijector.to_coordinate(bijector.to_value(z))
    x = bijector.to_value(z)
    rounding = np.abs(x) * 2e-15 * np.exp(-bijector.log_derivative(z))  # what one rounding of x means in z
    assert np.all(np.abs(back - z) <= 1e-13 + rounding)


@pytest.mark.parametrize("bijector", MAPS, ids=repr)
def test_derivative_against_finite_differences(bijector):
    z, step = np.linspace(-6, 6, 25), 1e-4
    value = bijector.to_value
    slope = (8 * (value(z + step) - value(z - step)) - (value(z + 2 * step) - value(z - 2 * step))) / (12 * step)
    rounding = 1e-15 * np.abs(value(z)) / step
    assert np.all(np.abs(np.exp(bijector.log_derivative(z)) - np.abs(slope)) <= 1e-9 * np.abs(slope) + 5 * rounding)


@pytest.mark.parametrize(
    ("prior", "lower", "upper"),
    [
        (Uniform(2.0, 5.0), 2.0, 5.0),
        (LogUniform(1e-4, 1e-1), 1e-4, 1e-1),
        (Isotropic(0, 90), 0.0, 90.0),
        (TruncatedNormal(0.3, 0.3, -0.9, 0.9), -0.9, 0.9),
        (Normal(1.0, 2.0), -math.inf, math.inf),
    ],
    ids=lambda p: type(p).__name__,
)
def test_a_prior_stays_normalized_in_its_coordinate(prior, lower, upper):
    bijector = bijector_for(prior, lower, upper)

    def density(z):
        z = np.asarray(z)
        return np.exp(prior.log_density(bijector.to_value(z)) + bijector.log_derivative(z))

    assert quad(density, -35, 35, limit=400, points=(0,))[0] == pytest.approx(1.0, abs=1e-8)


def test_which_map_a_parameter_gets():
    kinds = [type(b) for b in Unconstrained.of(space()).bijectors]
    assert kinds == [Interval, Line, LogInterval, HalfLine, Interval, Interval, Line]
    assert bijector_for(Normal(0, 1), -math.inf, 3.0).to_value(np.asarray(40.0)) < 3.0
    assert bijector_for(UniformAngle(0, 180), -math.inf, math.inf).to_value(np.asarray(math.pi)) == pytest.approx(180)


def test_the_whole_vector_and_its_jacobian():
    coordinates, free = Unconstrained.of(space()), space()
    random = np.random.default_rng(3)
    for _ in range(5):
        z = random.normal(size=free.size)
        vector = coordinates.to_vector(z)
        assert np.isfinite(free.log_prior(vector))
        np.testing.assert_allclose(coordinates.to_coordinates(vector), z, rtol=1e-11, atol=1e-12)
        jacobian = np.stack(
            [(coordinates.to_vector(z + h) - coordinates.to_vector(z - h)) / 2e-6 for h in 1e-6 * np.eye(z.size)],
            axis=-1,
        )
        assert coordinates.log_jacobian(z) == pytest.approx(np.linalg.slogdet(jacobian)[1], abs=1e-6)


def test_every_draw_of_the_coordinates_lies_inside_the_bounds():
    coordinates, free = Unconstrained.of(space()), space()
    lower, upper = free.bounds
    for z in (-30.0, -1.0, 0.0, 1.0, 30.0):
        vector = coordinates.to_vector(np.full(free.size, z))
        assert np.all((vector >= lower) & (vector <= upper))
    near = Interval(0.0, 1.0)
    assert 0 < near.to_value(np.asarray(-700.0)) < 1e-300 and near.to_value(np.asarray(700.0)) == 1.0


def test_a_covariance_moves_to_first_order():
    coordinates = Unconstrained.of(space())
    z = np.full(7, 0.3)
    random = np.random.default_rng(1)
    root = 1e-4 * random.normal(size=(7, 7))
    draws = np.array([coordinates.to_vector(z + root @ e) for e in random.normal(size=(4000, 7))])
    back = coordinates.covariance(np.cov(draws.T), z)
    np.testing.assert_allclose(back, root @ root.T, atol=0.1 * np.max(np.abs(root @ root.T)))
    mirrored = Unconstrained(("a", "b"), (HalfLine(1.0, -2.0), Line(0.0, 1.0)))
    assert mirrored.covariance(np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros(2))[0, 1] == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("disks.belt.inclination", 88.0, "30 to 88"),
        ("disks.belt.inclination", 29.0, "30 to 88"),
        ("disks.belt.optical_depth", 1e-5, "1e-05 to 0.1"),
        ("disks.belt.density.scale_height", 0.0, "above 0"),
        ("disks.belt.offset_x", math.nan, "finite"),
    ],
)
def test_a_value_at_or_beyond_a_bound_is_refused(path, value, words):
    free = space()
    vector = free.from_unit_cube(np.full(free.size, 0.6))
    vector[free.names.index(path)] = value
    with pytest.raises(ParameterError, match=words) as raised:
        Unconstrained.of(free).to_coordinates(vector)
    assert path in str(raised.value) and "inside" in str(raised.value)


def test_a_wrong_length_is_refused():
    with pytest.raises(ShapeError, match="inclination"):
        Unconstrained.of(space()).to_vector(np.zeros(3))


def test_the_array_standard_is_enough():
    coordinates = Unconstrained.of(space())
    z = np.linspace(-2, 2, 7)
    for method in ("to_vector", "log_derivatives", "log_jacobian"):
        got = getattr(coordinates, method)(strict.asarray(z), xp=strict)
        np.testing.assert_array_equal(np.asarray(got), getattr(coordinates, method)(z))
    vector = coordinates.to_vector(z)
    np.testing.assert_allclose(np.asarray(coordinates.to_coordinates(strict.asarray(vector), xp=strict)), z, atol=1e-12)
