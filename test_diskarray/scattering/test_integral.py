"""The line-of-sight integral against brute force that shares nothing with it."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.scattering.integral import line_of_sight_integral
from diskarray.scattering.quadrature import Quadrature

REFERENCE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "line_of_sight.npz"
INCLINATIONS = (0.0, 45.0, 90.0, 180.0)
THICK = {"radius": 50.0, "alpha_in": 6.0, "alpha_out": -4.0, "scale_height": 4.0}


def henyey_greenstein(cos_phi, g):
    return (1 - g * g) / (4 * np.pi) * (1 + g * g - 2 * g * cos_phi) ** -1.5


def two_power_law(X, Y, Z, p):
    """The density of design.md, section 2, written out with an arctangent."""
    r, theta = np.hypot(X, Y), np.arctan2(Y, X)
    e = p.get("eccentricity", 0.0)
    R = p["radius"] * (1 - e * e) / (1 + e * np.cos(theta - np.radians(p.get("argument_of_pericenter", 0.0))))
    height = p["scale_height"] * (r / R) ** p.get("beta", 1.0)
    radial = np.sqrt(2 / ((r / R) ** (-2 * p["alpha_in"]) + (r / R) ** (-2 * p["alpha_out"])))
    return radial * np.exp(-((abs(Z) / height) ** p.get("gamma", 2.0)))


def brute_force(u, v, inclination, density, g, reach, offset=(0.0, 0.0)):
    """One adaptive quadrature per panel of 400 equal ones; ``density(X, Y, Z)`` is a plain function."""
    c, s = np.cos(np.radians(inclination)), np.sin(np.radians(inclination))

    def integrand(l):
        d = np.sqrt(u * u + v * v + l * l)
        n = density(u - offset[0], v * c + l * s - offset[1], -v * s + l * c)
        return n * henyey_greenstein(l / d, g) / d**2

    edges = np.linspace(-reach, reach, 401)
    return sum(quad(integrand, a, b, epsabs=1e-13, epsrel=1e-9)[0] for a, b in pairwise(edges))


def on_the_ring(inclination, radius, height, n, seed):
    """Points (u, v) where the disk is bright."""
    rng = np.random.default_rng(seed)
    theta, r, z = rng.uniform(0, 2 * np.pi, n), radius * np.exp(rng.normal(0, 0.15, n)), rng.normal(0, height, n)
    c, s = np.cos(np.radians(inclination)), np.sin(np.radians(inclination))
    return r * np.cos(theta), r * np.sin(theta) * c - z * s


@pytest.mark.parametrize(
    ("rule", "tolerance"), [(Quadrature(), 1e-4), (Quadrature("panels", 12), 3e-5), (Quadrature(tolerance=1e-6), 1e-5)]
)
def test_against_the_stored_reference(rule, tolerance):
    """Errors relative to the brightest point of each case, at inclinations from 0 to 104 degrees."""
    if not REFERENCE.exists():
        pytest.skip("the brute-force values shared/reference/line_of_sight.npz are not beside the repository")
    with np.load(REFERENCE) as stored:
        for k, p in enumerate(json.loads(str(stored["cases"]))):
            y, x = (stored[f"grid_{k}"] * p["distance"]).T
            angle = np.radians(p["position_angle"])
            density = TwoPowerLaw(**{name: p[name] for name in parameters_of(TwoPowerLaw)})
            J = line_of_sight_integral(
                (y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)),
                p["inclination"],
                density,
                HenyeyGreenstein(p["g"]),
                rule=rule,
            )
            expected = stored[f"value_{k}"]
            assert np.abs(J - expected).max() <= tolerance * expected.max(), (k, p)


@pytest.mark.parametrize("inclination", [20.0, 76.0, 88.0, 115.0])
def test_ring_offset(inclination):
    p = THICK | {"eccentricity": 0.2, "argument_of_pericenter": 110.0}
    u, v = on_the_ring(inclination, 50.0, 4.0, 5, seed=1)
    offset = (7.0, -4.0)
    expected = np.array(
        [
            brute_force(a, b, inclination, lambda X, Y, Z: two_power_law(X, Y, Z, p), 0.5, 400.0, offset)
            for a, b in zip(u, v, strict=True)
        ]
    )
    J = line_of_sight_integral((u, v), inclination, TwoPowerLaw(**p), HenyeyGreenstein(0.5), offset=offset)
    assert np.abs(J - expected).max() <= 2e-4 * expected.max()


FLARED = [  # puffed up, eccentric and strongly flared: the slab of dust is wide where the line leaves it
    (
        45.0,
        {"radius": 5.0, "alpha_in": 25.0, "alpha_out": -9.0, "scale_height": 0.2, "beta": 1.64, "eccentricity": 0.46},
    ),
    (98.0, {"radius": 44.0, "alpha_in": 40.0, "alpha_out": -26.0, "scale_height": 15.0, "gamma": 3.0, "beta": 1.9}),
    (0.0, {"radius": 10.0, "alpha_in": 20.0, "alpha_out": -10.0, "scale_height": 20.0, "beta": 1.5}),
    (80.0, {"radius": 30.0, "alpha_in": 3.0, "alpha_out": -6.0, "scale_height": 15.0, "beta": 1.2}),
]


@pytest.mark.parametrize(("inclination", "p"), FLARED)
def test_no_dust_is_cut_away(inclination, p):
    """With many nodes per panel what remains is what the panels leave out."""
    u, v = on_the_ring(inclination, p["radius"], p["scale_height"], 4, seed=2)
    reach = 12 * max(p["radius"], p["scale_height"])
    expected = np.array(
        [
            brute_force(a, b, inclination, lambda X, Y, Z: two_power_law(X, Y, Z, p), -0.2, reach)
            for a, b in zip(u, v, strict=True)
        ]
    )
    J = line_of_sight_integral(
        (u, v), inclination, TwoPowerLaw(**p), HenyeyGreenstein(-0.2), rule=Quadrature("panels", 48)
    )
    assert np.abs(J - expected).max() <= 2e-5 * expected.max()


class GaussianRing:
    """A user's plain class: no component, no scales()."""

    def density(self, X, Y, Z, *, xp=np):
        r = xp.sqrt(X * X + Y * Y)
        return xp.exp(-0.5 * ((r - 70.0) / 7.0) ** 2 - 0.5 * (Z / 2.0) ** 2)


