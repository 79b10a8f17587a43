"""Units of data and model: they must agree before the two are compared."""

__all__ = ["check_units"]

from ..dataset.units import surface_brightness_unit
from ..errors import UnitError


def check_units(data_unit, model):
    """The data's unit must be that of the model's images; data without a unit are taken to be in the model's.

    Raises
    ------
    UnitError
    """
    if data_unit is None:
        return
    model_unit = getattr(model, "unit", None)
    if model_unit is None:
        if data_unit != "contrast / arcsec2":
            raise UnitError(
                f"the data are in {data_unit!r}, but the scene has no star with a unit, so its images are relative to "
                "the star: give the Scene a Star(flux=, unit=)"
            )
        return
    factor, name = surface_brightness_unit(model_unit, where="Star.unit")
    if name != data_unit or factor != 1.0:
        raise UnitError(
            f"the data are in {data_unit!r}, the scene's images in {model_unit!r}: give the star's flux in the "
            "data's unit"
        )
