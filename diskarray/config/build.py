"""From a checked configuration to the objects of a fit: data, scene, parameter space, optimizer, sampler."""

__all__ = [
    "build_data",
    "build_optimizer",
    "build_posterior",
    "build_sampler",
    "build_scene",
    "build_space",
    "true_scene",
]

from collections.abc import Mapping

import numpy as np

from ..backend.pytree import get_at, replace
from ..errors import ConfigError, ParameterError, UnitError, nearest
from ..fit.posterior import Posterior
from ..parameters.priors import Linear
from ..parameters.space import ParameterSpace, Tied
from ..sampling.consensus import Consensus
from .data_schema import read_data
from .engines import OPTIMIZERS, SAMPLERS, sampler_from
from .prior_schema import prior_from
from .schema import build_component


def build_data(config, path=None):
    """The Imaging of a configuration, or a dictionary of them where it has `datasets`.

    Parameters
    ----------
    config
        The configuration.
    path : path, or dict of name -> path, optional
        Read in place of the configured file; for several data sets by name.
    """
    several = config.settings.datasets
    if several is None:
        path = path.get("data") if isinstance(path, Mapping) else path
        return read_data(config.settings.data, config.source, ("data",), path)
    paths = {} if path is None else path
    if not isinstance(paths, Mapping):
        raise ConfigError(
            f"{config.document.where(('datasets',))}: there are {len(several)} data sets "
            f"({', '.join(several)}), so that one other file cannot take their place."
        )
    return {
        name: read_data(section, config.source, ("datasets", name), paths.get(name))
        for name, section in several.items()
    }


def build_scene(config, instead=None):
    """The Scene of a configuration, which is also where its fit starts.

    Parameters
    ----------
    config
        The configuration.
    instead
        Key path -> ready-made value that takes the place of what the file says there.
    """
    return build_component(config.settings.scene, config.source, ("scene",), instead)


def true_scene(config, scene):
    """The scene with the true values of the simulation."""
    for path, value in config.settings.simulation.truth.items():
        try:
            scene = replace(scene, path, value)
        except ParameterError as error:
            raise ConfigError(f"{config.document.where(('simulation', 'truth', path))}: {error}") from error
    return scene


def build_space(config, scene):
    """The ParameterSpace of a configuration: the scene with the parameters freed that have a prior.

    Where there is a simulation, its true values are checked with it.
    """
    if config.settings.simulation is not None:
        true_scene(config, scene)
    priors = {}
    for path, section in config.settings.priors.items():
        where = config.document.where(("priors", path))
        prior = prior_from(section, config.source, ("priors", path))
        try:
            if isinstance(prior, Tied):
                _check_tie(prior, path, config.settings.priors, where)
            elif isinstance(prior, Linear):
                get_at(scene, path)
            else:
                ParameterSpace.of(scene, {path: prior})
                _check_start(path, prior, get_at(scene, path), where)
        except ParameterError as error:
            raise ConfigError(f"{where}: {error}") from error
        priors[path] = prior
    return _space(config, scene, priors)


def build_posterior(config, data, space):
    """The Posterior of data and space, whose units must agree."""
    try:
        return Posterior(data, space)
    except UnitError as error:
        raise ConfigError(f"{config.document.where(('scene', 'star', 'unit'))}: {error}") from error
    except ParameterError as error:
        path = next((f.path for f in space.linear if f.path in str(error)), None)
        place = ("priors",) if path is None else ("priors", path)
        raise ConfigError(f"{config.document.where(place)}: {error}") from error


def build_optimizer(config):
    """The optimizer's settings, of the `fit` part; the first one's defaults without it."""
    section = config.settings.fit
    if section is None:
        return next(iter(OPTIMIZERS.values()))()
    return build_component(section, config.source, ("fit",))


def build_sampler(config, kind=None, *, data=None):
    """The sampler's settings, of the `sample` part; emcee's defaults without it.

    Parameters
    ----------
    config
        The configuration.
    kind : {"emcee", "dynesty", "nuts", "consensus"}, optional
        Which sampler. One other than the configuration's has its own defaults.
    data : Imaging, optional
        What `build_data` returned; a consensus over regions needs its frame.
    """
    section = config.settings.sample
    if kind is not None and kind not in SAMPLERS:
        raise ConfigError(f"there is no sampler {kind!r}: {nearest(kind, SAMPLERS)}")
    if section is not None and kind in (None, section.kind):
        return sampler_from(section, config.source, ("sample",), lambda: _frame(config, data))
    cls = SAMPLERS[kind or next(iter(SAMPLERS))]
    return Consensus(next(iter(SAMPLERS.values()))()) if cls is Consensus else cls()


def _frame(config, data):
    data = build_data(config) if data is None else data
    if isinstance(data, Mapping):
        raise ConfigError(
            f"{config.document.where(('sample', 'shards'))}: regions are those of one image; without shards every data "
            "set is a part."
        )
    return data.frame


def _space(config, scene, priors):
    try:
        return ParameterSpace.of(scene, priors)
    except ParameterError as error:
        path = next((path for path in priors if f"'{path}'" in str(error) or str(error).startswith(path)), None)
        place = ("priors",) if path is None else ("priors", path)
        raise ConfigError(f"{config.document.where(place)}: {error}") from error


def _check_tie(tie, path, priors, where):
    free = [other for other in priors if other != path]
    if tie.to not in free:
        raise ConfigError(f"{where}: {path} is tied to {tie.to!r}, which has no prior: {nearest(tie.to, free)}")


def _check_start(path, prior, start, where):
    outside = [value for value in np.ravel(start) if not prior.lower <= value <= prior.upper]
    if outside and not hasattr(prior, "wrapped"):
        raise ConfigError(
            f"{where}: the fit starts at the scene's value, and {path} = {outside[0]:g} lies outside "
            f"[{prior.lower:g}, {prior.upper:g}]."
        )
