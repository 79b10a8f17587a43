"""Which pixels count. A mask value of True means *excluded*, as in numpy.ma."""

__all__ = ["Mask2D"]

import numpy as np

from ..backend.quantity import plain
from ..errors import ParameterError, ShapeError
from .frame import Frame2D


class Mask2D:
    """A frozen boolean image, True where a pixel is *excluded*; hashable and compared by value.

    Parameters
    ----------
    array : array_like of bool, shape (ny, nx)
        True means excluded.
    frame : Frame2D
        Where the pixels lie on the sky.

    Raises
    ------
    ShapeError
        If the array is not boolean (0 and 1 count), its shape is not the frame's, or it is a mask of another frame.
    """

    __slots__ = ("array", "frame", "_indices", "_hash")
    array: np.ndarray
    frame: Frame2D
    _indices: np.ndarray
    _hash: int

    def __init__(self, array, frame):
        if not isinstance(frame, Frame2D):
            raise ShapeError(f"a mask lies on a Frame2D(shape_native, pixel_scale), got {frame!r}")
        if isinstance(array, Mask2D):
            if array.frame != frame:
                raise ShapeError(f"the mask lies on {array.frame}, not on {frame}; give its .array to place it anew")
            array = array.array
        values = np.asarray(array)
        if values.dtype != bool and not np.isin(values, (0, 1)).all():
            raise ShapeError("a mask holds booleans: True (1) where a pixel is excluded, False (0) where it counts")
        values = np.array(values, dtype=bool)
        if values.shape != frame.shape_native:
            raise ShapeError(f"the mask has shape {values.shape}, its frame {frame.shape_native}")
        values.flags.writeable = False
        indices = np.flatnonzero(~values.ravel())
        indices.flags.writeable = False
        for name, value in (
            ("array", values),
            ("frame", frame),
            ("_indices", indices),
            ("_hash", hash((frame, values.tobytes()))),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError("a Mask2D cannot be changed: make a new one")

    def __eq__(self, other):
        if self is other:
            return True
        return (
            isinstance(other, Mask2D)
            and self._hash == other._hash
            and self.frame == other.frame
            and np.array_equal(self.array, other.array)
        )

    def __hash__(self):
        return self._hash

    def __reduce__(self):
        return Mask2D, (self.array, self.frame)

    def __repr__(self):
        ny, nx = self.shape_native
        return f"Mask2D({ny} x {nx} pixels, {self.n_unmasked} unmasked, {self.frame.pixel_scale:g} arcsec/pixel)"

    def __getitem__(self, key):
        return self.array[key]

    def __or__(self, other):
        """The union of the exclusions of two masks of one frame."""
        other = other if isinstance(other, Mask2D) else Mask2D(other, self.frame)
        if other.frame != self.frame:
            raise ShapeError(f"masks of different frames do not combine: {self.frame} and {other.frame}")
        return Mask2D(self.array | other.array, self.frame)

    def __invert__(self):
        return Mask2D(~self.array, self.frame)

    @property
    def shape_native(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.frame.shape_native

    @property
    def n_unmasked(self) -> int:
        """Number of pixels that count."""
        return self._indices.size

    @property
    def indices(self):
        """Flat (C order) indices of the unmasked pixels, shape (n_unmasked,)."""
        return self._indices

    @classmethod
    def none(cls, frame: Frame2D) -> "Mask2D":
        """A mask that excludes nothing."""
        return cls(np.zeros(getattr(frame, "shape_native", 0), dtype=bool), frame)

    @classmethod
    def circular(cls, frame: Frame2D, radius: float, origin: tuple[float, float] = (0.0, 0.0)) -> "Mask2D":
        """Exclude everything farther than ``radius`` arcsec from the sky position ``origin`` (y, x)."""
        radius = plain(radius, "arcsec", "radius")
        _positive(radius=radius)
        y, x = _offsets(frame, origin)
        return cls(np.hypot(y, x) > radius, frame)

    @classmethod
    def annular(
        cls, frame: Frame2D, inner_radius: float, outer_radius: float, origin: tuple[float, float] = (0.0, 0.0)
    ) -> "Mask2D":
        """Keep the annulus ``inner_radius <= r <= outer_radius`` (arcsec) around ``origin`` (y, x)."""
        inner_radius, outer_radius = _ordered(inner_radius, outer_radius)
        y, x = _offsets(frame, origin)
        r = np.hypot(y, x)
        return cls((r < inner_radius) | (r > outer_radius), frame)

    @classmethod
    def elliptical(cls, frame, major_axis_radius, axis_ratio, position_angle, origin=(0.0, 0.0)):
        """Keep an ellipse.

        Parameters
        ----------
        frame : Frame2D
        major_axis_radius : float
            Semi-major axis, arcsec.
        axis_ratio : float
            Minor over major axis, in (0, 1].
        position_angle : float
            Of the major axis, degrees East of North.
        origin : (float, float)
            Sky position (y, x) of its center, arcsec.
        """
        major_axis_radius = plain(major_axis_radius, "arcsec", "major_axis_radius")
        _positive(major_axis_radius=major_axis_radius)
        return cls(_elliptical_radius(frame, axis_ratio, position_angle, origin) > major_axis_radius, frame)

    @classmethod
    def elliptical_annular(
        cls, frame, inner_major_axis_radius, outer_major_axis_radius, axis_ratio, position_angle, origin=(0.0, 0.0)
    ):
        """Keep what lies between two similar ellipses; arguments as in ``elliptical``."""
        inner, outer = _ordered(inner_major_axis_radius, outer_major_axis_radius)
        r = _elliptical_radius(frame, axis_ratio, position_angle, origin)
        return cls((r < inner) | (r > outer), frame)

    @classmethod
    def wedge(
        cls, frame: Frame2D, start_angle: float, end_angle: float, origin: tuple[float, float] = (0.0, 0.0)
    ) -> "Mask2D":
        """Keep the position angles from ``start_angle`` counter-clockwise to ``end_angle`` (degrees)."""
        start_angle, end_angle = plain((start_angle, end_angle), "deg", "start_angle, end_angle")
        _finite(start_angle=start_angle, end_angle=end_angle)
        y, x = _offsets(frame, origin)
        angle = np.degrees(np.arctan2(-x, y))
        width = (end_angle - start_angle) % 360.0 or 360.0
        return cls((angle - start_angle) % 360.0 > width, frame)


def _offsets(frame, origin):
    if not isinstance(frame, Frame2D):
        raise ShapeError(f"a mask lies on a Frame2D(shape_native, pixel_scale), got {frame!r}")
    origin = plain(origin, "arcsec", "origin")
    _finite(origin_y=origin[0], origin_x=origin[1])
    row, column = np.indices(frame.shape_native)
    y, x = frame.sky_from(row, column)
    return y - origin[0], x - origin[1]


def _elliptical_radius(frame, axis_ratio, position_angle, origin):
    if not 0 < axis_ratio <= 1:
        raise ParameterError(f"axis_ratio must be in (0, 1], got {axis_ratio}")
    position_angle = plain(position_angle, "deg", "position_angle")
    _finite(position_angle=position_angle)
    y, x = _offsets(frame, origin)
    angle = np.radians(position_angle)
    along = y * np.cos(angle) - x * np.sin(angle)
    across = y * np.sin(angle) + x * np.cos(angle)
    return np.hypot(along, across / axis_ratio)


def _finite(**named):
    for name, value in named.items():
        if not np.isfinite(value):
            raise ParameterError(f"{name} must be a finite number, got {value}")


def _positive(**named):
    for name, value in named.items():
        if not value > 0:
            raise ParameterError(f"{name} must be above 0 arcsec, got {value}")


def _ordered(inner, outer):
    inner, outer = plain((inner, outer), "arcsec", "radii")
    if not 0 <= inner < outer:
        raise ParameterError(f"radii must satisfy 0 <= inner < outer (arcsec), got {inner} and {outer}")
    return inner, outer
