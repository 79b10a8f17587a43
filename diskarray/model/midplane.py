"""What a disk's mid-plane looks like on the sky: at which radius, and under which scattering angle, each pixel sees it.

A line of sight meets the mid-plane at l = v tan i: Y = v / cos i, and cos phi = l / d.
"""

__all__ = ["Midplane"]

from typing import Any

import numpy as np

from ..backend.elementary import square_root
from ..backend.pytree import component
from ..errors import ParameterError
from ..geometry.angles import cosine_sine, slanted
from ..profiles.curves import scattering_angle
from ..structures.decorators import to_image, transform

_NEAREST = 1e-12  # au; on the star's own line of sight the angle is 90 degrees


@component
class Midplane:
    """Maps of a disk's mid-plane, one value at the center of each pixel.

    They hold for an infinitely thin disk: the light of a thick one comes from in front of its mid-plane and behind it.

    Parameters
    ----------
    disk : Disk
        Any object with ``to_reference_frame(grid, *, xp)`` and an ``inclination``.
    """

    disk: Any

    def check(self):
        if isinstance(self.disk, type) or not all(hasattr(self.disk, n) for n in ("to_reference_frame", "inclination")):
            raise ParameterError(f"Midplane needs a Disk, got {self.disk!r}")

    def to_reference_frame(self, grid, *, xp=np):
        """Sky points (arcsec) as (u, v) in au along the disk's major and minor axis."""
        return self.disk.to_reference_frame(grid, xp=xp)

    @to_image
    @transform
    def scattering_angle_2d_from(self, grid, *, xp=np):
        """Scattering angle of the mid-plane in degrees, small on the near side: cos phi = l / d.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets from the star in arcsec.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        Image2D, ImageIrregular or array
            Within 90 - i and 90 + i degrees. Edge-on it is that on either side of the major axis.
        """
        u, v, cosine, sine = self._lines(grid, xp)
        scaled = square_root((u * cosine) ** 2 + (v * cosine) ** 2 + (v * sine) ** 2 + _NEAREST**2, xp=xp)
        return scattering_angle(v * sine / scaled, xp=xp)

    @to_image
    @transform
    def radius_2d_from(self, grid, *, xp=np):
        """Deprojected radius in au: the distance of the mid-plane from the star, sqrt(u^2 + (v / cos i)^2).

        Arguments and result as for ``scattering_angle_2d_from``.
        """
        u, v, cosine, _ = self._lines(grid, xp)
        return square_root(u * u + (v / cosine) ** 2 + _NEAREST**2, xp=xp)

    def _lines(self, grid, xp):
        """(u, v) in au, cos i away from zero, and the sine that goes with a positive cosine."""
        cosine, sine = cosine_sine(self.disk.inclination, xp=xp)
        return grid.y, grid.x, *slanted(cosine, sine, xp=xp)
