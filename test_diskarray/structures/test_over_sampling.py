"""Over-sampling: the mean over a pixel's sub-pixels."""

import copy
import pickle

import numpy as np
import pytest

from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D
from diskarray.structures.over_sampling import OverSampling

FRAME = Frame2D((6, 7), 0.4, (2.2, 3.9), 15.0)
MASK = Mask2D.circular(FRAME, 0.9, origin=(0.2, -0.1))


def values(points):
    """A smooth function of the sky."""
    y, x = points[:, 0], points[:, 1]
    return np.exp(-1.5 * (y - 0.2) ** 2 - 0.7 * x**2) + 0.3 * np.cos(2 * x + y)


def sampled(size, mask=MASK):
    grid = Grid2D(mask, size)
    return values(grid.array) if grid.sub_array is None else grid.over_sample_size.binned(values(grid.sub_array))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_one_size_and_the_same_size_per_pixel_agree(size):
    sizes = np.full((6, 7), size)
    np.testing.assert_allclose(sampled(sizes), sampled(size), rtol=1e-14)
    uneven = np.where(MASK.array, 7, size)  # masked pixels of another size must not matter
    np.testing.assert_allclose(sampled(uneven), sampled(size), rtol=1e-14)


def test_a_pixel_depends_on_its_own_size_only():
    sizes = np.random.default_rng(1).integers(1, 5, (6, 7))
    mixed = sampled(sizes)
    for k, index in enumerate(MASK.indices):
        np.testing.assert_allclose(mixed[k], sampled(int(sizes.flat[index]))[k], rtol=1e-13)


def test_the_mean_converges_to_second_order():
    steps = (np.arange(32) + 0.5) / 32 - 0.5
    reference = np.array(
        [
            np.mean(
                [values(np.array([FRAME.sky_from(index // 7 + a, index % 7 + b)]))[0] for a in steps for b in steps]
            )
            for index in MASK.indices
        ]
    )
    errors = [np.abs(sampled(n) - reference).max() for n in (1, 2, 4)]
    assert errors[0] > 1e-3
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert 3.7 < coarse / fine < 4.5


@pytest.mark.parametrize("sizes", [2, np.arange(1, 43).reshape(6, 7) % 4 + 1])
@pytest.mark.parametrize("inner", [(), (2,), (2, 3)])
def test_values_are_binned_into_their_own_pixel(sizes, inner):
    sampling = OverSampling(sizes, MASK)
    counts = np.broadcast_to(sizes, (6, 7)).ravel()[MASK.indices] ** 2
    numbers = np.random.default_rng(2).normal(size=(counts.sum(), *inner))
    ends = np.cumsum(counts)
    expected = [numbers[end - n : end].mean(axis=0) for end, n in zip(ends, counts, strict=True)]
    np.testing.assert_allclose(sampling.binned(numbers), expected, atol=1e-14)


def test_size_one_adds_no_sub_pixels():
    assert Grid2D(MASK, 1).sub_array is None and Grid2D(MASK, np.ones((6, 7))).sub_array is None
    assert OverSampling(1, MASK).is_trivial and not OverSampling(2, MASK).is_trivial


def test_over_sampling_compares_hashes_and_copies_by_value():
    one, two = OverSampling(3, MASK), OverSampling(np.full((6, 7), 3.0), MASK)
    assert one == two and hash(one) == hash(two) and one != OverSampling(2, MASK) and one != 3
    for copied in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert copied == one and hash(copied) == hash(one) and not copied.sizes.flags.writeable
    with pytest.raises(AttributeError):
        one.sizes = 3


def test_one_grids_over_sampling_fits_another_mask():
    sizes = np.random.default_rng(1).integers(1, 5, (6, 7))
    whole = Grid2D(Mask2D.none(FRAME), sizes)
    np.testing.assert_array_equal(Grid2D(MASK, whole.over_sample_size).sub_array, Grid2D(MASK, sizes).sub_array)


def test_a_mask_that_excludes_everything_has_an_empty_grid():
    grid = Grid2D(Mask2D(np.ones((6, 7), bool), FRAME), 3)
    assert grid.array.shape == (0, 2) and grid.over_sample_size.binned(np.zeros(0)).shape == (0,)
