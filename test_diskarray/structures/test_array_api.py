"""Structures and decorators on a namespace that allows nothing beyond the array-API standard."""

import array_api_strict as xps
import numpy as np
import pytest

from diskarray.backend.pytree import component, on_namespace
from diskarray.errors import ShapeError
from diskarray.parameters.parameter import parameter
from diskarray.structures.decorators import over_sample, to_grid, to_image, to_vector_yx, transform
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D, Grid2DIrregular
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.mask import Mask2D
from diskarray.structures.vector import VectorYX2D, VectorYX2DIrregular

FRAME = Frame2D((4, 5), 0.3, (1.2, 2.9), 20.0)
MASK = Mask2D.circular(FRAME, 0.7)
POINTS = np.array([(0.1, -0.3), (0.4, 0.2), (-0.2, 0.0)])
GRIDS = {
    "whole": Grid2D(FRAME),
    "masked": Grid2D(MASK),
    "over-sampled": Grid2D(MASK, 2),
    "unevenly": Grid2D(MASK, np.arange(20).reshape(4, 5) % 3 + 1),
    "irregular": Grid2DIrregular(POINTS),
    "rows": POINTS,
    "pair": (POINTS[:, 0], POINTS[:, 1]),
    "whole numbers": (1, 2),
}


@component
class Turned:
    """A rotated, scaled frame with one method per decorator."""

    position_angle: float = parameter(33.0)

    def to_reference_frame(self, grid, *, xp=np):
        angle = xp.asarray(self.position_angle) * (np.pi / 180)
        c, s = xp.cos(angle), xp.sin(angle)
        return xp.stack([grid.y * c - grid.x * s, grid.y * s + grid.x * c], axis=-1) * 2.0

    @to_image
    @over_sample
    @transform
    def image(self, grid, *, xp=np):
        return xp.exp(-grid.y * grid.y) + grid.x

    @to_grid
    @transform
    def moved(self, grid, *, xp=np):
        return grid.array + 1.0

    @to_vector_yx
    @over_sample
    @transform(rotate_back=True, spin=2)
    def stokes(self, grid, *, xp=np):
        return xp.stack([grid.y * 0.5, grid.x], axis=-1)


def is_strict(array):
    return type(array) is type(xps.asarray(1.0))


@pytest.mark.parametrize("method", ["image", "moved", "stokes"])
@pytest.mark.parametrize("given", GRIDS)
def test_decorators_give_the_same_type_and_numbers(method, given):
    grid = GRIDS[given]
    numpy = getattr(Turned(), method)(grid)
    strict = getattr(Turned(), method)(grid, xp=xps)
    assert type(strict) is type(numpy) or (isinstance(numpy, np.ndarray) and is_strict(strict))
    raw = getattr(strict, "array", strict)
    assert is_strict(raw)
    np.testing.assert_allclose(np.asarray(raw), getattr(numpy, "array", numpy), rtol=1e-14, atol=1e-14)
    if getattr(numpy, "sub_array", None) is not None:
        np.testing.assert_allclose(np.asarray(strict.sub_array), numpy.sub_array, rtol=1e-14, atol=1e-14)


RAW = np.random.default_rng(0).uniform(1, 2, (4, 5, 2))
STRUCTURES = {
    "Image2D": Image2D(RAW[..., 0], FRAME),
    "masked Image2D": Image2D(RAW[..., 0], MASK),
    "ImageIrregular": ImageIrregular(RAW[0, :, 0]),
    "VectorYX2D": VectorYX2D(RAW, MASK),
    "VectorYX2DIrregular": VectorYX2DIrregular(RAW[0]),
    "Grid2D": GRIDS["over-sampled"],
    "Grid2DIrregular": GRIDS["irregular"],
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_compute_on_strict_arrays(name):
    numpy = STRUCTURES[name]
    strict = on_namespace(numpy, xps)
    assert type(strict) is type(numpy) and is_strict(strict.array)
    for operation in (
        lambda s: s + 1.0,
        lambda s: 2.0 / (s + 5.0),
        lambda s: -s * s,
        lambda s: s - s,
        lambda s: s**2.0,
    ):
        one, two = operation(numpy), operation(strict)
        assert type(two) is type(numpy) and is_strict(two.array)
        np.testing.assert_allclose(np.asarray(two), np.asarray(one), rtol=1e-14)
    for attribute in ("slim", "y", "x", "magnitude"):
        if hasattr(numpy, attribute):
            one, two = getattr(numpy, attribute), getattr(strict, attribute)
            np.testing.assert_allclose(np.asarray(getattr(two, "array", two)), getattr(one, "array", one), rtol=1e-14)
    for name in ("sum", "mean", "max", "min"):
        if hasattr(numpy, name):
            np.testing.assert_allclose(float(getattr(strict, name)()), getattr(numpy, name)(), rtol=1e-14)


def test_structures_are_constructed_from_strict_arrays():
    image = Image2D(xps.asarray(RAW[..., 0]), MASK)
    assert is_strict(image.array)
    np.testing.assert_array_equal(np.asarray(image), np.where(MASK.array, 0, RAW[..., 0]))
    assert is_strict(Grid2DIrregular(xps.asarray(POINTS)).array)
    with pytest.raises(ShapeError):
        Image2D(xps.asarray(RAW[0]), MASK)


def test_pairs_and_raw_arrays_move_and_scale_strict_structures():
    grid = on_namespace(GRIDS["over-sampled"], xps)
    moved = grid - (0.1, 0.2)
    np.testing.assert_allclose(np.asarray(moved.sub_array), GRIDS["over-sampled"].sub_array - np.array([0.1, 0.2]))
    vectors = on_namespace(STRUCTURES["VectorYX2D"], xps)
    weights = xps.asarray(RAW[..., 1])
    np.testing.assert_allclose(np.asarray(vectors * weights), (STRUCTURES["VectorYX2D"] * RAW[..., 1]).array)
