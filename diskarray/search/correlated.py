"""Errors that allow for correlated residuals.

Noise in reduced images is correlated over a resolution element, so that pixels are fewer measurements than they are
counted as. With J the Jacobian of the whitened residuals and G their autocovariance, the covariance of a least-squares
estimate is (J^T J)^-1 (J^T G J) (J^T J)^-1, the "sandwich" of White (1980, Econometrica 48, 817). G is estimated from
the residual image as stationary: the mean product of pixels at each separation, tapered to zero by a triangle in both
directions so that it stays positive (Newey & West 1987, Econometrica 55, 703; in two dimensions Conley 1999, Journal of
Econometrics 92, 1). The triangle reaches to six times the separation at which the correlation falls below 0.1.
"""

__all__ = ["Autocovariance", "sandwich"]

import dataclasses

import numpy as np

from ..errors import ParameterError
from ..optics.convolution import convolved

_REACH = 6
_FADED = 0.1


@dataclasses.dataclass(frozen=True, eq=False)
class Autocovariance:
    """Autocovariance of whitened residuals; made with ``Autocovariance.of``.

    Attributes
    ----------
    masks : tuple of arrays of bool, shape (ny, nx)
        True = excluded; one per image, in the order of the residuals.
    kernels : tuple of arrays, shape (2 L + 1, 2 L + 1)
        Tapered autocovariance at separations of -L to L pixels.
    """

    masks: tuple
    kernels: tuple

    @classmethod
    def of(cls, posterior, residual, n_free):
        """From the residuals of a fit with ``n_free`` parameters; extra entries after those of the pixels are ignored.

        Raises
        ------
        ParameterError
            If the data are not images.
        """
        images = getattr(posterior, "datasets", None) or (getattr(posterior, "data", None),)
        if not all(hasattr(image, "mask") for image in images):
            raise ParameterError('errors="correlated" needs images: with other data use "independent" or "scaled"')
        masks, kernels, first = [], [], 0
        n_pixels = sum(image.mask.n_unmasked for image in images)
        for image in images:
            masks.append(np.asarray(image.mask.array))
            part = residual[first : first + image.mask.n_unmasked]
            kernels.append(_kernel(_native(part, masks[-1]), part.size) * n_pixels / max(n_pixels - n_free, 1))
            first += part.size
        return cls(tuple(masks), tuple(kernels))

    def applied(self, columns):
        """G times columns, shape (N + extra, m); extra rows, those of priors, are left as they are."""
        columns = np.array(columns, dtype=float)
        first = 0
        for mask, kernel in zip(self.masks, self.kernels, strict=True):
            last = first + int(np.sum(~mask))
            for k in range(columns.shape[1]):
                image = _native(columns[first:last, k], mask)
                columns[first:last, k] = convolved(image, kernel, (len(kernel) // 2,) * 2)[~mask]
            first = last
        return columns

    def inflation(self, template):
        """Factor by which the variance of a template's amplitude exceeds that for independent noise of size 1."""
        norm = float(template @ template)
        return float(template @ self.applied(template[:, None])[:, 0]) / norm if norm > 0 else 1.0


def sandwich(jacobian, covariance, autocovariance):
    """The covariance for correlated residuals; NaN where ``covariance``, the one for independent noise, is."""
    known = np.flatnonzero(np.isfinite(np.diag(covariance)))
    inner = jacobian[:, known]
    block = covariance[np.ix_(known, known)]
    found = np.full_like(covariance, np.nan)
    found[np.ix_(known, known)] = block @ (inner.T @ autocovariance.applied(inner)) @ block
    return found


def _native(values, mask):
    image = np.zeros(mask.shape)
    image[~mask] = values
    return image


def _kernel(image, count):
    ny, nx = image.shape
    size = (2 * ny, 2 * nx)
    lags = np.fft.irfft2(np.abs(np.fft.rfft2(image, size)) ** 2, size) / count
    near = np.arange(min(ny, nx))
    along = 0.25 * (lags[near, 0] + lags[-near, 0] + lags[0, near] + lags[0, -near])
    faded = np.flatnonzero(along < _FADED * along[0])
    reach = min(_REACH * int(faded[0] if faded.size else 1), min(ny, nx) // 2)
    shift = np.arange(-reach, reach + 1)
    taper = 1 - np.abs(shift) / (reach + 1)
    return lags[np.ix_(shift, shift)] * np.outer(taper, taper)
