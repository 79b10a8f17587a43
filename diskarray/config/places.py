"""The places where kinds of components go: the built-in kinds of each, its protocol, and the user's own classes."""

__all__ = ["PLACES", "lacking", "placed"]

import dataclasses
from types import MappingProxyType
from typing import NamedTuple

from ..errors import ConfigError
from ..optics.psf import PSF
from ..optics.registry import PSFS
from ..profiles.parts import RadialProfile, VerticalProfile
from ..profiles.protocols import Density, PhaseFunction, Polarization
from ..profiles.registry import DENSITIES, PHASE_FUNCTIONS, POLARIZATIONS, RADIAL_PROFILES, VERTICAL_PROFILES
from .own_components import kind_of, members_of, missing_members


class Place(NamedTuple):
    """A field that takes any kind of component: the built-in ones by name, and what an own class must have."""

    registry: MappingProxyType
    protocol: type


PLACES = MappingProxyType(
    {
        "density": Place(DENSITIES, Density),
        "radial": Place(RADIAL_PROFILES, RadialProfile),
        "vertical": Place(VERTICAL_PROFILES, VerticalProfile),
        "phase_function": Place(PHASE_FUNCTIONS, PhaseFunction),
        "polarization": Place(POLARIZATIONS, Polarization),
        "psf": Place(PSFS, PSF),
    }
)


def placed(components):
    """Place -> kind -> class, with the user's own classes in every place whose protocol they satisfy.

    Raises
    ------
    ConfigError
        If a class is no component, fits no place, or its kind is taken.
    """
    kinds = {name: dict(place.registry) for name, place in PLACES.items()}
    for cls in components:
        if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
            raise ConfigError(f"{cls!r} is no component: give a class decorated with @da.component.")
        kind = kind_of(cls)
        fitting = [name for name, place in PLACES.items() if not missing_members(cls, place.protocol)]
        if not fitting:
            offers = "; ".join(f"{name}: {_and(members_of(place.protocol))}" for name, place in PLACES.items())
            raise ConfigError(f"{cls.__name__} fits no place in a scene, which take classes with ({offers}).")
        for name in fitting:
            if kinds[name].get(kind, cls) is not cls:
                raise ConfigError(
                    f"{cls.__name__} would be the {name} {kind!r}, of which there is one already: rename the class."
                )
            kinds[name][kind] = cls
    return kinds


def lacking(components, kind, place):
    """Why an own class cannot go to a place, in a sentence; "" when no own class has this kind."""
    for cls in components:
        if kind_of(cls) == kind and place in PLACES:
            missing = missing_members(cls, PLACES[place].protocol)
            return (
                f"a {place} needs {_and(members_of(PLACES[place].protocol))}, and {cls.__name__} has no {_and(missing)}"
            )
    return ""


def _and(names):
    return " and ".join(names)
