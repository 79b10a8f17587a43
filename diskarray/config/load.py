"""The configuration of a fit: what a YAML file may say, read strictly.

A file has the `data` to read (or several `datasets` to be fitted together), the `scene` with its values, the `priors`
of the parameters to free, the settings of the `fit` and of the `sample`, and, where the data are made by the project's
own simulator, the `simulation` that makes them.
"""

__all__ = ["Config", "PSFSimulation", "Simulation", "config_section", "load_config", "schema_of"]

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from ..errors import ConfigError
from ..files.yaml import YamlDocument, load_yaml, parse_yaml
from ..model.disk import Disk
from ..model.instrument import Instrument
from ..model.point_source import PointSource
from ..model.scene import Scene
from ..model.star import Star
from ..optics.stellar_residual import StellarResidual
from .data_schema import data_section
from .engines import optimizer_section, sampler_from, sampler_section
from .prior_schema import Prior, prior_from
from .problems import first_problem
from .schema import ComponentSchema, Section, build_component
from .source import Source

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


@dataclass(frozen=True)
class Config:
    """A checked configuration.

    Attributes
    ----------
    document
        The file's text and the line of every key.
    settings
        The checked content: `data` or `datasets`, `scene`, `priors`, `fit`, `sample`, `simulation`.
    components
        The user's own component classes.
    """

    document: YamlDocument
    settings: Section
    components: tuple = ()

    @property
    def source(self):
        """The document and the folder that its paths start from, which is the file's own."""
        return Source(self.document, Path(self.document.name).parent)

    @property
    def datasets(self):
        """Name -> the section of a data set; the one of `data` is named "data"."""
        several = self.settings.datasets
        return dict(several) if several is not None else {"data": self.settings.data}

    def path_of(self, path):
        """A path of the file, which is relative to the file's own folder."""
        return self.source.path_of(path)


def load_config(path, *, components=()):
    """Read and check a configuration.

    Parameters
    ----------
    path
        The YAML file.
    components : sequence of classes
        Your own component classes; NarrowRing is known in the file as `kind: narrow_ring`.

    Raises
    ------
    ConfigError
        Naming the file, the line, the key and the nearest valid key.
    """
    return _checked(load_yaml(path), tuple(components))


def config_from_text(text, name="<text>", *, components=()):
    """A configuration from its text; see `load_config`."""
    return _checked(parse_yaml(text, name), tuple(components))


def _checked(document, components):
    section = config_section(components)
    try:
        settings = section.model_validate(document.content)
    except ValidationError as error:
        raise ConfigError(first_problem(document, error, components)) from error
    config = Config(document, settings, components)
    _check_settings(config)
    return config


def _check_settings(config):
    """Have the settings and priors that need no data refuse what the schema cannot know."""
    settings, source = config.settings, config.source
    for path, section in settings.priors.items():
        prior_from(section, source, ("priors", path))
    if settings.fit is not None:
        build_component(settings.fit, source, ("fit",))
    if settings.sample is not None:
        sampler_from(settings.sample, source, ("sample",), None)


class PSFSimulation(Section):
    """A Gaussian core in a broader Gaussian halo."""

    core_fwhm: float = Field(gt=0, description="full width at half maximum of the core, arcsec")
    halo_fwhm: float = Field(gt=0, description="full width at half maximum of the halo, arcsec")
    halo_fraction: float = Field(ge=0, lt=1, description="share of the light that is in the halo")
    size: int = Field(gt=0, le=501, description="pixels along a side of the kernel")


class Simulation(Section):
    """How the data are made, and which true values differ from those of the scene."""

    shape: list[Annotated[int, Field(gt=0, le=8192)]] = Field(
        min_length=2, max_length=2, description="rows and columns of the image"
    )
    pixel_scale: float = Field(gt=0, description="arcsec per pixel")
    seed: int = Field(ge=0, description="of the noise")
    background: float = Field(
        ge=0, description="standard deviation of the noise that does not depend on the image, in the image's unit"
    )
    photon_noise: float = Field(
        default=0.0, ge=0, description="variance of the noise per unit of surface brightness, as photons have"
    )
    psf: PSFSimulation = Field(description="the PSF that the image is made with, and that is written beside it")
    truth: dict[str, float] = Field(
        default_factory=dict, description="path of a parameter -> its true value, where it is not the scene's"
    )


class _Root(Section):
    """What the whole file must keep to."""

    @model_validator(mode="before")
    @classmethod
    def _one_source_of_data(cls, content):
        if not isinstance(content, dict) or not {"data", "datasets"} <= set(content):
            return content
        hint = "a configuration has either data or datasets (several images fitted together), not both"
        raise PydanticCustomError("contradiction", "{hint}", {"key": ("datasets",), "hint": hint})

    @model_validator(mode="after")
    def _some_data(self):
        if self.data is None and self.datasets is None:
            raise PydanticCustomError("missing_data", "{hint}", {"hint": "'data' is missing"})
        return self


@lru_cache(maxsize=8)
def schema_of(components=()):
    """The ComponentSchema of the built-in components and a tuple of own ones."""
    return ComponentSchema(components)


@lru_cache(maxsize=8)
def config_section(components=()):
    """The Section of a whole file, with a tuple of own component classes among the kinds."""
    schema = schema_of(components)
    disk, source = schema.section(Disk), schema.section(PointSource)
    whole = schema.section(Scene)
    told = {name: field.description for name, field in whole.model_fields.items()}
    told["instrument"] = told["instrument"] or schema.section(Instrument).__doc__
    scene = create_model(
        "Scene",
        __base__=whole,
        __doc__=whole.__doc__,
        disks=(dict[_Name, disk], Field(min_length=1, description=told["disks"])),
        instrument=(schema.section(Instrument), Field(default=None, description=told["instrument"])),
        star=(schema.section(Star), Field(default=None, description=told["star"])),
        sources=(dict[_Name, source], Field(default=None, description=told["sources"])),
        stellar_residual=(
            schema.section(StellarResidual),
            Field(default=None, description=told["stellar_residual"]),
        ),
    )
    return create_model(
        "Configuration",
        __base__=_Root,
        __doc__="Data, model, priors and settings of a fit.",
        version=(Literal[1], Field(description="of the format of this file")),
        data=(data_section(), Field(default=None, description="the image, its noise and what is masked")),
        datasets=(
            dict[_Name, data_section()],
            Field(default=None, min_length=1, description="name -> data, in place of `data`: images fitted together"),
        ),
        scene=(scene, Field(description="the model; the fit starts from its values")),
        priors=(
            dict[str, Prior],
            Field(min_length=1, description="path of a parameter -> its prior, for every parameter that is free"),
        ),
        fit=(optimizer_section(), Field(default=None, description="how the best fit is searched")),
        sample=(sampler_section(), Field(default=None, description="how the posterior is sampled")),
        simulation=(Simulation, Field(default=None, description="how `diskarray simulate` makes the data")),
    )
