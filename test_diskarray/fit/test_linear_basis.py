"""Images of linear parameters: parts of a scene by themselves, whole scenes where they must be, and refusals."""

import math

import numpy as np
import pytest

import diskarray as da
from diskarray.fit.linear_basis import base_and_basis, observed_image

GRID = da.Grid2D.uniform((14, 12), 0.2)
FREE = {"minimum": -math.inf, "maximum": math.inf}
RULE = da.Quadrature("layer", 5)
RANDOM = np.random.default_rng(2)


def disk(**settings):
    defaults = {
        "inclination": 60.0,
        "position_angle": 20.0,
        "distance": 70.0,
        "rule": RULE,
        "density": da.TwoPowerLaw(radius=50.0, scale_height=4.0),
    }
    return da.Disk(**defaults | settings)


SCENE = da.Scene(
    disks={
        "a": disk(optical_depth=1e-3),
        "b": disk(optical_depth=5e-4, inclination=30.0, phase_function=da.LegendreSeries(moments=np.array([0.4, 0.1]))),
    },
    instrument=da.Instrument(psf=da.GaussianPSF(fwhm=0.4), throughput=np.linspace(0.5, 1, 168).reshape(14, 12)),
    star=da.Star(flux=300.0, unit="mJy"),
    sources={"planet": da.PointSource(y=0.5, x=0.3, flux=1e-5)},
    stellar_residual=da.StellarResidual(RANDOM.normal(0, 0.1, (2, 14, 12)), weights=np.array([0.5, -0.2])),
    background=0.3,
)
WIDTH = {"disks.a.density.radius": da.Uniform(30, 80)}
TAUS = {"disks.a.optical_depth": da.Linear(), "disks.b.optical_depth": da.Linear()}
OTHERS = {"background": da.Linear(), "stellar_residual.weights": da.Linear(), "sources.planet.flux": da.Linear()}
MOMENTS = {"disks.b.phase_function.moments": da.Linear()}
CHOICES = {
    "one of two disks": {"disks.a.optical_depth": da.Linear()},
    "both disks": TAUS,
    "all that is not a disk": OTHERS,
    "everything": TAUS | OTHERS,
    "moments": MOMENTS | OTHERS | {"disks.a.optical_depth": da.Linear()},
    "tied": {
        "disks.a.optical_depth": da.Linear(),
        "disks.b.optical_depth": da.Tied("disks.a.optical_depth"),
        "background": da.Linear(),
    },
    "half tied": MOMENTS | {"disks.a.optical_depth": da.Linear(), "background": da.Linear()},
}


def data_of(scene=SCENE, observable="total", noise=0.01, grid=GRID):
    image = scene.observed_2d_from(grid, observable).array
    noise = np.full(image.shape, noise * np.abs(image).max())
    return da.Imaging(
        data=image + noise * np.random.default_rng(3).standard_normal(image.shape),
        noise_map=noise,
        frame=grid.frame,
        mask=grid.mask,
        observable=observable,
    )


DATA = data_of()


def posterior_of(priors, scene=SCENE, data=DATA):
    return da.Posterior(data, da.ParameterSpace.of(scene, WIDTH | priors))


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_base_and_basis_make_the_image_of_the_whole_scene(choice):
    posterior = posterior_of(CHOICES[choice])
    space, model = posterior.space, posterior.space.to_model([61.0])
    assert posterior.plans == ("parts",)
    values = np.random.default_rng(1).normal(1.0, 0.5, space.linear_size) * [
        1e-3 if name.endswith("optical_depth") else 1.0 for name in space.linear_names
    ]
    expected = observed_image(space.with_linear(model, values), DATA).slim
    for plan in ("parts", "whole"):
        base, basis = base_and_basis(model, space, DATA, plan)
        np.testing.assert_allclose(base + basis @ values, expected, atol=1e-12 * np.abs(expected).max())


def test_a_disk_is_rendered_once_for_its_amplitude(monkeypatch):
    posterior, rendered, image = posterior_of(TAUS | OTHERS), [], da.Disk.image_2d_from
    monkeypatch.setattr(
        da.Disk, "image_2d_from", lambda self, *a, **k: (rendered.append(self), image(self, *a, **k))[1]
    )
    posterior.residuals([61.0])
    assert len(rendered) == 2


def test_a_star_scales_everything_and_is_rendered_as_a_whole():
    posterior = posterior_of({"star.flux": da.Linear()})
    assert posterior.plans == ("whole",)
    assert posterior.linear_solution([50.0]).values[0] == pytest.approx(300.0, rel=0.02)


def test_the_true_amplitudes_are_found():
    solution = posterior_of(TAUS | OTHERS).linear_solution([50.0])
    truth = np.array([1e-3, 5e-4, 0.3, 0.5, -0.2, 1e-5])
    assert np.max(np.abs(solution.values - truth) / solution.sigma) < 4
    assert np.all(solution.sigma[2:5] < 0.1 * truth[2])


def test_polarized_light_has_amplitudes_too():
    scene = da.Scene(
        disks={"a": disk(optical_depth=1e-3, polarization=da.RayleighPolarization(maximum=0.3))},
        instrument=SCENE.instrument,
    )
    space = da.ParameterSpace.of(scene, WIDTH | {"disks.a.optical_depth": da.Linear(), "background": da.Linear()})
    posterior = da.Posterior(data_of(scene, "Q_phi"), space)
    solution = posterior.linear_solution([50.0])
    assert solution.values[0] == pytest.approx(1e-3, rel=0.02)
    assert solution.degenerate == ("background",) and solution.values[1] == 0


@pytest.mark.parametrize(
    ("priors", "words"),
    [
        ({"disks.a.inclination": da.Linear(60.0, 1.0)}, "'disks.a.inclination' is declared Linear, but"),
        ({"disks.a.optical_depth": da.Linear(), "disks.a.density.alpha_in": da.Linear()}, "'disks.a.density.alpha_in'"),
        (MOMENTS | {"disks.b.optical_depth": da.Linear()}, r"moments\[0\]' and 'disks.b.optical_depth'.*product"),
        ({"star.flux": da.Linear(), "disks.b.optical_depth": da.Linear()}, "'star.flux' and 'disks.b.optical_depth'"),
        ({"sources.planet.flux": da.Linear(), "sources.planet.y": da.Linear()}, "'sources.planet.y'"),
    ],
)
def test_what_is_not_linear_is_refused_by_name(priors, words):
    with pytest.raises(da.ParameterError, match=words):
        posterior_of(priors)


def test_a_spline_of_the_logarithm_is_refused():
    scene = da.Scene(disks={"a": disk(phase_function=da.SplinePhaseFunction())})
    with pytest.raises(da.ParameterError, match="values"):
        posterior_of({"disks.a.phase_function.values": da.Linear()}, scene, data_of(scene))


def test_an_amplitude_may_start_at_zero():
    scene = da.replace(SCENE, "disks.a.optical_depth", 0.0)
    posterior = posterior_of({"disks.a.optical_depth": da.Linear()}, scene)
    assert posterior.linear_solution([50.0]).values[0] == pytest.approx(1e-3, rel=0.05)


def test_the_automatic_quadrature_is_chosen_for_a_disk_that_starts_at_zero():
    choices = []
    for tau in (1e-3, 0.0):
        scene = da.Scene(disks={"a": disk(optical_depth=tau, rule=da.Quadrature())})
        choices.append(posterior_of({"disks.a.optical_depth": da.Linear()}, scene).quadrature)
    (given,), (from_zero,) = choices
    assert (
        given.quadrature == from_zero.quadrature and given.shift == pytest.approx(from_zero.shift) and given.shift > 0
    )
