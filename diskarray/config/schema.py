"""The schema of a configuration's components, generated from what the components declare about themselves.

A component's parameters become numbers with their declared range; a field named after a registry takes any
kind of it; an array field is read from a FITS file. No default, bound or list of kinds is written a second
time.
"""

__all__ = ["FitsArray", "FitsCube", "Section", "build_component", "component_section", "one_of"]

import dataclasses
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, ClassVar, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from ..errors import ConfigError, ParameterError, ShapeError, nearest
from ..files.fits import read_cube, read_image
from ..optics.registry import PSFS
from ..profiles.registry import DENSITIES, PHASE_FUNCTIONS, POLARIZATIONS, RADIAL_PROFILES, VERTICAL_PROFILES

REGISTRIES = {
    "density": DENSITIES,
    "radial": RADIAL_PROFILES,
    "vertical": VERTICAL_PROFILES,
    "phase_function": PHASE_FUNCTIONS,
    "polarization": POLARIZATIONS,
    "psf": PSFS,
}


class Section(BaseModel):
    """A mapping of known keys; an unknown one is an error that offers the nearest."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    component: ClassVar[type | None] = None

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, content):
        known = list(cls.model_fields)
        for key in content if isinstance(content, dict) else ():
            if key not in known:
                raise PydanticCustomError("unknown_key", "{hint}", {"key": key, "hint": nearest(key, known)})
        return content

    def given(self):
        """The keys that the file gives, but its `kind`; for the others the component's own default holds."""
        names = [name for name in type(self).model_fields if name in self.model_fields_set and name != "kind"]
        return {name: getattr(self, name) for name in names}


class FitsArray(Section):
    """A two-dimensional array in a FITS file."""

    path: str
    extension: str | int | None = None
    plane: int | None = None


class FitsCube(Section):
    """A cube of images in a FITS file."""

    path: str
    extension: str | int | None = None


@cache
def component_section(cls, kind=None):
    """The Section class of a component class; with `kind`, one that is chosen by that word.

    Parameters
    ----------
    cls
        A component class; every field of it becomes a key.
    kind
        The component's name in its registry.
    """
    hints = get_type_hints(cls)
    keys = {"kind": (Literal[kind], ...)} if kind else {}
    for field in dataclasses.fields(cls):
        if not field.metadata.get("derived"):
            keys[field.name] = _key(field, hints[field.name])
    section = create_model(cls.__name__, __base__=Section, __doc__=cls.__doc__, **keys)
    section.component = cls
    if not kind:
        section.model_rebuild(_types_namespace=_kinds())
    return section


def one_of(sections, key):
    """The annotation of a section chosen by the word under `key`."""
    sections = tuple(sections)
    return Annotated[reduce(or_, sections), Field(discriminator=key)] if len(sections) > 1 else sections[0]


@cache
def _kinds():
    """What the forward references of nested components mean; components may hold each other's kinds."""
    sections = {
        name: [component_section(cls, kind) for kind, cls in registry.items()] for name, registry in REGISTRIES.items()
    }
    namespace = {_reference(name): one_of(members, "kind") for name, members in sections.items()}
    for members in sections.values():
        for section in members:
            section.model_rebuild(_types_namespace=namespace)
    return namespace


def _key(field, hint):
    """Annotation and default of one key, in pydantic's form."""
    spec = field.metadata.get("parameter")
    if spec is not None:
        limits = {"ge": spec.minimum, "le": spec.maximum, "gt": spec.above, "lt": spec.below}
        described = Field(default=spec.default, description=spec.doc, **limits)
        if hint is float:
            return float, described
        number = Annotated[float, Field(**limits)]
        return number | list[number], Field(default=spec.default, description=spec.doc)
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    if field.name in REGISTRIES:
        annotation = _reference(field.name)
        annotation = f"{annotation} | None" if field.default is None else annotation
    elif field.metadata.get("array"):
        annotation = FitsCube if field.metadata.get("axes") == 3 else FitsArray
        annotation = annotation | None if field.default is None else annotation
    elif dataclasses.is_dataclass(hint):
        annotation = component_section(hint)
    else:
        annotation = _written(hint)
    return annotation, (... if required else None)


def _written(hint):
    """The annotation of a value as YAML writes it, which has lists where Python has tuples."""
    if hint is tuple:
        return list[int | float]
    return reduce(or_, map(_written, get_args(hint))) if get_args(hint) else hint


def _reference(registry_name):
    return f"any_{registry_name}"


def build_component(section, document, key_path, instead=None):
    """The component that a section describes.

    Parameters
    ----------
    section
        A Section with a component class.
    document
        The YamlDocument it was read from; FITS paths are relative to its folder.
    key_path
        Where in the document the section stands.
    instead
        Key path -> ready-made value that takes the place of what the file says there.

    Raises
    ------
    ConfigError
        When the component refuses the combination of values.
    DataError
        When a FITS array cannot be read.
    """
    values = {
        name: _built(value, document, (*key_path, name), instead or {}) for name, value in section.given().items()
    }
    try:
        return section.component(**values)
    except (ParameterError, ShapeError) as error:
        raise ConfigError(f"{document.where(key_path)}: {error}") from error


def _built(value, document, key_path, instead):
    if key_path in instead:
        return instead[key_path]
    if isinstance(value, FitsArray):
        return read_image(Path(document.name).parent / value.path, value.extension, value.plane).array
    if isinstance(value, FitsCube):
        return read_cube(Path(document.name).parent / value.path, value.extension).array
    if isinstance(value, Section):
        return build_component(value, document, key_path, instead)
    if isinstance(value, dict):
        return {key: _built(part, document, (*key_path, key), instead) for key, part in value.items()}
    return tuple(value) if isinstance(value, list) else value
