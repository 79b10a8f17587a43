"""The settings of the quadrature, what "automatic" chooses, and the nodes."""

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.errors import ParameterError
from diskarray.geometry.angles import cosine_sine
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.scattering.integral import line_of_sight_integral
from diskarray.scattering.quadrature import Quadrature, choice_index, choices_for, nodes_and_weights


def chosen(inclination, tolerance=None, **shape):
    rule = Quadrature(tolerance=tolerance)
    index = choice_index(rule, *cosine_sine(inclination), TwoPowerLaw(**shape).scales())
    return choices_for(rule)[int(index)]


@pytest.mark.parametrize("order", [1, 65, 8.0, "8", True])
def test_order_errors(order):
    with pytest.raises(ParameterError, match="whole number from 2 to 64"):
        Quadrature("panels", order)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nodes": "simpson"}, "'automatic', 'layer', 'panels', got 'simpson'"),
        ({"path": "fast"}, "'automatic', 'vectorized', 'streaming', got 'fast'"),
        ({"tolerance": 0.0}, "between 0 and 1, got 0.0"),
        ({"tolerance": "1e-4"}, "between 0 and 1, got '1e-4'"),
        ({"order": 8}, "belongs to nodes="),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ParameterError, match=message):
        Quadrature(**settings)


def rule_of(quadrature, scales):
    nodes, weights, count = nodes_and_weights([quadrature], 0, scales)
    assert count is None
    return nodes, weights


def test_panels_integrate_polynomials_exactly():
    nodes, weights = rule_of(Quadrature("panels", 5), TwoPowerLaw().scales())
    for power in range(10):
        assert np.sum(weights * nodes**power) == pytest.approx(1 / (power + 1), rel=1e-13)


@pytest.mark.parametrize("order", [2, 5, 14])
def test_layer_nodes_integrate_polynomials_under_a_gaussian_exactly(order):
    nodes, weights = rule_of(Quadrature("layer", order), TwoPowerLaw(gamma=1.0).scales())
    assert np.all((np.abs(nodes) > 0) & (np.abs(nodes) < 1)) and np.all(weights > 0)
    for side in (nodes > 0, nodes < 0):
        for power in range(2 * order):
            exact = quad(lambda t, p=power: t**p * np.exp(-11 * t * t), 0, 1, epsrel=1e-12)[0]
            found = np.sum((weights * np.abs(nodes) ** power * np.exp(-11 * nodes**2))[side])
            assert found == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("order", [2, 5, 14])
def test_whole_layer_nodes_do_so_under_a_narrower_one(order):
    nodes, weights = rule_of(Quadrature("layer", order), TwoPowerLaw(gamma=2.0).scales())
    steepness = nodes.size + 8
    assert nodes.size == 7 * order // 5 + 1 and np.all(np.abs(nodes) < 1) and np.all(weights > 0)
    for power in range(0, 2 * nodes.size, 2):
        exact = 2 * quad(lambda t, p=power: t**p * np.exp(-steepness * t * t), 0, 1, epsrel=1e-12)[0]
        assert np.sum(weights * nodes**power * np.exp(-steepness * nodes**2)) == pytest.approx(exact, rel=1e-10)
        assert abs(np.sum(weights * nodes ** (power + 1) * np.exp(-steepness * nodes**2))) < 1e-14


def test_a_density_without_scales_is_cut_into_panels_whatever_is_asked_for():
    nodes, weights = rule_of(Quadrature("layer", 5), None)
    assert nodes.size == 5 and np.sum(weights * nodes**9) == pytest.approx(1 / 10, rel=1e-13)


def test_steep_lines_of_sight_get_few_nodes_and_grazing_ones_panels():
    ring = {"radius": 77.0, "alpha_in": 10.0, "alpha_out": -5.0, "scale_height": 1.5}
    assert (chosen(0.0, **ring).nodes, chosen(0.0, **ring).order) == ("layer", 5)
    assert (chosen(76.0, **ring).nodes, chosen(76.0, **ring).order) == ("layer", 5)
    assert (chosen(104.0, **ring).nodes, chosen(104.0, **ring).order) == ("layer", 5)
    assert (chosen(80.0, **ring | {"alpha_in": 15.0}).nodes, chosen(80.0, **ring | {"alpha_in": 15.0}).order) == (
        "layer",
        14,
    )
    assert chosen(88.0, **ring).nodes == chosen(90.0, **ring).nodes == "panels"
    assert chosen(45.0, **ring | {"scale_height": 40.0}).nodes == "panels"


def test_a_cusp_and_a_box_in_height_get_more_nodes():
    ring = {"radius": 77.0, "alpha_in": 10.0, "alpha_out": -5.0, "scale_height": 1.0}
    assert [chosen(60.0, **ring, gamma=gamma).order for gamma in (1.0, 2.0, 4.0)] == [14, 5, 14]


def test_a_tight_tolerance_gets_panels_of_high_order():
    assert chosen(30.0, tolerance=1e-6).nodes == "panels"
    assert chosen(30.0, tolerance=1e-6).order > chosen(90.0, tolerance=1e-4).order


@pytest.mark.parametrize("seed", range(12))
def test_the_choice_keeps_to_its_tolerance_on_ordinary_disks(seed):
    """Slopes 2 to 30, gamma 1 to 4, beta 0 to 1, aspect ratio 0.5 to 10 %, any inclination."""
    rng = np.random.default_rng(seed)
    density = TwoPowerLaw(
        radius=77.0,
        alpha_in=np.exp(rng.uniform(0.7, 3.4)),
        alpha_out=-np.exp(rng.uniform(1.2, 2.7)),
        scale_height=77.0 * np.exp(rng.uniform(-5.3, -2.3)),
        gamma=rng.uniform(1.0, 4.0),
        beta=rng.uniform(0.0, 1.0),
        eccentricity=rng.uniform(0.0, 0.3),
        argument_of_pericenter=rng.uniform(0, 360),
    )
    inclination = np.degrees(np.arccos(rng.uniform(-1, 1)))
    angle, r = rng.uniform(0, 2 * np.pi, 200), 77.0 * np.exp(rng.normal(0, 0.3, 200))
    u = r * np.cos(angle)
    v = r * np.sin(angle) * np.cos(np.radians(inclination)) + density.scale_height * rng.normal(size=200)
    fast, fine = (
        line_of_sight_integral((u, v), inclination, density, HenyeyGreenstein(0.4), rule=rule)
        for rule in (Quadrature(), Quadrature("panels", 30))
    )
    assert np.abs(fast - fine).max() <= 3e-4 * fine.max()
