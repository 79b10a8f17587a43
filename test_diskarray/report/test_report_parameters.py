import dataclasses
import math

import numpy as np
import pytest
from made_report import TRUTH, draws_of, imaging, posterior_of, scene

import diskarray as da
from diskarray.report.derived import derived_of_fit, derived_of_samples
from diskarray.report.parameters import (
    difference,
    fit_estimates,
    fixed_parameters,
    label_of,
    parameters_of_run,
    sample_estimates,
)

RADIUS, ANGLE = "disks.belt.density.radius", "disks.belt.position_angle"


@pytest.fixture(scope="module")
def with_linear():
    """A posterior whose optical depth is solved for, and its fit."""
    posterior = posterior_of(imaging(), **{"disks.belt.optical_depth": da.Linear()})
    return posterior, da.optimize(posterior, da.LeastSquares(), xp=np)


def test_names_in_words():
    assert label_of("disks.belt.density.scale_height") == "Scale height" and label_of("disks.belt.g") == "g"


def test_angles_are_subtracted_the_short_way():
    assert difference(179.0, -179.0, 360.0) == -2.0 and difference(179.0, -179.0) == 358.0


def test_parameters_know_their_meaning_and_what_is_tied_to_them(with_linear):
    posterior, _ = with_linear
    parameters = parameters_of_run(posterior.space)
    assert list(parameters) == [*posterior.space.names, *posterior.space.linear_names]
    assert parameters[RADIUS].unit == "au" and parameters[RADIUS].meaning == "semi-major axis of the reference ellipse"
    assert parameters[ANGLE].period == 360.0 and parameters[RADIUS].period is None
    assert parameters["disks.belt.optical_depth"].linear and not parameters[RADIUS].linear
    tied = da.ParameterSpace.of(
        scene(), {"disks.belt.offset_x": da.Normal(0, 5), "disks.belt.offset_y": da.Tied("disks.belt.offset_x")}
    )
    assert parameters_of_run(tied)["disks.belt.offset_x"].tied == ("disks.belt.offset_y",)


def test_estimates_of_a_fit(fit, posterior):
    found = fit_estimates(fit, parameters_of_run(posterior.space), {**TRUTH, ANGLE: TRUTH[ANGLE] + 360})
    for name, value, sigma in zip(fit.names, fit.vector, fit.sigma, strict=True):
        assert (found[name].value, found[name].sigma) == (value, sigma)
        assert found[name].pull == pytest.approx((value - TRUTH[name]) / sigma, abs=1e-9)
    assert math.isnan(fit_estimates(fit)[RADIUS].pull)


def test_estimates_with_linear_parameters(with_linear):
    posterior, fit = with_linear
    found = fit_estimates(fit)
    assert list(found) == [*fit.names, "disks.belt.optical_depth"]
    assert found["disks.belt.optical_depth"].value == fit.linear.values[0]
    assert found["disks.belt.optical_depth"].flags == ("solved for",)
    samples = draws_of(fit, posterior, chains=2, draws=40)
    drawn = sample_estimates(samples)["disks.belt.optical_depth"]
    assert drawn.value == np.mean(samples.linear_samples) and drawn.flags == ("solved for",)


def test_estimates_of_draws(samples):
    found = sample_estimates(samples, truth=TRUTH)
    for k, name in enumerate(samples.names):
        assert found[name].value == samples.mean[k] and found[name].maximum == samples.vector[k]
        assert found[name].quantiles == tuple(samples.quantile([0.05, 0.16, 0.5, 0.84, 0.95])[:, k])
        assert found[name].pull == (samples.mean[k] - TRUTH[name]) / samples.sigma[k]


def test_what_was_held():
    held, kinds = fixed_parameters(scene(), [RADIUS, "disks.belt.inclination"])
    assert RADIUS not in held and "disks.belt.inclination" not in held
    value, unit, meaning = held["disks.belt.density.scale_height"]
    assert (value, unit) == (3.0, "au") and "height" in meaning
    assert kinds["disks.belt.density"] == "TwoPowerLaw" and kinds["star"] == "Star"


def peak_over_radius():
    return (8.0 / 6.0) ** (0.5 / 14.0)


def one(derived, key):
    (found,) = (d for d in derived if d.key == key)
    return found


def test_errors_are_propagated_from_a_fit(fit, posterior):
    """The peak of two joined power laws is R times a constant, the near side is at PA - 90, dr/r needs no R."""
    derived = derived_of_fit(fit, posterior.space)
    estimates = fit_estimates(fit)
    peak, near = one(derived, "peak_radius"), one(derived, "near_side")
    assert peak.value == pytest.approx(peak_over_radius() * estimates[RADIUS].value, rel=1e-9)
    assert peak.sigma == pytest.approx(peak_over_radius() * estimates[RADIUS].sigma, rel=1e-6)
    assert near.value == pytest.approx((estimates[ANGLE].value - 90) % 360, abs=1e-9)
    assert near.sigma == pytest.approx(estimates[ANGLE].sigma, rel=1e-6)
    assert one(derived, "relative_width").sigma == 0.0
    assert not any(d.key == "flux_ratio" for d in derived)


def test_the_light_of_the_disk_is_that_of_its_image(fit, posterior):
    frame = posterior.data.frame
    found = one(derived_of_fit(fit, posterior.space, frame), "flux_ratio")
    image = fit.scene.disks["belt"].image_2d_from(da.Grid2D(da.Mask2D.none(frame)))
    assert found.value == pytest.approx(np.sum(image.array) * 0.13**2, rel=1e-12) and found.sigma > 0


def test_the_error_of_what_is_solved_for_is_carried_over(with_linear):
    """A flux is proportional to the optical depth: with the other errors taken away, so are their errors."""
    posterior, fit = with_linear
    derived = derived_of_fit(fit, posterior.space, posterior.data.frame)
    flux = one(derived, "flux_ratio")
    relative = fit.linear.sigma[0] / fit.linear.values[0]
    assert 0.2 * relative < flux.sigma / flux.value < 5 * relative


def test_an_unknown_error_makes_unknown_errors(fit, posterior):
    covariance = np.array(fit.covariance)
    k = fit.names.index(RADIUS)
    covariance[k], covariance[:, k] = np.nan, np.nan
    derived = derived_of_fit(dataclasses.replace(fit, covariance=covariance), posterior.space)
    assert math.isnan(one(derived, "peak_radius").sigma) and one(derived, "near_side").sigma > 0


def test_draws_give_quantiles(samples, posterior):
    derived = derived_of_samples(samples, posterior.space, posterior.data.frame)
    peak, near = one(derived, "peak_radius"), one(derived, "near_side")
    k = samples.names.index(RADIUS)
    assert peak.value == pytest.approx(peak_over_radius() * samples.quantile(0.5)[k], abs=0.3 * peak.sigma)
    assert peak.sigma == pytest.approx(peak_over_radius() * samples.sigma[k], rel=0.2)
    assert peak.low < peak.value < peak.high and near.low < near.value < near.high
    assert one(derived, "flux_ratio").sigma > 0


def test_draws_around_the_seam_of_an_angle_stay_together(fit, posterior):
    turned = np.array(fit.vector)
    turned[fit.names.index(ANGLE)] = 90.0
    there = dataclasses.replace(fit, vector=turned, scene=posterior.space.to_model(turned))
    near = one(derived_of_samples(draws_of(there, posterior), posterior.space), "near_side")
    assert near.sigma == pytest.approx(fit.sigma[fit.names.index(ANGLE)], rel=0.2)
    assert min(near.value % 360, 360 - near.value % 360) < 3 * near.sigma