@pytest.mark.parametrize("inclination", [0.0, 45.0, 76.0, 88.0, 90.0, 104.0])
def test_density_without_scales(inclination):
    """Measured: 5e-4 of the peak edge-on, below 1e-6 up to 80 degrees; 2e-6 everywhere at order 12."""
    u, v = on_the_ring(inclination, 70.0, 2.0, 5, seed=3)
    u[0], v[0] = 0.05, 0.0  # nearly through the star: edge-on the ring lies 70 au before and behind it

    def ring(X, Y, Z):
        return float(GaussianRing().density(X, Y, Z))

    expected = np.array([brute_force(a, b, inclination, ring, 0.5, 160.0) for a, b in zip(u, v, strict=True)])
    for order, tolerance in ((8, 1e-3), (12, 1e-5)):
        J = line_of_sight_integral(
            (u, v), inclination, GaussianRing(), HenyeyGreenstein(0.5), rule=Quadrature("panels", order)
        )
        assert np.abs(J - expected).max() <= tolerance * expected.max()


def test_edge_on_ring_is_seen_in_front_of_its_star():
    """On the star's own pixel an edge-on ring is 70 au away on both sides: a closed form for a thin one."""
    J = line_of_sight_integral((np.zeros(1), np.zeros(1)), 90.0, GaussianRing(), HenyeyGreenstein(0.5))
    shell = np.sqrt(2 * np.pi) * 7.0 / 70.0**2 * (1 + 3 * 0.1**2)  # <1/r^2> of a Gaussian 10 % wide, to 2nd order
    both = henyey_greenstein(1.0, 0.5) + henyey_greenstein(-1.0, 0.5)
    assert J[0] == pytest.approx(shell * both, rel=2e-3)


