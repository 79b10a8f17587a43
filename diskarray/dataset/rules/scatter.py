"""Rules on noise and background, from regions that are probably empty.

The outer half of the unmasked pixels is cut into sectors around the star. A disk fills some of them, seldom all: the
quarter of them with the least scatter, and the one with the mean nearest to zero, tell noise and background.
"""

__all__ = ["background", "noise_scale", "noise_ratio"]

import numpy as np

from .finding import ERROR, INFO, WARNING, Finding

_SECTORS = 16
_FEWEST = 20  # pixels of a sector
_WRONG, _ABSURD = 2.0, 10.0
_BACKGROUND_SIGMA = 0.5
_NO_DISK_SIGMA = 3.0  # a disk that fills the field may do less


def noise_scale(imaging, psf):
    """A noise map that does not agree with the scatter of the image where it is empty."""
    ratio = noise_ratio(imaging)
    if ratio is None or 1.0 / _WRONG <= ratio <= _WRONG:
        return
    severity = WARNING if 1.0 / _ABSURD <= ratio <= _ABSURD else ERROR
    yield Finding(
        severity,
        "noise_scale",
        f"Far from the star the image scatters by {ratio:.3g} times its noise map.",
        "Check that the noise map is one standard deviation (no variance, no weight), in the unit of the image.",
    )


def background(imaging, psf):
    """A level that is not zero anywhere."""
    sectors = _sectors(imaging)
    if not sectors:
        return
    level = min((float(np.median(values)) for values in sectors), key=abs)
    if abs(level) > _BACKGROUND_SIGMA:
        yield Finding(
            INFO if 0 < level < _NO_DISK_SIGMA else WARNING,
            "background",
            f"Far from the star the image is nowhere nearer to zero than {level:+.2g} times its noise.",
            "Subtract the background (preprocess: background), unless the disk fills the field.",
        )


def noise_ratio(imaging):
    """Scatter over noise in empty regions; None where there are too few pixels to tell."""
    scatter = [1.4826 * float(np.median(np.abs(values - np.median(values)))) for values in _sectors(imaging)]
    return float(np.percentile(scatter, 25.0)) if scatter else None


def _sectors(imaging):
    """Data over noise in the sectors of the outer half, those with enough pixels."""
    rows, columns = np.nonzero(~imaging.mask.array)
    y, x = rows - imaging.frame.center[0], columns - imaging.frame.center[1]
    r = np.hypot(y, x)
    signal = np.asarray(imaging.data.slim) / np.asarray(imaging.noise_map.slim)
    sector = np.floor((np.arctan2(y, x) / (2 * np.pi) + 0.5) * _SECTORS).astype(int) % _SECTORS
    outer = r >= np.median(r)
    found = (signal[outer & (sector == k)] for k in range(_SECTORS))
    return [values for values in found if values.size >= _FEWEST]
