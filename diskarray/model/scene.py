"""Everything in the field of view: named disks around one star, seen through an instrument."""

__all__ = ["Scene"]

import numpy as np

from ..backend.pytree import FrozenDict, component, on_namespace
from ..errors import ParameterError
from ..structures.decorators import to_image
from .instrument import Instrument
from .star import Star


@component
class Scene:
    """Named disks, a star and an instrument.

    Parameters
    ----------
    disks : dict
        Name -> Disk (any object with ``image_2d_from``); their light adds up.
    instrument : Instrument
    star : Star, optional
        Scales the image by its flux; without one the image is relative to the star.
    """

    disks: object = None
    instrument: Instrument = Instrument()
    star: object = None

    def prepare_fields(self):
        if not hasattr(self.disks, "items") or not len(self.disks):
            raise ParameterError(f"Scene.disks is a dictionary of at least one named disk, got {self.disks!r}")
        object.__setattr__(self, "disks", FrozenDict(self.disks))

    def check(self):
        for name, disk in self.disks.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise ParameterError(f"a disk's name is a word like 'belt', got {name!r}")
            if isinstance(disk, type) or not hasattr(disk, "image_2d_from"):
                raise ParameterError(f"disk {name!r} needs an .image_2d_from(grid, *, xp) method, got {disk!r}")
        if not isinstance(self.instrument, Instrument):
            raise ParameterError(f"Scene.instrument is an Instrument, got {self.instrument!r}")
        if self.star is not None and not isinstance(self.star, Star):
            raise ParameterError(f"Scene.star is a Star, got {self.star!r}")

    @property
    def unit(self):
        """Unit of the images, None for brightness relative to the star (per square arcsec)."""
        return f"{self.star.unit} / arcsec2" if self.star is not None and self.star.unit else None

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        """Surface brightness as recorded: all disks, convolved, throughput applied.

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
            If there is a PSF or a throughput map and the grid is not one of pixels.
        """

        def sky(points):
            images = [disk.image_2d_from(points, xp=xp) for disk in self.disks.values()]
            return sum(images[1:], start=images[0])

        values = self.instrument.observed(sky, grid, xp=xp)
        return values if self.star is None else values * on_namespace(self.star, xp).flux
