"""Reader of Gemini Planet Imager radial-Stokes files: planes I, Q_phi, U_phi, V, or the last two cut out.

The dust signal is in Q_phi; U_phi holds noise alone, whose scatter in annuli gives the noise map. The region
near the coronagraph and the edge of the field are masked.
"""

__all__ = ["read_gpi", "GPI_PIXEL_SCALE"]

from typing import Literal

from ...errors import DataError, ParameterError, nearest
from ...files.fits import list_images, read_cube
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli
from ..wcs import frame_from_header, sky_axes
from .common import imaging_from, outside_annulus

GPI_PIXEL_SCALE = 0.014166
"""Arcsec per pixel where the file has no WCS."""

_PLANES = {4: ("I", "Q_phi", "U_phi", "V"), 2: ("Q_phi", "U_phi")}


def read_gpi(
    path,
    extension: str | int | None = None,
    *,
    plane: Literal["I", "Q_phi", "U_phi", "V"] = "Q_phi",
    noise_plane: Literal["I", "Q_phi", "U_phi", "V"] = "U_phi",
    observable: Literal["total", "Q", "U", "Q_phi", "U_phi"] | None = None,
    inner_pixels: float = 12.0,
    outer_pixels: float | None = None,
    annulus_pixels: float = 3.0,
    statistic: Literal["standard_deviation", "robust"] = "standard_deviation",
    unit: str | None = None,
    pixel_scale: float | None = None,
    center: tuple[float, float] | tuple[str, str] | None = None,
    crop: int | None = None,
) -> Imaging:
    """Read one plane of a GPI radial-Stokes file, with the noise of another.

    Parameters
    ----------
    path
        A cube of 4 planes (I, Q_phi, U_phi, V) or of 2 (Q_phi, U_phi).
    extension : str or int, optional
        HDU, such as the target's name. Default SCI, or the only image.
    plane, noise_plane : str
        Names of the plane to fit and of the one whose scatter in annuli is its noise.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}, optional
        Which image of a model the plane is compared with, see ``Imaging``. Default what the plane holds: Q_phi and
        U_phi are formed from Q and U after the PSF has acted on them, so disks need a polarization; the others are
        "total".
        "total" for Q_phi is an approximation: the brightness of disks whose phase function is ``Polarized`` is
        convolved itself, which is too bright by 2 (sigma / r)^2, for a Gaussian PSF, at the distance r from the star.
    inner_pixels, outer_pixels : float, optional
        Pixels with ``inner < r < outer`` count, r from the star; no outer bound by default.
    annulus_pixels, statistic
        Of the annuli, see ``annular_noise_map``.
    unit : str, optional
        Default the BUNIT card; files that wrongly say 'bitmap' need 'adu/coadd'.
    pixel_scale : float, optional
        Arcsec; default the WCS, else 0.014166.
    center : (float, float), optional
        The star's pixel (y, x), 0-based; default the cards PSFCENTY and PSFCENTX, else the geometric center.
    crop
        As in ``Imaging.from_fits``.

    Returns
    -------
    Imaging
    """
    extension = _science_extension(path) if extension is None else extension
    cube, header = read_cube(path, extension)
    names = _PLANES.get(cube.shape[0]) if cube.ndim == 3 else None
    if names is None:
        raise DataError(f"{header.where} has shape {cube.shape}; a GPI radial-Stokes cube is (4 or 2, ny, nx).")
    if pixel_scale is None and sky_axes(header) is None:
        pixel_scale = GPI_PIXEL_SCALE
    placing = {
        "pixel_scale": pixel_scale,
        "center": _star(header, cube.shape[1:]) if center is None else center,
        "north_angle": None,
        "mirrored": None,
        "use_wcs": True,
    }
    frame = frame_from_header(header, cube.shape[1:], **placing)
    return imaging_from(
        path,
        cube,
        header,
        noise=NoiseFromAnnuli(annulus_pixels, statistic, plane=_number(noise_plane, names, header)),
        extension=extension,
        plane=_number(plane, names, header),
        unit=unit,
        observable=observable or (plane if plane in ("Q_phi", "U_phi") else "total"),
        mask=outside_annulus(frame, inner_pixels, outer_pixels),
        crop=crop,
        placing=placing,
    )


def _science_extension(path):
    images = list_images(path)
    names = [name for _, name, _ in images]
    if "SCI" in names:
        return "SCI"
    if len(images) != 1:
        raise DataError(f"{path} holds {len(images)} images: give extension=, one of {', '.join(names) or 'none'}.")
    return images[0][0]


def _number(plane, names, header):
    if plane not in names:
        raise ParameterError(f"{header.where} has no plane {plane!r}: {nearest(plane, names)}")
    return names.index(plane)


def _star(header, shape):
    star = header.number("PSFCENTY"), header.number("PSFCENTX")
    return tuple((n - 1) / 2 for n in shape) if None in star else star
