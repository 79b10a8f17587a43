"""The map between a vector and a model."""

import math
import pickle

import array_api_strict
import numpy as np
import pytest

from diskarray.backend.pytree import FrozenDict, array_field, component, static
from diskarray.errors import ParameterError, ShapeError
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Isotropic, LogUniform, Normal, TruncatedNormal, Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace, Tied, spec_at


@component
class Ring:
    """A ring with an array of weights."""

    radius: float = parameter(50.0, unit="au", above=0, doc="size")
    tilt: float = parameter(30.0, unit="deg", minimum=0, maximum=180, doc="inclination")
    angle: float = parameter(10.0, unit="deg", doc="orientation")
    weights: object = parameter(1.0, unit="Jy", minimum=0, doc="brightness of the sectors")
    image: object = array_field(None)
    settled: object = static(None)

    def prepare(self, ranges):
        return Ring(
            **{n: getattr(self, n) for n in ("radius", "tilt", "angle", "weights")},
            settled=tuple(sorted(ranges.items())),
        )


@component
class Gap:
    """An annulus whose radii must be in order."""

    inner: float = parameter(1.0, minimum=0)
    outer: float = parameter(2.0, minimum=0)

    def check(self):
        if not self.inner < self.outer:
            raise ParameterError("inner must be below outer")


@component
class Model:
    rings: object
    gap: object = Gap()

    def prepare_fields(self):
        object.__setattr__(self, "rings", FrozenDict(self.rings))


MODEL = Model({"a": Ring(weights=np.array([1.0, 2.0, 3.0])), "b": Ring(radius=20.0)})
PRIORS = {
    "rings.a.tilt": Isotropic(0, 90),
    "rings.a.weights": LogUniform(0.1, 10),
    "rings.b.radius": Uniform(-5, 100),
    "rings.b.angle": UniformAngle(-180, 180),
    "rings.a.radius": Tied("rings.b.radius"),
}
SPACE = ParameterSpace.of(MODEL, PRIORS)
VECTOR = np.array([40.0, 0.5, 1.5, 2.5, 70.0, 200.0])


def test_names_units_and_priors_have_one_entry_per_element():
    assert SPACE.size == 6
    assert SPACE.names == (
        "rings.a.tilt",
        "rings.a.weights[0]",
        "rings.a.weights[1]",
        "rings.a.weights[2]",
        "rings.b.radius",
        "rings.b.angle",
    )
    assert SPACE.units == ("deg", "Jy", "Jy", "Jy", "au", "deg")
    assert SPACE.priors == (Isotropic(0, 90), *[LogUniform(0.1, 10)] * 3, Uniform(-5, 100), UniformAngle(-180, 180))


def test_bounds_are_the_prior_within_the_physical_range_and_open_for_periodic_angles():
    lower, upper = SPACE.bounds
    np.testing.assert_array_equal(lower, [0, 0.1, 0.1, 0.1, 0, -np.inf])
    np.testing.assert_array_equal(upper, [90, 10, 10, 10, 100, np.inf])


def test_to_vector_reads_the_model_in_order():
    np.testing.assert_array_equal(SPACE.to_vector(), [30, 1, 2, 3, 20, 10])
    np.testing.assert_array_equal(
        SPACE.to_vector(Model({"a": Ring(weights=[4, 5, 6] * np.ones(3), tilt=1), "b": Ring()})), [1, 4, 5, 6, 50, 10]
    )


@pytest.mark.parametrize(
    "vector", [VECTOR, list(VECTOR), VECTOR.astype(np.float32), VECTOR * 1], ids=["array", "list", "single", "copy"]
)
def test_to_model_writes_every_free_and_tied_parameter(vector):
    model = SPACE.to_model(vector)
    a, b = model.rings["a"], model.rings["b"]
    assert (a.tilt, a.radius, b.radius, b.angle, a.angle, b.tilt) == (40, 70, 70, 200, 10, 30)
    assert all(type(v) is float for v in (a.tilt, a.radius, b.radius, b.angle))
    np.testing.assert_array_equal(a.weights, [0.5, 1.5, 2.5])
    assert a.weights.dtype == np.dtype(float) and not np.shares_memory(
        a.weights, vector if isinstance(vector, np.ndarray) else VECTOR
    )
    np.testing.assert_array_equal(SPACE.to_vector(model), VECTOR)
    assert MODEL.rings["a"].tilt == 30 and type(model) is Model


