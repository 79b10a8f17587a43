"""The phase function with its credible band."""

import numpy as np
import pytest

import diskarray as da
from diskarray.errors import ParameterError, ShapeError
from diskarray.fit.phase_curve import phase_curve_from_covariance, phase_curve_from_samples

BELT = da.Disk(phase_function=da.HenyeyGreenstein(0.3), inclination=70.0)
SPACE = da.ParameterSpace.of(
    da.Scene(disks={"belt": BELT}),
    {
        "disks.belt.phase_function.g": da.Uniform(-0.9, 0.9),
        "disks.belt.inclination": da.Uniform(0, 90),
    },
)


def samples(n=1500, seed=1):
    random = np.random.default_rng(seed)
    return np.stack([random.normal(0.3, 0.02, n), random.normal(70.0, 0.5, n)], axis=-1)


def henyey_greenstein(g, angles):
    return da.HenyeyGreenstein(float(g)).phase(np.cos(np.radians(angles)))


def test_the_band_is_that_of_the_samples():
    angles = np.array([0.0, 19.0, 45.0, 90.0, 161.0, 180.0])
    found = phase_curve_from_samples(SPACE, samples(), angles=angles, level=0.9)
    curves = np.array([henyey_greenstein(g, angles) for g in samples()[:, 0]])
    np.testing.assert_allclose(found.values, np.median(curves, axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.lower, np.quantile(curves, 0.05, axis=0), rtol=1e-3)
    np.testing.assert_allclose(found.upper, np.quantile(curves, 0.95, axis=0), rtol=1e-3)
    assert found.probed.tolist() == [False, False, True, True, False, False]
    assert found.extrapolated.tolist() == (~found.probed).tolist() and found.n_samples == 1500
    assert found.probed_range == pytest.approx((20.0, 160.0), abs=0.05) and "90 % band" in repr(found)


def test_weights_count_like_repeated_samples():
    few = samples(60)
    times = np.random.default_rng(3).integers(0, 4, 60)
    weighted = phase_curve_from_samples(SPACE, few, weights=times / 7.0, level=0.5)
    repeated = phase_curve_from_samples(SPACE, np.repeat(few, times, axis=0), level=0.5)
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=2e-3)
    np.testing.assert_allclose(weighted.upper, repeated.upper, rtol=1e-2)
    alone = phase_curve_from_samples(SPACE, few, weights=np.arange(60) == 7)
    np.testing.assert_allclose(alone.values, henyey_greenstein(few[7, 0], alone.angles), rtol=1e-12)


def test_the_median_of_three_is_the_middle_one():
    found = phase_curve_from_samples(SPACE, [[0.5, 70.0], [0.1, 70.0], [0.2, 70.0]])
    np.testing.assert_allclose(found.values[170], henyey_greenstein(0.2, 170.0), rtol=1e-12)


def test_a_covariance_gives_the_gaussian_band():
    covariance = np.array([[0.02**2, 0.0], [0.0, 0.5**2]])
    angles = np.array([20.0, 60.0, 120.0, 160.0])
    found = phase_curve_from_covariance(SPACE, [0.3, 70.0], covariance, angles=angles, n_samples=1500, seed=2)
    np.testing.assert_allclose(found.values, henyey_greenstein(0.3, angles), rtol=1e-12)
    slope = (henyey_greenstein(0.301, angles) - henyey_greenstein(0.299, angles)) / 0.002
    np.testing.assert_allclose(found.upper - found.lower, 2 * 0.02 * np.abs(slope), rtol=0.1)
    again = phase_curve_from_covariance(SPACE, [0.3, 70.0], covariance, angles=angles, n_samples=1500, seed=2)
    np.testing.assert_array_equal(again.lower, found.lower)


def test_parameters_without_a_variance_stay_where_they_are():
    covariance = np.array([[np.nan, np.nan], [np.nan, 0.25]])
    found = phase_curve_from_covariance(SPACE, [0.3, 70.0], covariance, n_samples=20)
    np.testing.assert_allclose(found.upper, found.lower, rtol=1e-12)


def test_curves_can_be_compared_at_an_angle():
    found = phase_curve_from_samples(SPACE, samples(200), relative_to=90.0)
    assert found.values[90] == found.lower[90] == found.upper[90] == 1.0 and found.relative_to == 90.0
    assert found.upper[30] > found.lower[30]


def test_array_parameters_of_a_spline_and_a_disk_by_name():
    spline = da.SplinePhaseFunction(values=[3.0, 1.5, 0.8, 0.9], inclination=60.0)
    scene = da.Scene(disks={"inner": BELT, "outer": da.Disk(phase_function=spline, inclination=60.0)})
    space = da.ParameterSpace.of(scene, {"disks.outer.phase_function.values": da.LogUniform(0.01, 100.0)})
    rows = np.exp(np.random.default_rng(1).normal(0, 0.1, (300, 4))) * spline.values
    found = phase_curve_from_samples(space, rows, disk="outer", angles=[*spline.angles, 90.0])
    np.testing.assert_allclose(found.values[:4] * 4 * np.pi, spline.values, rtol=0.03)
    np.testing.assert_allclose(found.upper[:4] / found.lower[:4], np.exp(0.2), rtol=0.1)
    assert found.upper[4] == pytest.approx(found.lower[4], rel=1e-14) and found.probed.all()
    with pytest.raises(ParameterError, match="did you mean outer"):
        phase_curve_from_samples(space, rows, disk="outr")
    with pytest.raises(ParameterError, match="must name one of the scene's disks"):
        phase_curve_from_samples(space, rows)


def test_a_single_disk_is_a_model_too():
    space = da.ParameterSpace.of(BELT, {"phase_function.g": da.Uniform(-0.9, 0.9)})
    assert phase_curve_from_samples(space, [[0.1], [0.2]]).values.shape == (181,)


def test_the_result_cannot_be_changed():
    found = phase_curve_from_samples(SPACE, samples(5))
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1.0
    with pytest.raises(AttributeError):
        found.level = 0.5


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"samples": np.ones((3, 5))}, ShapeError, r"samples need shape \(N, 2\)"),
        ({"samples": np.ones(2)}, ShapeError, "samples need shape"),
        ({"weights": np.ones(3)}, ShapeError, "weights need shape"),
        ({"weights": -np.ones(5)}, ShapeError, "weights need shape"),
        ({"level": 1.0}, ParameterError, "level is the probability"),
        ({"angles": [200.0]}, ParameterError, "0 to 180"),
        ({"relative_to": -1.0}, ParameterError, "relative_to"),
    ],
)
def test_what_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        phase_curve_from_samples(SPACE, **{"samples": samples(5)} | given)


def test_a_covariance_that_describes_another_posterior_is_refused():
    with pytest.raises(ShapeError, match="covariance need shapes"):
        phase_curve_from_covariance(SPACE, [0.3, 70.0], np.eye(3))
    with pytest.raises(ParameterError, match="drawn from the covariance lie within the priors"):
        phase_curve_from_covariance(SPACE, [0.3, 70.0], np.diag([1e4, 1e9]), n_samples=20)
