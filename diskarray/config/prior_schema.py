"""The `priors` part of a configuration: one prior, or a tie, for every parameter that is to be freed.

A prior is named with its arguments in a list, as `{uniform: [60, 88]}`, or by name, as `{linear: {minimum: 0}}`.
"""

__all__ = ["Prior", "prior_from"]

import dataclasses
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Annotated, get_args, get_type_hints

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, create_model, model_validator
from pydantic_core import PydanticCustomError

from ..errors import ConfigError, ParameterError
from ..parameters.priors import PRIORS, Linear
from ..parameters.space import Tied
from .meanings import argument_meanings, first_sentence
from .schema import Section

CLASSES = MappingProxyType({**PRIORS, "linear": Linear})


class _Arguments(Section):
    """The arguments of a prior by name; bounds may be infinite."""

    model_config = ConfigDict(allow_inf_nan=True)
    called = "argument"


class _OnePrior(Section):
    """One prior by its name, or a tie to another parameter."""

    called = "prior"

    @model_validator(mode="after")
    def _one(self):
        if len(self.model_fields_set) != 1:
            example = "{uniform: [0, 1]}"
            raise PydanticCustomError(
                "one_prior", "{hint}", {"hint": f"a prior is one name with its arguments, as {example}"}
            )
        return self


def _list_or_mapping(value):
    return "mapping" if isinstance(value, dict) else "list"


def _key(name, cls):
    """Annotation and default of a prior's key: its arguments in a list or by name."""
    hints, meanings = get_type_hints(cls), argument_meanings(cls)
    arguments = {}
    for field in dataclasses.fields(cls):
        default = ... if field.default is dataclasses.MISSING else field.default
        arguments[field.name] = (hints[field.name], Field(default=default, description=meanings.get(field.name)))
    mapping = create_model(f"{name}_arguments", __base__=_Arguments, __doc__=first_sentence(cls), **arguments)
    number = reduce(or_, dict.fromkeys(part for hint in hints.values() for part in (get_args(hint) or (hint,))))
    least = sum(field.default is dataclasses.MISSING for field in dataclasses.fields(cls))

    def counted(values):
        if least <= len(values) <= len(arguments):
            return values
        hint = f"{name} takes [{', '.join(arguments)}], got {len(values)} of them"
        raise PydanticCustomError("one_prior", "{hint}", {"hint": hint})

    items = Field(json_schema_extra={"minItems": least, "maxItems": len(arguments)})
    in_list = Annotated[list[number], AfterValidator(counted), items]
    either = Annotated[in_list, Tag("list")] | Annotated[mapping, Tag("mapping")]
    text = f"{first_sentence(cls)} Arguments: [{', '.join(arguments)}]."
    return Annotated[either, Discriminator(_list_or_mapping)], Field(default=None, description=text)


Prior = create_model(
    "Prior",
    __base__=_OnePrior,
    tied=(str, Field(default=None, description="path of a free parameter that this one always equals")),
    **{name: _key(name, cls) for name, cls in CLASSES.items()},
)
"""The section of one prior."""


def prior_from(section, source, key_path):
    """The prior, or the tie, that a section describes.

    Raises
    ------
    ConfigError
        If the prior refuses its arguments.
    """
    ((name, arguments),) = section.given().items()
    if name == "tied":
        return Tied(arguments)
    cls = CLASSES[name]
    if isinstance(arguments, Section):
        return source.called((*key_path, name), cls, **arguments.given())
    try:
        return cls(*arguments)
    except ParameterError as error:
        raise ConfigError(f"{source.where(key_path)}: {error}") from error
