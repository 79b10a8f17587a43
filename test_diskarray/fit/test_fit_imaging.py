"""One model against one image of nine pixels, worked out by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from diskarray.backend.pytree import component
from diskarray.dataset.imaging import Imaging
from diskarray.errors import ShapeError
from diskarray.fit.fit_imaging import FitImaging
from diskarray.fit.likelihood import gaussian_log_likelihood, noise_normalization
from diskarray.parameters.parameter import parameter
from diskarray.structures.frame import Frame2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D

DATA = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
NOISE = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])
FRAME = Frame2D((3, 3), 0.1)
CORNERS = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=bool)


@component
class Flat:
    level: float = parameter(5.0)

    def image_2d_from(self, grid, *, xp=np):
        return Image2D.from_slim(self.level + 0.0 * grid.y, grid.mask, xp=xp)


def fit(mask=None, data=DATA, noise=NOISE):
    return FitImaging.of(Imaging(data=data, noise_map=noise, frame=FRAME, mask=mask), Flat())


def test_by_hand():
    found = fit()
    np.testing.assert_array_equal(found.model_image.array, 5)
    np.testing.assert_array_equal(found.residual_map.array, [[-4, -3, -2], [-1, 0, 1], [2, 3, 4]])
    np.testing.assert_array_equal(found.normalized_residual_map.array, [[-4, -1.5, -2], [-0.5, 0, 0.5], [2, 1.5, 4]])
    np.testing.assert_array_equal(found.chi_squared_map.array, [[16, 2.25, 4], [0.25, 0, 0.25], [4, 2.25, 16]])
    assert found.chi_squared == 45.0 and found.n_data == 9
    log_sigma = 4 * np.log(2) + np.log(4)
    assert found.log_likelihood == pytest.approx(-22.5 - log_sigma - 4.5 * np.log(2 * np.pi), rel=1e-15)


def test_masked_by_hand():
    found = fit(CORNERS)
    assert found.chi_squared == 5.0 and found.n_data == 5
    np.testing.assert_array_equal(found.residual_map.array, [[0, -3, 0], [-1, 0, 1], [0, 3, 0]])
    assert found.log_likelihood == pytest.approx(-2.5 - 6 * np.log(2) - 2.5 * np.log(2 * np.pi), rel=1e-15)


@pytest.mark.parametrize("rubbish", [0.0, 1e300, -1e30, np.nan, np.inf])
def test_masked_pixels_never_count(rubbish):
    expected = fit(CORNERS)
    data, noise = DATA.copy(), NOISE.copy()
    data[CORNERS] = rubbish
    noise[CORNERS] = rubbish
    found = fit(CORNERS, data, noise)
    assert found.log_likelihood == expected.log_likelihood and found.chi_squared == expected.chi_squared
    np.testing.assert_array_equal(found.chi_squared_map.array, expected.chi_squared_map.array)
    assert found.n_data == 5


def test_log_likelihood_is_the_sum_of_normal_densities():
    rng = np.random.default_rng(1)
    data, noise = rng.normal(5, 2, (30, 20)), rng.uniform(0.5, 3, (30, 20))
    found = FitImaging.of(Imaging(data=data, noise_map=noise, pixel_scale=0.1), Flat())
    assert found.log_likelihood == pytest.approx(norm.logpdf(data, 5.0, noise).sum(), rel=1e-13)
    assert gaussian_log_likelihood(((data - 5) / noise).ravel(), noise.ravel()) == found.log_likelihood
    assert noise_normalization(noise.ravel()) == pytest.approx(np.log(2 * np.pi * noise**2).sum(), rel=1e-13)


def test_reduced_chi_squared_counts_the_degrees_of_freedom():
    found = fit(CORNERS)
    assert found.reduced_chi_squared() == 1.0
    assert found.reduced_chi_squared(3) == 2.5


def test_what_was_compared_is_kept():
    found = fit()
    assert isinstance(found.model, Flat) and found.data is found.dataset.data
    np.testing.assert_array_equal(found.noise_map.array, NOISE)
    np.testing.assert_allclose((found.data - found.model_image).array, found.residual_map.array)
    assert "9 pixels" in repr(found)


def test_a_model_on_other_pixels_is_refused():
    class Elsewhere:
        def image_2d_from(self, grid, *, xp=np):
            return Image2D(np.zeros((3, 3)), Mask2D.none(Frame2D((3, 3), 0.2)))

    with pytest.raises(ShapeError, match="same type, mask, frame"):
        FitImaging.of(Imaging(data=DATA, noise_map=NOISE, frame=FRAME), Elsewhere())
