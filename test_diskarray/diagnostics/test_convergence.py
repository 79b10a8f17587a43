"""Diagnostics against known answers, and silence where there is nothing to know.

``workspace_test/compare_arviz.py`` compares them with arviz-stats on 200 sets of chains.
"""

import math

import numpy as np
import pytest

from diskarray.diagnostics import convergence as diagnostics
from diskarray.diagnostics.diagnosis import diagnose

FIGURES = ("rhat", "ess_bulk", "ess_tail", "ess_mean", "mcse_mean", "mcse_sd", "autocorrelation_time")


def autoregressive(seed, chains, draws, correlation):
    steps = np.random.default_rng(seed).normal(size=(chains, draws))
    x = steps.copy()
    for k in range(1, draws):
        x[:, k] = correlation * x[:, k - 1] + math.sqrt(1 - correlation**2) * steps[:, k]
    return x


def reference_chains():
    """Four chains without NumPy's random numbers, which another program can make as well, to the last bit."""
    state, x = 12345, np.zeros((4, 400))
    for chain in range(4):
        for k in range(400):
            state = (1103515245 * state + 12345) % 2**31
            x[chain, k] = 0.75 * x[chain, max(k - 1, 0)] + state / 2**30 - 1 + 0.01 * chain
    return x


@pytest.mark.parametrize(
    ("name", "value"),  # computed once by arviz-stats 0.8.0, mcse_sd by 1.3.3, and emcee 3.1.6 from reference_chains()
    [
        ("rhat", 1.016046037158338),
        ("ess_bulk", 233.90098490554314),
        ("ess_tail", 426.4027965385772),
        ("ess_mean", 234.51364731594597),
        ("mcse_mean", 0.05399910843217168),
        ("mcse_sd", 0.02389179523490297),
        ("autocorrelation_time", 4.805486631236003),
    ],
)
def test_figures_equal_those_of_others(name, value):
    assert getattr(diagnostics, name)(reference_chains()) == pytest.approx(value, rel=1e-10)


def test_bfmi_equals_that_of_others():
    expected = [0.49150113523507116, 0.6802863537964755]
    np.testing.assert_allclose(diagnostics.bfmi(reference_chains()[:2]), expected, rtol=1e-10)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_an_autoregression(correlation):
    exact = (1 + correlation) / (1 - correlation)
    x = autoregressive(1, 16, 6000, correlation)
    assert diagnostics.autocorrelation_time(x) == pytest.approx(exact, rel=0.05)
    assert diagnostics.ess_mean(x) == pytest.approx(x.size / exact, rel=0.1)
    assert diagnostics.ess_bulk(x) == pytest.approx(x.size / exact, rel=0.1)
    assert diagnostics.mcse_mean(x) == pytest.approx(math.sqrt(exact / x.size), rel=0.1)


@pytest.mark.parametrize("correlation", [0.0, -0.4])
def test_the_monte_carlo_error_is_the_scatter_of_repeated_runs(correlation):
    runs = autoregressive(3, 1200, 250, correlation).reshape(300, 4, 250)
    assert np.std(np.mean(runs, axis=(1, 2))) == pytest.approx(
        np.mean([diagnostics.mcse_mean(run) for run in runs[:20]]), rel=0.15
    )
    assert np.std(np.std(runs, axis=(1, 2))) == pytest.approx(
        np.mean([diagnostics.mcse_sd(run) for run in runs[:20]]), rel=0.2
    )


@pytest.mark.parametrize("function", [np.exp, lambda x: -3 * x, lambda x: 1e-9 * x + 1])
def test_rhat_and_bulk_size_depend_on_ranks_only(function):
    x = autoregressive(4, 4, 500, 0.7)
    assert diagnostics.rhat(x) >= 1 and diagnostics.ess_bulk(function(x)) == pytest.approx(diagnostics.ess_bulk(x))


