"""Simulated files in the layouts of the instruments, so that the reader of a configuration reads what is simulated."""

__all__ = ["check_simulated", "layout_hdus", "simulated_observables"]

import math

import numpy as np

from ..dataset.units import surface_brightness_unit
from ..errors import ConfigError
from ..files.fits import FitsHDU

_POLARIZED = ("gpi", "irdis")


def check_simulated(config):
    """The `data` part of a configuration whose file can be simulated.

    Raises
    ------
    ConfigError
        If it names several data sets, or a reader whose files are not simulated.
    """
    where = config.document.where
    if config.settings.datasets is not None:
        raise ConfigError(
            f"{where(('datasets',))}: one image is simulated at a time: give a configuration with 'data'."
        )
    section = config.settings.data
    if section.reader not in _LAYOUTS:
        raise ConfigError(
            f"{where(('data', 'reader'))}: files of the reader {section.reader!r} are not simulated, those of "
            f"{', '.join(_LAYOUTS)} are."
        )
    return section


def simulated_observables(section):
    """What the images of a file show, the first of them what is fitted."""
    if section.reader in _POLARIZED:
        return ("Q_phi", "U_phi")
    return (section.given().get("observable", "total"),)


def layout_hdus(section, images, kernel, cards):
    """The HDUs of a file, as the section's reader expects them.

    Parameters
    ----------
    section
        The checked `data` part.
    images : sequence of Imaging
        One for each of ``simulated_observables``.
    kernel : array
        The PSF, written beside the images.
    cards : dict
        Of the primary header.

    Returns
    -------
    list of FitsHDU
    """
    own = _LAYOUTS[section.reader](section, images)
    return [FitsHDU(cards=cards), *own, FitsHDU(kernel.astype(np.float32), "PSF")]


def _image_and_noise(section, images, noise="NOISE"):
    imaging = images[0]
    factor, cards = _unit(section, imaging)
    arrays = {"SCI": imaging.data, noise: imaging.noise_map}
    header = imaging.product_header
    return [FitsHDU(_digitized(image, imaging, factor), name, cards, header) for name, image in arrays.items()]


def _cube(section, images):
    imaging = images[0]
    factor, cards = _unit(section, imaging)
    planes = np.stack([_digitized(image.data, imaging, factor) for image in images])
    return [FitsHDU(planes, "SCI", cards, imaging.product_header)]


def _unit(section, imaging):
    """Factor and BUNIT card that bring surface brightness to the unit that the configuration declares."""
    unit = section.given().get("unit")
    if unit is None:
        return 1.0, {"BUNIT": imaging.unit}
    return 1 / surface_brightness_unit(unit, imaging.frame.pixel_area)[0], {"BUNIT": unit}


def _digitized(image, imaging, factor):
    """Values in decimal steps below a thousandth of the noise, so that processors that differ in the last digit of
    an exponential write the same bytes."""
    decimals = 3 - math.floor(math.log10(factor * float(imaging.noise_map.min())))
    return np.round(factor * image.array, decimals).astype(np.float32)


_LAYOUTS = {
    "fits": _image_and_noise,
    "gpi": _cube,
    "irdis": _cube,
    "jwst": lambda section, images: _image_and_noise(section, images, noise="ERR"),
}
