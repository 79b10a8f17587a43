"""Image2D and ImageIrregular: construction, masked pixels, sums, guarded arithmetic."""

import copy
import pickle

import numpy as np
import pytest

from diskarray.errors import DataError, ShapeError
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2DIrregular
from diskarray.structures.image import Image2D, ImageIrregular
from diskarray.structures.mask import Mask2D
from diskarray.structures.vector import VectorYX2D

FRAME = Frame2D((3, 4), 0.2)
EXCLUDED = np.array([[1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]], dtype=bool)
MASK = Mask2D(EXCLUDED, FRAME)
NUMBERS = np.arange(1.0, 13.0).reshape(3, 4)


def with_holes(fill=np.nan):
    return np.where(EXCLUDED, fill, NUMBERS)


@pytest.mark.parametrize("fill", [5.0, np.nan, np.inf])
def test_masked_pixels_are_zero_and_enter_nothing(fill):
    image = Image2D(with_holes(fill), MASK)
    kept = [NUMBERS[r, c] for r in range(3) for c in range(4) if not EXCLUDED[r, c]]
    np.testing.assert_array_equal(image.array, np.where(EXCLUDED, 0, NUMBERS))
    np.testing.assert_array_equal(image.slim, kept)
    assert image.sum() == sum(kept) and image.mean() == sum(kept) / len(kept)
    assert (-image).max() == -min(kept) and image.min() == min(kept) and image.max() == max(kept)


@pytest.mark.parametrize("mask", [MASK, Mask2D.none(FRAME)])
def test_slim_and_native_are_two_views_of_one_image(mask):
    image = Image2D(NUMBERS, mask)
    again = Image2D.from_slim(image.slim, mask)
    np.testing.assert_array_equal(again.array, image.array)
    assert again.mask == mask and again.frame == FRAME and again.shape_native == (3, 4)
    np.testing.assert_array_equal(Image2D.from_slim(list(image.slim), mask).array, image.array)


def test_a_frame_excludes_nothing():
    assert Image2D(NUMBERS, FRAME).mask == Mask2D.none(FRAME)
    assert Image2D.from_slim(np.arange(12), FRAME).array.dtype == float


def test_constructors_unwrap_nested_structures():
    image = Image2D(array=Image2D(Image2D(NUMBERS, FRAME), FRAME), mask=MASK)
    assert type(image.array) is np.ndarray and image.sum() == NUMBERS[~EXCLUDED].sum()
    points = ImageIrregular(ImageIrregular([1, 2, 3]))
    assert type(points.array) is np.ndarray and points.array.dtype == float and len(points) == 3


