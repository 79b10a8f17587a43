"""diskarray: model and fit scattered-light images of circumstellar debris disks, with NumPy alone or on JAX.

The public names are loaded when they are first used, so that ``import diskarray`` is quick and imports no optional
package.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        "DiskArrayError",
        "ParameterError",
        "ShapeError",
        "BackendError",
        "DataError",
        "UnitError",
        "ConfigError",
        "OutputError",
        "MissingExtraError",
        "CheckpointError",
        "SamplerError",
        "Interrupted",
    ),
    "backend.precision": ("enable_jax",),
    "backend.pytree": ("component", "static", "array_field", "replace", "get_at"),
    "parameters.parameter": ("parameter", "parameters_of"),
    "parameters.priors": ("Uniform", "LogUniform", "Normal", "TruncatedNormal", "Isotropic", "UniformAngle", "Linear"),
    "parameters.space": ("ParameterSpace", "Tied"),
    "structures.frame": ("Frame2D",),
    "structures.mask": ("Mask2D",),
    "structures.grid": ("Grid2D", "Grid2DIrregular"),
    "structures.image": ("Image2D", "ImageIrregular"),
    "structures.vector": ("VectorYX2D", "VectorYX2DIrregular"),
    "profiles.density": ("TwoPowerLaw",),
    "profiles.layered": ("Layered",),
    "profiles.radial": ("RadialPowerLaws", "GaussianRing", "FlatBelt", "InnerEdge"),
    "profiles.free_form": ("FreeForm",),
    "profiles.vertical": ("VerticalGaussian", "VerticalExponential", "VerticalLorentzian"),
    "profiles.phase_function": ("HenyeyGreenstein", "Polarized"),
    "profiles.phase_sums": (
        "DoubleHenyeyGreenstein",
        "TripleHenyeyGreenstein",
        "IsotropicScattering",
        "RayleighScattering",
        "LegendreSeries",
    ),
    "profiles.phase_curves": ("SplinePhaseFunction", "TabulatedPhaseFunction", "probed_angles"),
    "profiles.published": ("PUBLISHED_PHASE_FUNCTIONS",),
    "profiles.polarization": ("RayleighPolarization",),
    "profiles.polarization_table": ("TabulatedPolarization",),
    "profiles.protocols": ("Scales",),
    "scattering.quadrature": ("Quadrature",),
    "optics.psf": ("GaussianPSF", "MoffatPSF", "EmpiricalPSF"),
    "optics.varying": ("SpatiallyVaryingPSF", "interpolation_weights"),
    "optics.stellar_residual": ("StellarResidual",),
    "model.point_source": ("PointSource",),
    "model.disk": ("Disk",),
    "model.midplane": ("Midplane",),
    "model.ring_shape": ("RingShape", "ring_shape"),
    "model.derived": ("NearSide", "disk_to_star_flux_ratio", "near_side"),
    "model.adaptive_sampling": ("adaptive_over_sample_size",),
    "model.star": ("Star",),
    "model.instrument": ("Instrument",),
    "model.scene": ("Scene",),
    "dataset.imaging": ("Imaging",),
    "dataset.preprocess": ("Background", "Preprocessing", "preprocess", "replay"),
    "dataset.readers.gpi": ("read_gpi",),
    "dataset.readers.hdf5": ("read_hdf5",),
    "dataset.readers.irdis": ("read_irdis",),
    "dataset.readers.jwst": ("read_jwst",),
    "dataset.readers.npz": ("read_npz",),
    "dataset.noise": ("NoiseFromAnnuli", "NoiseFromFile", "annular_noise_map"),
    "dataset.simulate": ("simulate",),
    "fit.fit_imaging": ("FitImaging",),
    "fit.linear": ("LinearSolution",),
    "fit.phase_curve": ("PhaseCurve", "phase_curve_from_covariance", "phase_curve_from_samples"),
    "fit.posterior": ("Posterior",),
    "search.least_squares": ("LeastSquares",),
    "search.lbfgs": ("LBFGSB",),
    "sampling.nuts": ("NUTS",),
    "sampling.consensus": ("Consensus",),
    "search.optimize": ("optimize",),
    "results.optimize_result": ("OptimizeResult",),
    "sampling.sample": ("sample",),
    "sampling.emcee_engine": ("Emcee",),
    "sampling.dynesty_engine": ("Dynesty",),
    "sampling.compare": ("Comparison", "compare"),
    "results.sample_result": ("SampleResult",),
    "results.load_result": ("load_result",),
    "viz.fit_figure": ("fit_figure",),
    "viz.data_figure": ("data_figure",),
    "viz.profile_figures": ("radial_profile_figure", "azimuthal_profile_figure"),
    "viz.deprojected_figure": ("deprojected_figure",),
    "viz.phase_figure": ("phase_function_figure",),
    "viz.corner_figure": ("corner_figure",),
    "viz.chain_figures": ("trace_figure", "rank_figure", "autocorrelation_figure"),
    "viz.evidence_figure": ("evidence_figure",),
    "viz.basins_figure": ("basins_figure",),
    "viz.brightness_profile": ("profile_along", "profile_around", "ring_band"),
    "viz.plane": ("deprojected",),
    "viz.style": ("figure_style", "save_figure"),
    "viz.notebook": ("enable_notebook", "load_ipython_extension", "unload_ipython_extension"),
    "pipeline.open_run": ("open_run",),
}
_MODULES = {"decorators": "structures.decorators", "conventions": "conventions"}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*_HOME_OF, *_MODULES, "__version__"]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{_MODULES[name]}", __name__)
    if name not in _HOME_OF:
        raise AttributeError(f"module 'diskarray' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
