"""Small but real objects for the figures: a fit of an inclined ring, and draws around it."""

import numpy as np
import pytest

from diskarray.dataset.imaging import Imaging
from diskarray.fit.fit_imaging import FitImaging
from diskarray.model.disk import Disk
from diskarray.model.instrument import Instrument
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.optics.psf import GaussianPSF
from diskarray.parameters.priors import Uniform, UniformAngle
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.results.sample_result import SampleResult
from diskarray.structures.frame import Frame2D
from diskarray.structures.mask import Mask2D


def make_ring(**changes):
    """A disk of 50 au at 50 pc, inclined by 60 degrees."""
    shape = {"radius": 50.0, "alpha_in": 8.0, "alpha_out": -5.0, "scale_height": 2.0, "eccentricity": 0.1}
    density = TwoPowerLaw(**shape, argument_of_pericenter=40.0)
    settings = {"inclination": 60.0, "position_angle": 25.0, "distance": 50.0, "optical_depth": 1e-3}
    return Disk(density=density, phase_function=HenyeyGreenstein(g=0.3), **{**settings, **changes})


def make_fit(frame, disk=None, seed=3):
    """A fit whose model is the ring, and whose data are the ring with noise of 0.05 on every pixel."""
    scene = Scene(
        disks={"belt": disk if disk is not None else make_ring()},
        star=Star(flux=1000.0, unit="mJy"),
        instrument=Instrument(psf=GaussianPSF(fwhm=0.12)),
    )
    mask = Mask2D.annular(frame, 0.25, 1.7)
    noise = np.full(frame.shape_native, 0.05)
    blank = Imaging(data=np.zeros(frame.shape_native), noise_map=noise, mask=mask, unit="mJy / arcsec2")
    image = scene.image_2d_from(blank.grid).array
    data = image + np.random.default_rng(seed).normal(0.0, 0.05, image.shape)
    return FitImaging.of(Imaging(data=data, noise_map=noise, mask=mask, unit="mJy / arcsec2"), scene)


def make_result(kind="chains", chains=3, draws=200, seed=5, **changes):
    """A SampleResult with a radius, a position angle across its prior's seam, and a linear flux."""
    random = np.random.default_rng(seed)
    samples = np.stack(
        [random.normal(50.0, 0.5, (chains, draws)), random.normal(0.0, 4.0, (chains, draws)) % 360.0], axis=-1
    )
    fields = {
        "engine": "NUTS",
        "settings": {},
        "seed": seed,
        "names": ("disks.belt.density.radius", "disks.belt.position_angle"),
        "units": ("au", "deg"),
        "priors": (Uniform(10.0, 90.0), UniformAngle(0.0, 360.0)),
        "samples": samples,
        "log_probability": random.normal(-10.0, 1.0, (chains, draws)),
        "vector": np.array([50.2, 359.0]),
        "maximum_log_probability": -8.0,
        "scene": None,
        "log_evidence": None,
        "log_evidence_error": None,
        "effective_sample_size": None,
        "statistics": {},
        "linear_names": ("star.flux",),
        "linear_units": ("mJy",),
        "linear_samples": random.normal(3e5, 1e3, (chains, draws, 1)),
        "n_evaluations": 1,
        "seconds": 1.0,
        "status": "finished",
        "message": "all draws were made",
        "independent_chains": kind == "chains",
    }
    if kind == "nested":
        points = random.uniform([10.0, 0.0], [90.0, 360.0], (300, 2))
        fields |= {
            "engine": "Dynesty",
            "log_evidence": -20.0,
            "log_evidence_error": 0.1,
            "effective_sample_size": 150.0,
            "weighted": {
                "samples": points,
                "log_weight": np.linspace(-50.0, 0.0, 300),
                "log_likelihood": np.linspace(-60.0, -8.0, 300),
                "log_volume": np.linspace(-0.1, -12.0, 300),
            },
        }
    return SampleResult(**{**fields, **changes})


@pytest.fixture(scope="session")
def fit():
    return make_fit(Frame2D((61, 57), 0.06))


@pytest.fixture
def fit_of():
    return make_fit


@pytest.fixture
def ring():
    return make_ring


@pytest.fixture
def result_of():
    return make_result


@pytest.fixture
def sampled():
    return make_result()