MAKERS = {
    "Image2D": (lambda a: Image2D(a, FRAME), (3, 4)),
    "Image2D masked": (lambda a: Image2D(a, MASK), (3, 4)),
    "Image2D.from_slim": (lambda a: Image2D.from_slim(a, FRAME), (12,)),
    "Image2D.from_slim masked": (lambda a: Image2D.from_slim(a, MASK), (7,)),
    "ImageIrregular": (ImageIrregular, (5,)),
    "VectorYX2D": (lambda a: VectorYX2D(a, MASK), (3, 4, 2)),
    "VectorYX2D.from_slim": (lambda a: VectorYX2D.from_slim(a, FRAME), (12, 2)),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("kind", [float, np.float32, ">f8", int])
def test_constructors_neither_change_nor_share_the_callers_array(name, kind):
    make, shape = MAKERS[name]
    given = np.arange(1, np.prod(shape) + 1).reshape(shape).astype(kind)
    before = given.copy()
    structure = make(given)
    kept = structure.array.copy()
    np.testing.assert_array_equal(given, before)
    assert given.flags.writeable and not np.shares_memory(given, structure.array)
    given[...] = -1
    np.testing.assert_array_equal(structure.array, kept)
    assert structure.array.dtype == np.dtype(float)


@pytest.mark.parametrize("name", MAKERS)
def test_images_are_frozen_and_so_are_the_results_of_arithmetic(name):
    make, shape = MAKERS[name]
    structure = make(np.ones(shape))
    with pytest.raises(AttributeError):
        structure.array = np.zeros(shape)
    with pytest.raises(TypeError):
        structure[0] = 5.0
    for result in (structure, structure + 1, structure / structure, -structure, structure**2):
        assert not result.array.flags.writeable


@pytest.mark.parametrize("name", MAKERS)
def test_pickle_and_copies_are_equal_and_still_frozen(name):
    make, shape = MAKERS[name]
    structure = make(np.random.default_rng(0).normal(size=shape))
    for copied in (pickle.loads(pickle.dumps(structure)), copy.deepcopy(structure), copy.copy(structure)):
        assert type(copied) is type(structure) and not copied.array.flags.writeable
        np.testing.assert_array_equal(copied.array, structure.array)
        assert getattr(copied, "mask", None) == getattr(structure, "mask", None)
        np.testing.assert_array_equal((copied - structure).array, 0)


@pytest.mark.parametrize("name", MAKERS)
def test_numpy_reads_a_copy(name):
    make, shape = MAKERS[name]
    structure = make(np.ones(shape))
    read = np.asarray(structure)
    np.testing.assert_array_equal(read, structure.array)
    assert np.asarray(structure, dtype=np.float32).dtype == np.float32
    read[...] = 7
    assert not np.any(structure.array == 7)


IMAGES = {
    "Image2D": Image2D(with_holes(), MASK),
    "whole Image2D": Image2D(NUMBERS, FRAME),
    "ImageIrregular": ImageIrregular([1.0, 2.0, -3.0]),
}
OPERATIONS = {
    "a + 2": lambda a, b: a + 2,
    "2 + a": lambda a, b: 2 + a,
    "2 - a": lambda a, b: 2 - a,
    "a - b": lambda a, b: a - b,
    "a * 3.0": lambda a, b: a * 3.0,
    "1 / a": lambda a, b: 1 / a,
    "a / b": lambda a, b: a / b,
    "a ** 2": lambda a, b: a**2,
    "2 ** a": lambda a, b: 2**a,
    "-a": lambda a, b: -a,
    "+a": lambda a, b: +a,
    "a * b ** 2": lambda a, b: a * b**2,
    "numpy number": lambda a, b: np.float64(3) * a,
    "0-d array": lambda a, b: np.asarray(3.0) - a,
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_arithmetic_keeps_the_type_and_the_pixels(name, operation):
    one = IMAGES[name]
    two = one + 0.5
    result = OPERATIONS[operation](one, two)
    assert type(result) is type(one) and getattr(result, "mask", None) == getattr(one, "mask", None)
    values = [i.slim if isinstance(i, Image2D) else i.array for i in (one, two, result)]
    np.testing.assert_allclose(values[2], OPERATIONS[operation](values[0], values[1]), rtol=1e-15)
    if name == "Image2D":
        np.testing.assert_array_equal(result.array[EXCLUDED], 0)


@pytest.mark.parametrize("name", IMAGES)
def test_raw_arrays_of_the_same_shape_combine_from_either_side(name):
    image = IMAGES[name]
    raw = np.full(image.array.shape, 2.0)
    for result in (image * raw, raw * image):
        assert type(result) is type(image)
        np.testing.assert_array_equal(result.array, image.array * 2)


def test_division_by_the_zeros_behind_the_mask_warns_of_nothing():
    image = Image2D(with_holes(0.0), MASK)
    raw = np.where(EXCLUDED, 0.0, 1.0)
    for result in (1 / image, image / image, image / raw, raw / image, image**-1.5, image / Image2D(raw, MASK)):
        assert np.all(np.isfinite(result.array)) and np.all(result.array[EXCLUDED] == 0)
    holes = np.where(EXCLUDED, np.nan, 2.0)
    np.testing.assert_array_equal((image * holes).array, np.where(EXCLUDED, 0, 2 * NUMBERS))


def image(**changes):
    frame = Frame2D(**({"shape_native": (3, 4), "pixel_scale": 0.2} | changes))
    return Image2D(np.ones(frame.shape_native), frame)


UNLIKE = {
    "mask": lambda: image() + Image2D(NUMBERS, MASK),
    "scale": lambda: image() + image(pixel_scale=0.1),
    "scale, reversed": lambda: image(pixel_scale=0.1) * image(),
    "center": lambda: image() - image(center=(0, 0)),
    "orientation": lambda: image() / image(north_angle=1.0),
    "mirrored": lambda: image() / image(mirrored=True),
    "shape": lambda: image() ** image(shape_native=(4, 3)),
    "raw shape": lambda: image() + np.ones((4, 3)),
    "raw row": lambda: image() + np.ones(4),
    "reversed raw shape": lambda: np.ones((3, 1)) + image(),
    "slim raw": lambda: Image2D(NUMBERS, MASK) + np.ones(7),
    "a list": lambda: image() + [1.0, 2.0, 3.0, 4.0],
    "a vector": lambda: image() + VectorYX2D(np.ones((3, 4, 2)), FRAME),
    "points": lambda: image() + ImageIrregular(np.ones(12)),
    "a grid": lambda: ImageIrregular([1.0, 2.0]) + Grid2DIrregular([(0.0, 0.0), (1.0, 1.0)]),
    "irregular length": lambda: ImageIrregular([1.0, 2.0]) + ImageIrregular([1.0]),
    "raw irregular length": lambda: ImageIrregular([1.0, 2.0]) + np.ones(3),
    "a complex number": lambda: image() + 1j,
    "None": lambda: image() + None,
}


@pytest.mark.parametrize("case", UNLIKE)
def test_what_does_not_fit_does_not_combine(case):
    with pytest.raises(ShapeError, match="does not combine"):
        UNLIKE[case]()


WRONG = [
    (ShapeError, lambda: Image2D(np.ones((4, 3)), FRAME)),
    (ShapeError, lambda: Image2D(np.ones(12), FRAME)),
    (ShapeError, lambda: Image2D(np.ones((3, 4)), EXCLUDED)),
    (ShapeError, lambda: Image2D.from_slim(np.ones(8), MASK)),
    (ShapeError, lambda: Image2D.from_slim(np.ones(7), EXCLUDED)),
    (ShapeError, lambda: ImageIrregular(1.0)),
    (ShapeError, lambda: ImageIrregular(np.ones((2, 2)))),
    (DataError, lambda: ImageIrregular(["1.0", "2.0"])),
    (DataError, lambda: ImageIrregular([1.0, 2j])),
    (DataError, lambda: ImageIrregular(None)),
    (DataError, lambda: ImageIrregular([[1.0], [1.0, 2.0]])),
    (DataError, lambda: Image2D(np.ma.masked_array(NUMBERS, EXCLUDED), FRAME)),
]


@pytest.mark.parametrize("error, make", WRONG)
def test_what_is_no_image_is_refused(error, make):
    with pytest.raises(error):
        make()


def test_a_masked_image_does_not_gain_pixels_it_never_had():
    frame = Frame2D((4, 5), 0.1)
    narrow = Mask2D.circular(frame, 0.11)
    image = Image2D(np.ones((4, 5)), narrow)
    with pytest.raises(ShapeError, match="exclude them"):
        Image2D(image, Mask2D.none(frame))
    narrower = Mask2D.circular(frame, 0.08)
    assert Image2D(image, narrower).sum() == narrower.n_unmasked
