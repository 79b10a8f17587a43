"""Phase functions in the other codes' words.

Their tables and splines are not normalized, or are 1 at 90 degrees; ours are 1 over the sphere. Every function here
therefore hands on a factor too, by which the opacity has to be multiplied for the image to stay the same.
"""

__all__ = ["from_ddit_phase", "from_spf", "from_spf_params", "to_ddit_phase", "to_spf", "to_spf_params"]

from types import MappingProxyType

import numpy as np

from ..errors import ParameterError
from ..profiles.phase_curves import TabulatedPhaseFunction
from ..profiles.phase_function import HenyeyGreenstein, Polarized
from ..profiles.phase_sums import DoubleHenyeyGreenstein, IsotropicScattering
from ..profiles.polarization import RayleighPolarization
from ..profiles.polarization_table import TabulatedPolarization
from .shared import read, real

_SPHERE = 4 * np.pi
_STEP = 0.5  # deg, between the entries of tables that stand for a smooth formula
_COARSE = 1.0  # deg, the same for DDiT, which joins them by straight lines
_CORNER = 0.01  # deg; corners of straight lines are rounded within this
_KEYS = MappingProxyType({"HG": ("g",), "DoubleHG": ("g", "weight"), "interpolated": ("phi", "spf")})
_ORDERS = MappingProxyType({"slinear": 1, "linear": 1, "quadratic": 2, "cubic": 3, 1: 1, 2: 2, 3: 3})
_SPLINE = MappingProxyType(
    {
        "backscatt_bound": -1.0,
        "forwardscatt_bound": 1.0,
        "num_knots": 6,
        "knot_values": (1.0,) * 6,
    }
)


def from_spf(spf, owner):
    """VIP's ``spf_dico`` as a phase function and the factor of the opacity."""
    name = spf.get("name") if hasattr(spf, "get") else None
    if name not in _KEYS:
        raise ParameterError(f"{owner} needs a name, one of {', '.join(map(repr, _KEYS))}; got {name!r}")
    optional = {"polar": False, "polar_polynom_coeff": None, **({"kind": "pchip"} if name == "interpolated" else {})}
    values = read(spf, {"name": None, **dict.fromkeys(_KEYS[name]), **optional}, owner)
    missing = [key for key in _KEYS[name] if values[key] is None]
    if missing:
        raise ParameterError(f"{owner} named {name!r} needs {' and '.join(map(repr, missing))}")
    total, factor = _total(values, owner)
    if not values["polar"]:
        return total, factor
    if values["polar_polynom_coeff"] is None:
        return Polarized(total, RayleighPolarization(1.0)), factor
    polarization, strength = _polynomial(values["polar_polynom_coeff"])
    return Polarized(total, polarization), factor * strength


def to_spf(phase_function):
    """The way back: an ``spf_dico`` and the factor of ``dens_at_r0``. What VIP has no name for becomes a table."""
    polarized = isinstance(phase_function, Polarized) and isinstance(phase_function.polarization, RayleighPolarization)
    total = phase_function.phase_function if polarized else phase_function
    factor = phase_function.polarization.maximum if polarized else 1.0
    if isinstance(total, IsotropicScattering):
        total = HenyeyGreenstein(0.0)
    if isinstance(total, HenyeyGreenstein):
        spf = {"name": "HG", "g": total.g}
    elif isinstance(total, DoubleHenyeyGreenstein):
        spf = {"name": "DoubleHG", "g": [total.g1, total.g2], "weight": total.weight}
    elif isinstance(total, TabulatedPhaseFunction):
        spf = {"name": "interpolated", "phi": list(total.angles), "spf": np.asarray(total.values).tolist()}
        factor = factor / float(total.scale())
    else:
        angles, values = _sampled(total)
        spf = {"name": "interpolated", "phi": angles.tolist(), "spf": values.tolist()}
    return {**spf, "polar": polarized}, factor


def from_spf_params(spf_params):
    """GRaTeR-JAX's ``spf_params`` as a phase function and the factor of the opacity."""
    owner = "GRaTeR-JAX's spf_params"
    kinds = {"g": {"g": 0.3}, "g1": {"g1": 0.5, "g2": -0.3, "weight": 0.7}, "knot_values": _SPLINE}
    found = [name for name in kinds if hasattr(spf_params, "keys") and name in spf_params]
    if len(found) != 1:
        raise ParameterError(f"{owner} has one of g (HG), g1 (double HG) or knot_values (spline); got {spf_params!r}")
    values = read(spf_params, kinds[found[0]], owner)
    if found == ["knot_values"]:
        return _spline(values, owner), _SPHERE
    numbers = {name: real(values, name, owner) for name in values}
    return (HenyeyGreenstein(**numbers) if found == ["g"] else DoubleHenyeyGreenstein(**numbers)), 1.0


def to_spf_params(phase_function):
    """The way back, and the factor of ``flux_scaling``."""
    if isinstance(phase_function, IsotropicScattering):
        return {"g": 0.0}, 1.0
    if isinstance(phase_function, HenyeyGreenstein):
        return {"g": phase_function.g}, 1.0
    if isinstance(phase_function, DoubleHenyeyGreenstein):
        return {name: getattr(phase_function, name) for name in ("g1", "g2", "weight")}, 1.0
    raise ParameterError(
        "GRaTeR-JAX has one or two Henyey-Greenstein functions and a spline over cos phi, and no polarization; "
        f"got {type(phase_function).__name__}"
    )


