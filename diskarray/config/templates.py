"""Configurations to begin with, written from the schema: keys, comments, units, ranges and priors are those declared.

A template says which keys it writes and the values of its example; everything else about a key comes from the schema.
Each has a `simulation`, so that it can be simulated, fitted and sampled as it is.
"""

__all__ = ["TEMPLATES", "Template", "template_text"]

from dataclasses import dataclass
from types import MappingProxyType

from .load import config_section
from .walk import keys_of
from .write_yaml import Line, Writer, chosen, rendered

_WIDTH = 120
_BELT = {
    "inclination": 66.0,
    "position_angle": 35.0,
    "distance": 70.0,
    "optical_depth": 0.004,
    "density": {"kind": "two_power_law", "radius": 68.0, "scale_height": 3.0},
    "phase_function": {"kind": "henyey_greenstein", "g": 0.2},
}
_TRUTH = {
    "inclination": 70.0,
    "position_angle": 30.0,
    "optical_depth": 0.005,
    "density.radius": 70.0,
}
_FREE = (*_TRUTH, "phase_function.g")
_POLARIZED = {
    "kind": "polarized",
    "phase_function": {"kind": "henyey_greenstein", "g": 0.4},
    "polarization": {"kind": "rayleigh"},
}
_POLARIZED_G = "phase_function.phase_function.g"
_SAMPLE = {"kind": "emcee", "workers": 2}


@dataclass(frozen=True)
class Template:
    """One template.

    Attributes
    ----------
    about
        What it is for, in a sentence.
    values
        Key -> value, nested as the file is.
    everything
        Whether keys without a value are written too, as comments.
    """

    about: str
    values: dict
    everything: bool = False


def _priors(*names):
    """The paths of free parameters of the belt; their priors are those that the parameters declare."""
    return dict.fromkeys(f"disks.belt.{name}" for name in names)


def _truth(truth):
    return {f"disks.belt.{name}": value for name, value in truth.items()}


def _simulation(shape, pixel_scale, background, photon_noise, psf, truth, seed=1):
    core, halo, fraction, size = psf
    return {
        "shape": [shape, shape],
        "pixel_scale": pixel_scale,
        "background": background,
        "photon_noise": photon_noise,
        "seed": seed,
        "psf": {"core_fwhm": core, "halo_fwhm": halo, "halo_fraction": fraction, "size": size},
        "truth": _truth(truth),
    }


_ELLIPSE = {"kind": "elliptical", "major_axis_radius": 1.5, "axis_ratio": 0.55, "position_angle": 30.0}
_MINIMAL = {
    "version": 1,
    "data": {
        "reader": "fits",
        "path": "disk.fits",
        "extension": "SCI",
        "noise": {"kind": "file", "extension": "NOISE"},
        "masks": [_ELLIPSE],
    },
    "scene": {
        "disks": {"belt": _BELT},
        "instrument": {"psf": {"kind": "empirical", "kernel": {"path": "disk.fits", "extension": "PSF"}}},
        "star": {"flux": 1000.0, "unit": "mJy"},
    },
    "priors": _priors(*_FREE),
    "fit": {"kind": "least_squares"},
    "sample": _SAMPLE,
    "simulation": _simulation(64, 0.06, 0.3, 0.01, (0.12, 0.3, 0.2, 13), _TRUTH | {"phase_function.g": 0.25}),
}


def _polarized(reader, path, unit, fwhm, scale, radius, outer, flux, **data):
    """Values of an instrument that sees polarized light, Q_phi."""
    belt = _BELT | {"phase_function": _POLARIZED, "density": _BELT["density"] | {"radius": 0.97 * radius}}
    truth = _TRUTH | {"density.radius": radius, _POLARIZED_G: 0.45}
    return {
        "version": 1,
        "data": {"reader": reader, "path": path, **data, "unit": unit, "outer_pixels": outer},
        "scene": {
            "disks": {"belt": belt},
            "instrument": {"psf": {"kind": "gaussian", "fwhm": fwhm}},
            "star": {"flux": flux, "unit": unit},
        },
        "priors": _priors(*_TRUTH, _POLARIZED_G),
        "fit": {"kind": "least_squares", "starts": 3},
        "sample": _SAMPLE,
        "simulation": _simulation(80, scale, 0.15 * flux / 1000, 0.0, (fwhm, 3 * fwhm, 0.0, 15), truth),
    }


_JWST = {
    **_MINIMAL,
    "data": {
        "reader": "jwst",
        "path": "jwst_i2d.fits",
        "inner_pixels": 6.0,
        "center": [31.5, 31.5],
        "masks": [_ELLIPSE],
    },
    "scene": {
        "disks": {"belt": _BELT},
        "instrument": {"psf": {"kind": "empirical", "kernel": {"path": "jwst_i2d.fits", "extension": "PSF"}}},
        "star": {"flux": 1000.0, "unit": "mJy"},
    },
}
_FITS = {
    **_MINIMAL,
    "data": _MINIMAL["data"] | {"path": "image.fits", "unit": "mJy/arcsec2"},
    "scene": _MINIMAL["scene"]
    | {"instrument": {"psf": {"kind": "empirical", "kernel": {"path": "image.fits", "extension": "PSF"}}}},
    "priors": _priors(*_FREE, "density.scale_height"),
}

TEMPLATES = MappingProxyType(
    {
        "minimal": Template("The shortest that simulates, fits and samples: one ring, five free parameters.", _MINIMAL),
        "full": Template("Every key there is, those that are not needed as comments.", _MINIMAL, everything=True),
        "fits": Template("An image with its noise map and PSF in a FITS file.", _FITS),
        "gpi": Template(
            "Gemini Planet Imager, polarized light: a radial-Stokes cube.",
            _polarized("gpi", "gpi_pol.fits", "adu / coadd", 0.054, 0.014166, 28.0, 38.0, 1000.0, inner_pixels=12.0),
        ),
        "irdis": Template(
            "SPHERE/IRDIS, polarized light: a cube of Q_phi and U_phi.",
            _polarized("irdis", "irdis_pol.fits", "adu", 0.05, 0.01225, 24.0, 38.0, 1000.0, inner_pixels=8.0),
        ),
        "jwst": Template("JWST: a resampled or calibrated product with SCI and ERR, and a PSF.", _JWST),
    }
)


def template_text(name, data=None):
    """The text of a template.

    Parameters
    ----------
    name
        One of TEMPLATES.
    data : str, optional
        A file of one's own in place of the one that would be simulated; the text has no `simulation` then.
    """
    template = TEMPLATES[name]
    values = _with_data(template.values, data)
    root, writer = config_section(), Writer(template.everything)
    lines = [Line(0, "", f"{template.about} Paths are relative to the folder of this file.")]
    for key in keys_of(root):
        part = values.get(key.name)
        if key.name == "priors":
            part = {path: chosen(root, values, ("scene", *path.split("."))).prior for path in part}
        if part is not None or template.everything:
            lines += [Line(0, "")] if key.sections else []
            lines += writer.key(key, part, 0)
    return "\n".join(rendered(lines, _WIDTH)) + "\n"


def _with_data(values, data):
    if data is None:
        return values
    instrument = values["scene"]["instrument"]
    psf = instrument["psf"]
    if "kernel" in psf:
        instrument = {"psf": psf | {"kernel": psf["kernel"] | {"path": str(data)}}}
    changed = {"data": values["data"] | {"path": str(data)}, "scene": values["scene"] | {"instrument": instrument}}
    return {key: part for key, part in (values | changed).items() if key != "simulation"}
