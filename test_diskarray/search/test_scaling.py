"""Optimizer coordinates of order one."""

import numpy as np
import pytest

from diskarray.backend.pytree import component
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Isotropic, LogUniform, Normal, TruncatedNormal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace
from diskarray.search.scaling import Scaling


@component
class Model:
    bounded: float = parameter(1.0)
    logarithmic: float = parameter(1.0, above=0)
    gaussian: float = parameter(1.0, minimum=0)
    truncated: float = parameter(1.0)
    inclination: float = parameter(1.0, minimum=0, maximum=180)
    angle: float = parameter(1.0)


SPACE = ParameterSpace.of(
    Model(),
    {
        "bounded": Uniform(-3, 7),
        "logarithmic": LogUniform(1e-6, 1e2),
        "gaussian": Normal(5, 2),
        "truncated": TruncatedNormal(0, 1, -2, 4),
        "inclination": Isotropic(0, 90),
        "angle": UniformAngle(-90, 90),
    },
)
SCALING = Scaling.of(SPACE)
VECTOR = np.array([2.0, 1e-2, 9.0, 1.0, 30.0, 45.0])


def test_coordinates():
    np.testing.assert_allclose(SCALING.to_coordinates(VECTOR), [0.5, 0.5, 2.0, 0.5, 1 / 3, 0.75], rtol=1e-14)


def test_round_trip_over_the_whole_prior():
    rng = np.random.default_rng(1)
    for _ in range(100):
        vector = SPACE.from_unit_cube(rng.uniform(size=6))
        np.testing.assert_allclose(SCALING.to_vector(SCALING.to_coordinates(vector)), vector, rtol=1e-12, atol=1e-12)


def test_bounds_are_the_physical_ones_just_inside():
    np.testing.assert_allclose(SCALING.lower, [0, 0, -2.5, 0, 0, -np.inf], atol=1e-8)
    np.testing.assert_allclose(SCALING.upper, [1, 1, np.inf, 1, 1, np.inf], atol=1e-8)
    lower, upper = SPACE.bounds
    assert np.all(SCALING.to_vector(SCALING.lower) > lower, where=np.isfinite(lower))
    assert np.all(SCALING.to_vector(SCALING.upper) < upper, where=np.isfinite(upper))


def test_derivative():
    coordinates, step = SCALING.to_coordinates(VECTOR), 1e-6
    slope = (SCALING.to_vector(coordinates + step) - SCALING.to_vector(coordinates - step)) / (2 * step)
    np.testing.assert_allclose(SCALING.derivative(coordinates), slope, rtol=1e-7)


def test_strictly_inside():
    start = SCALING.strictly_inside(np.array([0.0, 1.0, -2.5, 7.0, -1.0, 1e5]))
    np.testing.assert_allclose(start, [1e-4, 1 - 1e-4, -2.5 + 1e-4, 1 - 1e-4, 1e-4, 1e5], rtol=1e-4)
    assert SPACE.is_physical(SCALING.to_vector(start))


@pytest.mark.parametrize("prior", [Normal(50.0, 3.0), Normal(1.7e-3, 7e-4), Uniform(-5.0, 0.3), Uniform(0.1, 0.7)])
def test_no_rounding_leads_out_of_bounds(prior):
    space = ParameterSpace.of(Model(), {"gaussian": prior})
    scaling = Scaling.of(space)
    for bound in (scaling.lower, scaling.upper):
        if np.isfinite(bound).all():
            for coordinate in (
                bound,
                np.nextafter(bound, 0),
                np.nextafter(bound, np.inf),
                np.nextafter(bound, -np.inf),
            ):
                lower, upper = space.bounds
                assert np.all((scaling.to_vector(coordinate) > lower) & (scaling.to_vector(coordinate) < upper))
