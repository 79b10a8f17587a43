"""The `data` part of a configuration: which reader reads which file, and what is masked.

Keys have the names of the readers' own arguments and are passed on only where the file gives them, so that
every default stays the reader's.
"""

__all__ = ["DataSection", "read_data"]

import dataclasses
import inspect
from pathlib import Path
from typing import Literal

from pydantic import Field, create_model

from ..dataset.gpi import read_gpi
from ..dataset.imaging import Imaging
from ..dataset.noise import NoiseFromAnnuli, NoiseFromFile
from ..errors import ConfigError, ParameterError, ShapeError, UnitError
from ..files.fits import read_image
from ..structures.mask import Mask2D
from .schema import FitsArray, Section, build_component, component_section, one_of

MASKS = ("circular", "annular", "elliptical", "elliptical_annular", "wedge")


def _mask_section(name):
    """The arguments of a Mask2D builder as keys; all are numbers but the origin."""
    arguments = list(inspect.signature(getattr(Mask2D, name)).parameters)[1:]
    keys = {argument: (float, ...) for argument in arguments if argument != "origin"}
    keys["origin"] = (list[float], Field(default=None, min_length=2, max_length=2))
    return create_model(f"{name}_mask", __base__=Section, kind=(Literal[name], ...), **keys)


class FileMask(FitsArray):
    """A mask in a FITS file: 1 where a pixel is excluded, 0 where it counts."""

    kind: Literal["file"]


class _Reader(Section):
    """The keys that both readers have."""

    path: str
    extension: str | int = None
    unit: str = None
    observable: str = None
    pixel_scale: float = Field(default=None, gt=0)
    center: list[float] = Field(default=None, min_length=2, max_length=2)
    crop: int = Field(default=None, gt=0)
    masks: list[one_of([*map(_mask_section, MASKS), FileMask], "kind")] = Field(default_factory=list)


class GpiReader(_Reader):
    """A GPI radial-Stokes file; see `dataset.gpi.read_gpi`."""

    reader: Literal["gpi"]
    plane: str = None
    noise_plane: str = None
    inner_pixels: float = Field(default=None, ge=0)
    outer_pixels: float = Field(default=None, gt=0)
    annulus_pixels: float = Field(default=None, ge=1)
    statistic: str = None


class FitsReader(_Reader):
    """An image and its noise in FITS files; see `Imaging.from_fits`."""

    reader: Literal["fits"]
    plane: int = None
    north_angle: float = None
    mirrored: bool = None
    use_wcs: bool = None
    noise: one_of([component_section(NoiseFromFile, "file"), component_section(NoiseFromAnnuli, "annuli")], "kind")


DataSection = one_of([GpiReader, FitsReader], "reader")


def read_data(section, document, path):
    """The Imaging that the `data` part describes.

    Parameters
    ----------
    section
        The checked `data` part.
    document
        The YamlDocument it was read from; its paths are relative to its folder.
    path
        The file to read, from the section or in its place.

    Raises
    ------
    DataError
        When a file cannot be used.
    ConfigError
        When the reader or a mask refuses a value; names the line.
    """
    folder = Path(document.name).parent
    arguments = section.given()
    for key in ("reader", "path", "masks"):
        arguments.pop(key, None)
    if "center" in arguments:
        arguments["center"] = tuple(arguments["center"])
    if section.reader == "fits":
        arguments["noise"] = _noise_source(section.noise, document, folder)
    read = {"gpi": read_gpi, "fits": Imaging.from_fits}[section.reader]
    try:
        imaging = _at_line(document, ("data",), read, path, **arguments)
    except UnitError as error:
        if "unit" not in arguments:
            raise
        raise ConfigError(f"{document.where(('data', 'unit'))}: {error}") from error
    for position, mask in enumerate(section.masks):
        made = _at_line(document, ("data", "masks", position), _mask_from, mask, imaging.frame, folder)
        imaging = imaging.apply_mask(made)
    return imaging


def _noise_source(section, document, folder):
    noise = build_component(section, document, ("data", "noise"))
    if getattr(noise, "path", None) is not None:
        noise = dataclasses.replace(noise, path=folder / noise.path)
    return noise


def _mask_from(section, frame, folder):
    if section.kind == "file":
        return Mask2D(read_image(folder / section.path, section.extension, section.plane).array, frame)
    return getattr(Mask2D, section.kind)(frame, **section.given())


def _at_line(document, key_path, function, *arguments, **keywords):
    """Call a function; what it finds wrong with its arguments is an error at a line of the file."""
    try:
        return function(*arguments, **keywords)
    except (ParameterError, ShapeError) as error:
        raise ConfigError(f"{document.where(key_path)}: {error}") from error
