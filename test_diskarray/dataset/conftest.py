"""Where the real data lie, and a small FITS file to spoil."""

import os
from pathlib import Path

import numpy as np
import pytest

from diskarray.files.fits import FitsHDU, write_fits

REPOSITORY = Path(__file__).parents[2]
CELESTIAL = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 150.0,
    "CRVAL2": -30.0,
    "CRPIX1": 11.0,
    "CRPIX2": 11.0,
    "CD1_1": -4e-6,
    "CD1_2": 0.0,
    "CD2_1": 0.0,
    "CD2_2": 4e-6,
    "BUNIT": "mJy/arcsec2",
}


@pytest.fixture
def real_data():
    """A function from a relative path (or pattern) to a file of real data; skips where it is absent."""
    folder = Path(os.environ.get("DISKARRAY_DATA", REPOSITORY.parent / "shared" / "data"))

    def find(pattern):
        found = sorted(folder.glob(pattern))
        if not found:
            pytest.skip(f"real data {pattern} is not in {folder}; set DISKARRAY_DATA to its folder")
        return found[0]

    return find


@pytest.fixture
def noise_image():
    return np.random.default_rng(3).normal(size=(21, 21))


@pytest.fixture
def good_file(tmp_path, noise_image):
    """A function that writes SCI and ERR of a good file, with cards changed (None removes one) or other arrays."""
    positive = 1.0 + np.abs(noise_image)

    def write(cards=(), data=noise_image, noise=positive, noise_cards=()):
        kept = {k: v for k, v in {**CELESTIAL, **dict(cards)}.items() if v is not None}
        path = tmp_path / "data.fits"
        write_fits(
            path, [FitsHDU(), FitsHDU(data, "SCI", kept), FitsHDU(noise, "ERR", dict(noise_cards))], overwrite=True
        )
        return path

    return write
