"""Components: frozen, checked, pickled, and taken apart by path."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import diskarray as da
from diskarray.backend.pytree import (
    FrozenDict,
    array_field,
    build,
    children,
    component,
    get_at,
    leaves,
    map_leaves,
    on_namespace,
    replace,
    set_at,
    static,
)
from diskarray.errors import ParameterError, UnitError
from diskarray.parameters.parameter import parameter


@component
class Dust:
    """Grains.

    Parameters
    ----------
    name : str
        Of the grains.
    """

    size: float = parameter(1.5, unit="um", above=0, doc="radius of a grain")
    albedo: float = parameter(0.5, minimum=0, maximum=1, doc="scattered fraction")
    slope: float = parameter(-2.0, below=0, doc="of the size distribution")
    name: str = static("ice")


@component
class Belt:
    """A belt of dust."""

    dust: object = Dust()
    weights: object = array_field(None)
    parts: object = ()
    width: float = parameter(3.0, doc="anything")
    order: int = static(2)

    def prepare_fields(self):
        object.__setattr__(self, "parts", self.parts if isinstance(self.parts, tuple) else FrozenDict(self.parts))

    def check(self):
        if self.width == 13:
            raise ParameterError("13 makes no sense")


@component
class Undocumented:
    value: float = parameter(1.0)


BELT = Belt(weights=np.arange(3.0), parts={"a": Dust(size=2.0), "b": (1.0, Dust(albedo=0.1))}, order=3)


@pytest.mark.parametrize(
    "value", [77, 77.0, np.float64(77), np.float32(77), np.int16(77), np.array(77), np.array(77.0)]
)
def test_numbers_become_one_float_type(value):
    size = Dust(size=value).size
    assert type(size) is float and size == 77.0
    assert type(replace(BELT, "parts.a.size", value).parts["a"].size) is float


@pytest.mark.parametrize(
    "value", [np.array([1, 2]), np.array([1.0, 2.0]), np.array([1, 2], dtype=np.float32), np.array([1.0, 2.0], ">f8")]
)
def test_arrays_become_frozen_float_copies(value):
    size = Dust(size=value).size
    assert size.dtype == np.dtype(float) and not np.shares_memory(size, value) and value.flags.writeable
    with pytest.raises(ValueError):
        size[0] = -1


OUTSIDE = [
    ("size", 0, "(0, inf)"),
    ("size", -1.0, "(0, inf)"),
    ("albedo", -1e-9, "[0, 1]"),
    ("albedo", 1.1, "[0, 1]"),
    ("slope", 0.0, "(-inf, 0)"),
    ("albedo", np.array([0.5, 2.0]), "[0, 1]"),
]


@pytest.mark.parametrize("name, value, text", OUTSIDE)
def test_a_value_out_of_range_is_refused_with_class_field_value_and_range(name, value, text):
    with pytest.raises(ParameterError) as error:
        Dust(**{name: value})
    for part in (f"Dust.{name}", str(value), text):
        assert part in str(error.value)


def test_the_inclusive_ends_of_a_range_are_accepted():
    assert Dust(albedo=0).albedo == 0 and Dust(albedo=1).albedo == 1


NO_NUMBERS = [
    np.nan,
    np.inf,
    -np.inf,
    None,
    "1",
    b"1",
    True,
    np.True_,
    1j,
    np.complex128(1),
    [1.0],
    (1.0,),
    {},
    np.array(["1"]),
    np.array([True]),
    np.array([1.0, np.nan]),
    object(),
    Dust(),
    da.Uniform(0, 1),
    float,
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda v: repr(v)[:20])
@pytest.mark.parametrize("name", ["size", "slope"])
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"Dust.{name} must be"):
        Dust(**{name: value})


def test_a_number_with_a_unit_is_converted_or_refused():
    from astropy import units

    assert Dust(size=2000 * units.nm).size == 2.0 and type(Dust(size=2 * units.um).size) is float
    np.testing.assert_array_equal(Dust(size=[1, 2] * units.mm).size, [1000.0, 2000.0])
    with pytest.raises(UnitError, match=r"Dust\.size is given in rad.*um"):
        Dust(size=1.2 * units.rad)
    with pytest.raises(ParameterError, match="range"):
        Dust(size=-3 * units.um)


def test_components_are_frozen_and_compare_by_identity():
    dust = Dust()
    with pytest.raises(dataclasses.FrozenInstanceError):
        dust.size = 2.0
    with pytest.raises(AttributeError):
        del dust.size
    assert dust == dust and dust != Dust() and len({dust, Dust()}) == 2


def test_the_docstring_gets_one_line_per_parameter():
    assert Dust.__doc__.index("name : str") < Dust.__doc__.index("size : float, default 1.5")
    assert Dust.__doc__.count("Parameters\n----------") == 1
    assert "radius of a grain [um]; range (0, inf)." in Dust.__doc__
    assert "of the size distribution; range (-inf, 0)." in Dust.__doc__
    for cls in (Belt, Undocumented):
        assert cls.__doc__.count("Parameters\n----------") == 1 and "; range (-inf, inf)." in cls.__doc__


def test_prepare_fields_and_check_run_at_construction():
    assert isinstance(BELT.parts, FrozenDict)
    with pytest.raises(ParameterError, match="13"):
        Belt(width=13)
    with pytest.raises(ParameterError, match="13"):
        replace(BELT, "width", 13)
    with pytest.raises(TypeError, match="__post_init__"):
        component(type("Hidden", (), {"__post_init__": lambda self: None, "__annotations__": {}}))


def test_children_leave_out_static_fields():
    assert list(children(Dust())) == ["size", "albedo", "slope"]
    assert list(children(BELT)) == ["dust", "weights", "parts", "width"]
    assert children({"k": 1}) == {"k": 1} and children((5, 6)) == {"0": 5, "1": 6}
    assert children(3.0) is None and children(np.ones(2)) is None and children(Dust) is None


def test_leaves_come_depth_first_without_none():
    found = list(leaves(BELT))
    np.testing.assert_array_equal(found[3], [0, 1, 2])
    assert found[:3] == [1.5, 0.5, -2.0] and found[4:7] == [2.0, 0.5, -2.0] and found[7:] == [1.0, 1.5, 0.1, -2.0, 3.0]
    assert list(leaves(Belt()))[3:] == [3.0] and list(leaves(None)) == []


def test_map_leaves_makes_a_copy_of_the_same_build():
    doubled = map_leaves(lambda leaf: leaf * 2, BELT)
    assert type(doubled) is Belt and type(doubled.parts) is FrozenDict and type(doubled.parts["b"]) is tuple
    assert doubled.order == 3 and doubled.dust.name == "ice" and doubled.parts["b"][1].albedo == 0.2
    np.testing.assert_array_equal(
        [np.sum(leaf) for leaf in leaves(doubled)], [2 * np.sum(leaf) for leaf in leaves(BELT)]
    )
    assert BELT.dust.size == 1.5 and map_leaves(abs, Belt()).weights is None
    assert map_leaves(abs, {"a": -1, "b": (-2,)}) == {"a": 1, "b": (2,)}


def test_on_namespace_makes_arrays_of_numbers_and_leaves_other_objects():
    plain = object()
    tree = on_namespace(build(Belt, dust=plain, weights=np.ones(2), parts=(1, 2.0), width=3.0, order=1), np)
    assert tree.dust is plain and all(type(a) is np.ndarray and a.ndim == 0 for a in (*tree.parts, tree.width))


PATHS = {"width": 3.0, "dust.size": 1.5, "parts.a.size": 2.0, "parts.b.0": 1.0, "parts.b.1.albedo": 0.1}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("exchange", [replace, set_at])
def test_a_path_reads_and_exchanges_one_part(path, exchange):
    assert get_at(BELT, path) == PATHS[path]
    changed = exchange(BELT, path, 0.75)
    for other, value in PATHS.items():
        assert get_at(changed, other) == (0.75 if other == path else value)
        assert get_at(BELT, other) == value
    assert changed.order == 3 and type(changed.parts) is FrozenDict and changed.weights is BELT.weights


def test_a_path_may_end_at_a_component():
    assert get_at(BELT, "parts.a").size == 2.0
    assert replace(BELT, "dust", Dust(size=9)).dust.size == 9.0


WRONG_PATHS = {
    "widht": "did you mean width",
    "dust.sise": "did you mean size?",
    "parts.a.albdo": "'parts.a' has no 'albdo'",
    "parts.c": "known: a, b",
    "width.x": "'width' has no 'x'",
    "order": "Belt",
    "dust.name": "'dust' has no 'name'",
    "": "Belt",
}


@pytest.mark.parametrize("path", WRONG_PATHS)
def test_a_wrong_path_names_the_nearest(path):
    for call in (lambda: get_at(BELT, path), lambda: replace(BELT, path, 1.0)):
        with pytest.raises(ParameterError) as error:
            call()
        assert WRONG_PATHS[path] in str(error.value) and repr(path) in str(error.value)


def test_replace_checks_ranges_and_set_at_does_not():
    with pytest.raises(ParameterError, match=r"Dust\.albedo"):
        replace(BELT, "parts.b.1.albedo", 2.0)
    assert set_at(BELT, "parts.b.1.albedo", 2.0).parts["b"][1].albedo == 2.0


def test_a_frozen_dict_cannot_be_changed():
    given = {"b": 1, "a": 2}
    frozen = FrozenDict(given)
    given["b"] = 5
    with pytest.raises(TypeError):
        frozen["b"] = 3
    with pytest.raises(TypeError):
        del frozen["b"]
    for change in (
        lambda: setattr(frozen, "_items", {}),
        lambda: delattr(frozen, "_items"),
        lambda: frozen.update(b=3),
    ):
        with pytest.raises(AttributeError):
            change()
    assert frozen["b"] == 1 and list(frozen) == ["b", "a"] and len(frozen) == 2 and repr(frozen) == "{'b': 1, 'a': 2}"


def test_a_frozen_dict_pickles_and_compares_by_value():
    frozen = FrozenDict(b=1, a=(2,))
    for copied in (pickle.loads(pickle.dumps(frozen)), copy.deepcopy(frozen), copy.copy(frozen), FrozenDict(frozen)):
        assert type(copied) is FrozenDict and copied == frozen == {"a": (2,), "b": 1}
    assert frozen != FrozenDict(b=1) and FrozenDict() == {}


FRAME = da.Frame2D((4, 5), 0.1)
SCENE = da.Scene(
    disks={"belt": da.Disk(phase_function=da.Polarized())},
    star=da.Star(flux=2.0, unit="mJy"),
    instrument=da.Instrument(psf=da.EmpiricalPSF(np.ones((3, 3)), center=(1, 0.5)), throughput=np.ones((4, 5))),
)
SPACE = da.ParameterSpace.of(SCENE, {"disks.belt.inclination": da.Isotropic(), "star.flux": da.LogUniform(1, 5)})
COMPONENTS = [
    BELT,
    Dust(size=np.ones(2)),
    SCENE,
    da.Instrument(psf=da.GaussianPSF(fwhm=0.1)),
    da.TwoPowerLaw(),
    SPACE,
    da.Imaging(data=np.ones((4, 5)), noise_map=np.ones((4, 5)), pixel_scale=0.1),
    da.Posterior(da.Imaging(data=np.ones((4, 5)), noise_map=np.ones((4, 5)), pixel_scale=0.1), SPACE),
    da.Grid2D(FRAME, 2),
    da.VectorYX2DIrregular(np.ones((3, 2))),
]


def assert_equal_trees(one, two):
    assert type(one) is type(two)
    assert len(list(leaves(one))) == len(list(leaves(two)))
    for a, b in zip(leaves(one), leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
        assert not isinstance(b, np.ndarray) or not b.flags.writeable
    for field in dataclasses.fields(one):
        if field.metadata.get("static"):
            assert getattr(one, field.name) == getattr(two, field.name)


@pytest.mark.parametrize("thing", COMPONENTS, ids=lambda c: type(c).__name__)
def test_every_component_survives_pickling_and_copying(thing):
    for copied in (pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing), copy.copy(thing)):
        assert_equal_trees(thing, copied)
        with pytest.raises(AttributeError):
            copied.anything = 1


def test_subclasses_of_components_are_components():
    @component
    class Icy(Dust):
        """Dust with ice."""

        ice: float = parameter(0.1, minimum=0)

    assert list(children(Icy(size=2))) == ["size", "albedo", "slope", "ice"]
    with pytest.raises(ParameterError, match=r"Icy\.size"):
        Icy(size=-1)
