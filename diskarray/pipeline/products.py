"""What a fit leaves on disk: `result.json`, the model and the residuals as FITS, and the figure."""

__all__ = ["PRODUCTS", "write_products"]

import hashlib
import io
import json
import math
from importlib.metadata import version

import numpy as np

from ..errors import MissingExtraError
from ..files.atomic import write_bytes, write_text
from ..files.fits import FitsHDU, write_fits

PRODUCTS = ("result.json", "model.fits", "residuals.fits", "fit.png")


def write_products(folder, config, data_path, data, result, fit, backend):
    """Write every product of a fit into a folder.

    Parameters
    ----------
    folder
        An empty folder.
    config
        The Config that was fitted.
    data_path
        The file the data came from.
    data
        The Imaging.
    result
        The OptimizeResult.
    fit
        The FitImaging of the best scene.
    backend
        "numpy" or "jax".

    Returns
    -------
    str
        Why there is no figure, or "" when there is one.
    """
    content = result_content(config, data_path, result, backend)
    write_text(folder / "result.json", json.dumps(content, indent=2, allow_nan=False) + "\n")
    write_fits(folder / "model.fits", [FitsHDU(), _image_hdu(fit.model_image, "MODEL", data.unit, data)])
    write_fits(
        folder / "residuals.fits",
        [
            FitsHDU(),
            _image_hdu(fit.residual_map, "RESIDUAL", data.unit, data),
            _image_hdu(fit.normalized_residual_map, "NORMALIZED", "", data),
        ],
    )
    try:
        write_bytes(folder / "fit.png", _figure_bytes(fit, data.unit, result))
    except MissingExtraError as error:
        return str(error)
    return ""


def result_content(config, data_path, result, backend):
    """The content of `result.json`: plain numbers and text, null where a number is unknown or not finite."""
    parameters = {
        name: {"value": _number(value), "sigma": _number(sigma), "unit": unit}
        for name, value, sigma, unit in zip(result.names, result.vector, result.sigma, result.units, strict=True)
    }
    return {
        "status": result.status,
        "message": result.message,
        "reduced_chi_squared": _number(result.reduced_chi_squared),
        "chi_squared": _number(result.chi_squared),
        "n_data": int(result.n_data),
        "log_likelihood": _number(result.log_likelihood),
        "n_evaluations": int(result.n_evaluations),
        "at_bound": list(result.at_bound),
        "parameters": parameters,
        "config": {"name": config.document.name, "sha256": _digest(config.document.text.encode("utf-8"))},
        "data": {"name": str(data_path), "sha256": _digest(data_path.read_bytes())},
        "backend": backend,
        "versions": {name: version(name) for name in sorted({"diskarray", "numpy", "scipy", "astropy", backend})},
    }


def _number(value):
    return float(value) if math.isfinite(value) else None


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _image_hdu(image, name, unit, data):
    """An HDU with the sky coordinates of the data; masked pixels are NaN."""
    array = np.where(image.mask.array, np.nan, np.asarray(image.array)).astype(np.float32)
    return FitsHDU(array=array, name=name, cards={"BUNIT": unit} if unit else {}, header=data.product_header)


def _figure_bytes(fit, unit, result):
    from ..viz.fit_figure import fit_figure

    figure = fit_figure(fit, unit=unit, title=f"reduced $\\chi^2$ = {result.reduced_chi_squared:.3f}")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
