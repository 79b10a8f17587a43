"""The verb: read a stored result back."""

__all__ = ["load_result"]

import dataclasses
from collections.abc import Sequence
from os import PathLike
from typing import Any

from ..conventions import ddit
from ..errors import DataError, DiskArrayError
from ..model import disk, instrument, point_source, scene, star
from ..optics import psf, stellar_residual, varying
from ..parameters import priors
from ..profiles import registry
from ..scattering import quadrature
from ..structures import frame
from . import optimize_result, sample_result
from .archive import read_archive
from .encoding import Decoder, holds_unstored, type_name
from .optimize_result import OptimizeResult
from .sample_result import SampleResult, scene_at

_MODULES = (
    ddit,
    disk,
    frame,
    instrument,
    point_source,
    priors,
    optimize_result,
    psf,
    quadrature,
    registry,
    sample_result,
    scene,
    star,
    stellar_residual,
    varying,
)
_RESULTS = (optimize_result.OptimizeResult, sample_result.SampleResult)


def load_result(
    path: str | PathLike, *, components: Sequence[type] = (), posterior: Any = None
) -> OptimizeResult | SampleResult:
    """Read a result that was saved with its ``save`` method.

    Parameters
    ----------
    path
        An .npz, an .nc, or a folder that ``save`` made.
    components : sequence of classes, optional
        Your own component and prior classes, where the scene or the priors hold objects of them.
    posterior : Posterior, optional
        Makes the scene and the priors anew where the file could not hold them.

    Returns
    -------
    SampleResult or OptimizeResult

    Raises
    ------
    DataError
        If it is no result, is damaged or was changed, or holds objects of classes that are not known.
    """
    header, arrays = read_archive(path)
    decoder = Decoder(arrays, _known(components), roots=_RESULTS)
    try:
        found = decoder.decode(header["result"])
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, DiskArrayError) as error:
        raise DataError(f"{path} is damaged: {type(error).__name__} {error}") from error
    if not isinstance(found, _RESULTS):
        raise DataError(f"{path} holds a {type(found).__name__}, which is not a result.")
    return _completed(found, path, posterior)


def _known(components):
    """Every class an object of which may be made: what describes a scene or a result in diskarray, and the user's."""
    ours = [cls for module in _MODULES for cls in vars(module).values()]
    classes = (cls for cls in (*ours, *components) if isinstance(cls, type) and dataclasses.is_dataclass(cls))
    return {type_name(cls): cls for cls in classes}


def _completed(found, path, posterior):
    """The result, with what the file could not hold made by the posterior."""
    lost = [
        f.name
        for f in dataclasses.fields(found)
        if f.init and f.name != "settings" and holds_unstored(getattr(found, f.name))
    ]
    if not lost:
        return found
    if posterior is None:
        raise DataError(
            f"{path}: its {' and '.join(lost)} held objects of your own: give load_result(path, components=[their "
            "classes]) where they are components or dataclasses, else posterior= to make them anew."
        )
    if tuple(posterior.space.names) != found.names:
        names = list(posterior.space.names)
        raise DataError(f"{path} is a result for {list(found.names)}, the posterior is for {names}.")
    space = posterior.space
    made = {
        "priors": lambda: tuple(space.priors),
        "linear_priors": lambda: tuple(getattr(space, "linear_priors", ())),
        "scene": lambda: scene_at(posterior, found.vector),
    }
    return dataclasses.replace(found, **{name: made[name]() for name in lost if name in made})
