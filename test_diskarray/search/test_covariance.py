"""Covariance from a Jacobian."""

import numpy as np
import pytest

from diskarray.search.covariance import covariance_from

JACOBIAN = np.random.default_rng(1).normal(size=(40, 4)) * [1.0, 30.0, 0.5, 1e3]
ALL = np.ones(4, dtype=bool)


def test_inverse_of_the_normal_matrix():
    covariance, unconstrained = covariance_from(JACOBIAN, ALL)
    np.testing.assert_allclose(covariance @ (JACOBIAN.T @ JACOBIAN), np.eye(4), atol=1e-10)
    assert not unconstrained.any()


def test_a_held_parameter_leaves_the_others_conditional():
    usable = np.array([True, False, True, True])
    covariance, unconstrained = covariance_from(JACOBIAN, usable)
    rest = JACOBIAN[:, usable]
    np.testing.assert_allclose(covariance[np.ix_(usable, usable)], np.linalg.inv(rest.T @ rest), rtol=1e-9)
    assert np.isnan(covariance[1]).all() and np.isnan(covariance[:, 1]).all() and not unconstrained.any()


@pytest.mark.parametrize("size", [0.0, 1e-9])
def test_a_parameter_without_effect(size):
    jacobian = JACOBIAN.copy()
    jacobian[:, 2] *= size
    covariance, unconstrained = covariance_from(jacobian, ALL)
    assert unconstrained.tolist() == [False, False, True, False]
    assert np.isnan(covariance[2]).all() and np.isnan(covariance[:, 2]).all()
    rest = jacobian[:, [0, 1, 3]]
    np.testing.assert_allclose(covariance[np.ix_([0, 1, 3], [0, 1, 3])], np.linalg.inv(rest.T @ rest), rtol=1e-9)


def test_two_parameters_that_do_the_same():
    jacobian = JACOBIAN.copy()
    jacobian[:, 3] = -7 * jacobian[:, 0]
    covariance, unconstrained = covariance_from(jacobian, ALL)
    assert unconstrained.tolist() == [True, False, False, True]
    rest = jacobian[:, :3]
    np.testing.assert_allclose(covariance[np.ix_([1, 2], [1, 2])], np.linalg.inv(rest.T @ rest)[1:, 1:], rtol=1e-9)
    assert np.isnan(np.diag(covariance)[[0, 3]]).all()


@pytest.mark.parametrize("usable", [np.zeros(4, dtype=bool), ALL])
def test_nothing_is_constrained(usable):
    covariance, unconstrained = covariance_from(np.zeros((5, 4)), usable)
    assert np.isnan(covariance).all() and (unconstrained == usable).all()
