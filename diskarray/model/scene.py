"""Everything in the field of view: named disks around one star and points of light, seen through an instrument."""

__all__ = ["Scene"]

from typing import Any

import numpy as np

from ..backend.pytree import FrozenDict, component, on_namespace
from ..errors import ParameterError
from ..parameters.parameter import parameter
from ..parameters.priors import Normal
from ..structures.decorators import to_image, to_vector_yx
from .instrument import Instrument
from .observables import check_observable, observed_from_stokes
from .point_source import PointSource
from .star import Star


@component
class Scene:
    """Named disks, a star, an instrument, and what else sends light into the field.

    The image is ``flux of the star * throughput * (PSF applied to disks and sources) + stellar residual + background``.
    Stokes parameters are ``flux of the star * throughput * (PSF applied to those of the disks)``: sources, stellar
    residual and background are unpolarized, and belong to the total intensity alone.

    Parameters
    ----------
    disks : dict
        Name -> Disk (any object with ``image_2d_from``, and ``stokes_2d_from`` for polarized light); their light adds
        up.
    instrument : Instrument
    star : Star, optional
        Scales disks and sources by its flux; without one the image is relative to the star.
    sources : dict, optional
        Name -> PointSource: planets, or other stars. They need an instrument with a PSF.
    stellar_residual : StellarResidual, optional
        What the reduction left of the star's own image (any object with ``image_2d_from``).
    """

    disks: Any = None
    instrument: Instrument = Instrument()
    star: Any = None
    sources: Any = None
    stellar_residual: Any = None
    background: float = parameter(0.0, doc="level in every pixel, in the unit of the image", prior=Normal(0.0, 1.0))

    def prepare_fields(self):
        if not hasattr(self.disks, "items") or not len(self.disks):
            raise ParameterError(f"Scene.disks is a dictionary of at least one named disk, got {self.disks!r}")
        sources = {} if self.sources is None else self.sources
        if not hasattr(sources, "items"):
            raise ParameterError(f"Scene.sources is a dictionary of named point sources, got {sources!r}")
        object.__setattr__(self, "disks", FrozenDict(self.disks))
        object.__setattr__(self, "sources", FrozenDict(sources))

    def check(self):
        for name, disk in self.disks.items():
            _check_name(name, "disk", "belt")
            _check_has(disk, "image_2d_from", f"disk {name!r}")
        for name, source in self.sources.items():
            _check_name(name, "source", "planet")
            if not isinstance(source, PointSource):
                raise ParameterError(f"source {name!r} is a PointSource, got {source!r}")
        if self.stellar_residual is not None:
            _check_has(self.stellar_residual, "image_2d_from", "Scene.stellar_residual")
        if not isinstance(self.instrument, Instrument):
            raise ParameterError(f"Scene.instrument is an Instrument, got {self.instrument!r}")
        if self.star is not None and not isinstance(self.star, Star):
            raise ParameterError(f"Scene.star is a Star, got {self.star!r}")
        if self.sources and self.instrument.psf is None:
            raise ParameterError("a point source has no size of its own: give the scene an Instrument with a psf")

    @property
    def unit(self):
        """Unit of the images, None for brightness relative to the star (per square arcsec)."""
        return f"{self.star.unit} / arcsec2" if self.star is not None and self.star.unit else None

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        """Surface brightness as recorded: all disks and sources, convolved, throughput applied, and what is added.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets in arcsec from the frame's center.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        Image2D, ImageIrregular or array
            In the star's unit per square arcsec.

        Raises
        ------
        ShapeError
            If there is a PSF, a throughput map or a stellar residual and the grid is not one of its pixels.
        """
        return self._total(grid, xp)

    @to_vector_yx
    def stokes_2d_from(self, grid, *, xp=np):
        """Stokes parameters as recorded: those of all disks, convolved, throughput applied.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets in arcsec from the frame's center.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        VectorYX2D, VectorYX2DIrregular or array
            Component y is U, x is Q, about North (IAU); in the star's unit per square arcsec.

        Raises
        ------
        ShapeError
            If there is a PSF or a throughput map and the grid is not one of its pixels.
        ParameterError
            If a disk has no polarization.
        """
        return self._stokes(grid, xp)

    @to_image
    def observed_2d_from(self, grid, observable, *, xp=np):
        """The image of one observable, as data of that kind show it.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets in arcsec from the frame's center.
        observable : {"total", "Q", "U", "Q_phi", "U_phi"}
            The total intensity, which is ``image_2d_from``, or one of polarized light. Q_phi and U_phi are made from
            the Q and U that the PSF has acted on, about the frame's center, where the reduction took the star to be,
            and are 0 in that very point; an offset of the star in the instrument moves the light, not that center.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        Image2D, ImageIrregular or array
            In the star's unit per square arcsec.

        Raises
        ------
        ShapeError, ParameterError
            As ``image_2d_from`` and ``stokes_2d_from``, and for an unknown observable.
        """
        check_observable(observable)
        if observable == "total":
            return self._total(grid, xp)
        return observed_from_stokes(self._stokes(grid, xp), grid, observable, xp=xp)

    def _total(self, grid, xp):
        values = self._recorded("image_2d_from", grid, tuple(self.sources.values()), xp)
        if self.stellar_residual is not None:
            values = values + self.stellar_residual.image_2d_from(grid, xp=xp).slim
        return values + xp.asarray(self.background)

    def _stokes(self, grid, xp):
        for name, disk in self.disks.items():
            _check_has(disk, "stokes_2d_from", f"disk {name!r} in polarized light")
        return self._recorded("stokes_2d_from", grid, (), xp)

    def _recorded(self, method, grid, sources, xp):
        """What the disks' method of that name and the sources give, through the instrument, times the star's flux."""

        def sky(points):
            images = [getattr(disk, method)(points, xp=xp) for disk in self.disks.values()]
            return sum(images[1:], start=images[0])

        values = self.instrument.observed(sky, grid, sources, xp=xp)
        return values if self.star is None else values * on_namespace(self.star, xp).flux


def _check_name(name, kind, example):
    if not isinstance(name, str) or not name.isidentifier():
        raise ParameterError(f"a {kind}'s name is a word like {example!r}, got {name!r}")


def _check_has(value, method, what):
    if isinstance(value, type) or not hasattr(value, method):
        raise ParameterError(f"{what} needs the method {method}(grid, *, xp), got {value!r}")