def test_rhat_sees_shifts_and_widths():
    x = autoregressive(5, 4, 1000, 0.0)
    shifted, wider = x + np.array([0, 0, 0, 1.0])[:, None], x * np.array([1, 1, 1, 3.0])[:, None]
    assert diagnostics.rhat(x) < 1.005 and diagnostics.rhat(shifted) > 1.1 and diagnostics.rhat(wider) > 1.1


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(
    "draws",
    [
        np.full((4, 100), 2.0),
        np.full((4, 100), np.nan),
        np.zeros((4, 3)),
        np.zeros((4, 0)),
        np.zeros((0, 100)),
        np.where(np.arange(400).reshape(4, 100) == 7, np.nan, reference_chains()[:, :100]),
        np.where(np.arange(400).reshape(4, 100) == 7, np.inf, reference_chains()[:, :100]),
    ],
    ids=["constant", "nan", "three draws", "no draws", "no chain", "one nan", "one inf"],
)
def test_nothing_is_established_of_draws_that_tell_nothing(name, draws):
    assert math.isnan(getattr(diagnostics, name)(draws))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_numbers_give_a_figure_or_none_but_no_warning(scale):
    for name in FIGURES:
        value = getattr(diagnostics, name)(scale * reference_chains())
        assert math.isnan(value) or value > 0


def test_a_single_chain_has_no_rhat_but_sizes():
    x = autoregressive(6, 1, 1000, 0.0)
    assert math.isnan(diagnostics.rhat(x)) and diagnostics.ess_bulk(x) > 500


def test_a_chain_that_stands_still_beside_others():
    x = autoregressive(7, 4, 1000, 0.0)
    x[0] = 0.2
    assert diagnostics.rhat(x) > 1.1 and math.isnan(diagnostics.autocorrelation_time(x))
    assert np.isnan(diagnostics.bfmi(x)[0]) and np.all(diagnostics.bfmi(x)[1:] > 1)


def test_angles_are_cut_opposite_their_mean():
    angles = np.array([[350.0, 355.0, 5.0, 20.0, np.nan]])
    cut = diagnostics.unwrapped(angles, 360.0)
    np.testing.assert_allclose(cut - cut[0, 0], [[0, 5, 15, 30, np.nan]])
    np.testing.assert_allclose((cut - angles)[:, :4] % 360 % 360, 0, atol=1e-10)
    np.testing.assert_allclose(np.ptp(diagnostics.unwrapped([[1.0, 179.0]], 180.0)), 2.0)


def test_angles_on_the_seam_are_diagnosed_as_elsewhere():
    x = autoregressive(8, 4, 500, 0.5)
    seam = diagnostics.unwrapped((360 + 10 * x) % 360, 360.0)
    for name in ("rhat", "ess_bulk", "ess_tail", "autocorrelation_time", "mcse_mean"):
        factor = 10 if name == "mcse_mean" else 1
        figure = getattr(diagnostics, name)
        assert figure(seam) == pytest.approx(factor * figure(x), rel=1e-6)


def test_the_table_has_one_row_per_quantity():
    x = np.stack([reference_chains(), 3 * reference_chains()], axis=-1)
    diverging = np.arange(1600).reshape(4, 400) < 5
    table = diagnose(("a", "long name"), x, statistics={"diverging": diverging, "energy": reference_chains()})
    assert table.row("long name")["mcse_mean"] == pytest.approx(3 * table.row("a")["mcse_mean"])
    assert (table.divergences, table.draws, table.not_finite, table.chains, table.repeated_chains) == (5, 1600, 0, 4, 0)
    assert table.bfmi.shape == (4,) and "long name" in repr(table) and "rhat" in repr(table)


def test_a_weighted_set_has_one_size_and_no_rhat():
    x = np.random.default_rng(9).normal(size=(1, 3000, 2))
    table = diagnose(("a", "b"), x, effective_sample_size=900.0)
    assert np.all(np.isnan(table.rhat)) and np.all(table.ess_bulk == 900)
    np.testing.assert_allclose(table.mcse_mean, 1 / 30, rtol=0.05)
    assert np.all(np.isnan(diagnose(("a",), np.ones((1, 50, 1)), effective_sample_size=50.0).ess_bulk))
