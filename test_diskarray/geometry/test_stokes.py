"""Stokes parameters about North and about the star."""

import numpy as np
import pytest

from diskarray.geometry.stokes import azimuthal_from_stokes, double_angle, stokes_from_azimuthal

RNG = np.random.default_rng(3)
Y, X = RNG.normal(size=(2, 50))
PSI = np.arctan2(-X, Y)  # East is -x


def test_double_angle_is_that_of_the_direction_east_of_north():
    cosine, sine = double_angle(Y, X)
    np.testing.assert_allclose(cosine, np.cos(2 * PSI), atol=1e-14)
    np.testing.assert_allclose(sine, np.sin(2 * PSI), atol=1e-14)


def test_the_star_itself_has_no_direction():
    zero = np.zeros(1)
    assert double_angle(zero, zero) == (0.0, 0.0)
    assert azimuthal_from_stokes(np.ones(1), np.ones(1), zero, zero) == (0.0, 0.0)


@pytest.mark.parametrize(("north", "east"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (-1.0, 2.0)])
def test_an_electric_field_across_the_direction_of_the_star_is_positive_q_phi(north, east):
    """Q = E_N^2 - E_E^2 and U = 2 E_N E_E of the field, which is the direction to the star turned by 90 degrees."""
    field_north, field_east = -east, north
    q, u = field_north**2 - field_east**2, 2 * field_north * field_east
    q_phi, u_phi = azimuthal_from_stokes(np.array([q]), np.array([u]), np.array([north]), np.array([-east]))
    np.testing.assert_allclose([q_phi[0], u_phi[0]], [north**2 + east**2, 0.0], atol=1e-14)


def test_definition_and_inverse():
    q, u = RNG.normal(size=(2, 50))
    q_phi, u_phi = azimuthal_from_stokes(q, u, Y, X)
    np.testing.assert_allclose(q_phi, -q * np.cos(2 * PSI) - u * np.sin(2 * PSI), atol=1e-14)
    np.testing.assert_allclose(u_phi, q * np.sin(2 * PSI) - u * np.cos(2 * PSI), atol=1e-14)
    back = stokes_from_azimuthal(q_phi, u_phi, Y, X)
    np.testing.assert_allclose(back, (q, u), atol=1e-14)
