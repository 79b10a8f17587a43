"""Over-sampling: the mean over a pixel's sub-pixels."""

import copy
import pickle

import numpy as np
import pytest

from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.mask import Mask2D
from diskarray.structures.over_sampling import OverSampling
from diskarray.structures.star_pixel import star_pixel_points

FRAME = Frame2D((6, 7), 0.4, (2.2, 3.9), 15.0)
MASK = Mask2D.circular(FRAME, 0.9, origin=(0.2, -0.1))
FAR = Mask2D(MASK.array, Frame2D((6, 7), 0.4, (-20.0, 3.9), 15.0))  # the star is outside the image


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
    sampling = OverSampling(sizes, FAR)
    counts = np.broadcast_to(sizes, (6, 7)).ravel()[FAR.indices] ** 2
    numbers = np.random.default_rng(2).normal(size=(counts.sum(), *inner))
    ends = np.cumsum(counts)
    expected = [numbers[end - n : end].mean(axis=0) for end, n in zip(ends, counts, strict=True)]
    np.testing.assert_array_equal(sampling.counts, counts)
    np.testing.assert_allclose(sampling.binned(numbers), expected, atol=1e-14)


@pytest.mark.parametrize("inner", [(), (2,)])
def test_a_pixel_at_the_star_changes_no_other(inner):
    sizes = np.arange(1, 43).reshape(6, 7) % 4 + 1
    sampling = OverSampling(sizes, MASK)
    special = np.flatnonzero(sampling.counts != sampling.sizes**2)
    assert [tuple(map(int, np.unravel_index(MASK.indices[k], (6, 7)))) for k in special] == [(2, 4)]
    numbers = np.random.default_rng(2).normal(size=(sampling.counts.sum(), *inner))
    ends = np.cumsum(sampling.counts)
    expected = [numbers[end - n : end].mean(axis=0) for end, n in zip(ends, sampling.counts, strict=True)]
    k, size = special[0], sampling.sizes[special[0]]
    _, weights = star_pixel_points((2.2 - 2, 3.9 - 4), size)
    expected[k] = np.tensordot(weights, numbers[ends[k] - weights.size : ends[k]], axes=(0, 0))
    np.testing.assert_allclose(sampling.binned(numbers), expected, atol=1e-14)


def test_size_one_adds_no_sub_pixels_but_those_of_the_pixel_that_holds_the_star():
    assert Grid2D(FAR, 1).sub_array is None and Grid2D(FAR, np.ones((6, 7))).sub_array is None
    assert OverSampling(1, FAR).is_trivial and not OverSampling(2, FAR).is_trivial
    even = Mask2D.none(Frame2D((6, 8), 0.4))  # the star lies in the corner of four pixels, inside none
    assert OverSampling(1, even).is_trivial and Grid2D(even).sub_array is None
    holding = Mask2D.none(Frame2D((7, 7), 0.4))
    assert Grid2D(holding).sub_array.shape == (48 + 64, 2) and not OverSampling(1, holding).is_trivial


def test_the_mean_around_the_star_leaves_all_other_pixels_alone():
    sampling = OverSampling(1, Mask2D.none(Frame2D((3, 3), 1.0)))
    values = np.arange(8 + 64.0)
    means = sampling.binned(values)
    np.testing.assert_array_equal(np.delete(means, 4), [0, 1, 2, 3, 68, 69, 70, 71])
    assert 4 < means[4] < 67
    pairs = sampling.binned(np.stack([values, 2 * values], axis=-1))
    np.testing.assert_allclose(pairs, np.stack([means, 2 * means], axis=-1), rtol=1e-15)


def test_over_sampling_compares_hashes_and_copies_by_value():
    one, two = OverSampling(3, MASK), OverSampling(np.full((6, 7), 3.0), MASK)
    assert one == two and hash(one) == hash(two) and one != OverSampling(2, MASK) and one != 3
    assert one != OverSampling(3, FAR) and one != OverSampling(3, Mask2D.none(FRAME))
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


def test_the_star_in_a_corner_or_next_to_a_side_belongs_to_all_its_pixels():
    for center, expected in [
        ((2.5, 3.5), [(2, 3), (2, 4), (3, 3), (3, 4)]),
        ((2.5 + 1e-9, 3.5 - 1e-9), [(2, 3), (2, 4), (3, 3), (3, 4)]),
        ((2.0, 3.45), [(2, 3), (2, 4)]),
        ((2.0, 3.3), [(2, 3)]),
        ((-0.55, 3.0), [(0, 3)]),
        ((-0.75, 3.0), []),
    ]:
        sampling = OverSampling(3, Mask2D.none(Frame2D((6, 7), 0.4, center)))
        special = np.argwhere((sampling.counts != 9).reshape(6, 7))
        assert [tuple(map(int, pixel)) for pixel in special] == expected, center
    assert np.all(OverSampling(1, FAR).counts == 1)


def test_it_prints_its_range():
    sizes = np.ones((3, 4), int)
    sizes[1, 1] = 4
    assert repr(Grid2D.uniform((3, 4), 0.1, over_sample_size=sizes).over_sample_size) == "OverSampling(1 to 4 per side)"
