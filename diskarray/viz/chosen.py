"""What the figures of a fit take from its model: which disk, where its star is."""

__all__ = ["disk_of", "fits_of", "star_of"]

from ..errors import ParameterError, nearest


def disk_of(scene, name=None):
    """A disk of a scene by its name, which may be left out where there is only one; a Disk is returned as it is.

    Raises
    ------
    ParameterError
        If there are several and none, or another, is named.
    """
    disks = getattr(scene, "disks", None)
    if disks is None:
        return scene
    if name is None and len(disks) == 1:
        return next(iter(disks.values()))
    if name not in disks:
        raise ParameterError(f"disk= must name one of the scene's disks, got {name!r}; {nearest(name, disks)}")
    return disks[name]


def star_of(scene):
    """Where the star of a scene is, (y, x) in arcsec from the center of the frame."""
    instrument = getattr(scene, "instrument", None)
    return float(getattr(instrument, "offset_y", 0.0)), float(getattr(instrument, "offset_x", 0.0))


def fits_of(fit):
    """Name -> FitImaging; one fit by itself has the name ""."""
    return dict(fit) if hasattr(fit, "items") else {"": fit}
