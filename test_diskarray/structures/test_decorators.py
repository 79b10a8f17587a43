"""The type table of the decorators, and how they pass arguments on."""

import inspect

import numpy as np
import pytest
from decorator_grids import FRAME, GRIDS, POINTS, points_of

from diskarray.errors import ShapeError
from diskarray.structures.decorators import over_sample, to_grid, to_image, to_vector_yx, transform
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.vector import VectorYX2D, VectorYX2DIrregular

DEFAULT = Grid2DIrregular(POINTS)


def scalar(p):
    return p[:, 0] ** -2 + 3 * p[:, 1]


def vector(p):
    return np.stack([p[:, 0] + 1, p[:, 1] * 2], axis=-1)


class Model:
    """Every decorator around plain functions of the sky."""

    @to_image
    def image(self, grid, *, xp=np):
        """Its documentation."""
        return grid.y**-2 + 3 * grid.x

    @to_image
    def images(self, grid, *, xp=np):
        return [grid.y**-2 + 3 * grid.x, grid.x]

    @to_vector_yx
    def vectors(self, grid, *, xp=np):
        return xp.stack([grid.y + 1, grid.x * 2], axis=-1)

    @to_vector_yx
    def several_vectors(self, grid, *, xp=np):
        return [xp.stack([grid.y + 1, grid.x * 2], axis=-1), grid.array]

    @to_grid
    def grid(self, grid, *, xp=np):
        return xp.stack([grid.y + 1, grid.x * 2], axis=-1)

    @to_grid
    def grids(self, grid, *, xp=np):
        return [xp.stack([grid.y + 1, grid.x * 2], axis=-1), grid.array * 1]

    @to_image
    def image_pair(self, grid, *, xp=np):
        return grid.y, grid.x

    @to_image
    def extra(self, grid, power, scale=2.0, *terms, xp=np, shift=0.0, **more):
        return scale * grid.y**power + shift + sum(terms) + sum(more.values())

    @to_image
    def xp_in_the_middle(self, grid, xp=np, power=1.0):
        return grid.y**power

    @to_image
    @over_sample
    def defaulted(self, grid=DEFAULT, *, xp=np):
        return grid.y

    @to_image
    def no_default_xp(self, grid, *, xp):
        return grid.y

    @to_image
    def nested(self, grid, *, xp=np):
        return self.image(grid, xp=xp)

    @to_image
    @over_sample
    def nested_sub(self, grid, *, xp=np):
        return 2 * self.image(grid, xp=xp)


MODEL = Model()
STRUCTURES = {
    "image": (Image2D, ImageIrregular),
    "vectors": (VectorYX2D, VectorYX2DIrregular),
    "grid": (Grid2D, Grid2DIrregular),
}
TABLE = [
    ("image", [scalar]),
    ("images", [scalar, lambda p: p[:, 1]]),
    ("vectors", [vector]),
    ("several_vectors", [vector, lambda p: p]),
    ("grid", [vector]),
    ("grids", [vector, lambda p: p]),
]


