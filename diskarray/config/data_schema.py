"""The `data` part of a configuration: which reader reads which file, what is done to the image, what is masked.

A reader's keys are its own arguments, found in its signature, and are passed on only where the file gives them, so that
every default stays the reader's.
"""

__all__ = ["data_section", "masks_from", "masks_section", "read_data"]

import dataclasses
import inspect
import re
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal, get_type_hints

from pydantic import Field, create_model

from ..dataset.preprocess import Preprocessing, preprocess
from ..dataset.readers.registry import READERS
from ..errors import ConfigError, DataError
from ..files.arrays import read_any_array
from ..structures.mask import Mask2D
from .annotations import written
from .meanings import argument_meanings, first_sentence
from .schema import FitsArray, Section, build_component, component_section, one_of

MASKS = ("circular", "annular", "elliptical", "elliptical_annular", "wedge")
_NOT_WRITTEN = ("mask",)  # in Python an array; here masks have a part of their own
_NARROWER = MappingProxyType({"crop": Annotated[int, Field(gt=0)]})
"""Arguments of which a configuration writes one form only."""
_COUNTED = ("plane", "integration", "bad_bits", "inner_pixels", "outer_pixels")
"""Numbers of which no reader takes one below 0."""


class FileMask(FitsArray):
    """A mask in a FITS, HDF5 or NPZ file: 1 where a pixel is excluded, 0 where it counts."""

    kind: Literal["file"] = Field(description="A mask in a file.")


@cache
def masks_section():
    """The annotation of one mask."""
    return one_of([*map(_mask_section, MASKS), FileMask], "kind")


def _mask_section(name):
    """The arguments of a Mask2D builder as keys; all are numbers but the origin."""
    builder = getattr(Mask2D, name)
    arguments, meanings = list(inspect.signature(builder).parameters)[1:], argument_meanings(builder)
    keys = {key: (float, Field(description=meanings.get(key))) for key in arguments if key != "origin"}
    pair = Annotated[list[float], Field(min_length=2, max_length=2)]
    keys["origin"] = (pair, Field(default=None, description="sky position (y, x) of the center, arcsec"))
    keys["kind"] = (Literal[name], Field(description=first_sentence(builder)))
    return create_model(f"{name}_mask", __base__=Section, __doc__=first_sentence(builder), **keys)


@cache
def data_section():
    """The annotation of a `data` part: one of the readers."""
    return one_of([_reader_section(name, reader) for name, reader in READERS.items()], "reader")


def _reader_section(name, reader):
    meanings, hints = argument_meanings(reader), get_type_hints(reader)
    path, *arguments = inspect.signature(reader).parameters.values()
    about = f"file to read, relative to the configuration's folder. {meanings.get(path.name, '')}".strip()
    keys = {
        "reader": (Literal[name], Field(description=first_sentence(reader))),
        "path": (str, Field(description=about)),
    }
    for argument in arguments:
        if argument.name not in _NOT_WRITTEN:
            meaning = _resolved(argument.name, meanings.get(argument.name, ""))
            keys[argument.name] = _reader_key(argument, hints.get(argument.name), meaning)
    steps = component_section(Preprocessing)
    keys["preprocess"] = (steps, Field(default=None, description=steps.__doc__))
    keys["masks"] = (
        list[masks_section()],
        Field(default_factory=list, description="what is excluded; several add up"),
    )
    return create_model(f"{name}_reader", __base__=Section, __doc__=first_sentence(reader), **keys)


def _resolved(name, meaning):
    """A meaning that points to another reader's, with that one's words in its place."""
    found = re.match(r"As in `(?:Imaging\.from|read)_(\w+)`[:;,.]?\s*(.*)", meaning)
    if found is None or found[1] not in READERS:
        return meaning
    other = argument_meanings(READERS[found[1]]).get(name, "").rstrip(".")
    return f"{other}; {found[2]}" if found[2] else other


def _reader_key(argument, hint, meaning):
    """Annotation and default of one argument of a reader."""
    required = argument.default is inspect.Parameter.empty
    default = None if required else argument.default
    extra = {"x-default": default} if isinstance(default, (bool, int, float, str)) else {}
    limits = {"ge": 0} if argument.name in _COUNTED and not isinstance(default, str) else {}
    annotation = _NARROWER.get(argument.name) or written(hint, component_section)
    if limits:
        extra["x-range"] = "[0, inf)"
    field = Field(default=... if required else None, description=meaning, json_schema_extra=extra, **limits)
    return annotation, field


def read_data(section, source, key_path, path=None):
    """The Imaging that a `data` part describes.

    Parameters
    ----------
    section
        The checked part.
    source
        The Source it was read from; its paths are relative to its folder.
    key_path
        Where in the document the part stands.
    path
        A file to read in place of the section's.

    Raises
    ------
    DataError
        When a file cannot be used.
    ConfigError
        When the reader or a mask refuses a value; names the line.
    """
    arguments = section.given()
    given_path, steps, masks = arguments.pop("path"), arguments.pop("preprocess", None), arguments.pop("masks", ())
    reader = READERS[arguments.pop("reader")]
    arguments = {name: _argument(value, source, (*key_path, name)) for name, value in arguments.items()}
    path = source.path_of(given_path) if path is None else path
    imaging = source.called(key_path, reader, path, **arguments)
    if steps is not None:
        place = (*key_path, "preprocess")
        done = build_component(steps, source, place)
        imaging, _ = source.called(place, preprocess, imaging, done, names=steps.given())
    for mask, place in zip(masks, _places(key_path, masks), strict=True):
        made = mask_from(mask, source, place, imaging.frame)
        try:
            imaging = source.called(place, imaging.apply_mask, made, names=())
        except DataError as error:
            raise ConfigError(f"{source.where(place)}: {error}") from error
    return imaging


def masks_from(sections, source, key_path, frame):
    """One Mask2D for each of a list of sections."""
    places = _places((*key_path[:-1],), sections, key_path[-1])
    return tuple(mask_from(mask, source, place, frame) for mask, place in zip(sections, places, strict=True))


def mask_from(section, source, key_path, frame):
    """The Mask2D that a section describes, True where a pixel is excluded."""
    if section.kind == "file":
        array = read_any_array(source.path_of(section.path), section.extension, section.plane)[0]
        return source.called(key_path, Mask2D, array, frame, names=())
    return source.called(key_path, getattr(Mask2D, section.kind), frame, **section.given())


def _places(key_path, values, name="masks"):
    return [(*key_path, name, k) for k in range(len(values))]


def _argument(value, source, key_path):
    """A key's value as its reader takes it."""
    if isinstance(value, Section):
        made = build_component(value, source, key_path)
        path = getattr(made, "path", None)
        return made if path is None else dataclasses.replace(made, path=source.path_of(path))
    return tuple(value) if isinstance(value, list) else value
