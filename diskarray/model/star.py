"""The star that lights the disk."""

__all__ = ["Star"]

from ..backend.pytree import component, static
from ..backend.quantity import carries_unit, plain
from ..errors import UnitError
from ..parameters.parameter import parameter
from ..parameters.priors import LogUniform

_COUNTED = frozenset({"adu", "DN", "ct", "electron", "ph"})


@component
class Star:
    """Scales a scene from brightness relative to the star to physical surface brightness.

    Parameters
    ----------
    unit : str
        Unit of the flux, such as "mJy" or "adu / coadd"; images are in this unit per square arcsec. A flux given as a
        Quantity is converted to it; without one, flux densities (and AB magnitudes) become mJy, counts keep their unit.
    """

    flux: float = parameter(
        1.0, minimum=0, doc="flux of the star; degenerate with optical_depth unless known", prior=LogUniform(1e-6, 1e9)
    )
    unit: str = static(default="")

    def prepare_units(self):
        if not carries_unit(self.flux):
            return
        unit = self.unit or _own_unit(self.flux)
        object.__setattr__(self, "flux", plain(self.flux, unit, "Star.flux"))
        object.__setattr__(self, "unit", unit)


def _own_unit(flux):
    """mJy for a flux density, else the unit the flux came with."""
    try:
        plain(flux, "mJy", "Star.flux")
        return "mJy"
    except UnitError:
        bases = {str(base) for base in getattr(flux.unit, "bases", ())}
    if not bases & _COUNTED or not bases <= _COUNTED | {"s"}:
        raise UnitError(
            f"Star.flux is in {str(flux.unit) or 'no unit'}, which is no flux density and no counts: give unit= too"
        )
    return str(flux.unit)