def test_a_matrix_of_parameters_keeps_its_shape():
    weights = np.arange(6.0).reshape(2, 3)
    space = ParameterSpace.of(Ring(weights=weights), {"weights": Uniform(0, 9), "tilt": Isotropic()})
    assert space.size == 7 and space.names[4:] == ("weights[4]", "weights[5]", "tilt")
    np.testing.assert_array_equal(space.to_model(np.arange(7.0)).weights, weights)


def test_values_nobody_can_see_yet_are_not_checked():
    strict = array_api_strict.asarray([300.0, 70.0])
    space = ParameterSpace.of(Ring(), {"tilt": Isotropic(), "radius": Uniform(1, 99)})
    model = space.to_model(strict)
    assert float(model.tilt) == 300 and type(model.radius) is type(strict)
    assert float(space.log_prior(strict, xp=array_api_strict)) == -np.inf
    np.testing.assert_allclose(
        float(space.log_prior(array_api_strict.asarray([60.0, 70.0]), xp=array_api_strict)), space.log_prior([60, 70])
    )


@pytest.mark.parametrize("element, value", [(0, 181), (0, -1), (1, -0.1), (4, 0.0), (4, np.nan), (5, np.inf)])
def test_a_vector_outside_the_physical_range_raises_as_a_model_and_is_improbable(element, value):
    vector = VECTOR.copy()
    vector[element] = value
    with pytest.raises(ParameterError, match=r"Ring\."):
        SPACE.to_model(vector)
    assert SPACE.log_prior(vector) == -np.inf
    assert element == 5 or not SPACE.is_physical(vector)


def test_log_prior_is_the_sum_of_the_priors():
    expected = math.log(np.sin(np.radians(40)) * np.pi / 180) - sum(
        math.log(w * math.log(100)) for w in (0.5, 1.5, 2.5)
    )
    expected += -math.log(105) - math.log(360)
    np.testing.assert_allclose(SPACE.log_prior(VECTOR), expected, rtol=1e-13)
    assert bool(SPACE.is_physical(VECTOR)) and SPACE.is_physical(VECTOR).shape == () == SPACE.log_prior(VECTOR).shape
    assert SPACE.log_prior(VECTOR + np.array([51, 0, 0, 0, 0, 0])) == -np.inf


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_from_unit_cube_applies_each_prior(xp):
    u = np.array([0.5, 0.5, 0.25, 0.0, 0.1, 0.75])
    vector = SPACE.from_unit_cube(xp.asarray(u), xp=xp)
    np.testing.assert_allclose(np.asarray(vector), [60, 1, 10**-0.5, 0.1, 5.5, 90], rtol=1e-12)
    assert type(vector) is type(xp.asarray(u))


def test_wrapped_brings_periodic_angles_back_and_leaves_the_rest():
    np.testing.assert_array_equal(SPACE.wrapped(VECTOR), [40, 0.5, 1.5, 2.5, 70, -160])
    np.testing.assert_array_equal(SPACE.wrapped([400, 1, 1, 1, 1, -180]), [400, 1, 1, 1, 1, -180])


@pytest.mark.parametrize("method", ["to_model", "log_prior", "from_unit_cube", "is_physical"])
@pytest.mark.parametrize("vector", [np.ones(5), np.ones(7), np.ones((1, 6)), np.float64(1), [1.0, 2.0]])
def test_a_vector_of_the_wrong_length_is_refused(method, vector):
    with pytest.raises(ShapeError, match=r"shape \(6,\)"):
        getattr(SPACE, method)(vector)


