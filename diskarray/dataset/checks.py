"""Looking at data before they are fitted: every rule in turn, and what it finds."""

__all__ = ["RULES", "REFUSED", "check_imaging", "finding_from_error"]

from types import MappingProxyType

from ..errors import ConfigError
from .rules import kernel, pixels, placing, scatter
from .rules.finding import ERROR, Finding
from .rules.refusal import rule_of

RULES = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            pixels.few_pixels,
            pixels.not_finite,
            pixels.constant,
            pixels.outliers,
            pixels.mask_fraction,
            pixels.mask_star,
            scatter.noise_scale,
            scatter.background,
            placing.unit_missing,
            placing.pixel_scale,
            placing.star_inside,
            placing.star_peak,
            placing.star_wcs,
            placing.wcs_missing,
            placing.wcs_mirrored,
            placing.wcs_frame,
            kernel.psf_size,
            kernel.psf_center,
            kernel.psf_sampling,
            kernel.psf_negative,
            kernel.psf_edge,
            kernel.psf_sum,
        )
    }
)
"""Name -> function(imaging, psf) that yields findings."""

REFUSED = MappingProxyType(
    {
        "shape": "Give image, noise and mask of one shape.",
        "empty": "Check masks, extension and plane.",
        "mask": "Give a mask of 0 and 1, or True and False; True means excluded.",
        "noise_sign": "Mask these pixels, or give their noise.",
        "unit": "Give unit=.",
        "scale": "Give pixel_scale= in arcsec, or correct the file.",
        "star": "Give center=(y, x), 0-based.",
        "wcs": "Correct the cards, or give pixel_scale= with use_wcs=False.",
        "axes": "Correct the coordinate axes.",
    }
)
"""Rules that readers and Imaging enforce themselves, since no image can be made otherwise: name -> advice."""

UNREADABLE = MappingProxyType(
    {
        "configuration": "Correct the configuration.",
        "file": "Copy or download it again, or give another one.",
    }
)


def check_imaging(imaging, *, psf=None):
    """Everything that the rules find in an image, the gravest first.

    Parameters
    ----------
    imaging : Imaging
    psf : PSF, optional
        What models are convolved with.

    Returns
    -------
    tuple of Finding
    """
    found = [finding for rule in RULES.values() for finding in rule(imaging, psf)]
    order = {"ERROR": 0, "WARNING": 1, "INFO": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def finding_from_error(error):
    """The ERROR that an exception of a reader is: the rule that refused the data, else that nothing could be read."""
    rule = "configuration" if isinstance(error, ConfigError) else rule_of(error) or "file"
    return Finding(ERROR, rule, str(error), {**REFUSED, **UNREADABLE}[rule])
