"""Where panels cut the line of sight: disks that once were beyond the bar, and limits without a kink."""

import numpy as np
import pytest

from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_function import HenyeyGreenstein
from diskarray.scattering.integral import line_of_sight_integral
from diskarray.scattering.quadrature import Quadrature

NAMES = ("alpha_in", "alpha_out", "scale_height", "gamma", "beta", "eccentricity", "argument_of_pericenter")
DISKS = [
    (104.0, (2.26, -7.7, 8.2, 3.0, 1.002, 0.0, 0.0), 1e-4),  # the line enters the slab between star and crossing
    (76.0, (3.64, -10.8, 9.6, 3.0, 1.0, 0.144, -137.8), 1e-4),
    (83.0, (4.6, -7.5, 5.78, 3.9, 1.0, 0.3, 138.5), 1e-4),
    (79.1, (3.8, -1.99, 7.0, 4.0, 1.0, 0.1, 19.6), 1e-4),
    (74.4, (19.3, -1.64, 5.27, 3.0, 2.0, 0.3, 222.1), 1e-4),  # ... behind the ring, and leaves it beside the star
    (50.9, (2.0, -1.53, 4.53, 4.0, 2.0, 0.0, 0.0), 1e-4),  # ... and widens away from the crossing
    (60.0, (15.2, -2.2, 9.9, 1.31, 1.0, 0.0, 0.0), 1e-4),  # a cusp in a slab that widens
    (76.4, (14.2, -1.82, 6.7, 4.0, 1.0, 0.1, 6.1), 1e-4),  # a box that passes by the ring
    (87.8, (1.96, -2.45, 5.26, 4.0, 2.0, 0.1, 120.1), 1e-3),
]


@pytest.mark.parametrize(("inclination", "values", "tolerance"), DISKS)
def test_a_slab_is_cut_where_the_line_leaves_it(inclination, values, tolerance):
    p = dict(zip(NAMES, values, strict=True))
    c, s = np.cos(np.radians(inclination)), np.sin(np.radians(inclination))
    rng = np.random.default_rng(1)
    theta, r = rng.uniform(0, 2 * np.pi, 1000), 77.0 * np.exp(rng.normal(0, 0.3, 1000))
    u, v = r * np.cos(theta), r * np.sin(theta) * c - s * rng.normal(0, p["scale_height"], 1000)
    used = np.hypot(u, v) > 6.0
    rough, fine = (
        line_of_sight_integral(
            (u[used], v[used]), inclination, TwoPowerLaw(**p), HenyeyGreenstein(0.1), rule=Quadrature("panels", order)
        )
        for order in (8, 28)
    )
    assert np.abs(rough - fine).max() <= tolerance * fine.max()


@pytest.mark.parametrize("order", [8, 48])
def test_a_circle_is_no_kink(order):
    """Through a circle an eccentricity goes on with the pericenter on the other side; a slope would jump by 1e-4."""
    u, v = np.full(3, 150.0), np.array([60.0, 100.0, 140.0])

    def J(eccentricity, pericenter):
        density = TwoPowerLaw(
            radius=86.0,
            alpha_in=14.0,
            alpha_out=-8.5,
            scale_height=10.3,
            gamma=3.3,
            beta=0.2,
            eccentricity=eccentricity,
            argument_of_pericenter=pericenter,
        )
        return line_of_sight_integral((u, v), 65.0, density, HenyeyGreenstein(0.3), rule=Quadrature("panels", order))

    step = 1e-5
    jump = (J(step, 30.0) + J(step, 210.0) - 2 * J(0.0, 30.0)) / step
    assert np.all(np.abs(jump) <= 3e-3 * J(0.0, 30.0))


STEPS = np.array([0.0, 1.0, 2.0, 3.0, -1.0, -2.0, -3.0])
ONE_SIDED = np.array([-11 / 6, 3.0, -1.5, 1 / 3])


def slopes_of(values, step):
    """Third-order slopes from either side, of values at ``STEPS`` times the step."""
    return ONE_SIDED @ values[:4] / step, -ONE_SIDED @ values[[0, 4, 5, 6]] / step


@pytest.mark.parametrize(("inclination", "gamma", "height"), [(121.3, 1.1, 1.3), (91.3, 3.2, 0.35), (56.9, 3.5, 0.1)])
def test_no_kink_on_the_major_axis(inclination, gamma, height):
    """There the line meets mid-plane, star and the ring's axis in one point; the slope in v would jump by up to 6e-3.

    A kink shows for every step, curvature only for long ones.
    """
    density = TwoPowerLaw(radius=60.0, alpha_in=5.0, alpha_out=-9.0, scale_height=height, gamma=gamma, eccentricity=0.3)
    u = np.array([-48.0, -24.0, 24.0, 48.0])

    def jump(step):
        values = np.stack(
            [
                line_of_sight_integral(
                    (u, np.full(4, k * step)), inclination, density, HenyeyGreenstein(0.3), rule=Quadrature("panels", 8)
                )
                for k in STEPS
            ]
        )
        above, below = slopes_of(values, step)
        return np.max(np.abs(above - below) * np.abs(u) / values[0])

    assert min(jump(step) for step in (1e-2, 1e-3, 1e-4)) <= 1e-5


def test_no_jump_face_on():
    """A disk tilted the other way is the same one turned by 180 degrees; its values would differ by 1e-7."""
    density = TwoPowerLaw(radius=74.0, alpha_in=3.0, alpha_out=-5.9, scale_height=3.5, gamma=1.1)
    r = np.linspace(5.0, 120.0, 400)
    here, there = (
        line_of_sight_integral(
            (sign * 0.6 * r, sign * 0.8 * r), 0.0, density, HenyeyGreenstein(0.3), rule=Quadrature("panels", 8)
        )
        for sign in (1, -1)
    )
    np.testing.assert_allclose(here, there, rtol=1e-12)
