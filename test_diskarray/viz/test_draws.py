import numpy as np
import pytest
from scipy.stats import rankdata

from diskarray.errors import ParameterError
from diskarray.viz.chain_figures import expected_count
from diskarray.viz.draws import autocorrelation, draws_of, grouped_chains, rank_counts


def test_ranks_are_those_of_scipy():
    draws = np.random.default_rng(0).normal(size=(3, 100)).round(1)
    ranks = rankdata(draws).reshape(draws.shape)
    counts = rank_counts(draws, bins=10)
    expected = [np.histogram(chain - 0.5, bins=np.linspace(0, 300, 11))[0] for chain in ranks]
    assert counts.sum() == 300
    np.testing.assert_array_equal(counts, expected)


def test_ranks_of_a_chain_apart_are_not_flat():
    draws = np.random.default_rng(0).normal(size=(2, 200)) + np.array([[0.0], [3.0]])
    low, high = rank_counts(draws, bins=4)
    assert low[0] > 90 and high[0] < 10 and high[-1] > 90


def test_the_band_of_counts_holds_what_chains_with_a_memory_scatter_by():
    random = np.random.default_rng(1)
    found = []
    for _ in range(40):
        z = random.normal(size=(4, 400))
        for t in range(1, 400):
            z[:, t] = 0.8 * z[:, t - 1] + 0.6 * z[:, t]
        expected, spread = expected_count(z, 10)
        found.append(np.mean(np.abs(rank_counts(z, 10) - expected) <= spread))
    assert expected == 40.0
    assert 0.88 < np.mean(found) < 0.99


def test_autocorrelations_are_the_sums_they_stand_for():
    draws = np.random.default_rng(2).normal(size=(2, 50)).cumsum(axis=1)
    found = autocorrelation(draws, longest=7)
    for chain, curve in zip(draws, found, strict=True):
        centered = chain - chain.mean()
        expected = [np.sum(centered[: 50 - lag] * centered[lag:]) / np.sum(centered**2) for lag in range(8)]
        np.testing.assert_allclose(curve, expected, atol=1e-12)
    assert np.all(np.isnan(autocorrelation(np.ones((1, 20)))))


def test_walkers_are_put_together_with_their_neighbors():
    values = np.arange(20.0).reshape(10, 2)
    groups = grouped_chains(values, most=4)
    np.testing.assert_array_equal(groups, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17]])
    assert grouped_chains(values, most=10) is values


def test_draws_have_no_seam_and_values_are_brought_beside_them(sampled):
    draws = draws_of(sampled)
    assert draws.names == ("disks.belt.density.radius", "disks.belt.position_angle", "star.flux")
    assert draws.labels == ("radius [au]", "position angle [deg]", "flux [mJy]")
    angles = draws.values[..., 1]
    assert np.ptp(angles) < 60.0 and np.ptp(sampled.samples[..., 1]) > 300.0
    np.testing.assert_allclose((angles - sampled.samples[..., 1] + 180) % 360, 180.0, atol=1e-9)
    np.testing.assert_allclose(draws.best, [50.2, -1.0, np.nan])
    np.testing.assert_allclose(draws.near({"disks.belt.position_angle": 361.0}), [np.nan, 1.0, np.nan])


def test_parameters_are_found_by_their_last_parts(sampled):
    assert draws_of(sampled, ["position_angle"]).names == ("disks.belt.position_angle",)
    with pytest.raises(ParameterError, match="did you mean disks.belt.density.radius"):
        draws_of(sampled, ["disks.belt.density.radus"])


def test_an_end_that_several_have_is_refused(result_of):
    result = result_of(names=("disks.a.radius", "disks.b.radius"))
    with pytest.raises(ParameterError, match="the end of several"):
        draws_of(result, ["radius"])
