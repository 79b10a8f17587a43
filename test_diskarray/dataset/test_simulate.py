"""The simulator: seeded, repeatable, and with the noise it says."""

import numpy as np
import pytest

from diskarray.dataset.simulate import simulate
from diskarray.errors import DataError, ParameterError, UnitError
from diskarray.structures.frame import Frame2D
from diskarray.structures.grid import Grid2D
from diskarray.structures.image import Image2D
from diskarray.structures.mask import Mask2D

FRAME = Frame2D((60, 70), 0.02)


class Ramp:
    """A scene whose brightness is 100 plus 50 per arcsec."""

    def image_2d_from(self, grid, *, xp=np):
        return Image2D.from_slim(100.0 + 50.0 * grid.y, grid.mask)


GRID = Grid2D(mask=Mask2D.none(FRAME))


def test_same_seed_same_bits_whatever_the_mask():
    first, second, other = (simulate(Ramp(), GRID, background=2.0, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.data.array, second.data.array)
    assert not np.array_equal(first.data.array, other.data.array)
    mask = Mask2D.circular(FRAME, 0.4)
    masked = simulate(Ramp(), Grid2D(mask=mask), background=2.0, seed=7)
    assert masked.mask == mask
    np.testing.assert_array_equal(masked.data.slim, first.data.array.ravel()[mask.indices])


def test_noise_has_the_size_of_its_map():
    imaging = simulate(Ramp(), GRID, background=3.0, photon_noise=0.5, seed=1, unit="mJy/arcsec2")
    truth = Ramp().image_2d_from(GRID).array
    np.testing.assert_allclose(imaging.noise_map.array, np.sqrt(9.0 + 0.5 * truth))
    scaled = (imaging.data.array - truth) / imaging.noise_map.array
    assert abs(scaled.mean()) < 4 / np.sqrt(scaled.size) and abs(scaled.std() - 1) < 0.05
    assert imaging.unit == "mJy / arcsec2" and imaging.frame == FRAME


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": None},
        {"seed": True},
        {"seed": -1},
        {"seed": 1.5},
        {"background": -1.0},
        {"background": np.nan},
        {"photon_noise": -0.1},
    ],
)
def test_wrong_arguments(wrong):
    with pytest.raises(ParameterError):
        simulate(Ramp(), GRID, **{"background": 1.0, "seed": 1, **wrong})


def test_unit_is_the_scenes_own_and_noise_is_needed():
    for unit in ("mJy", "MJy/sr"):
        with pytest.raises(UnitError):
            simulate(Ramp(), GRID, background=1.0, seed=1, unit=unit)
    with pytest.raises(TypeError):
        simulate(Ramp(), GRID, background=1.0)
    with pytest.raises(DataError, match="the noise is not above 0"):
        simulate(Ramp(), GRID, background=0.0, seed=1)


def test_an_observable_is_rendered_and_kept():
    class Polarized:
        def observed_2d_from(self, grid, observable):
            assert observable == "Q_phi"
            return Ramp().image_2d_from(grid) * 2.0

    imaging = simulate(Polarized(), GRID, background=0.0, photon_noise=1e-30, seed=3, observable="Q_phi")
    assert imaging.observable == "Q_phi"
    np.testing.assert_allclose(imaging.data.array, 2 * Ramp().image_2d_from(GRID).array, rtol=1e-10)
