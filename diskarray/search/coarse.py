"""The same posterior on a binned image: cheap enough to look at many starts.

Pixels are averaged in square blocks, narrower than the point-spread function, and the line of sight is sampled to
about a thousandth of the peak. What is found there is only where a search on the real posterior
starts.
"""

__all__ = ["coarse_posterior", "near_posterior"]

import dataclasses

import numpy as np

from ..backend.pytree import get_at, set_at
from ..dataset.imaging import Imaging
from ..errors import DiskArrayError
from ..fit.quadrature import quadrature_at
from ..geometry.angles import cosine_sine
from ..scattering.quadrature import Quadrature, choice_index, choices_for
from ..structures.frame import Frame2D
from ..structures.mask import Mask2D

_ENOUGH = 2000  # pixels
_LARGEST = 4  # pixels along the side of a block
_TOLERANCE = 3e-3
_USUAL_ORDER = 8  # nodes of a panel


def coarse_posterior(posterior, n_pixels=_ENOUGH):
    """A posterior with fewer pixels and the same parameters, or None where there is none to be had.

    Parameters
    ----------
    posterior : Posterior
        None is returned where its data are not images, few pixels count anyway, or the instrument knows the pixels of
        the image (an empirical PSF, a throughput map).
    n_pixels : int
        How many are enough.
    """
    data = getattr(posterior, "data", None)
    images = dict(data) if hasattr(data, "items") else {"": data}
    if not images or not all(isinstance(image, Imaging) for image in images.values()):
        return None
    model = posterior.space.template
    factors = {name: _factor(image, model, n_pixels // len(images)) for name, image in images.items()}
    if all(factor == 1 for factor in factors.values()):
        return None
    try:
        binned = {name: _binned(image, factors[name]) for name, image in images.items()}
        binned = type(data)(binned) if hasattr(data, "items") else binned[""]
        coarse = set_at(_with_rules(posterior, _loose), "data", binned)
        finite = np.all(np.isfinite(coarse.residuals(coarse.space.to_vector())))
    except (DiskArrayError, TypeError, ValueError):  # the scene holds something that fits the image's own pixels only
        return None
    return coarse if finite else None


def near_posterior(posterior, vector, panel_order=None):
    """The posterior with every quadrature that is chosen image by image held at one choice, good near one vector.

    Near that vector it is the same function, without the small steps between one rule and the next, and there is less
    of it to compile. The choice is measured there against the noise; panels get no fewer nodes than usual. With
    ``panel_order`` it follows from the disk's shape, and panels take no more nodes than that: 4 err by a thousandth.
    """
    disks = getattr(posterior.space.template, "disks", None)
    if not hasattr(disks, "items"):
        return posterior
    if panel_order is None and hasattr(posterior, "datasets"):
        measured = {choice.path: _surer(choice.quadrature) for choice in quadrature_at(posterior, vector)}
        return _with_rules(posterior, lambda path, rule: measured[path])
    model = posterior.space.to_model(vector)

    def settled(path, rule):
        disk = get_at(model, path)
        scales = disk.density.scales()
        choice = choices_for(rule)[int(choice_index(rule, *cosine_sine(disk.inclination), scales))]
        cheap = panel_order is not None and choice.nodes == "panels"
        return dataclasses.replace(choice, order=panel_order) if cheap else choice

    return _with_rules(posterior, settled)


def _surer(rule):
    """Panels of fewer nodes than usual save little, and may no longer do where the search leads."""
    return dataclasses.replace(rule, order=max(rule.order, _USUAL_ORDER)) if rule.nodes == "panels" else rule


def _loose(path, rule):
    return Quadrature(tolerance=max(rule.accuracy, _TOLERANCE), halves=rule.halves)


def _with_rules(posterior, chosen):
    """The posterior with every disk's automatic rule, if its shape is known, exchanged for ``chosen(path, rule)``."""
    space = posterior.space
    disks = getattr(space.template, "disks", None)
    template = space.template
    for name, disk in disks.items() if hasattr(disks, "items") else ():
        path, rule = f"disks.{name}", getattr(disk, "rule", None)
        if isinstance(rule, Quadrature) and rule.nodes == "automatic" and hasattr(disk.density, "scales"):
            template = set_at(template, path, dataclasses.replace(disk, rule=chosen(path, rule)))
    if template is space.template:
        return posterior
    return set_at(posterior, "space", dataclasses.replace(space, template=template))


def _factor(image, model, n_pixels):
    """Pixels along the side of a block."""
    wanted = int(np.ceil(np.sqrt(image.mask.n_unmasked / n_pixels)))
    psf = getattr(getattr(model, "instrument", None), "psf", None)
    fwhm = getattr(psf, "fwhm", None)
    limit = _LARGEST if fwhm is None else int(0.9 * float(np.min(fwhm)) / image.frame.pixel_scale)
    return max(1, min(wanted, limit, _LARGEST, min(image.frame.shape_native) // 8))


def _binned(image, factor):
    """An Imaging of the means of unmasked pixels in square blocks; a block less than half full is masked."""
    if factor == 1:
        return image
    shape = tuple(n // factor for n in image.frame.shape_native)
    frame = Frame2D(
        shape,
        image.frame.pixel_scale * factor,
        tuple((c + 0.5) / factor - 0.5 for c in image.frame.center),
        image.frame.north_angle,
        image.frame.mirrored,
    )

    def summed(array):
        rows, columns = (n * factor for n in shape)
        return array[:rows, :columns].reshape(shape[0], factor, shape[1], factor).sum(axis=(1, 3))

    counted = ~image.mask.array
    count = summed(counted.astype(float))
    kept = np.maximum(count, 1)
    values = summed(np.where(counted, np.asarray(image.data.array), 0.0)) / kept
    noise = np.sqrt(summed(np.where(counted, np.asarray(image.noise_map.array) ** 2, 0.0))) / kept
    mask = Mask2D(count < factor**2 / 2, frame)
    settings = {
        f.name: getattr(image, f.name)
        for f in dataclasses.fields(image)
        if f.name not in ("data", "noise_map", "over_sample_size", "header", "n_not_finite")
    }
    return Imaging(values, np.where(mask.array, 1.0, noise), mask=mask, **settings)