@pytest.mark.parametrize("inclination", INCLINATIONS)
@pytest.mark.parametrize("density", [TwoPowerLaw(**THICK), TwoPowerLaw(**THICK, eccentricity=0.3), GaussianRing()])
@pytest.mark.parametrize("phase_function", [HenyeyGreenstein(0.9), HenyeyGreenstein(-1 + 1e-9), Polarized()])
def test_finite_on_the_star(inclination, density, phase_function):
    u, v = np.array([0.0, 0.0, 1e-9, 50.0, 0.0]), np.array([0.0, 1e-12, 0.0, 0.0, 1e4])
    J = line_of_sight_integral((u, v), inclination, density, phase_function)
    assert np.all(np.isfinite(J)) and np.all(J >= 0)


@pytest.mark.parametrize(("alpha_out", "tolerance"), [(-2.0, 5e-4), (-4.0, 5e-5), (-8.0, 5e-5)])
@pytest.mark.parametrize("inclination", [20.0, 76.0, 88.0])
def test_shallow_outskirts_are_resolved(alpha_out, tolerance, inclination):
    """The tail of a shallow slope reaches many radii: the default rule resolves it."""
    density = TwoPowerLaw(**THICK | {"alpha_out": alpha_out})
    u, v = on_the_ring(inclination, 50.0, 4.0, 60, seed=6)
    rough, fine = (
        line_of_sight_integral((u, v), inclination, density, HenyeyGreenstein(0.5), rule=Quadrature("panels", order))
        for order in (8, 40)
    )
    assert np.abs(rough - fine).max() <= tolerance * fine.max()


def test_error_falls_with_the_order():
    p = THICK | {"eccentricity": 0.1, "argument_of_pericenter": 40.0}
    u, v = on_the_ring(80.0, 50.0, 4.0, 40, seed=4)
    best, *others = (
        line_of_sight_integral((u, v), 80.0, TwoPowerLaw(**p), HenyeyGreenstein(0.3), rule=Quadrature("panels", order))
        for order in (40, 4, 8, 16)
    )
    errors = [np.abs(J - best).max() / best.max() for J in others]
    assert errors[0] > 20 * errors[1] > 400 * errors[2]


@pytest.mark.parametrize("inclination", [0.0, 30.0, 76.0, 88.0, 90.0])
def test_seen_from_below(inclination):
    """180 - i with u, v, dX turned around and the pericenter mirrored is the same disk seen from the other side."""
    u, v = on_the_ring(inclination, 50.0, 4.0, 60, seed=5)
    common = THICK | {"eccentricity": 0.25}
    above = line_of_sight_integral(
        (u, v),
        inclination,
        TwoPowerLaw(**common, argument_of_pericenter=35.0),
        HenyeyGreenstein(0.6),
        offset=(3.0, 2.0),
    )
    below = line_of_sight_integral(
        (-u, -v),
        180.0 - inclination,
        TwoPowerLaw(**common, argument_of_pericenter=145.0),
        HenyeyGreenstein(0.6),
        offset=(-3.0, 2.0),
    )
    np.testing.assert_allclose(below, above, rtol=0, atol=1e-12 * above.max())


class WorkedOutBefore:
    """A phase function that must be prepared, once for all places where it is evaluated."""

    def __init__(self):
        self.times = 0

    def prepared(self, *, xp):
        self.times += 1
        return HenyeyGreenstein(0.5)


@pytest.mark.parametrize("path", ["vectorized", "streaming", "automatic"])
def test_a_phase_function_is_prepared_once(path):
    u, v = np.random.default_rng(3).uniform(-90.0, 90.0, (2, 400))
    phase_function, rule = WorkedOutBefore(), Quadrature(path=path)
    J = line_of_sight_integral((u, v), 70.0, TwoPowerLaw(), phase_function, rule=rule)
    np.testing.assert_array_equal(
        J, line_of_sight_integral((u, v), 70.0, TwoPowerLaw(), HenyeyGreenstein(0.5), rule=rule)
    )
    assert phase_function.times == 1
