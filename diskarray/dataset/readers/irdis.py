"""Reader of reduced SPHERE/IRDIS images: Q_phi and U_phi of dual-beam polarimetry, or the two dual-band channels.

Such files seldom say how their pixels lie: the header's WCS is that of the raw frame. The pixel scale is 12.25 mas
(Maire et al. 2016), and North is up in a derotated image, once the true north of the epoch has been taken out.
"""

__all__ = ["read_irdis", "IRDIS_PIXEL_SCALE"]

from typing import Literal

import numpy as np

from ...errors import DataError, ParameterError
from ...files.fits import read_cube
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli, NoiseFromFile
from ..wcs import frame_from_header
from .common import imaging_from, outside_annulus

IRDIS_PIXEL_SCALE = 0.01225
"""Arcsec per pixel."""

_POLARIZED = ("Q_phi", "U_phi")
_CHANNELS = ("left", "right", "mean")


def read_irdis(
    path,
    extension: str | int | None = None,
    *,
    plane: Literal["Q_phi", "U_phi", "left", "right", "mean"] = "Q_phi",
    noise: NoiseFromFile | NoiseFromAnnuli | None = None,
    observable: Literal["total", "Q", "U", "Q_phi", "U_phi"] | None = None,
    inner_pixels: float = 8.0,
    outer_pixels: float | None = None,
    unit: str | None = None,
    pixel_scale: float | None = None,
    north_angle: float | None = None,
    mirrored: bool | None = None,
    use_wcs: bool = False,
    center: tuple[float, float] | tuple[str, str] | None = None,
    crop: int | None = None,
) -> Imaging:
    """Read an IRDIS image with its noise.

    Parameters
    ----------
    path
        A FITS file with an image, or a cube of two: Q_phi and U_phi, or the left and the right channel of a dual-band
        filter.
    extension : str or int, optional
        HDU; default the first that holds an image.
    plane : {"Q_phi", "U_phi", "left", "right", "mean"}
        Which of the two; "mean" is the mean of the two channels. An image that is no cube is taken to hold it.
    noise : NoiseFromFile or NoiseFromAnnuli, optional
        Default the scatter in annuli of 3 pixels: of U_phi for Q_phi, which a cube holds and ``NoiseFromAnnuli(path=)``
        names otherwise; for the channels, of the image itself, disk included.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}, optional
        What the image shows; default what ``plane`` says.
    inner_pixels, outer_pixels : float, optional
        Pixels with ``inner < r < outer`` count, r from the star; 8 pixels are the radius of the coronagraph.
    unit : str, optional
        Default the BUNIT card.
    pixel_scale : float, optional
        Arcsec; default 0.01225, or the WCS with ``use_wcs``.
    north_angle : float, optional
        True north: degrees counter-clockwise from the image's +y to North; default 0, or the WCS with ``use_wcs``. An
        image that was derotated without the correction of the epoch's true north, such as -1.75 degrees (Maire et al.
        2016), has the negative of that number here where its maker's convention is clockwise.
    mirrored : bool, optional
        Whether East is clockwise of North.
    use_wcs : bool
        Whether the header's WCS is that of the reduced image.
    center : (float, float) or (str, str), optional
        The star's pixel (y, x), 0-based, or two cards; default the geometric center. Reductions put the star on pixel
        (n / 2, n / 2) of an even image, which must be said.
    crop : int, optional
        Half width in pixels around the star's pixel.

    Returns
    -------
    Imaging
    """
    if plane not in (*_POLARIZED, *_CHANNELS):
        raise ParameterError(f"plane is one of {', '.join((*_POLARIZED, *_CHANNELS))}, got {plane!r}")
    cube, header = read_cube(path, extension)
    leading = cube.shape[:-2]
    if cube.ndim < 2 or leading not in ((), (1,), (2,)):
        raise DataError(
            f"{header.where} has shape {cube.shape}; a reduced IRDIS file is an image or a cube of 2. "
            "Combine the frames of a raw cube first, or read a plane with the reader 'fits'."
        )
    if pixel_scale is None and not use_wcs:
        pixel_scale = IRDIS_PIXEL_SCALE
    placing = {
        "pixel_scale": pixel_scale,
        "center": center,
        "north_angle": north_angle,
        "mirrored": mirrored,
        "use_wcs": use_wcs,
    }
    frame = frame_from_header(header, cube.shape[-2:], **placing)
    return imaging_from(
        path,
        np.concatenate([cube, cube.mean(axis=0)[None]]) if leading == (2,) else cube,
        header,
        noise=_noise(noise, plane, leading, header),
        extension=extension,
        plane=_number(plane, leading),
        unit=unit,
        observable=observable or (plane if plane in _POLARIZED else "total"),
        mask=outside_annulus(frame, inner_pixels, outer_pixels),
        crop=crop,
        placing=placing,
    )


def _number(plane, leading):
    """The plane's number; the mean of the channels was put behind them."""
    if leading != (2,):
        return None
    return 2 if plane == "mean" else (_POLARIZED if plane in _POLARIZED else _CHANNELS).index(plane)


def _noise(noise, plane, leading, header):
    """What the caller asks for, or annuli of U_phi or of the image itself."""
    if noise is not None:
        return noise
    if plane != "Q_phi":
        return NoiseFromAnnuli()
    if leading != (2,):
        raise DataError(
            f"{header.where} holds Q_phi without U_phi, whose scatter is its noise: "
            "give noise=NoiseFromAnnuli(path=...) with the file of U_phi, or NoiseFromFile."
        )
    return NoiseFromAnnuli(plane=1)