REFUSED = {
    "rings.a.titl": (Uniform(0, 1), "did you mean tilt"),
    "ring.a.tilt": (Uniform(0, 1), "did you mean rings"),
    "rings.c.tilt": (Uniform(0, 1), "known: a, b"),
    "rings.a": (Uniform(0, 1), "not a parameter but a Ring"),
    "rings": (Uniform(0, 1), "not a parameter but a FrozenDict"),
    "rings.a.image": (Uniform(0, 1), "not a parameter"),
    "rings.a.settled": (Uniform(0, 1), "has no 'settled'"),
    "rings.a.tilt": (Uniform(181, 200), "outside the physical range [0, 180]"),
    "rings.a.radius": (Uniform(-3, -1), "outside the physical range (0, inf)"),
    "rings.b.radius": (TruncatedNormal(0, 1, -2, 0), "outside the physical range (0, inf)"),
    "rings.a.weights": (0.5, "must be a prior such as Uniform"),
    "rings.b.tilt": (Uniform, "must be a prior such as Uniform"),
    "rings.b.angle": (Tied("rings.b.tilt"), "not a free parameter"),
    "rings.b.weights": (Tied("rings.b.weights"), "not a free parameter"),
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_cannot_be_freed_is_refused_with_its_path(path):
    prior, text = REFUSED[path]
    with pytest.raises(ParameterError) as error:
        ParameterSpace.of(MODEL, {"gap.inner": Uniform(0, 1), path: prior})
    assert text in str(error.value) and path in str(error.value)


def test_a_space_without_a_free_parameter_is_refused():
    with pytest.raises(ParameterError, match="no parameter is free"):
        ParameterSpace.of(MODEL, {})


def test_a_tie_joins_the_physical_ranges_and_sets_the_template():
    model = Model({"a": Ring(angle=400.0), "b": Ring(tilt=20.0)})
    with pytest.raises(ParameterError, match=r"Ring\.tilt"):  # the template's own value does not fit
        ParameterSpace.of(model, {"rings.a.angle": Normal(0, 100), "rings.b.tilt": Tied("rings.a.angle")})
    model = Model({"a": Ring(angle=40.0), "b": Ring(tilt=20.0)})
    space = ParameterSpace.of(model, {"rings.b.tilt": Tied("rings.a.angle"), "rings.a.angle": Normal(0, 100)})
    assert space.template.rings["b"].tilt == 40.0 and space.names == ("rings.a.angle",)
    np.testing.assert_array_equal(space.bounds, [[0], [180]])
    assert space.log_prior([-1.0]) == -np.inf and np.isfinite(space.log_prior([179.0]))
    with pytest.raises(ParameterError, match="physical range"):
        ParameterSpace.of(model, {"rings.a.angle": Uniform(-9, -1), "rings.b.tilt": Tied("rings.a.angle")})


def test_a_combination_is_checked_once_all_parameters_are_set():
    space = ParameterSpace.of(MODEL, {"gap.inner": Uniform(0, 10), "gap.outer": Uniform(0, 10)})
    assert space.to_model([5.0, 6.0]).gap.inner == 5 and space.to_model([0.1, 0.2]).gap.outer == 0.2
    with pytest.raises(ParameterError, match="below outer"):
        space.to_model([6.0, 5.0])


def test_components_settle_what_depends_on_the_range_of_their_parameters():
    settled = {k: dict(ring.settled) for k, ring in SPACE.template.rings.items()}
    assert settled["a"] == {"tilt": (0, 90), "weights": (0.1, 10), "radius": (0, 100)}
    assert settled["b"] == {"radius": (0, 100), "angle": (-np.inf, np.inf)}
    assert MODEL.rings["a"].settled is None


def test_a_space_pickles():
    copied = pickle.loads(pickle.dumps(SPACE))
    assert copied.names == SPACE.names and copied.free == SPACE.free and copied.tied == SPACE.tied
    assert copied.log_prior(VECTOR) == SPACE.log_prior(VECTOR)


def test_spec_at_finds_the_declaration():
    assert spec_at(MODEL, "rings.a.tilt").maximum == 180 and spec_at(Ring(), "tilt").maximum == 180
    assert spec_at(MODEL, "rings.a") is None and spec_at(MODEL, "gap") is None
