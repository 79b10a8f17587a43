"""Annular noise maps."""

import numpy as np
import pytest

from diskarray.dataset.noise import annular_noise_map
from diskarray.errors import DataError, ParameterError, ShapeError

RNG = np.random.default_rng(2)


def radii(shape, center):
    row, column = np.indices(shape)
    return np.hypot(row - center[0], column - center[1])


def test_standard_deviation_of_each_annulus():
    image, center = RNG.normal(size=(31, 41)), (14.0, 21.0)
    image[10, 20] = np.nan
    noise, r = annular_noise_map(image, center), radii(image.shape, center)
    for k in range(4):
        inside = (r >= 3 * k) & (r < 3 * k + 3)
        np.testing.assert_allclose(noise[inside], np.nanstd(image[inside]), rtol=1e-13)
    assert np.isfinite(noise).all() and (noise > 0).all()


def test_robust_scatter_of_gaussian_noise_ignores_outliers():
    image = 2.0 * RNG.normal(size=(101, 101))
    image[50, 30] = 1e6
    noise = annular_noise_map(image, width_pixels=10, statistic="robust")
    np.testing.assert_allclose(noise[radii(image.shape, (50, 50)) < 50], 2.0, rtol=0.15)


def test_sparse_annuli_join_their_inner_neighbor():
    """The corners, and the first ring that has enough pixels takes the ones inside it."""
    image, r = RNG.normal(size=(19, 19)), radii((19, 19), (9, 9))
    image[r < 6] = np.nan
    image[9, 9] = 5.0
    image[[0, 0, -1, -1], [0, -1, 0, -1]] = np.nan
    assert np.sum(np.isfinite(image) & (r >= 12)) == 8
    noise = annular_noise_map(image)
    for inside in (r < 9, r >= 9):
        np.testing.assert_allclose(noise[inside], np.std(image[inside & np.isfinite(image)]), rtol=1e-13)


def test_no_annulus_of_zero_noise_unless_it_is_masked():
    image, r = RNG.normal(size=(41, 41)), radii((41, 41), (20, 20))
    image[(r >= 9) & (r < 12)] = 0.0
    with pytest.raises(DataError, match="U_phi: the annulus 9 <= r < 12 pixels"):
        annular_noise_map(image, where="U_phi")
    noise = annular_noise_map(image, mask=(r >= 9) & (r < 12))
    assert (noise > 0).all()
    np.testing.assert_array_equal(noise[r < 9], annular_noise_map(image, mask=r >= 9)[r < 9])


def test_wrong_arguments():
    with pytest.raises(DataError, match="no annulus has 10 finite pixels"):
        annular_noise_map(np.full((9, 9), np.nan))
    with pytest.raises(ParameterError, match="statistic"):
        annular_noise_map(np.eye(9), statistic="mad")
    with pytest.raises(ParameterError, match="width_pixels"):
        annular_noise_map(np.eye(9), width_pixels=0)
    with pytest.raises(ShapeError):
        annular_noise_map(np.ones(9))
    with pytest.raises(ShapeError):
        annular_noise_map(np.eye(9), mask=np.zeros((3, 3), dtype=bool))


@pytest.mark.parametrize(
    ("target", "outer", "count"), [("hr4796a", 95, 27366), ("hd32297", 90, 24834), ("hd117214", 80, 19628)]
)
def test_recipe_of_the_real_files(real_data, target, outer, count):
    from diskarray.files.fits import read_image

    path = real_data(f"gpi/{target}_H_pol.fits.gz")
    q_phi, u_phi = (read_image(path, "SCI", plane).array for plane in (1, 2))
    r = radii(q_phi.shape, (140, 140))
    noise = annular_noise_map(u_phi, (140, 140))
    used = (r > 12) & (r < outer) & np.isfinite(q_phi) & np.isfinite(u_phi)
    assert used.sum() == count
    for k in range(4, outer // 3):
        inside = (r >= 3 * k) & (r < 3 * k + 3)
        assert np.unique(noise[inside]).size == 1
        assert noise[inside][0] == pytest.approx(np.nanstd(u_phi[inside]), rel=1e-12)
