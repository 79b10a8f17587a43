"""Parts of the data as posteriors of their own: a part's likelihood, and a share of the prior.

The shares add up to one, so the product of the parts' posteriors is the posterior of all data.
"""

__all__ = ["ShardPosterior", "shards_of"]

import hashlib
import math

import numpy as np

from ..backend.operations import value_where
from ..backend.pytree import component
from ..backend.transforms import value_and_gradient
from ..errors import ParameterError, ShapeError
from ..structures.mask import Mask2D


@component
class ShardPosterior:
    """The posterior of a part of the data, with the prior to the power ``share``.

    Its prior is the whole one, and what is missing from it is taken from the likelihood: engines that use only the sum
    and those that draw from the prior see the same posterior.

    Parameters
    ----------
    posterior
        Of this part of the data and the whole prior.
    share : float
    """

    posterior: object
    share: float = 1.0

    space = property(lambda self: self.posterior.space)
    data = property(lambda self: self.posterior.data)
    n_data = property(lambda self: self.posterior.n_data)

    def log_likelihood(self, vector, *, xp=np):
        """Log-likelihood of the part, less the part of the log prior that the other shards count."""
        prior = self.space.log_prior(vector, xp=xp)
        inside = xp.isfinite(prior)
        return value_where(inside, lambda: self._tempered(vector, prior, self.share - 1, xp), -math.inf, xp=xp)

    def log_probability(self, vector, *, xp=np):
        """``share`` times the log prior plus the log-likelihood of the part."""
        prior = self.space.log_prior(vector, xp=xp)
        inside = xp.isfinite(prior)
        return value_where(inside, lambda: self._tempered(vector, prior, self.share, xp), -math.inf, xp=xp)

    def _tempered(self, vector, prior, share, xp):
        finite = xp.where(xp.isfinite(prior), prior, xp.asarray(0.0))
        return share * finite + self.posterior.log_likelihood(vector, xp=xp)

    def log_probabilities(self, vectors, *, xp=np):
        """``log_probability`` of many vectors, shape (m, n) -> (m,)."""
        return self._rows(vectors, self.share, xp)

    def log_likelihoods(self, vectors, *, xp=np):
        """``log_likelihood`` of many vectors, shape (m, n) -> (m,)."""
        return self._rows(vectors, self.share - 1, xp)

    def _rows(self, vectors, share, xp):
        vectors = np.atleast_2d(np.asarray(vectors, dtype=float))
        prior = np.array([float(self.space.log_prior(row)) for row in vectors])
        values = np.full(len(vectors), -math.inf)
        known = np.isfinite(prior)
        likelihood = self.posterior.log_likelihoods(np.where(known[:, None], vectors, math.nan), xp=xp)
        values[known] = share * prior[known] + likelihood[known]
        return values

    def value_and_gradient(self, vector, *, xp):
        """Log probability and its gradient (JAX only)."""
        return value_and_gradient(ShardPosterior.log_probability, self, vector, xp=xp)

    def scene_from(self, vector):
        """The model at a vector."""
        return self.posterior.scene_from(vector)

    def identity(self):
        """Hex digest of the part's posterior and its share."""
        return hashlib.sha256(f"{self.posterior.identity()} {float(self.share)!r}".encode()).hexdigest()


def shards_of(posterior, masks=None):
    """The parts of a posterior's data.

    Parameters
    ----------
    posterior : Posterior
    masks : sequence or dict of Mask2D, or None
        Regions of one image, True = excluded from the region; None: one part for every image of a joint fit.

    Returns
    -------
    dict
        Name -> ShardPosterior.

    Raises
    ------
    ParameterError
        If there are not two parts, if a linear parameter is solved inside the likelihood, or if regions share a pixel
        or leave one out.
    """
    if getattr(posterior.space, "linear", ()):
        raise ParameterError(
            "a linear parameter is integrated over inside every part's likelihood, where it may differ from part to "
            "part: give it a prior like the others to sample parts of the data"
        )
    parts = _regions(posterior.data, masks) if masks is not None else _images(posterior.data)
    if len(parts) < 2:
        raise ParameterError(f"there is nothing to combine: the data have only {len(parts)} part")
    return {
        name: ShardPosterior(type(posterior)(data=part, space=posterior.space), 1 / len(parts))
        for name, part in parts.items()
    }


def _images(data):
    if not hasattr(data, "items"):
        raise ParameterError(
            "the data are one image: give its regions, Consensus(engine, shards=(mask, ...)), each mask True where a "
            "pixel does not belong to the region"
        )
    return {name: {name: image} for name, image in data.items()}


def _regions(data, masks):
    if hasattr(data, "items"):
        raise ParameterError("regions are of one image, these data have several: leave shards out, each is a part")
    named = dict(masks.items()) if hasattr(masks, "items") else {f"region {k + 1}": m for k, m in enumerate(masks)}
    named = {name: mask if isinstance(mask, Mask2D) else Mask2D(mask, data.frame) for name, mask in named.items()}
    for name, mask in named.items():
        if mask.frame != data.frame:
            raise ShapeError(f"the mask of {name!r} lies on {mask.frame}, the image on {data.frame}")
    counted = sum((~mask.array).astype(int) for mask in named.values())[~data.mask.array]
    if np.any(counted != 1):
        raise ParameterError(
            f"every pixel that counts belongs to one region: {int(np.sum(counted == 0))} are in none and "
            f"{int(np.sum(counted > 1))} in several (a mask is True where a pixel does not belong to the region)"
        )
    return {name: data.apply_mask(mask) for name, mask in named.items()}
