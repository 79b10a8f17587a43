"""The configuration of a fit: what a YAML file may say, read strictly.

A file has five parts: the `data` to read, the `scene` with its values, the `priors` of the parameters to
free, the settings of the `fit` and, where the data are made by the project's own simulator, the
`simulation` that makes them.
"""

__all__ = ["Config", "load_config"]

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, create_model

from ..errors import ConfigError, nearest
from ..files.yaml import YamlDocument, load_yaml
from ..model.disk import Disk
from ..model.instrument import Instrument
from ..model.point_source import PointSource
from ..model.scene import Scene
from ..model.star import Star
from ..optics.stellar_residual import StellarResidual
from ..search.least_squares import LeastSquares
from .data_schema import DataSection
from .schema import Section, component_section


@dataclass(frozen=True)
class Config:
    """A checked configuration.

    Attributes
    ----------
    document
        The file's text and the line of every key.
    settings
        The checked content: `data`, `scene`, `priors`, `fit`, `simulation`.
    """

    document: YamlDocument
    settings: Section

    def path_of(self, path):
        """A path of the file, which is relative to the file's own folder."""
        return Path(self.document.name).parent / path


def load_config(path):
    """Read and check a configuration.

    Raises
    ------
    ConfigError
        Naming the file, the line, the key and the nearest valid key.
    """
    document = load_yaml(path)
    try:
        settings = _config_section().model_validate(document.content)
    except ValidationError as error:
        raise ConfigError(_first_problem(document, error)) from error
    return Config(document, settings)


class PSFSimulation(Section):
    """A Gaussian core in a broader Gaussian halo; widths in arcsec, `size` in pixels."""

    core_fwhm: float = Field(gt=0)
    halo_fwhm: float = Field(gt=0)
    halo_fraction: float = Field(ge=0, lt=1)
    size: int = Field(gt=0, le=501)


class Simulation(Section):
    """How the data are made, and which true values differ from those of the scene."""

    shape: list[Annotated[int, Field(gt=0)]] = Field(min_length=2, max_length=2)
    pixel_scale: float = Field(gt=0)
    seed: int = Field(ge=0)
    background: float = Field(ge=0)
    photon_noise: float = Field(default=0.0, ge=0)
    psf: PSFSimulation
    truth: dict[str, float] = Field(default_factory=dict)


@cache
def _config_section():
    scene = create_model(
        "Scene",
        __base__=component_section(Scene),
        disks=(dict[str, component_section(Disk)], Field(min_length=1)),
        instrument=(component_section(Instrument), None),
        star=(component_section(Star), None),
        sources=(dict[str, component_section(PointSource)], None),
        stellar_residual=(component_section(StellarResidual), None),
    )
    return create_model(
        "Config",
        __base__=Section,
        version=(Literal[1], ...),
        data=(DataSection, ...),
        scene=(scene, ...),
        priors=(dict[str, dict[str, list[float] | str]], Field(min_length=1)),
        fit=(component_section(LeastSquares, "least_squares"), None),
        simulation=(Simulation, None),
    )


def _first_problem(document, error):
    """One sentence for the problem that stands first in the file, and how many more there are."""
    problems = sorted((_problem(document, found) for found in error.errors()), key=lambda problem: problem[0])
    line, text = problems[0]
    more = len(problems) - 1
    return f"{document.name}:{line}: {text}" + (f" ({more} more below it)" if more else "")


def _problem(document, found):
    """Line and text of one of pydantic's errors."""
    context, kind = found.get("ctx", {}), found["type"]
    path = _key_path(document.content, found["loc"])
    if kind == "unknown_key":
        path = (*path, context["key"])
        return document.line_of(path), f"unknown key {_dotted(path)!r}: {context['hint']}"
    if kind == "missing":
        missing = found["loc"][-1]
        return document.line_of(path), f"{_dotted((*path, missing))!r} is missing"
    if kind == "union_tag_not_found":
        word = context["discriminator"].strip("'")
        return document.line_of(path), f"{_dotted((*path, word))!r} is missing"
    if kind == "union_tag_invalid":
        path = (*path, context["discriminator"].strip("'"))
        known = context["expected_tags"].replace("'", "").split(", ")
        text = f"{_dotted(path)} is {context['tag']!r}: {nearest(context['tag'], known)}"
        return document.line_of(path), text
    given = "" if isinstance(found["input"], (dict, list)) else f" = {found['input']!r}"
    return document.line_of(path), f"{_dotted(path)}{given}: {_requirement(found['msg'])}"


def _key_path(content, location):
    """The part of a pydantic location that is in the file; the words of chosen kinds are not."""
    path = []
    for part in location:
        known = range(len(content)) if isinstance(content, list) else content
        if isinstance(content, (dict, list)) and part in known:
            path.append(part)
            content = content[part]
    return tuple(path)


def _dotted(path):
    return ".".join(str(part) for part in path)


def _requirement(message):
    """Pydantic's "Input should be ..." as a requirement."""
    return re.sub("^Input should", "must", message)
