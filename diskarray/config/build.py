"""From a checked configuration to the objects of a fit: data, scene, parameter space, engine."""

__all__ = ["build_data", "build_engine", "build_posterior", "build_scene", "build_space", "true_scene"]

import inspect

import numpy as np

from ..backend.pytree import get_at, replace
from ..errors import ConfigError, ParameterError, UnitError, nearest
from ..fit.posterior import Posterior
from ..parameters.priors import PRIORS
from ..parameters.space import ParameterSpace, Tied
from ..search.least_squares import LeastSquares
from .data_schema import read_data
from .schema import build_component


def build_data(config, path=None):
    """The Imaging of a configuration, read from `path` in place of the configured file when it is given."""
    data = config.settings.data
    return read_data(data, config.document, path if path is not None else config.path_of(data.path))


def build_scene(config, instead=None):
    """The Scene of a configuration, which is also where its fit starts.

    Parameters
    ----------
    config
        The configuration.
    instead
        Key path -> ready-made value that takes the place of what the file says there.
    """
    return build_component(config.settings.scene, config.document, ("scene",), instead)


def true_scene(config, scene):
    """The scene with the true values of the simulation."""
    for path, value in config.settings.simulation.truth.items():
        try:
            scene = replace(scene, path, value)
        except ParameterError as error:
            raise ConfigError(f"{config.document.where(('simulation', 'truth', path))}: {error}") from error
    return scene


def build_space(config, scene):
    """The ParameterSpace of a configuration: the scene with the parameters freed that have a prior."""
    priors = {}
    for path, content in config.settings.priors.items():
        where = config.document.where(("priors", path))
        try:
            prior = _prior_from(content, where)
            if isinstance(prior, Tied):
                _check_tie(prior, path, config.settings.priors, where)
            else:
                ParameterSpace.of(scene, {path: prior})
                _check_start(path, prior, get_at(scene, path), where)
        except ParameterError as error:
            raise ConfigError(f"{where}: {error}") from error
        priors[path] = prior
    try:
        return ParameterSpace.of(scene, priors)
    except ParameterError as error:
        raise ConfigError(f"{config.document.where(('priors',))}: {error}") from error


def build_posterior(config, data, space):
    """The Posterior of data and space, whose units must agree."""
    try:
        return Posterior(data, space)
    except UnitError as error:
        raise ConfigError(f"{config.document.where(('scene', 'star', 'unit'))}: {error}") from error


def build_engine(config):
    """The optimizer's settings."""
    section = config.settings.fit
    return LeastSquares() if section is None else build_component(section, config.document, ("fit",))


def _prior_from(content, where):
    """A prior from `{name: [arguments]}`, or a tie from `{tied: path}`."""
    if len(content) != 1:
        raise ConfigError(
            f"{where}: a prior is one name with its arguments, as {{uniform: [0, 1]}}; got {list(content)}."
        )
    ((name, arguments),) = content.items()
    if name == "tied" and isinstance(arguments, str):
        return Tied(arguments)
    if name not in PRIORS:
        raise ConfigError(f"{where}: unknown prior {name!r}: {nearest(name, [*PRIORS, 'tied'])}")
    wanted = list(inspect.signature(PRIORS[name]).parameters)
    if isinstance(arguments, str) or len(arguments) != len(wanted):
        raise ConfigError(f"{where}: prior {name} takes [{', '.join(wanted)}], got {arguments}.")
    return PRIORS[name](*arguments)


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
