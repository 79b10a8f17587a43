"""The `fit` and `sample` parts: optimizers and samplers by name, with the settings that they declare themselves."""

__all__ = ["OPTIMIZERS", "SAMPLERS", "optimizer_section", "sampler_from", "sampler_section"]

from functools import cache
from types import MappingProxyType

from pydantic import Field, create_model

from ..sampling.consensus import Consensus
from ..sampling.dynesty_engine import Dynesty
from ..sampling.emcee_engine import Emcee
from ..sampling.nuts import NUTS
from ..search.lbfgs import LBFGSB
from ..search.least_squares import LeastSquares
from .data_schema import masks_from, masks_section
from .schema import build_component, component_section, one_of

OPTIMIZERS = MappingProxyType({"least_squares": LeastSquares, "lbfgsb": LBFGSB})
SAMPLERS = MappingProxyType({"emcee": Emcee, "dynesty": Dynesty, "nuts": NUTS, "consensus": Consensus})
_OF_PARTS = ("emcee", "nuts")


@cache
def optimizer_section():
    """The annotation of a `fit` part."""
    return one_of([component_section(cls, kind) for kind, cls in OPTIMIZERS.items()], "kind")


@cache
def sampler_section():
    """The annotation of a `sample` part."""
    sections = {kind: component_section(cls, kind) for kind, cls in SAMPLERS.items()}
    told = sections["consensus"].model_fields
    engine = one_of([sections[kind] for kind in _OF_PARTS], "kind")
    sections["consensus"] = create_model(
        "Consensus",
        __base__=sections["consensus"],
        __doc__=sections["consensus"].__doc__,
        engine=(engine, Field(description=told["engine"].description)),
        shards=(
            list[masks_section()],
            Field(default=None, min_length=2, description=told["shards"].description),
        ),
    )
    return one_of(sections.values(), "kind")


def sampler_from(section, source, key_path, frame_of_data):
    """The sampler's settings that a section describes.

    Parameters
    ----------
    section
        The checked part.
    source
        The Source it was read from.
    key_path
        Where in the document the part stands.
    frame_of_data
        A function that returns the Frame2D of the data, called only where regions of it are named; without it they are
        left out.
    """
    instead = {}
    if getattr(section, "shards", None) is not None:
        place = (*key_path, "shards")
        instead[place] = masks_from(section.shards, source, place, frame_of_data()) if frame_of_data else None
    return build_component(section, source, key_path, instead)
