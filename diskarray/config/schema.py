"""The schema of a configuration's components, generated from what the components declare about themselves.

A component's parameters become numbers with their declared range; a field named after a place where kinds of
components go takes any kind of it, the user's own among them; an array field is read from a FITS file. No default,
bound or list of kinds is written a second time.
"""

__all__ = ["ComponentSchema", "FitsArray", "FitsCube", "Section", "build_component", "component_section", "one_of"]

import dataclasses
from functools import cache, reduce
from operator import or_
from typing import Annotated, ClassVar, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from ..errors import nearest
from ..files.arrays import read_any_array
from .annotations import written
from .meanings import argument_meanings, first_sentence
from .places import PLACES, placed
from .prior_text import prior_text


class Section(BaseModel):
    """A mapping of known keys; an unknown one is an error that offers the nearest."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    component: ClassVar[type | None] = None
    called: ClassVar[str] = "key"

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, content):
        known = list(cls.model_fields)
        for key in content if isinstance(content, dict) else ():
            if key not in known:
                context = {"key": key, "called": cls.called, "hint": nearest(key, known)}
                raise PydanticCustomError("unknown_key", "{hint}", context)
        return content

    def given(self):
        """The keys that the file gives, but its `kind`; for the others the component's own default holds."""
        names = [name for name in type(self).model_fields if name in self.model_fields_set and name != "kind"]
        return {name: getattr(self, name) for name in names}


class FitsArray(Section):
    """A two-dimensional array in a FITS file."""

    path: str = Field(description="FITS file, relative to the configuration's folder")
    extension: str | int | None = Field(default=None, description="name or number of the HDU; default the first image")
    plane: int | None = Field(default=None, description="plane of a cube, counted from 0")


class FitsCube(Section):
    """A cube of images in a FITS file."""

    path: str = Field(description="FITS file, relative to the configuration's folder")
    extension: str | int | None = Field(default=None, description="name or number of the HDU; default the first image")


def one_of(sections, key):
    """The annotation of a section chosen by the word under `key`."""
    sections = tuple(sections)
    return Annotated[reduce(or_, sections), Field(discriminator=key)] if len(sections) > 1 else sections[0]


class ComponentSchema:
    """The sections of all components, built-in ones and the user's own.

    Parameters
    ----------
    components
        The user's own component classes; each joins every place whose protocol it satisfies.
    """

    def __init__(self, components=()):
        self.components = tuple(components)
        self.kinds = placed(self.components)
        self._sections, self._namespace = {}, None

    def section(self, cls, kind=None):
        """The Section class of a component class; with `kind`, one that is chosen by that word.

        Parameters
        ----------
        cls
            A component class, or any dataclass of settings; every field of it becomes a key.
        kind
            The component's name in its place.
        """
        if (cls, kind) not in self._sections:
            hints, meanings = get_type_hints(cls), argument_meanings(cls)
            keys = {"kind": (Literal[kind], Field(description=first_sentence(cls)))} if kind else {}
            for field in dataclasses.fields(cls):
                if field.init and not field.metadata.get("derived"):
                    keys[field.name] = self._key(field, hints[field.name], meanings.get(field.name))
            section = create_model(cls.__name__, __base__=Section, __doc__=first_sentence(cls), **keys)
            section.component = cls
            self._sections[cls, kind] = section
            if not kind:
                section.model_rebuild(_types_namespace=self._references())
        return self._sections[cls, kind]

    def any_of(self, place):
        """The annotation of a section that describes any kind of component for a place."""
        self._references()
        return one_of([self.section(cls, kind) for kind, cls in self.kinds[place].items()], "kind")

    def _references(self):
        """What the forward references of nested components mean; components may hold each other's kinds."""
        if self._namespace is None:
            self._namespace = {}
            sections = {name: [self.section(cls, kind) for kind, cls in self.kinds[name].items()] for name in PLACES}
            self._namespace |= {_reference(name): one_of(members, "kind") for name, members in sections.items()}
            for members in sections.values():
                for section in members:
                    section.model_rebuild(_types_namespace=self._namespace)
        return self._namespace

    def _key(self, field, hint, meaning):
        """Annotation and default of one key, in pydantic's form."""
        spec = field.metadata.get("parameter")
        if spec is not None:
            return _parameter_key(spec, hint)
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if field.name in PLACES:
            annotation = _reference(field.name)
            annotation = f"{annotation} | None" if field.default is None else annotation
        elif field.metadata.get("array"):
            annotation = FitsCube if field.metadata.get("axes") == 3 else FitsArray
            annotation = annotation | None if field.default is None else annotation
        else:
            annotation = written(hint, self.section)
        extra = {} if required else {"x-default": _plain_default(field.default)}
        return annotation, Field(default=... if required else None, description=meaning, json_schema_extra=extra)


@cache
def _built_in():
    return ComponentSchema()


def component_section(cls, kind=None):
    """The Section class of a component class, with the built-in kinds in its places; see `ComponentSchema.section`."""
    return _built_in().section(cls, kind)


def _parameter_key(spec, hint):
    limits = {"ge": spec.minimum, "le": spec.maximum, "gt": spec.above, "lt": spec.below}
    extra = {"x-unit": spec.unit, "x-range": spec.range_text, "x-default": spec.default}
    if spec.prior is not None:
        extra["x-prior"] = prior_text(spec.prior)
    if hint is float:
        return float, Field(default=spec.default, description=spec.doc, json_schema_extra=extra, **limits)
    number = Annotated[float, Field(**limits)]
    return number | list[number], Field(default=spec.default, description=spec.doc, json_schema_extra=extra)


def _plain_default(value):
    """A default as YAML can write it; None where it cannot, or where there is none."""
    return value if isinstance(value, (bool, int, float, str)) else None


def _reference(place):
    return f"any_{place}"


def build_component(section, source, key_path, instead=None):
    """The component that a section describes.

    Parameters
    ----------
    section
        A Section with a component class.
    source
        The Source it was read from; FITS paths are relative to its folder.
    key_path
        Where in the document the section stands.
    instead
        Key path -> ready-made value that takes the place of what the file says there.

    Raises
    ------
    ConfigError
        When the component refuses a value or a combination of values.
    DataError
        When a FITS array cannot be read.
    """
    values = {name: built(value, source, (*key_path, name), instead or {}) for name, value in section.given().items()}
    return source.called(key_path, section.component, **values)


def built(value, source, key_path, instead):
    """A value of a section as the component takes it."""
    if key_path in instead:
        return instead[key_path]
    if isinstance(value, FitsArray):
        return read_any_array(source.path_of(value.path), value.extension, value.plane)[0]
    if isinstance(value, FitsCube):
        return read_any_array(source.path_of(value.path), value.extension, axes=3)[0]
    if isinstance(value, Section):
        return build_component(value, source, key_path, instead)
    if isinstance(value, dict):
        return {key: built(part, source, (*key_path, key), instead) for key, part in value.items()}
    return tuple(value) if isinstance(value, list) else value
