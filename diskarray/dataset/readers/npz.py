"""Reader of NumPy's NPZ files: an image, its noise, its mask, and scale, star and unit as arrays of their own."""

__all__ = ["read_npz"]

from typing import Literal

import numpy as np

from ...errors import DataError, nearest
from ...files.npz import read_arrays
from ..imaging import Imaging
from ..noise import NoiseFromAnnuli
from .stored import Stored, imaging_from_stored, names_of

_ATTRIBUTES = ("pixel_scale", "unit", "center", "north_angle", "mirrored", "observable")


def read_npz(
    path,
    *,
    image: str = "data",
    noise: str | NoiseFromAnnuli = "noise_map",
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
    """Read an image and its noise from an NPZ file, as ``numpy.savez`` or ``savez_compressed`` write it; no pickles.

    Parameters
    ----------
    path
        A local file.
    image, noise, mask, axes : str
        Names of the arrays; as in ``read_hdf5``.
    plane, crop : int, optional
        As in ``read_hdf5``.
    unit, observable, pixel_scale, center, north_angle, mirrored
        As in ``read_hdf5``; default the arrays of these names in the file.

    Returns
    -------
    Imaging

    Raises
    ------
    DataError
        Naming the file and the array at fault.
    UnitError
        When neither the file nor ``unit`` gives a unit.
    """
    found = read_arrays(path)
    names = names_of(image, noise, axes)
    for name in names:
        if name not in found:
            raise DataError(f"{path} has no array {name!r}: {nearest(name, found)}")
    names += [mask] if mask in found else []
    stored = Stored(
        path=str(path),
        arrays={name: _numbers(found[name], f"{path}, array {name!r}") for name in names},
        attributes={name: _attribute(found[name], f"{path}, array {name!r}") for name in _ATTRIBUTES if name in found},
        where=lambda name: f"{path}, array {name!r}",
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


def _numbers(array, where):
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where} holds {array.dtype}, not plain numbers.")
    return np.array(array, dtype=np.float64)


def _attribute(array, where):
    """A number, some numbers or a text."""
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{where} is no UTF-8 text.") from error
    if array.size > 2 or array.dtype.kind not in "biufU":
        raise DataError(f"{where} is no number, pair of numbers or text.")
    return array.reshape(-1)[0].item() if array.size == 1 else tuple(array.reshape(-1).tolist())
