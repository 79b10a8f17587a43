"""Sub-pixel shifts against numpy.sinc and scipy's Fourier shift."""

import numpy as np
import pytest
from scipy.ndimage import fourier_shift

from diskarray.optics.shift import edge_shift_matrix, sample_shift_matrix

SHIFTS = [0.0, 3.0, -2.0, 0.5, -0.37, 1e-5, 2.99999, 17.123, -1000.4]


@pytest.mark.parametrize("shift", SHIFTS)
def test_samples_are_weighted_with_sinc(shift):
    expected = np.sinc(np.arange(9)[:, None] - shift - np.arange(6))
    np.testing.assert_allclose(sample_shift_matrix(9, 6, shift), expected, rtol=0, atol=2e-13)


@pytest.mark.parametrize("shift", [0.0, 4.0, -5.0, 1000.0])
def test_whole_shifts_are_exact(shift):
    matrix = sample_shift_matrix(9, 9, shift)
    np.testing.assert_array_equal(matrix, np.eye(9, k=-int(shift)))
    np.testing.assert_array_equal(edge_shift_matrix(8, 0.0), np.eye(8))


@pytest.mark.parametrize("n", [1, 2, 7, 12])
@pytest.mark.parametrize("shift", [*SHIFTS, 30.0])
def test_edge_shift_is_the_fourier_shift_of_the_mirrored_signal(n, shift):
    """The component at the Nyquist frequency of an even period is real: scipy's shift is averaged with its mirror."""
    signal = np.random.default_rng(n).normal(size=n)
    mirrored = np.concatenate([signal, signal[::-1]])
    moved = np.fft.ifft(fourier_shift(np.fft.fft(mirrored), shift)).real
    np.testing.assert_allclose(edge_shift_matrix(n, shift) @ signal, moved[:n], rtol=0, atol=1e-11)


def test_a_constant_stays_constant():
    np.testing.assert_allclose(edge_shift_matrix(11, 0.3).sum(axis=1), 1, rtol=1e-13)


def test_many_shifts_at_once():
    shifts = np.array([0.0, 0.5, -3.2])
    for matrix, size in ((sample_shift_matrix(5, 4, shifts), (5, 4)), (edge_shift_matrix(5, shifts), (5, 5))):
        assert matrix.shape == (3, *size)
    np.testing.assert_array_equal(sample_shift_matrix(5, 4, shifts)[2], sample_shift_matrix(5, 4, -3.2))
    np.testing.assert_array_equal(edge_shift_matrix(5, shifts)[1], edge_shift_matrix(5, 0.5))


def test_smooth_where_the_series_takes_over():
    """Value and slope just inside and outside of the threshold, 1e-4 of a sample."""
    for step in (0.99e-4, 1.01e-4):
        exact = np.sinc(step), (np.sinc(step + 1e-6) - np.sinc(step - 1e-6)) / 2e-6
        values = [sample_shift_matrix(1, 1, step + d)[0, 0] for d in (-1e-6, 0.0, 1e-6)]
        assert values[1] == pytest.approx(exact[0], abs=1e-15)
        assert (values[2] - values[0]) / 2e-6 == pytest.approx(exact[1], abs=1e-9)
