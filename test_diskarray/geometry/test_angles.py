"""Degrees at the door."""

import numpy as np
import pytest

from diskarray.geometry.angles import cosine_sine, radians


@pytest.mark.parametrize(
    ("degrees", "cosine", "sine"),
    [
        (0, 1, 0),
        (60, 0.5, 3**0.5 / 2),
        (90, 0, 1),
        (180, -1, 0),
        (-30, 3**0.5 / 2, -0.5),
        (405, 0.5**0.5, 0.5**0.5),
    ],
)
def test_known_angles(degrees, cosine, sine):
    np.testing.assert_allclose(cosine_sine(degrees), (cosine, sine), atol=1e-15)


def test_half_turn_is_pi():
    np.testing.assert_allclose(radians([180.0, 90.0]), [np.pi, np.pi / 2], rtol=1e-15)
