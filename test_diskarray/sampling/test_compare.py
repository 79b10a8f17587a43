"""Comparing models by their evidence: the right one wins on simulated data, and what cannot be compared is refused."""

import math

import numpy as np
import problems
import pytest

from diskarray.backend.pytree import replace
from diskarray.dataset.imaging import Imaging
from diskarray.dataset.simulate import simulate
from diskarray.errors import ParameterError
from diskarray.fit.identity import data_digest
from diskarray.fit.posterior import Posterior
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.parameters.priors import Linear, Uniform
from diskarray.parameters.space import ParameterSpace
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.profiles.phase_sums import IsotropicScattering
from diskarray.results.sample_result import SampleResult
from diskarray.sampling.compare import compare
from diskarray.sampling.dynesty_engine import Dynesty
from diskarray.sampling.sample import sample
from diskarray.scattering.quadrature import Quadrature
from diskarray.structures.grid import Grid2D

G, TAU, INCLINATION = (
    "disks.belt.phase_function.g",
    "disks.belt.optical_depth",
    "disks.belt.inclination",
)


def belt(phase_function):
    disk = Disk(
        density=TwoPowerLaw(radius=60.0, scale_height=3.0),
        phase_function=phase_function,
        inclination=65.0,
        position_angle=30.0,
        distance=100.0,
        optical_depth=1e-2,
        rule=Quadrature("layer", 3),
    )
    return Scene(disks={"belt": disk})


def observed(scene, seed=3):
    return simulate(scene, Grid2D.uniform((24, 24), 0.08), background=4e-3, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("true", ["forward", "isotropic"])
def test_the_phase_function_that_made_the_data_is_preferred(true):
    scenes = {"forward": belt(HenyeyGreenstein(g=0.45)), "isotropic": belt(IsotropicScattering())}
    priors = {"isotropic": {INCLINATION: Uniform(63, 67), TAU: Linear(minimum=0.0, maximum=0.05)}}
    priors["forward"] = {**priors["isotropic"], G: Uniform(0.2, 0.9)}
    data = observed(scenes[true])
    results = {
        name: sample(
            Posterior(data, ParameterSpace.of(scene, priors[name])), Dynesty(live_points=12, dlogz=1.5), progress=False
        )
        for name, scene in scenes.items()
    }
    found = compare(results)
    assert found.best == true and found.certain, found
    lines = repr(found).splitlines()
    assert lines[0] == f"Comparison of 2 models of the same data: {true!r} is preferred"
    assert any(line.split()[0] == G and "Uniform(0.2, 0.9)" in line and " -" in line for line in lines[5:])
    assert any(line.split()[0] == TAU and line.count("Linear(minimum=0, maximum=0.05)") == 2 for line in lines[5:])


def made(evidence, error=0.1, *, data="same", status="converged", size=900, name="a"):
    """A nested result with a given evidence."""
    problem = problems.correlated(2)
    draws = problem.exact_mean + np.random.default_rng(1).normal(size=(1, size, 2)) * np.sqrt(
        np.diag(problem.exact_covariance)
    )
    result = SampleResult.of(
        problem,
        engine="Dynesty",
        samples=draws,
        log_probability=problem.log_probabilities(draws[0])[None],
        status=status,
        message="as made",
        independent_chains=False,
        log_evidence=evidence,
        log_evidence_error=error,
        effective_sample_size=size,
    )
    object.__setattr__(result, "data_identity", data)
    return result


def test_differences_errors_odds_and_order():
    found = compare({"one": made(-12.0, 0.3), "two": made(-10.0, 0.4), "three": made(-17.0, 0.0)})
    assert found.names == ("two", "one", "three") and found.best == "two"
    assert found.difference == pytest.approx([0.0, -2.0, -7.0])
    assert found.difference_error == pytest.approx([0.0, 0.5, 0.4])
    assert found.odds == pytest.approx([1.0, math.exp(2), math.exp(7)])
    assert found.certain and found.established == (True, True, True)
    assert found.priors[0] == {"a": problems.correlated(2).space.priors[0], "b": problems.correlated(2).space.priors[1]}
    assert [row.split()[0] for row in found.table.splitlines()[1:4]] == ["two", "one", "three"]
    assert "-2.00 +- 0.50" in found.table and "1 : 7.39" in found.table and "NOT" not in found.table


def test_a_lead_within_its_errors_decides_nothing():
    found = compare([made(-12.0, 0.3), made(-11.0, 0.3)])
    assert found.names == ("model 2", "model 1") and not found.certain
    assert "not decided: 'model 2'" in repr(found)
    assert compare([made(-12.0, 0.1), made(-11.0, 0.1)]).certain


def test_a_run_that_is_not_established_is_marked():
    found = compare({"sound": made(-12.0), "few draws": made(-11.0, size=90)})
    assert found.established == (False, True)
    assert "NOT established" in found.table.splitlines()[1] and "NOT" not in found.table.splitlines()[2]


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"a": made(-1.0)}, "at least two"),
        ({"a": made(-1.0), "b": made(-1.0, data="other")}, "'a' and 'b' are of different data"),
        ({"a": made(-1.0), "b": made(-1.0, data="")}, "not known what data 'b'"),
        ({"a": made(-1.0), "b": made(None, None)}, "'b' has no evidence"),
        ({"a": made(math.nan), "b": made(-1.0)}, "evidence of 'a' is nan"),
        ({"a": made(-1.0), "b": made(-1.0, status="max_evaluations")}, "'b' ended before"),
        ({"a": made(-1.0), "b": problems.best_fit(problems.correlated(2))}, "'b' has no evidence"),
    ],
)
def test_what_cannot_be_compared_is_refused(results, words):
    with pytest.raises(ParameterError, match=words):
        compare(results)


def test_an_improper_prior_leaves_no_evidence():
    scene = belt(IsotropicScattering())
    space = ParameterSpace.of(scene, {INCLINATION: Uniform(60, 70), TAU: Linear()})
    result = sample(Posterior(observed(scene), space), Dynesty(live_points=10, dlogz=5.0), progress=False)
    assert result.log_evidence is None and result.log_evidence_error is None
    with pytest.raises(ParameterError, match="prior without a finite integral"):
        compare({"one": result, "two": made(-1.0)})


def test_the_digest_of_data_is_that_of_pixels_noise_mask_and_frame():
    pixels, noise = np.arange(12.0).reshape(3, 4), np.ones((3, 4))
    mask = np.zeros((3, 4), dtype=bool)
    mask[0, 0] = True

    def digest(data=pixels, noise_map=noise, mask=mask, **more):
        return data_digest(Imaging(data=data, noise_map=noise_map, mask=mask, **{"pixel_scale": 0.1, **more}))

    same, other = np.where(mask, 99.0, pixels), np.where(pixels == 7, 7.5, pixels)
    assert digest() == digest(data=same) == digest(source="elsewhere", over_sample_size=2)
    different = [
        digest(data=other),
        digest(noise_map=2 * noise),
        digest(mask=None),
        digest(pixel_scale=0.2),
        digest(center=(1.0, 1.0)),
        digest(observable="Q_phi"),
        digest(unit="mJy/arcsec2"),
    ]
    assert len({digest(), *different}) == 1 + len(different)
    one = Imaging(data=pixels, noise_map=noise, pixel_scale=0.1)
    assert data_digest({"a": one}) == data_digest(one) != data_digest({"a": one, "b": one})
    assert data_digest(None) == data_digest(replace) == ""
