"""A sampled posterior as the groups that ArviZ reads: posterior, sample_stats, observed_data, constant_data.

Every parameter is a variable over (chain, draw), a periodic angle without the seam of its prior's interval, as ArviZ
knows no periods. What does not fit that form is kept beside the groups, so that the result comes back exactly.
"""

__all__ = ["ARCHIVE_GROUP", "ARCHIVE_VARIABLE", "arrays_of_groups", "groups_of", "grouped_keys"]

import dataclasses
from collections.abc import Mapping

import numpy as np

from ..diagnostics.convergence import unwrapped
from ..files.netcdf import Variable

ARCHIVE_GROUP = "diskarray"
ARCHIVE_VARIABLE = "archive"
_DRAWS = ("chain", "draw")
_EXACT = "samples_"  # column k of the samples as they are, where the posterior group holds an angle without its seam
_STORABLE = {np.dtype(kind) for kind in ("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")}


def groups_of(result, encoded, arrays, data=None):
    """The groups of a SampleResult.

    Parameters
    ----------
    result : SampleResult
    encoded : dict
        The result as an Encoder made it.
    arrays : mapping of str to array
        The Encoder's.
    data : Imaging or mapping of str to Imaging, optional

    Returns
    -------
    dict of str to dict of str to Variable
    """
    chains, draws = result.samples.shape[:2]
    coordinates = {"chain": Variable(("chain",), np.arange(chains)), "draw": Variable(("draw",), np.arange(draws))}
    groups = {"posterior": dict(coordinates), "sample_stats": dict(coordinates)}
    described = dict(zip((*result.names, *result.linear_names), (*result.units, *result.linear_units), strict=True))
    for key, group, names, variables in _places(encoded):
        columns = np.moveaxis(arrays[key], -1, 0) if group == "posterior" else [arrays[key]]
        for name, variable, column in zip(names, variables, columns, strict=True):
            about = {"long_name": _text(name), "units": _text(described[name])} if group == "posterior" else {}
            groups[group][variable] = Variable(_DRAWS, column, about)
    groups[ARCHIVE_GROUP] = {}
    for k, (variable, prior) in enumerate(zip(_places(encoded)[0][-1], result.priors, strict=True)):
        if hasattr(prior, "wrapped"):
            exact = groups["posterior"][variable]
            groups[ARCHIVE_GROUP][f"{_EXACT}{k}"] = Variable(_DRAWS, exact.values)
            groups["posterior"][variable] = dataclasses.replace(exact, values=_seamless(exact.values, prior))
    return groups | _data_groups(data)


def _seamless(angles, prior):
    """Angles around their circular mean, which lies in the prior's interval."""
    values = unwrapped(angles, prior.period)
    finite = values[np.isfinite(values)]
    center = np.mean(finite) if finite.size else prior.lower
    return values + (prior.wrapped(center) - center)


def grouped_keys(encoded):
    """Which of the Encoder's arrays are in the groups."""
    return [key for key, _, _, _ in _places(encoded)]


def arrays_of_groups(encoded, groups):
    """The Encoder's arrays that are in the groups, of their own type.

    Raises
    ------
    KeyError, ValueError
        If something is missing or does not fit.
    """
    arrays = {}
    kinds = dict(_array_entries(encoded))
    for key, group, _, variables in _places(encoded):
        columns = [groups[group][variable] for variable in variables]
        entry = kinds[key]
        if entry is encoded["fields"]["samples"]:
            columns = [groups[ARCHIVE_GROUP].get(f"{_EXACT}{k}", column) for k, column in enumerate(columns)]
        if group == "posterior":
            values = np.stack(columns, axis=-1) if columns else np.zeros(entry["shape"])
        else:
            values = columns[0]
        arrays[key] = values.astype(bool) if entry["dtype"] == np.dtype(bool).str else values
    return arrays


def _places(encoded):
    """Every array that the groups take: its key, its group, the names of its columns, and those of their variables."""
    fields = encoded["fields"]
    names, linear = fields["names"]["$tuple"], fields["linear_names"]["$tuple"]
    variables = _variable_names([*names, *linear], taken=_DRAWS)
    places = [
        (fields["samples"], "posterior", names, variables[: len(names)]),
        (fields["linear_samples"], "posterior", linear, variables[len(names) :]),
        (fields["log_probability"], "sample_stats", ["log_probability"], ["lp"]),
    ]
    statistics = [(name, entry) for name, entry in fields["statistics"]["$frozen"] if _storable(entry)]
    own = _variable_names([name for name, _ in statistics], taken=(*_DRAWS, "lp"))
    places += [
        (entry, "sample_stats", [name], [variable]) for (name, entry), variable in zip(statistics, own, strict=True)
    ]
    return [(entry["$array"], *place) for entry, *place in places]


def _array_entries(encoded):
    fields = encoded["fields"]
    entries = [fields[name] for name in ("samples", "linear_samples", "log_probability")]
    entries += [entry for _, entry in fields["statistics"]["$frozen"] if "$array" in entry]
    return [(entry["$array"], entry) for entry in entries]


def _storable(entry):
    return "$array" in entry and np.dtype(entry["dtype"]) in _STORABLE


def _variable_names(names, taken):
    """Names that NetCDF takes, all different: no slash, no control characters, not empty, no dots alone."""
    used, made = set(taken), []
    for name in names:
        safe = _text("".join(c if c.isprintable() and c != "/" else "_" for c in name).strip())
        safe = safe if safe.strip(".") else f"_{safe}"
        while safe in used:
            safe += "_"
        used.add(safe)
        made.append(safe)
    return made


def _text(text):
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def _data_groups(data):
    if data is None:
        return {}
    images = data if isinstance(data, Mapping) else {"": data}
    observed, constant = {}, {}
    variables = _variable_names([f"{name}_data" if name else "data" for name in images], ())
    for name, variable in zip(images, variables, strict=True):
        image, excluded = images[name], images[name].mask.array
        dimensions = (f"{variable}_y", f"{variable}_x")
        observed[variable] = Variable(dimensions, np.where(excluded, np.nan, np.asarray(image.data.array)))
        noise = np.where(excluded, np.nan, np.asarray(image.noise_map.array))
        constant[f"{variable}_noise_map"] = Variable(dimensions, noise)
    return {"observed_data": observed, "constant_data": constant}
