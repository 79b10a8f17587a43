"""The other vectors that give the same image, and the side of a disk that is thought to be near.

An image of thin dust does not tell which side is near. Two changes leave it exactly as it is:
(PA + 180, 180 - i, 180 - omega, -dX), and (PA + 180, omega + 180, p(cos phi) -> p(-cos phi), -dX, -dY). Which of them a
fit can express depends on what is free and within which bounds; here they are made on the model, read back as a vector
and held against the image.
"""

__all__ = ["forward_asymmetry", "images_of", "other_near_sides"]

import dataclasses

import numpy as np

from ..backend.pytree import children, get_at, set_at
from ..errors import DiskArrayError
from ..profiles.phase_function import Polarized
from ..profiles.phase_sums import DoubleHenyeyGreenstein, LegendreSeries, TripleHenyeyGreenstein

_COSINES = np.linspace(-1.0, 1.0, 41)
_SAME = 1e-6


def images_of(space, vector, residuals):
    """Other vectors within the bounds whose residuals are the same.

    Parameters
    ----------
    space : ParameterSpace
    vector : array, shape (n,)
    residuals : callable
        Of a vector.

    Returns
    -------
    list of arrays, shape (n,)
    """
    found, known = [], None
    for turned in _turned(space, vector, exactly=True):
        if any(np.allclose(turned, other, rtol=1e-12, atol=1e-12) for other in (vector, *found)):
            continue
        known = residuals(vector) if known is None else known
        difference = residuals(turned) - known
        if np.sum(difference**2) <= _SAME**2 * np.sum(known**2) + _SAME**2:
            found.append(turned)
    return found


def other_near_sides(space, vector):
    """The vector with disks turned by half a turn and all else kept: the other side near, but as bright as before."""
    return _turned(space, vector, exactly=False)


def forward_asymmetry(model):
    """Mean cosine of the scattering angle of the light of every disk, summed over disks; 0 where unknown."""
    disks = getattr(model, "disks", None)
    return sum(map(_mean_cosine, disks.values())) if hasattr(disks, "items") else 0.0


def _mean_cosine(disk):
    phase = getattr(disk, "phase_function", None)
    phase = phase.phase_function if isinstance(phase, Polarized) else phase
    if not hasattr(phase, "phase"):
        return 0.0
    cosines = np.cos(np.linspace(0.0, np.pi, 721))
    values, sine = np.asarray(phase.phase(cosines)), np.sqrt(1 - cosines**2)
    total = np.sum(values * sine)
    return float(np.sum(values * sine * cosines) / total) if total > 0 else 0.0


def _turned(space, vector, exactly):
    """Vectors within the bounds of the model with one disk, or all of them, turned."""
    model = space.to_model(vector)
    disks = getattr(model, "disks", None)
    if not hasattr(disks, "items"):
        return []
    names = list(disks)
    found = []
    for chosen in [[name] for name in names] + ([names] if len(names) > 1 else []):
        versions = [model]
        for name in chosen:
            versions = [
                set_at(version, f"disks.{name}", disk)
                for version in versions
                for disk in _versions(get_at(version, f"disks.{name}"), exactly)
            ]
        found += [_within(space, version) for version in versions]
    return [v for v in found if v is not None]


def _within(space, model):
    vector = space.wrapped(space.to_vector(model))
    lower, upper = space.bounds
    return vector if np.all((vector >= lower) & (vector <= upper)) else None


def _versions(disk, exactly):
    """The disk turned by each symmetry; ``exactly`` False: by half a turn, its phase function kept."""
    if not all(hasattr(disk, name) for name in ("position_angle", "inclination", "density", "phase_function")):
        return
    if exactly:
        yield _changed(
            disk,
            inclination=180.0 - disk.inclination,
            offset_y=disk.offset_y,
            density=_pericenter_moved(disk.density, lambda omega: 180.0 - omega),
        )
    phases = _reflected(disk.phase_function) if exactly else [disk.phase_function]
    density = _pericenter_moved(disk.density, lambda omega: omega + 180.0)
    for phase in phases:
        yield _changed(disk, offset_y=-disk.offset_y, density=density, phase_function=phase)


def _changed(disk, **parts):
    for name, value in {"position_angle": disk.position_angle + 180.0, "offset_x": -disk.offset_x, **parts}.items():
        disk = set_at(disk, name, value)
    return disk


def _pericenter_moved(density, moved):
    """The density with its argument of pericenter exchanged; a circle keeps the one it has."""
    if not hasattr(density, "argument_of_pericenter") or not np.any(getattr(density, "eccentricity", 1.0)):
        return density
    return set_at(density, "argument_of_pericenter", moved(density.argument_of_pericenter))


def _reflected(phase):
    """Phase functions of the same kind that are this one with cos phi reversed, found by trying what might be."""
    wanted = _values(phase, -_COSINES)
    for candidate in _candidates(phase):
        values = _values(candidate, _COSINES)
        if wanted is not None and values is not None and np.allclose(values, wanted, rtol=1e-9, atol=1e-12):
            yield candidate


def _values(phase, cosines):
    try:
        return np.asarray(phase.phase(cosines))
    except (DiskArrayError, TypeError, ValueError):
        return None


def _candidates(phase):
    yield phase
    if isinstance(phase, Polarized):
        for inner in _candidates(phase.phase_function):
            for fraction in (phase.polarization, *_reversed_arrays(phase.polarization)):
                yield set_at(set_at(phase, "phase_function", inner), "polarization", fraction)
        return
    for build in (_negated, _swapped, _permuted, _odd_moments, _reversed_arrays):
        try:
            yield from build(phase)
        except DiskArrayError:
            continue


def _asymmetries(phase):
    return [n for n in children(phase) or () if n in ("g", "g1", "g2", "g3")]


def _negated(phase):
    for name in _asymmetries(phase):
        phase = set_at(phase, name, -getattr(phase, name))
    yield phase


def _swapped(phase):
    if isinstance(phase, DoubleHenyeyGreenstein):
        yield DoubleHenyeyGreenstein(g1=-phase.g2, g2=-phase.g1, weight=1 - phase.weight)


def _permuted(phase):
    if not isinstance(phase, TripleHenyeyGreenstein):
        return
    left = 1 - phase.weight
    weights = (phase.weight, left * phase.second_share, left * (1 - phase.second_share))
    g = (-phase.g1, -phase.g2, -phase.g3)
    for order in ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        yield TripleHenyeyGreenstein.from_weights([g[k] for k in order], [weights[k] for k in order])


def _odd_moments(phase):
    if isinstance(phase, LegendreSeries):
        moments = np.asarray(phase.moments)
        yield set_at(phase, "moments", moments * (-1.0) ** np.arange(1, moments.size + 1))


def _reversed_arrays(component):
    """The component with its arrays of values reversed, where it is a table or spline over the scattering angle."""
    if not dataclasses.is_dataclass(component) or not hasattr(component, "values"):
        return
    values = np.asarray(component.values)
    if values.ndim == 1 and values.size > 1:
        yield set_at(component, "values", values[::-1].copy())
