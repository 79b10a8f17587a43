"""Data and priors as functions of one vector."""

from typing import ClassVar

import numpy as np
import pytest
from scipy.stats import norm, uniform

from diskarray.backend.pytree import component, replace
from diskarray.dataset.imaging import Imaging
from diskarray.errors import BackendError, ParameterError, ShapeError, UnitError
from diskarray.fit.fit_imaging import FitImaging
from diskarray.fit.posterior import Posterior
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.model.star import Star
from diskarray.parameters.parameter import parameter
from diskarray.parameters.priors import Normal, Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.structures.image import Image2D

RNG = np.random.default_rng(5)
DATA, NOISE = RNG.normal(3, 1, (6, 7)), RNG.uniform(0.5, 2, (6, 7))


@component
class Ramp:
    """Brightness a + b y + c x; ``rendered`` counts the images made."""

    a: float = parameter(3.0)
    b: float = parameter(0.0, minimum=-10, maximum=10)
    c: float = parameter(0.0)
    rendered: ClassVar[list] = []

    def image_2d_from(self, grid, *, xp=np):
        Ramp.rendered.append(self)
        return Image2D.from_slim(self.a + self.b * grid.y + self.c * grid.x, grid.mask, xp=xp)


@pytest.fixture
def posterior():
    data = Imaging(data=DATA, noise_map=NOISE, pixel_scale=0.5, mask=DATA > 4.5)
    space = ParameterSpace.of(Ramp(), {"c": Normal(0.5, 2.0), "b": Uniform(-20.0, 5.0)})
    Ramp.rendered.clear()
    return Posterior(data, space)


def expected_log_likelihood(a, b, c):
    y, x = np.meshgrid((np.arange(6) - 2.5) * 0.5, (np.arange(7) - 3) * 0.5, indexing="ij")
    return norm.logpdf(DATA, a + b * y + c * x, NOISE)[DATA <= 4.5].sum()


def test_log_likelihood_in_the_order_of_the_names(posterior):
    assert posterior.space.names == ("c", "b")
    vector = np.array([0.7, -1.2])
    assert posterior.log_likelihood(vector) == pytest.approx(expected_log_likelihood(3.0, -1.2, 0.7), rel=1e-13)


def test_residuals_are_whitened_and_unmasked(posterior):
    grid = posterior.data.grid
    residuals = posterior.residuals(np.array([0.7, -1.2]))
    expected = (DATA.ravel() - 3.0)[grid.mask.indices] + 1.2 * grid.y - 0.7 * grid.x
    np.testing.assert_allclose(residuals, expected / NOISE.ravel()[grid.mask.indices], rtol=1e-13)
    assert residuals.shape == (posterior.data.mask.n_unmasked,) and residuals.size < DATA.size


def test_log_probability_adds_the_prior(posterior):
    vector = np.array([0.7, -1.2])
    expected = norm.logpdf(0.7, 0.5, 2.0) + uniform.logpdf(-1.2, -20.0, 25.0)
    assert posterior.log_probability(vector) - posterior.log_likelihood(vector) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("vector", [[0.0, 5.1], [0.0, -10.5], [0.0, np.nan], [np.nan, 0.0], [0.0, np.inf]])
def test_nothing_is_rendered_outside_the_prior(posterior, vector):
    assert posterior.log_probability(np.array(vector)) == -np.inf
    assert Ramp.rendered == []
    posterior.log_probability(np.array([0.0, 4.9]))
    assert len(Ramp.rendered) == 1


@pytest.mark.parametrize("vector", [[0.0, -10.5], [0.0, 11.0], [0.0, np.nan], [np.inf, 0.0]])
def test_log_likelihood_outside_the_physical_range_raises(posterior, vector):
    with pytest.raises(ParameterError, match="Ramp"):
        posterior.log_likelihood(np.array(vector))


def test_log_likelihood_may_leave_the_prior_within_the_physical_range(posterior):
    assert posterior.log_likelihood(np.array([0.0, 8.0])) == pytest.approx(expected_log_likelihood(3, 8, 0), rel=1e-13)


def test_fit_from_a_model_or_a_vector(posterior):
    vector = np.array([0.7, -1.2])
    model = posterior.space.to_model(vector)
    for fit in (posterior.fit_from(vector), posterior.fit_from(model)):
        assert isinstance(fit, FitImaging)
        assert fit.log_likelihood == pytest.approx(posterior.log_likelihood(vector), rel=1e-14)
        assert fit.chi_squared == pytest.approx(np.sum(posterior.residuals(vector) ** 2), rel=1e-14)


def test_wrong_length(posterior):
    for function in (posterior.log_likelihood, posterior.log_probability, posterior.residuals):
        with pytest.raises(ShapeError, match="one entry per"):
            function(np.zeros(3))


def test_gradients_need_jax(posterior):
    with pytest.raises(BackendError, match="needs JAX"):
        posterior.value_and_gradient(np.zeros(2), xp=np)


SCENE = Scene(disks={"belt": Disk()})


def with_units(data_unit, star):
    data = Imaging(data=DATA, noise_map=NOISE, pixel_scale=0.5, unit=data_unit)
    scene = SCENE if star is None else replace(Scene(disks=SCENE.disks, star=Star()), "star", star)
    return Posterior(data, ParameterSpace.of(scene, {"disks.belt.inclination": Uniform(0, 90)}))


@pytest.mark.parametrize(
    ("data_unit", "star"),
    [
        (None, None),
        (None, Star(unit="mJy")),
        ("contrast/arcsec2", None),
        ("mJy/arcsec2", Star(unit="mJy")),
        ("Jy/arcsec2", Star(unit="mJy")),
        ("MJy/sr", Star(unit="mJy")),
        ("adu/coadd", Star(unit="adu / coadd")),
    ],
)
def test_units_that_agree(data_unit, star):
    assert with_units(data_unit, star).space.size == 1


@pytest.mark.parametrize(
    ("data_unit", "star", "cure"),
    [
        ("mJy/arcsec2", None, r"give the Scene a Star\(flux=, unit=\)"),
        ("mJy/arcsec2", Star(flux=3.0), r"give the Scene a Star\(flux=, unit=\)"),
        ("mJy/arcsec2", Star(unit="Jy"), "give the star's flux in the data's unit"),
        ("adu", Star(unit="mJy"), "give the star's flux in the data's unit"),
        ("contrast/arcsec2", Star(unit="mJy"), "give the star's flux in the data's unit"),
    ],
)
def test_units_that_disagree_name_the_cure(data_unit, star, cure):
    with pytest.raises(UnitError, match=cure):
        with_units(data_unit, star)
