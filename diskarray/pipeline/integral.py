"""Which quadrature a run used for every disk, and which path the integral took on how many lines of sight."""

__all__ = ["quadrature_record"]

import dataclasses

import numpy as np

from ..backend.pytree import FrozenDict
from ..fit.linear_basis import observed_image
from ..scattering.layer import LAYER_SEGMENTS
from ..scattering.panels import UNGUIDED_PANELS, number_of_panels
from ..scattering.paths import path_for
from ..scattering.quadrature import Quadrature, choices_for, nodes_and_weights
from ..structures.decorators import to_image, to_vector_yx


class _Counter:
    """Stands in for a disk: dark, and remembers on how many lines of sight it was asked for."""

    def __init__(self):
        self.lines = 0

    def _count(self, grid):
        sampling = getattr(grid, "over_sample_size", None)
        self.lines += int(np.sum(sampling.counts)) if hasattr(sampling, "counts") else len(grid.y)

    @to_image
    def image_2d_from(self, grid, *, xp=np):
        """Nothing, counted."""
        self._count(grid)
        return xp.zeros_like(grid.y)

    @to_vector_yx
    def stokes_2d_from(self, grid, *, xp=np):
        """Nothing, counted."""
        self._count(grid)
        return xp.zeros_like(grid.array)


def quadrature_record(posterior, datasets):
    """What a manifest keeps of the integral over the line of sight.

    Parameters
    ----------
    posterior : Posterior
    datasets : dict of str to Imaging

    Returns
    -------
    list of dict
        For every disk: its quadrature in words, the errors measured where the posterior chose it, and for every data
        set the number of lines of sight and the path: "vectorized", "blocks" or "streaming".
    """
    scene = posterior.space.template
    measured = {choice.path: choice for choice in posterior.quadrature}
    records = []
    for name, disk in scene.disks.items():
        rule = getattr(disk, "rule", None) or Quadrature()
        choice = measured.get(f"disks.{name}")
        record = {"disk": f"disks.{name}", "quadrature": _words(rule)}
        if choice is not None:
            record |= {"error": choice.error, "shift": choice.shift}
        lines = {key: _lines(scene, name, dataset) for key, dataset in datasets.items()}
        paths = {key: sorted({path_for(c, _nodes(c, disk), n) for c in choices_for(rule)}) for key, n in lines.items()}
        records.append({**record, "lines_of_sight": lines, "path": {k: " or ".join(p) for k, p in paths.items()}})
    return records


def _lines(scene, name, dataset):
    counter = _Counter()
    disks = FrozenDict({key: counter if key == name else _Counter() for key in scene.disks})
    observed_image(dataclasses.replace(scene, disks=disks), dataset)
    return counter.lines


def _nodes(choice, disk):
    """Nodes on every line of sight."""
    scales = disk.density.scales() if hasattr(disk.density, "scales") else None
    if scales is None:
        segments = UNGUIDED_PANELS
    else:
        segments = LAYER_SEGMENTS if choice.nodes == "layer" else number_of_panels(scales)
    return segments * nodes_and_weights([choice], 0, scales)[0].size


def _words(rule):
    given = {f.name: getattr(rule, f.name) for f in dataclasses.fields(rule)}
    return {key: value for key, value in given.items() if value is not None and value is not False}
