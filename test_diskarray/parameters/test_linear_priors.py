"""Parameters that are solved for: their declaration, and how they leave the vector."""

import math

import numpy as np
import pytest
from scipy.stats import norm, truncnorm, uniform

from diskarray.backend.pytree import FrozenDict, component
from diskarray.errors import ParameterError
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Linear, Normal, Uniform
from diskarray.parameters.space import ParameterSpace, Tied


@component
class Lamp:
    """A lamp with several filters."""

    level: float = parameter(2.0, unit="Jy", minimum=0, doc="brightness")
    offset: float = parameter(0.0, unit="mJy", doc="background")
    filters: object = parameter(1.0, minimum=-1, maximum=1, simple=1.0)
    size: float = parameter(3.0, above=0)


@component
class Room:
    lamps: object

    def prepare_fields(self):
        object.__setattr__(self, "lamps", FrozenDict(self.lamps))


ROOM = Room({"a": Lamp(filters=np.array([0.1, 0.2])), "b": Lamp()})


@pytest.mark.parametrize(
    "arguments",
    [
        {"mean": 1.0},
        {"sigma": 1.0},
        {"mean": 0.0, "sigma": 0.0},
        {"mean": 0.0, "sigma": -1.0},
        {"mean": math.nan, "sigma": 1.0},
        {"minimum": math.nan},
        {"maximum": "3"},
    ],
)
def test_settings_that_make_no_sense(arguments):
    with pytest.raises(ParameterError):
        Linear(**arguments)


@pytest.mark.parametrize(
    ("prior", "lower", "upper", "exact"),
    [
        (Linear(2.0, 3.0), -math.inf, math.inf, norm(2, 3)),
        (Linear(2.0, 3.0), 0.0, math.inf, truncnorm(-2 / 3, math.inf, 2, 3)),
        (Linear(2.0, 3.0), -math.inf, 1.0, truncnorm(-math.inf, -1 / 3, 2, 3)),
        (Linear(-40.0, 2.0), 1.0, 3.0, truncnorm(20.5, 21.5, -40, 2)),
        (Linear(), -1.0, 4.0, uniform(-1, 5)),
    ],
)
def test_log_density_between_bounds(prior, lower, upper, exact):
    assert prior.log_density(np.asarray(1.0), lower, upper) == pytest.approx(exact.logpdf(1.0), rel=1e-12)


def test_an_improper_density_is_one():
    assert Linear().log_density(np.asarray(7.0), 0.0, math.inf) == 0.0


def test_linear_parameters_leave_the_vector():
    space = ParameterSpace.of(
        ROOM,
        {
            "lamps.a.level": Linear(),
            "lamps.a.size": Uniform(1, 5),
            "lamps.a.filters": Linear(),
            "lamps.b.offset": Linear(1.0, 2.0),
            "lamps.b.size": Normal(3.0, 1.0),
        },
    )
    assert space.names == ("lamps.a.size", "lamps.b.size") and space.size == 2
    assert space.linear_names == ("lamps.a.level", "lamps.a.filters[0]", "lamps.a.filters[1]", "lamps.b.offset")
    assert space.linear_units == ("Jy", "", "", "mJy") and space.linear_size == 4
    np.testing.assert_array_equal(space.linear_bounds, [[0, -1, -1, -np.inf], [np.inf, 1, 1, np.inf]])
    np.testing.assert_array_equal(space.linear_values(), [2.0, 0.1, 0.2, 0.0])
    assert space.improper == ("lamps.a.level",)
    model = space.with_linear(space.to_model([4.0, 2.5]), np.array([5.0, 0.3, 0.4, 9.0]))
    assert model.lamps["a"].level == 5.0 and model.lamps["b"].offset == 9.0 and model.lamps["a"].size == 4.0
    np.testing.assert_array_equal(model.lamps["a"].filters, [0.3, 0.4])


@pytest.mark.parametrize(
    ("prior", "bounds"),
    [
        (Linear(), (0.0, np.inf)),
        (Linear(minimum=-5.0, maximum=7.0), (0.0, 7.0)),
        (Linear(minimum=2), (2.0, np.inf)),
        (Linear(minimum=-math.inf), (-np.inf, np.inf)),
        (Linear(minimum=-math.inf, maximum=1.0), (-np.inf, 1.0)),
    ],
)
def test_bounds_stay_within_the_physical_range_unless_taken_away(prior, bounds):
    space = ParameterSpace.of(ROOM, {"lamps.a.level": prior, "lamps.a.size": Uniform(1, 5)})
    assert (space.linear_bounds[0][0], space.linear_bounds[1][0]) == bounds


def test_a_parameter_tied_to_a_linear_one_follows_it():
    space = ParameterSpace.of(
        ROOM, {"lamps.a.level": Linear(), "lamps.b.level": Tied("lamps.a.level"), "lamps.a.size": Uniform(1, 5)}
    )
    assert space.linear_paths == (("lamps.a.level", "lamps.b.level"),)
    model = space.with_linear(space.template, np.array([5.0]))
    assert model.lamps["a"].level == model.lamps["b"].level == 5.0


@pytest.mark.parametrize(
    ("priors", "words"),
    [
        ({"lamps.a.level": Linear()}, "one that is not Linear"),
        ({"lamps.a.level": Linear(maximum=-1.0), "lamps.a.size": Uniform(1, 5)}, "leaves nothing"),
        ({"lamps.a.level": Linear(0.0, 1.0, minimum=1e200), "lamps.a.size": Uniform(1, 5)}, "no probability"),
        ({"lamps": Linear(), "lamps.a.size": Uniform(1, 5)}, "not a parameter"),
        ({"lamps.a.lvel": Linear(), "lamps.a.size": Uniform(1, 5)}, "level"),
    ],
)
def test_declarations_that_cannot_be(priors, words):
    with pytest.raises(ParameterError, match=words):
        ParameterSpace.of(ROOM, priors)


def test_a_linear_parameter_is_no_constant():
    space = ParameterSpace.of(Room({"a": Lamp()}), {"lamps.a.filters": Linear(), "lamps.a.size": Uniform(1, 5)})
    assert type(space.template.lamps["a"].filters) is float