def from_ddit_phase(values, polarized):
    """DDiT's ``gsca``, ``gpol``, ``s11`` and ``s12`` as a phase function and the factor of the opacity."""
    if values["s11"] is None and values["s12"] is None:
        g = real(values, "gpol" if polarized else "gsca", "DDiT")
        return (Polarized(HenyeyGreenstein(g), RayleighPolarization(1.0)) if polarized else HenyeyGreenstein(g)), 1.0
    name = "s12" if polarized else "s11"
    if values[name] is None:
        return IsotropicScattering(), _SPHERE
    table = np.asarray(values[name], dtype=float)
    if table.ndim != 2 or table.shape[1] != 2 or table.shape[0] < 2:
        raise ParameterError(f"DDiT's {name} has a row per scattering angle and two columns, got shape {table.shape}")
    if not np.array_equal(table[:, 0], table[:, 1]):
        raise ParameterError(f"DDiT's {name} differs between the two sides of the disk; here both scatter alike")
    return _tabulated(*_cornered(np.linspace(0.0, 180.0, table.shape[0]), table[:, 0]))


def to_ddit_phase(phase_function, polarized):
    """The way back, and the factor of the brightness. What is no Henyey-Greenstein function becomes a table."""
    names = ("gpol", "s12") if polarized else ("gsca", "s11")
    total, factor = phase_function, 1.0
    if polarized and isinstance(total, Polarized) and isinstance(total.polarization, RayleighPolarization):
        total, factor = total.phase_function, total.polarization.maximum
    elif polarized:
        total = None  # DDiT's gpol comes with Rayleigh's curve
    if isinstance(total, HenyeyGreenstein):
        return {names[0]: total.g}, factor
    _, values = _sampled(phase_function, _COARSE)
    return {names[1]: np.stack([values, values], axis=-1)}, 1.0


def _total(values, owner):
    if values["name"] == "HG":
        return HenyeyGreenstein(real(values, "g", owner)), 1.0
    if values["name"] == "DoubleHG":
        g = np.asarray(values["g"], dtype=float)
        if g.shape != (2,):
            raise ParameterError(f"{owner}: g of a DoubleHG is a list of two numbers, got {values['g']!r}")
        return DoubleHenyeyGreenstein(*g.tolist(), weight=real(values, "weight", owner)), 1.0
    angles, table, kind = np.asarray(values["phi"], float), np.asarray(values["spf"], float), values["kind"]
    if angles.ndim != 1 or angles.shape != table.shape:
        raise ParameterError(f"{owner}: phi and spf are lists of one length, got {angles.shape} and {table.shape}")
    if kind == "pchip":
        return _tabulated(angles, table)
    if kind not in _ORDERS:
        raise ParameterError(f"{owner}: kind {kind!r} has no counterpart; known: pchip, {', '.join(map(str, _ORDERS))}")
    if _ORDERS[kind] == 1:
        return _tabulated(*_cornered(angles, table))
    from scipy.interpolate import make_interp_spline

    fine = _between(angles[0], angles[-1])
    return _tabulated(fine, make_interp_spline(angles, table, k=_ORDERS[kind])(fine))


def _spline(values, owner):
    """GRaTeR-JAX's spline: a cubic in cos phi, straight on in front of its knots, constant behind them."""
    from scipy.interpolate import CubicSpline

    front, back = (real(values, name, owner) for name in ("forwardscatt_bound", "backscatt_bound"))
    free = np.asarray(values["knot_values"], dtype=float)
    if free.ndim != 1 or free.size < 3 or free.size != values["num_knots"] or not -1 <= back < 0 < front <= 1:
        raise ParameterError(
            f"{owner}: knot_values must be num_knots >= 3 numbers, and the bounds -1 <= backscatt_bound < 0 < "
            f"forwardscatt_bound <= 1; got {dict(values)}"
        )
    ahead = free.size // 2
    knots = np.concatenate([np.linspace(front, 0, ahead + 1), np.linspace(0, back, free.size - ahead + 1)[1:]])
    spline = CubicSpline(knots[::-1], np.insert(free, ahead, 1.0)[::-1])
    first, last = (np.degrees(np.arccos(bound)) for bound in (front, back))
    joints = [first, last, last - _CORNER, last + _CORNER]
    angles = np.unique(np.concatenate([_between(0.0, 180.0), [joint for joint in joints if 0 <= joint <= 180]]))
    cosine = np.cos(np.radians(angles))
    inside = spline(np.clip(cosine, back, front))
    curve = inside + spline(front, 1) * np.maximum(cosine - front, 0.0)
    return TabulatedPhaseFunction(angles=angles, values=curve, normalized=False)


def _tabulated(angles, table):
    phase_function = TabulatedPhaseFunction(angles=angles, values=table)
    return phase_function, float(phase_function.scale())


def _between(first, last, step=_STEP):
    """Angles from the first to the last in fine steps."""
    return np.linspace(first, last, max(int(np.ceil((last - first) / step)), 1) + 1)


def _cornered(angles, table):
    """The polygon through a table, in knots whose smooth curve is straight up to its corners."""
    nearest = np.minimum(_CORNER, np.min(np.diff(angles)) / 4)
    fine = np.sort(np.concatenate([angles, angles[1:] - nearest, angles[:-1] + nearest]))
    return fine, np.interp(fine, angles, table)


def _polynomial(coefficients):
    """A polynomial of the scattering angle in degrees as a polarization table, and its strength where above 1."""
    angles = np.concatenate([[_CORNER], np.arange(1.0, 180.0), [180.0 - _CORNER]])
    values = np.polyval(np.asarray(coefficients, dtype=float), angles)
    strength = max(1.0, float(np.max(np.abs(values))))
    return TabulatedPolarization(angles=angles, values=values / strength), strength


def _sampled(phase_function, step=_STEP):
    angles = _between(0.0, 180.0, step)
    return angles, phase_function.phase(np.cos(np.radians(angles)))