@pytest.mark.parametrize("method, functions", TABLE, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("given", GRIDS)
def test_the_input_chooses_the_output(method, functions, given):
    grid = GRIDS[given]
    points, shape = points_of(grid)
    result = getattr(MODEL, method)(grid)
    assert isinstance(result, list) == (len(functions) > 1)
    single = {"image": "image", "images": "image", "grid": "grid", "grids": "grid"}.get(method, "vectors")
    for value, function in zip(result if isinstance(result, list) else [result], functions, strict=True):
        if shape is not None:
            expected = function(points)
            assert type(value) is np.ndarray
            np.testing.assert_allclose(value, expected.reshape((*shape, *expected.shape[1:])))
            continue
        assert type(value) is STRUCTURES[single][isinstance(grid, Grid2DIrregular)]
        np.testing.assert_allclose(getattr(value, "slim", value.array), function(points))
        if isinstance(grid, Grid2D):
            assert value.mask == grid.mask and value.frame == grid.frame
        if isinstance(value, Grid2D):
            assert value.over_sample_size == grid.over_sample_size and not value.on_pixels
            if grid.sub_array is not None:
                np.testing.assert_allclose(value.sub_array, function(grid.sub_array))
        assert not value.array.flags.writeable


@pytest.mark.parametrize("given", ["masked", "irregular", "pair"])
def test_a_tuple_of_results_is_wrapped_entry_by_entry(given):
    result = MODEL.image_pair(GRIDS[given])
    assert isinstance(result, tuple) and len(result) == 2
    for value, k in zip(result, (0, 1), strict=True):
        raw = value if given == "pair" else getattr(value, "slim", value.array)
        np.testing.assert_array_equal(raw, points_of(GRIDS[given])[0][:, k])


@pytest.mark.parametrize("given", GRIDS)
def test_the_grid_may_be_positional_or_a_keyword(given):
    one, two = MODEL.image(GRIDS[given]), MODEL.image(grid=GRIDS[given], xp=np)
    np.testing.assert_array_equal(getattr(one, "array", one), getattr(two, "array", two))


def test_the_grid_may_be_defaulted_or_missing():
    np.testing.assert_array_equal(MODEL.defaulted().array, POINTS[:, 0])
    np.testing.assert_array_equal(MODEL.defaulted(xp=np).array, POINTS[:, 0])
    assert type(MODEL.defaulted(GRIDS["over-sampled"])) is Image2D
    with pytest.raises(TypeError, match="needs a grid"):
        MODEL.image()


EXTRAS = [
    ((2.0,), {}, 2 * 0.1**2),
    ((2.0, 3.0), {}, 3 * 0.1**2),
    ((), {"power": 2.0}, 2 * 0.1**2),
    ((2.0,), {"shift": 5.0}, 2 * 0.1**2 + 5),
    ((2.0, 3.0, 10.0, 20.0), {"xp": np, "other": 100.0}, 3 * 0.1**2 + 130),
    ((), {"xp": np, "scale": 1.0, "power": 1.0}, 0.1),
]


@pytest.mark.parametrize("arguments, keywords, expected", EXTRAS)
def test_other_arguments_arrive_positional_or_by_keyword(arguments, keywords, expected):
    np.testing.assert_allclose(MODEL.extra(POINTS, *arguments, **keywords)[0], expected)


def test_arguments_may_stand_after_xp():
    for call in (
        lambda: MODEL.xp_in_the_middle(POINTS, np, 2.0),
        lambda: MODEL.xp_in_the_middle(POINTS, power=2.0, xp=np),
        lambda: MODEL.xp_in_the_middle(xp=np, grid=POINTS, power=2.0),
    ):
        np.testing.assert_allclose(call(), POINTS[:, 0] ** 2)
    np.testing.assert_array_equal(MODEL.no_default_xp(POINTS), POINTS[:, 0])


@pytest.mark.parametrize(
    "arguments, keywords", [((POINTS,), {"unknown": 1}), ((POINTS,), {"grid": POINTS}), ((POINTS, np), {})]
)
def test_arguments_that_do_not_fit_raise(arguments, keywords):
    with pytest.raises(TypeError):
        MODEL.image(*arguments, **keywords)


def test_name_documentation_and_signature_survive():
    for function in (Model.image, Model.defaulted, Model.extra):
        assert "grid" in inspect.signature(function).parameters
    assert Model.image.__name__ == "image" and Model.image.__doc__ == "Its documentation."
    assert str(inspect.signature(Model.extra)).startswith("(self, grid, power, scale=2.0, *terms, xp=")


def test_a_body_may_return_what_another_decorated_method_made():
    for name in ("Grid2D", "masked", "irregular"):
        np.testing.assert_array_equal(MODEL.nested(GRIDS[name]).array, MODEL.image(GRIDS[name]).array)
    np.testing.assert_array_equal(MODEL.nested(POINTS), MODEL.image(POINTS))
    grid = GRIDS["unevenly"]
    np.testing.assert_allclose(MODEL.nested_sub(grid).slim, 2 * grid.over_sample_size.binned(scalar(grid.sub_array)))


class Wrong:
    """Bodies that return what their decorator does not promise."""

    @to_image
    def shorter(self, grid, *, xp=np):
        return grid.y[1:]

    @to_image
    def number(self, grid, *, xp=np):
        return 1.0

    @to_image
    def two_columns(self, grid, *, xp=np):
        return grid.array

    @to_image
    def list_with_one_wrong(self, grid, *, xp=np):
        return [grid.y, grid.y[1:]]

    @to_vector_yx
    def one_column(self, grid, *, xp=np):
        return grid.y

    @to_vector_yx
    def three_columns(self, grid, *, xp=np):
        return xp.stack([grid.y, grid.x, grid.x], axis=-1)

    @to_grid
    def no_points(self, grid, *, xp=np):
        return grid.x

    @to_image
    @over_sample
    def sub_shorter(self, grid, *, xp=np):
        return grid.y[1:]

    def to_reference_frame(self, grid, *, xp=np):
        return grid.array

    @to_vector_yx
    @transform(rotate_back=True)
    def turns_a_scalar(self, grid, *, xp=np):
        return grid.y


@pytest.mark.parametrize("name", [n for n in vars(Wrong) if not n.startswith("_") and n != "to_reference_frame"])
@pytest.mark.parametrize("given", ["masked", "over-sampled", "irregular"])
def test_results_of_the_wrong_shape_raise(name, given):
    with pytest.raises(ShapeError, match=f"Wrong.{name}"):
        getattr(Wrong(), name)(GRIDS[given])


@pytest.mark.parametrize(
    "given",
    [
        None,
        3.0,
        np.ones(3),
        np.ones((3, 3)),
        [(0.1, 0.2), (0.3, 0.4), (0.5, 0.6)],
        (1.0, 2.0, 3.0),
        Image2D(np.ones((4, 5)), FRAME),
        (np.ones(2), np.ones(3)),
    ],
)
def test_what_is_no_grid_is_refused(given):
    with pytest.raises(ShapeError):
        MODEL.image(given)


@pytest.mark.parametrize("decorate", [to_image, to_grid, to_vector_yx, over_sample, transform, transform(spin=2)])
@pytest.mark.parametrize("body", [lambda self, grid: None, lambda xp: None, lambda self: None])
def test_a_method_without_grid_or_xp_is_refused_at_once(decorate, body):
    with pytest.raises(TypeError, match="signature"):
        decorate(body)
