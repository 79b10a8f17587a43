"""Where pixels lie on the sky: array shape, pixel scale, star position and orientation.

The image is never turned or shifted; its pixels are given the sky coordinates (y North, x West, in arcsec from
the star) that they have.
"""

__all__ = ["Frame2D"]

import dataclasses
import math

import numpy as np

from ..backend.quantity import arcsec_per_pixel, plain
from ..errors import ParameterError, ShapeError


@dataclasses.dataclass(frozen=True)
class Frame2D:
    """The geometry of an image, hashable and compared by value.

    Parameters
    ----------
    shape_native : (int, int)
        Rows and columns.
    pixel_scale : float or Quantity
        Arcsec per pixel, above 0.
    center : (float, float), optional
        The star's pixel (y, x), 0-based; the geometric center ``(n - 1) / 2`` when not given.
    north_angle : float
        Degrees counter-clockwise from the array's +y axis to North, the array drawn with y up and x right.
    mirrored : bool
        False: East is counter-clockwise of North, as on the sky. True: clockwise.

    Raises
    ------
    ShapeError, ParameterError
        If the shape, scale, center or angle make no sense.
    """

    shape_native: tuple
    pixel_scale: float
    center: tuple | None = None
    north_angle: float = 0.0
    mirrored: bool = False

    def __post_init__(self):
        shape = _floats(self.shape_native)
        if len(shape) != 2 or any(n != int(n) or n < 1 for n in shape):
            raise ShapeError(f"shape_native must be two whole numbers (rows, columns) above 0: {self.shape_native!r}")
        shape = tuple(int(n) for n in shape)
        scale = _floats([arcsec_per_pixel(self.pixel_scale, "pixel_scale")])
        angle = _floats([plain(self.north_angle, "deg", "north_angle")])
        if not scale or scale[0] <= 0:
            raise ParameterError(f"pixel_scale must be a finite number of arcsec above 0, got {self.pixel_scale!r}")
        geometric = [(n - 1) / 2 for n in shape]
        center = _floats(geometric if self.center is None else plain(self.center, "pix", "center"))
        if len(center) != 2:
            raise ParameterError(f"center must be a finite pixel (y, x), got {self.center!r}")
        if not angle or not isinstance(self.mirrored, (bool, np.bool_)):
            raise ParameterError(
                f"north_angle must be finite and mirrored True or False, got {self.north_angle!r} and {self.mirrored!r}"
            )
        for name, value in (
            ("shape_native", shape),
            ("pixel_scale", scale[0]),
            ("center", center),
            ("north_angle", angle[0]),
            ("mirrored", bool(self.mirrored)),
        ):
            object.__setattr__(self, name, value)

    @property
    def pixel_area(self) -> float:
        """Solid angle of a pixel in arcsec^2."""
        return self.pixel_scale**2

    @property
    def _axes(self):
        """Unit vectors of North and West in array axes (y up, x right)."""
        angle = math.radians(self.north_angle)
        north = np.array([math.cos(angle), -math.sin(angle)])
        west = np.array([math.sin(angle), math.cos(angle)])
        return north, (-west if self.mirrored else west)

    def sky_from(self, row, column):
        """Sky offsets of pixel positions.

        Parameters
        ----------
        row, column : array_like
            Pixel positions, 0-based; fractions allowed.

        Returns
        -------
        (y, x) : arrays
            Arcsec towards North and towards West from the star.
        """
        north, west = self._axes
        up = (np.asarray(row, dtype=float) - self.center[0]) * self.pixel_scale
        right = (np.asarray(column, dtype=float) - self.center[1]) * self.pixel_scale
        return up * north[0] + right * north[1], up * west[0] + right * west[1]

    def pixel_from(self, y, x):
        """Pixel positions (row, column) of sky offsets (y North, x West) in arcsec."""
        north, west = self._axes
        y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
        up, right = y * north[0] + x * west[0], y * north[1] + x * west[1]
        return up / self.pixel_scale + self.center[0], right / self.pixel_scale + self.center[1]

    def reshaped(self, shape_native, first_pixel):
        """The frame of a window whose first pixel is this frame's pixel ``first_pixel`` (negative allowed)."""
        center = tuple(c - f for c, f in zip(self.center, first_pixel, strict=True))
        return dataclasses.replace(self, shape_native=shape_native, center=center)


def _floats(values):
    """The values as finite floats; an empty tuple where they are not numbers."""
    try:
        floats = tuple(float(v) for v in values)
    except (TypeError, ValueError):
        return ()
    return floats if all(math.isfinite(v) for v in floats) else ()
