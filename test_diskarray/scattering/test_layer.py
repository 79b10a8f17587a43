"""Nodes of a layer lie where the dust is thinned by the same factor on every line, as far as the layer is a wedge."""

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.geometry.angles import cosine_sine
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.scattering.integral import line_of_sight_integral
from diskarray.scattering.layer import layer_nodes, layer_numbers, layer_point, layer_segments
from diskarray.scattering.quadrature import Quadrature, nodes_and_weights

NODES = layer_nodes(6, gaussian=False)[0]


def placed(u, v, inclination, density, nodes=NODES):
    """Y, Z and dl / dnode of the nodes, shape (K, 1, M)."""
    cos_i, sin_i = cosine_sine(inclination)
    middles, lengths, bends = layer_segments(u, v, (0.0, 0.0), layer_numbers(cos_i, sin_i, density.scales()))
    l, stretch = layer_point(nodes[:, None, None], middles, lengths, bends)
    return v * cos_i + l * sin_i, -v * sin_i + l * cos_i, lengths * stretch


@pytest.mark.parametrize("gamma", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("inclination", [0.0, 40.0, 70.0, 110.0])
def test_along_a_radius_the_nodes_sit_at_equal_depths(inclination, gamma):
    density = TwoPowerLaw(radius=77.0, scale_height=1.2, gamma=gamma, beta=1.0)
    v = np.array([-60.0, -25.0, 20.0, 45.0]) * abs(np.cos(np.radians(inclination)))
    Y, Z, _ = placed(np.zeros(4), v, inclination, density)
    depth = np.abs(Z) / (1.2 * np.abs(Y) / 77.0)
    end = 10.0 ** (1 / gamma)
    np.testing.assert_allclose(depth, np.broadcast_to(end * np.abs(NODES)[:, None, None], depth.shape), rtol=2e-3)


def test_the_two_halves_end_at_unequal_distances_where_the_layer_flares():
    density = TwoPowerLaw(radius=77.0, scale_height=1.5, beta=1.0)
    _, Z, _ = placed(np.zeros(1), np.array([20.0]), 75.0, density, nodes=np.array([-1.0, 1.0]))
    assert Z.shape == (2, 1, 1) and Z[0, 0, 0] < 0 < 1.2 * abs(Z[0, 0, 0]) < Z[1, 0, 0]


def test_the_stretch_is_the_derivative_of_the_place():
    length, bend, step = np.array([3.0, 2.0]), np.array([0.4, -0.6]), 1e-4
    for node in (-0.9, -0.1, 0.5, 0.9):
        _, stretch = layer_point(node, 1.0, length, bend)
        slope = (layer_point(node + step, 1.0, length, bend)[0] - layer_point(node - step, 1.0, length, bend)[0]) / (
            2 * step
        )
        np.testing.assert_allclose(length * stretch, slope, rtol=1e-6)


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("order", [14, 32, 48, 64])
def test_many_nodes_are_as_good_as_few(order, gaussian):
    def seen(t):
        return np.exp(-10 * t**2) * np.cos(3 * t) / (1 + 0.3 * t) ** 2

    nodes, weights = layer_nodes(order, gaussian)
    expected = quad(seen, -1, 1, epsabs=1e-13, limit=200)[0]
    assert np.sum(weights * seen(nodes)) == pytest.approx(expected, rel=3e-8 if order == 14 else 1e-12)
    assert np.all(np.diff(nodes) > 0) and np.all(weights > 0) and np.sum(weights) == pytest.approx(2, rel=0.15)


def test_a_gaussian_needs_fewer_nodes_and_any_other_profile_two_halves():
    assert layer_nodes(5, gaussian=True)[0].size == 8 and layer_nodes(14, gaussian=True)[0].size == 20
    for gamma, halves in ((1.0, False), (2.01, False), (2.0, True), (4.0, False)):
        scales = TwoPowerLaw(gamma=gamma).scales()
        nodes, weights, _ = nodes_and_weights([Quadrature("layer", 5, halves=halves)], 0, scales)
        assert nodes.size == 10
        np.testing.assert_allclose(nodes, -nodes[::-1], atol=1e-15)
        np.testing.assert_allclose(weights, weights[::-1], rtol=1e-12)


@pytest.mark.parametrize("order", [4, 5, 8, 14])
def test_the_whole_layer_is_summed_about_as_well_as_its_halves(order):
    """The same steep disk through both rules, against panels; a cusp would not do with nodes for a Gaussian."""
    shape = {"alpha_in": 12.0, "alpha_out": -6.0, "scale_height": 2.0}
    lines = np.array([0.0, 10.0, 30.0, 60.0, 77.0, 90.0]), np.array([15.0, -19.0, 18.0, 12.0, 2.0, -3.0])

    def errors(gamma):
        density = TwoPowerLaw(**shape, gamma=gamma)
        exact, found = (
            line_of_sight_integral(lines, 74.0, density, HenyeyGreenstein(0.3), rule=rule)
            for rule in (Quadrature("panels", 24), Quadrature("layer", order))
        )
        return np.max(np.abs(found - exact)) / np.max(exact)

    assert errors(2.0) < 2.5 * errors(2.01) + 1e-5


def test_a_layer_that_would_never_end_is_cut_short():
    density = TwoPowerLaw(radius=77.0, scale_height=30.0, beta=2.0)
    _, _, stretched = placed(np.zeros(3), np.array([5.0, 20.0, 60.0]), 80.0, density, nodes=np.array([1.0]))
    assert np.all(np.isfinite(stretched)) and np.all(stretched > 0)
