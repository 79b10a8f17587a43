"""Reader of HDF5 files: an image, its noise and its mask as datasets, scale, star and unit as attributes."""

__all__ = ["read_hdf5"]

from typing import Literal

from ...files.hdf5 import read_datasets
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli
from .stored import Stored, imaging_from_stored, names_of


def read_hdf5(
    path,
    *,
    image: str = "image",
    noise: str | NoiseFromAnnuli = "noise",
    mask: str = "mask",
    axes: tuple[str, str] | None = None,
    plane: int | None = None,
    unit: str | None = None,
    observable: Literal["total", "Q", "U", "Q_phi", "U_phi"] | None = None,
    pixel_scale: float | None = None,
    center: tuple[float, float] | None = None,
    north_angle: float | None = None,
    mirrored: bool | None = None,
    crop: int | None = None,
) -> Imaging:
    """Read an image and its noise from an HDF5 file. Links, virtual and external datasets are refused.

    Parameters
    ----------
    path
        A local file; needs h5py.
    image : str
        The image's dataset, of shape (ny, nx), or a cube of which ``plane`` is taken. Groups are written with slashes.
    noise : str or NoiseFromAnnuli
        The dataset of the noise map, in the unit of the image; or the scatter in annuli of the image, or of the dataset
        that ``extension`` names.
    mask : str
        The dataset of the mask, True or 1 = excluded; nothing is excluded where the file has none.
    axes : (str, str), optional
        Two datasets with the coordinates, in arcsec from the star, of the rows (towards North) and of the columns
        (towards West). They give scale, star and orientation.
    plane : int, optional
        Plane of a cube, 0-based.
    unit : str, optional
        Default the attribute ``unit`` of the image or of the file.
    observable : {"total", "Q", "U", "Q_phi", "U_phi"}, optional
        What the image shows; default the attribute ``observable``, else "total".
    pixel_scale : float, optional
        Arcsec; default the attribute ``pixel_scale``, with which it must agree to 1 %.
    center : (float, float), optional
        The star's pixel (y, x), 0-based; default the attribute ``center``, else the geometric center.
    north_angle, mirrored : float, bool, optional
        Orientation as in Frame2D; default the attributes of the same names, else North up and East left.
    crop : int, optional
        Half width in pixels around the star's pixel.

    Returns
    -------
    Imaging

    Raises
    ------
    DataError
        Naming the file and the dataset at fault.
    UnitError
        When neither the file nor ``unit`` gives a unit.
    """
    names = names_of(image, noise, axes)
    found = read_datasets(path, names, optional=[mask])
    stored = Stored(
        path=str(path),
        arrays={name: dataset.array for name, dataset in found.items()},
        attributes=found[image].attributes,
        where=lambda name: found[name].where,
    )
    return imaging_from_stored(
        stored,
        image=image,
        noise=noise,
        mask=mask,
        axes=axes,
        plane=plane,
        crop=crop,
        unit=unit,
        observable=observable,
        pixel_scale=pixel_scale,
        center=center,
        north_angle=north_angle,
        mirrored=mirrored,
    )
