"""The star that lights the disk."""

__all__ = ["Star"]

from ..backend.pytree import component, static
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform


@component
class Star:
    """Scales a scene from brightness relative to the star to physical surface brightness.

    Parameters
    ----------
    unit : str
        Unit of the flux, such as "mJy" or "adu / coadd"; images are in this unit per square arcsec.
    """

    flux: float = parameter(1.0, minimum=0, doc="flux of the star; degenerate with optical_depth unless known",
                            prior=LogUniform(1e-6, 1e9))
    unit: str = static("")
