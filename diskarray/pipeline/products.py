"""What a fit leaves on disk: the result as NPZ and JSON, model and residuals as FITS, and the figure."""

__all__ = ["bayesian_information_criterion", "fit_content", "write_fit_products"]

import json
import math

import numpy as np

from ..errors import MissingExtraError
from ..files.atomic import write_bytes, write_text
from ..files.fits import FitsHDU, write_fits
from .layout import FIT


def write_fit_products(folder, result, fits):
    """Write every product of a fit into a run folder.

    Parameters
    ----------
    folder : Path
        With the folders ``results`` and ``figures``.
    result : OptimizeResult
    fits : dict of str to FitImaging
        Of the best scene. Names are part of the file names where there are several.

    Returns
    -------
    products : list of str
        What was written, relative to the folder.
    notice : str
        Why there is no figure, or "".
    """
    result.save(folder / FIT)
    write_text(folder / "results/fit.json", json.dumps(fit_content(result), indent=2, allow_nan=False) + "\n")
    written, notice = [FIT, "results/fit.json"], ""
    for name, fit in fits.items():
        ending = f"_{name}" if len(fits) > 1 else ""
        written += _write_images(folder, ending, fit)
        figure = f"figures/fit{ending}.png"
        title = f"reduced $\\chi^2$ = {result.reduced_chi_squared:.3f}"
        try:
            write_bytes(folder / figure, _figure_bytes(fit, f"{name}: {title}" if ending else title))
            written.append(figure)
        except MissingExtraError as error:
            notice = str(error)
    return written, notice


def _write_images(folder, ending, fit):
    model, residuals = f"results/model{ending}.fits", f"results/residuals{ending}.fits"
    data = fit.dataset
    write_fits(folder / model, [FitsHDU(), _image_hdu(fit.model_image, "MODEL", data.unit, data)])
    write_fits(
        folder / residuals,
        [
            FitsHDU(),
            _image_hdu(fit.residual_map, "RESIDUAL", data.unit, data),
            _image_hdu(fit.normalized_residual_map, "NORMALIZED", "", data),
        ],
    )
    return [model, residuals]


def fit_content(result):
    """The content of ``fit.json``: plain numbers and text, null where a number is unknown or not finite."""
    linear = result.linear
    rows = [
        *zip(result.names, result.vector, result.sigma, result.units, strict=True),
        *zip(linear.names, linear.values, linear.sigma, linear.units, strict=True),
    ]
    return {
        "status": result.status,
        "message": result.message,
        "reduced_chi_squared": _number(result.reduced_chi_squared),
        "chi_squared": _number(result.chi_squared),
        "n_data": int(result.n_data),
        "n_free": int(result.n_free),
        "log_likelihood": _number(result.log_likelihood),
        "bayesian_information_criterion": _number(bayesian_information_criterion(result)),
        "n_evaluations": int(result.n_evaluations),
        "seconds": _number(result.seconds),
        "at_bound": [*result.at_bound, *linear.at_bound],
        "unconstrained": list(result.unconstrained),
        "limits": [
            {"name": limit.name, "side": limit.side, "value": _number(limit.value), "level": limit.level}
            for limit in result.limits
        ],
        "parameters": {
            name: {"value": _number(value), "sigma": _number(sigma), "unit": unit} for name, value, sigma, unit in rows
        },
        "steps": list(result.steps),
    }


def bayesian_information_criterion(result):
    """k ln n - 2 ln L of a fit with k free parameters to n pixels; lower is better, by 2 and more to mean anything."""
    return result.n_free * math.log(result.n_data) - 2.0 * result.log_likelihood


def _number(value):
    return float(value) if math.isfinite(value) else None


def _image_hdu(image, name, unit, data):
    """An HDU with the sky coordinates of the data; masked pixels are NaN."""
    array = np.where(image.mask.array, np.nan, np.asarray(image.array)).astype(np.float32)
    return FitsHDU(array=array, name=name, cards={"BUNIT": unit} if unit else {}, header=data.product_header)


def _figure_bytes(fit, title):
    from ..viz.fit_figure import fit_figure
    from ..viz.style import figure_bytes

    return figure_bytes(fit_figure(fit, unit=fit.dataset.unit, title=title))
