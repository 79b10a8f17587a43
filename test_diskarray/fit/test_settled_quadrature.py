"""The quadrature of a fit: chosen from the prior and the noise, measured, and then left alone."""

import numpy as np
import pytest

import diskarray as da

BELT = da.Disk(
    density=da.TwoPowerLaw(radius=77.0, alpha_in=10.0, alpha_out=-5.0, scale_height=1.5),
    phase_function=da.HenyeyGreenstein(0.3),
    inclination=76.0,
    position_angle=27.0,
    distance=71.9,
)
GRID = da.Grid2D.uniform((50, 50), 0.05)
NARROW = {"disks.belt.inclination": da.Uniform(72, 78), "disks.belt.density.alpha_in": da.Uniform(5, 12)}
GRAZING = {"disks.belt.inclination": da.Uniform(86, 90)}
WIDE = {"disks.belt.inclination": da.Uniform(40, 90)}


def posterior_of(priors, noise=0.02, inclination=76.0, **settings):
    scene = da.Scene(disks={"belt": da.replace(BELT, "inclination", inclination)})
    if settings:
        scene = da.Scene(
            disks={
                "belt": da.Disk(
                    **{f: getattr(BELT, f) for f in ("density", "phase_function")},
                    inclination=76.0,
                    distance=71.9,
                    rule=da.Quadrature(**settings),
                )
            }
        )
    peak = float(scene.image_2d_from(GRID).array.max())
    data = da.simulate(scene, GRID, background=noise * peak, seed=1)
    return da.Posterior(data, da.ParameterSpace.of(scene, priors))


def rule_of(posterior):
    return posterior.space.template.disks["belt"].rule


def test_steep_lines_get_few_nodes_grazing_ones_panels_and_a_wide_prior_both():
    rules = [
        rule_of(posterior_of(NARROW)),
        rule_of(posterior_of(GRAZING, inclination=88.0)),
        rule_of(posterior_of(WIDE)),
    ]
    assert [rule.nodes for rule in rules] == ["layer", "panels", "automatic"]


def test_the_choice_and_its_error_are_reported():
    posterior = posterior_of(NARROW)
    (choice,) = posterior.quadrature
    assert choice.path == "disks.belt" and choice.quadrature == rule_of(posterior) and choice.tolerance is None
    assert 0 < choice.error < 1e-3 and 0 < choice.shift <= 0.1


def test_less_noise_takes_more_nodes():
    orders = [rule_of(posterior_of(NARROW, noise)).order for noise in (0.1, 1e-3)]
    assert orders[0] < orders[1]


def test_the_users_tolerance_is_kept():
    rough, fine = (posterior_of(NARROW, tolerance=tolerance) for tolerance in (1e-2, 1e-5))
    assert rough.quadrature[0].error <= 1e-2 and fine.quadrature[0].error <= 1e-5
    assert rule_of(rough).order < rule_of(fine).order


def test_a_named_quadrature_is_left_alone():
    posterior = posterior_of(GRAZING, nodes="layer", order=7)
    assert rule_of(posterior) == da.Quadrature("layer", 7) and posterior.quadrature == ()


def test_no_parameter_moves_by_more_than_the_stated_shift():
    """The least-squares optimum with the chosen nodes against that with very many, in units of the error."""
    posterior = posterior_of(NARROW | {"disks.belt.optical_depth": da.Uniform(1e-4, 1e-2)}, noise=0.005)
    best = da.optimize(posterior, da.LeastSquares())
    fine = posterior.space.template
    fine = da.replace(
        fine,
        "disks",
        {
            "belt": da.Disk(
                **{
                    f: getattr(fine.disks["belt"], f)
                    for f in ("density", "phase_function", "inclination", "position_angle", "distance", "optical_depth")
                },
                rule=da.Quadrature("panels", 24),
            )
        },
    )
    space = da.ParameterSpace.of(fine, {f.path: f.prior for f in posterior.space.free})
    exact = da.optimize(da.Posterior(posterior.data, space), da.LeastSquares(), start=best.vector)
    shift = np.abs(best.vector - exact.vector) / np.sqrt(np.diag(exact.covariance))
    assert np.all(shift <= posterior.quadrature[0].shift + 1e-3)


def test_many_vectors_at_once():
    posterior = posterior_of(NARROW)
    vectors = np.array([[75.0, 9.0], [73.0, 11.0], [60.0, 9.0]])
    one_by_one = [float(posterior.log_probability(v)) for v in vectors]
    np.testing.assert_array_equal(posterior.log_probabilities(vectors), one_by_one)
    assert one_by_one[2] == -np.inf


@pytest.mark.parametrize("free", ["inclination", "density.gamma", "density.eccentricity"])
def test_numbers_held_where_formulas_are_simple_are_known_to_compiled_code(free):
    from diskarray.backend.constant import Constant

    scene = da.Scene(disks={"belt": BELT})
    space = da.ParameterSpace.of(scene, {f"disks.belt.{free}": da.Uniform(0.1, 0.5)})
    density = space.template.disks["belt"].density
    constant = {n for n in ("gamma", "beta", "eccentricity", "radius") if type(getattr(density, n)) is Constant}
    assert constant == {"gamma", "beta", "eccentricity"} - {free.split(".")[-1]}
