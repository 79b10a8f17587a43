"""Imaging: an observed image, its noise map and its mask, checked once at the door.

The data is a surface brightness per square arcsecond; the noise map holds one standard deviation of each
pixel.
"""

__all__ = ["Imaging"]

from dataclasses import InitVar
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from ..backend.namespace import check_namespace
from ..backend.pytree import build, component, static
from ..backend.quantity import arcsec_per_pixel, plain
from ..errors import ParameterError, ShapeError, UnitError
from ..model.observables import check_observable
from ..structures.frame import Frame2D
from ..structures.grid import Grid2D
from ..structures.image import Image2D
from ..structures.mask import Mask2D
from ..structures.over_sampling import OverSampling
from .from_fits import fits_ingredients, window_of
from .noise import NoiseFromAnnuli, NoiseFromFile
from .rules.refusal import refusal
from .units import calibrated_unit, surface_brightness_unit
from .wcs import offset_cards, window_cards


@component
class Imaging:
    """An image with its noise, ready to be fitted.

    Pixels that are NaN or infinite in the data or the noise are masked and counted. Masked pixels are
    excluded by the mask; so that no arithmetic meets a NaN in them, they hold data 0 and noise 1.

    Parameters
    ----------
    data : array, Quantity or Image2D, shape (ny, nx)
        The image.
    noise_map : array, Quantity or Image2D, shape (ny, nx)
        One standard deviation of each pixel, in the unit of the data.
    unit : str, optional
        Unit of data and noise. With it both are converted to a surface brightness per arcsec^2 (a flux per
        pixel is divided by the pixel's area); without, they are taken as such a brightness in arbitrary
        units.
    header : str
        The celestial cards of the input, one per line, which products carry.
    source : str
        Where the data came from.
    n_not_finite : int
        Number of pixels masked because data or noise was not finite, beyond those that the mask excluded
        anyway.
    over_sample_size : int or array_like of int, shape (ny, nx)
        Sub-pixels along a side of each pixel of the models that are compared with the data.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}
        What the image shows, and so which image of a model it is compared with (``Scene.observed_2d_from``). Stokes
        parameters about North, or about the star as azimuthal ones.
    provenance : tuple of str
        What was done to the image since it was read, one step as JSON each (``preprocess``).
    pixel_scale : float or Quantity, optional
        Arcsec per pixel. One of pixel_scale, frame, a Mask2D or an Image2D says where the pixels lie.
    center : (float, float), optional
        The star's pixel (y, x), 0-based; default the geometric center.
    mask : Mask2D or array of bool, optional
        True = excluded.
    frame : Frame2D, optional
        Shape, pixel scale, star position and orientation.

    Raises
    ------
    ShapeError
        If data, noise, mask and frame do not fit together.
    DataError
        If the noise is not above 0 in an unmasked pixel, or no pixel is left.
    UnitError
        If the unit is not understood.
    """

    data: Any
    noise_map: Any
    unit: str | None = static(default=None)
    header: str = static(default="")
    source: str = static(default="")
    n_not_finite: int = static(default=0)
    over_sample_size: object = static(default=1)
    observable: str = static(default="total")
    provenance: tuple = static(default=())
    pixel_scale: InitVar[float | None] = None
    center: InitVar[tuple | None] = None
    mask: InitVar[object] = None
    frame: InitVar[Frame2D | None] = None

    def prepare_fields(self, pixel_scale, center, mask, frame):
        check_observable(self.observable)
        pixel_scale, center = arcsec_per_pixel(pixel_scale), plain(center, "pix", "center")
        frame = _frame_of(self.data, self.noise_map, mask, frame, pixel_scale, center)
        data, noise, unit = _plain(self.data, self.noise_map, self.unit)
        for name, array in (("data", data), ("noise_map", noise)):
            if array.shape != frame.shape_native:
                raise ShapeError(f"{self._name}: the {name} has shape {array.shape}, its frame {frame.shape_native}")
        excluded = _excluded(frame, self.data, self.noise_map, mask)
        not_finite = ~(np.isfinite(data) & np.isfinite(noise)) & ~excluded.array
        mask = excluded | Mask2D(not_finite, frame)
        _check_pixels(noise, mask, self._name)
        if unit is not None:
            factor, unit = surface_brightness_unit(unit, frame.pixel_area, self.source or "unit=")
            data, noise = data * factor, noise * factor
        noise = np.where(mask.array, 1.0, noise)
        noise.flags.writeable = False
        for name, value in (
            ("data", Image2D(np.where(mask.array, 0.0, data), mask)),
            ("noise_map", build(Image2D, array=noise, mask=mask)),
            ("unit", unit),
            ("n_not_finite", int(self.n_not_finite) + int(not_finite.sum())),
            ("over_sample_size", OverSampling(self.over_sample_size, mask)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_fits(
        cls,
        path,
        *,
        noise: NoiseFromFile | NoiseFromAnnuli,
        extension: str | int | None = None,
        plane: int | None = None,
        unit: str | None = None,
        observable: Literal["total", "Q", "U", "Q_phi", "U_phi"] = "total",
        pixel_scale: float | None = None,
        center: tuple[float, float] | tuple[str, str] | None = None,
        north_angle: float | None = None,
        mirrored: bool | None = None,
        use_wcs: bool = True,
        mask: Any = None,
        crop: Any = None,
    ):
        """Read an image and its noise from a FITS file.

        Parameters
        ----------
        path
            A local .fits or .fits.gz file.
        noise : NoiseFromFile, NoiseFromAnnuli or array
            Where the noise comes from: another extension, plane or file; the scatter in annuli of the image
            or of another plane; or a map of the image's shape and unit.
        extension : str or int, optional
            Name or number of the HDU; default the first that holds an image.
        plane : int or tuple of int, optional
            Plane of a cube, 0-based.
        unit : str, optional
            Default the BUNIT card. Fluxes per pixel are divided by the pixel's area.
        observable : {"total", "Q", "U", "Q_phi", "U_phi"}
            What the image shows.
        pixel_scale, center, north_angle, mirrored, use_wcs
            Where the pixels lie, see ``frame_from_header``: by default the header's WCS, and the star at the
            geometric center.
        mask : Mask2D or array of bool, optional
            True = excluded, of the shape of the image in the file.
        crop : int or (slice, slice), optional
            Half width in pixels around the star's pixel, or rows and columns, to keep.

        Raises
        ------
        DataError
            Naming the file, the HDU and the card at fault.
        """
        ingredients = fits_ingredients(
            path,
            noise=noise,
            extension=extension,
            plane=plane,
            unit=unit,
            mask=mask,
            crop=crop,
            placing={
                "pixel_scale": pixel_scale,
                "center": center,
                "north_angle": north_angle,
                "mirrored": mirrored,
                "use_wcs": use_wcs,
            },
        )
        window = ingredients.pop("window")
        imaging = cls(**ingredients, observable=observable)
        return imaging if window is None else imaging._windowed(*window)

    @property
    def grid(self):
        """Grid2D of the unmasked pixels, with their sub-pixels."""
        return _grid_of(self.mask, self.over_sample_size)

    @property
    def product_header(self):
        """Cards that a product carries: the image's WCS, else axes in arcsec East and North of the star."""
        return self.header or offset_cards(self.frame)

    def apply_mask(self, mask):
        """A copy that excludes the pixels of ``mask`` (Mask2D or array, True = excluded) too."""
        mask = mask if isinstance(mask, Mask2D) else Mask2D(mask, self.frame)
        return self._remade(mask=self.mask | mask)

    def apply_over_sampling(self, over_sample_size):
        """A copy whose models are sampled with so many sub-pixels: a number, or a native array of numbers."""
        return self._remade(mask=self.mask, over_sample_size=over_sample_size)

    def calibrated(self, calibration):
        """A copy whose data and noise are multiplied by a calibration, and in the unit that this leads to.

        Parameters
        ----------
        calibration : Quantity or str
            One number with its unit, such as ``"2.5e-7 mJy coadd / adu"`` for counts, or ``1 / (1200 * units.mJy)``
            to make fluxes contrasts to their star.

        Raises
        ------
        UnitError
            If the image or the calibration has no unit, or their product is no brightness.
        """
        factor, unit = calibrated_unit(self.unit, calibration)
        data, noise_map = self.data.array * factor, self.noise_map.array * factor
        return self._remade(data, noise_map, mask=self.mask, unit=unit)

    def cropped(self, half_width=None, *, rows=None, columns=None):
        """A window of the image, whose frame keeps the star where it is.

        Parameters
        ----------
        half_width : int, optional
            Pixels on each side of the pixel nearest to the star; the window must lie in the image.
        rows, columns : slice, optional
            The window itself, without a step.
        """
        return self._windowed(*window_of(self.frame, half_width if half_width is not None else (rows, columns)))

    @property
    def _name(self):
        return self.source or "Imaging"

    def _windowed(self, rows, columns):
        first = (rows.start, columns.start)
        values = self.data.array[rows, columns], self.noise_map.array[rows, columns]
        frame = self.frame.reshaped(values[0].shape, first)
        header = window_cards(self.header, first)
        mask, sizes = Mask2D(self.mask.array[rows, columns], frame), self.over_sample_size.native[rows, columns]
        return self._remade(*values, mask=mask, header=header, over_sample_size=sizes)

    def _remade(self, data=None, noise_map=None, *, mask, unit=None, header=None, over_sample_size=None):
        return Imaging(
            data=self.data.array if data is None else data,
            noise_map=self.noise_map.array if noise_map is None else noise_map,
            unit=self.unit if unit is None else unit,
            header=self.header if header is None else header,
            source=self.source,
            n_not_finite=self.n_not_finite,
            over_sample_size=self.over_sample_size if over_sample_size is None else over_sample_size,
            observable=self.observable,
            provenance=self.provenance,
            mask=mask,
        )


# Set after the class: in its body they would become the defaults of the arguments of the same names.
Imaging.mask = property(lambda self: self.data.mask, doc="Mask2D of data and noise map, True = excluded.")
Imaging.frame = property(lambda self: self.data.mask.frame, doc="Shape, pixel scale, star position and orientation.")


@lru_cache(maxsize=16)
def _grid_of(mask, over_sample_size):
    """The grid is asked for at every evaluation, and it is immutable."""
    return Grid2D(mask=mask, over_sample_size=over_sample_size)


def _frame_of(data, noise_map, mask, frame, pixel_scale, center):
    """The one frame of everything that was given."""
    carriers = [c for c in (data, noise_map, mask) if isinstance(c, (Image2D, Mask2D))]
    frames = {c.frame for c in carriers} | ({frame} if frame is not None else set())
    if len(frames) > 1:
        raise ShapeError(f"data, noise_map, mask and frame lie on different frames: {sorted(map(str, frames))}")
    if frames:
        known = frames.pop()
        for name, given, has in (
            ("pixel_scale", pixel_scale, known.pixel_scale),
            ("center", center, known.center),
        ):
            if given is not None and not np.array_equal(given, has):
                raise ShapeError(f"{name}={given} contradicts {has} of the frame that was given with it: leave it out")
        return known
    if pixel_scale is None:
        raise ParameterError("Imaging needs pixel_scale= in arcsec (or frame=, or a Mask2D)")
    shape = np.shape(data)
    if len(shape) != 2:
        raise ShapeError(f"the data must be a 2D image, got shape {shape}")
    return Frame2D(shape, pixel_scale, center)


def _plain(data, noise_map, unit):
    """Data and noise as float64 arrays of one unit or None; excluded pixels of a masked array become NaN."""
    if hasattr(data, "to_value"):
        if unit is not None:
            raise UnitError(f"the data is a Quantity in {data.unit}: leave unit={unit!r} out")
        own = data.unit
        if hasattr(noise_map, "to_value"):
            try:
                noise_map = _unmasked(noise_map).to_value(own)
            except ValueError as error:
                raise UnitError(f"the noise is in {noise_map.unit}, the data in {own}") from error
        data, unit = _unmasked(data).value, own.to_string()
    elif hasattr(noise_map, "to_value"):
        raise UnitError(f"the noise is a Quantity in {noise_map.unit}, the data a plain array: make both the same")
    return _float64(data), _float64(noise_map), unit


def _unmasked(quantity):
    """A masked quantity with NaN where it is masked."""
    return quantity.filled(np.nan) if hasattr(quantity, "mask") else quantity


def _float64(values):
    values = values.array if isinstance(values, Image2D) else values
    check_namespace(np, [values])
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(float).filled(np.nan)
    return np.array(values, dtype=float)


def _excluded(frame, data, noise_map, mask):
    """The union of the masks that came with data, noise and mask=."""
    excluded = Mask2D.none(frame)
    masks = [image.mask for image in (data, noise_map) if isinstance(image, Image2D)]
    for given in (*masks, mask):
        excluded = excluded if given is None else excluded | given
    return excluded


def _check_pixels(noise, mask, name):
    if mask.n_unmasked == 0:
        raise refusal("empty", f"{name}: no pixel is left: all are masked, or not finite in data or noise.")
    bad = np.argwhere((noise <= 0) & ~mask.array)
    if len(bad):
        first = tuple(int(i) for i in bad[0])
        raise refusal(
            "noise_sign",
            f"{name}: the noise is not above 0 in {len(bad)} unmasked pixels, "
            f"the first (row, column) = {first}. Mask them (True = excluded) or give their noise.",
        )
