"""Bad runs are flagged, every one; good ones pass."""

import math

import numpy as np
import pytest
from made_runs import CENTER, WIDTH, WithLinear, gaussian, log_probability, result

import diskarray as da

RHAT, SIZES = {"rhat"}, {"ess_bulk", "ess_tail"}


def put(samples, place, value):
    samples = samples.copy()
    samples[place] = value
    return samples


def walk(random, shape):
    return np.cumsum(random.normal(size=shape), axis=1)


def sticky(random, moves):
    """Chains that stay where they are for many steps."""
    samples = gaussian(random)
    held = np.maximum.accumulate(np.where(random.uniform(size=(4, 1000)) < moves, np.arange(1000), 0), axis=1)
    return np.take_along_axis(samples, held[..., None], axis=1)


def nested(samples, **changes):
    changes = {"log_evidence": -5.0, "log_evidence_error": 0.1, "effective_sample_size": 2500.0, **changes}
    changes.setdefault("status", "converged")
    return result(samples.reshape(1, -1, 3), independent_chains=False, **changes)


def ensemble(samples, **changes):
    return result(samples, independent_chains=False, **changes)


def walkers(random, draws=1200, correlation=0.8):
    return gaussian(random, 24, draws, correlation)


def modes(random, chains, shift=8):
    """Chains of which the first few sit in another mode."""
    return put(gaussian(random), np.s_[:chains, :, 0], gaussian(random)[:chains, :, 0] + shift)


def hopping(random, every):
    """All chains visit two modes, changing over every so many draws, each in its own time."""
    clock = np.arange(1000) + random.integers(0, 2 * every, size=(4, 1))
    return gaussian(random) + np.where((clock // every) % 2, 9.0, 0.0)[..., None] * np.array([1.0, 0.0, 0.0])


def flat(samples):
    return np.zeros(samples.shape[:2])


BAD = {  # run -> the gates that must not pass
    "one chain stuck": (lambda r: result(put(gaussian(r), 0, CENTER + WIDTH)), RHAT),
    "one chain stuck where the others are centered": (lambda r: result(put(gaussian(r), 0, CENTER)), RHAT),
    "every chain stuck at one point": (
        lambda r: result(np.broadcast_to(CENTER, (4, 1000, 3))),
        {"chains", *RHAT, *SIZES},
    ),
    "every chain stuck at its own point": (
        lambda r: result(np.repeat(gaussian(r, draws=1), 1000, axis=1)),
        {*RHAT, *SIZES},
    ),
    "one parameter never moves": (lambda r: result(put(gaussian(r), np.s_[..., 1], -3.0)), {*RHAT, *SIZES}),
    "chains that rarely move": (lambda r: result(sticky(r, 0.02)), SIZES),
    "two chains in each of two modes": (lambda r: result(modes(r, 2)), RHAT),
    "one chain of four in another mode": (lambda r: result(modes(r, 1)), RHAT),
    "modes that differ by their width only": (
        lambda r: result(put(gaussian(r), 0, CENTER + 0.3 * (gaussian(r)[0] - CENTER))),
        RHAT,
    ),
    "modes of an angle": (lambda r: result(put(gaussian(r), np.s_[:2, :, 2], 170 + gaussian(r)[:2, :, 0])), RHAT),
    "two modes, changed over once": (
        lambda r: result(put(gaussian(r), np.s_[:, 500:, 0], 18 + gaussian(r)[:, 500:, 0])),
        RHAT,
    ),
    "two modes, changed over rarely": (lambda r: result(hopping(r, 130)), {"ess_bulk"}),
    "random walks": (lambda r: result(walk(r, (4, 1000, 3))), {*RHAT, *SIZES}),
    "all chains drift alike": (lambda r: result(gaussian(r) + np.linspace(0, 2, 1000)[:, None] * WIDTH), RHAT),
    "one chain drifts": (
        lambda r: result(put(gaussian(r), 2, gaussian(r)[2] + np.linspace(0, 3, 1000)[:, None] * WIDTH)),
        RHAT,
    ),
    "slow chains": (lambda r: result(gaussian(r, correlation=0.98)), SIZES),
    "a width that grows": (
        lambda r: result(CENTER + (gaussian(r) - CENTER) * np.linspace(0.5, 1.5, 1000)[:, None]),
        RHAT,
    ),
    "one NaN": (lambda r: result(put(gaussian(r), (1, 500, 0), np.nan)), {"finite", *RHAT, *SIZES}),
    "an angle that is NaN": (lambda r: result(put(gaussian(r), (1, 500, 2), np.nan)), {"finite", *RHAT, *SIZES}),
    "a chain of NaN": (lambda r: result(put(gaussian(r), 3, np.nan)), {"finite", *RHAT, *SIZES}),
    "an infinite draw": (lambda r: result(put(gaussian(r), (0, 0, 1), np.inf)), {"finite", *RHAT, *SIZES}),
    "a log probability that is NaN": (
        lambda r: result(g := gaussian(r), log_probability=put(log_probability(g), (0, 7), np.nan)),
        {"finite", *RHAT},
    ),
    "a draw outside the prior": (
        lambda r: result(g := gaussian(r), log_probability=put(log_probability(g), (0, 7), -np.inf)),
        {"finite", *RHAT},
    ),
    "log probabilities that disagree": (
        lambda r: result(g := gaussian(r), log_probability=log_probability(g) - 5.0 * np.arange(4)[:, None]),
        RHAT,
    ),
    "a single chain": (lambda r: result(gaussian(r, 1, 4000)), {"chains", *RHAT}),
    "the same chain four times": (lambda r: result(np.repeat(gaussian(r, 1), 4, axis=0)), {"chains"}),
    "two chains of the same seed": (lambda r: result(put(g := gaussian(r), 1, g[0])), {"chains"}),
    "three draws": (lambda r: result(gaussian(r, 4, 3)), {*RHAT, *SIZES}),
    "fifty draws": (lambda r: result(gaussian(r, 4, 50)), SIZES),
    "no draw": (
        lambda r: result(np.zeros((4, 0, 3)), log_probability=np.zeros((4, 0))),
        {"finite", "maximum", *RHAT, *SIZES},
    ),
    "divergences": (
        lambda r: result(g := gaussian(r), statistics={"diverging": r.uniform(size=g.shape[:2]) < 0.03}),
        {"divergences"},
    ),
    "momenta that do not explore the energies": (
        lambda r: result(g := gaussian(r), statistics={"energy": walk(r, g.shape[:2])}),
        {"bfmi"},
    ),
    "an energy that is NaN": (
        lambda r: result(g := gaussian(r), statistics={"energy": np.full(g.shape[:2], np.nan)}),
        {"bfmi"},
    ),
    "an energy that never changes": (lambda r: result(g := gaussian(r), statistics={"energy": flat(g)}), {"bfmi"}),
    "stopped by a limit": (lambda r: result(gaussian(r), status="max_evaluations", message="no more"), {"finished"}),
    "a higher mode is known": (lambda r: result(gaussian(r), maximum=(CENTER + 9, 12.0)), {"maximum"}),
    "a linear parameter in two modes": (
        lambda r: result(
            gaussian(r),
            problem=WithLinear(),
            linear_samples=r.normal(size=(4, 1000, 1)) + np.array([0, 0, 0, 5.0])[:, None, None],
        ),
        RHAT,
    ),
    "walkers: a short run": (lambda r: ensemble(walkers(r, draws=300, correlation=0.95)), {"length"}),
    "walkers: a few of them stuck": (
        lambda r: ensemble(put(walkers(r), np.s_[:2], CENTER + 2 * WIDTH)),
        {"length", "rhat_walkers"},
    ),
    "walkers: two modes": (
        lambda r: ensemble(put(w := walkers(r), np.s_[:6, :, 0], w[:6, :, 0] + 9)),
        {"rhat_walkers"},
    ),
    "walkers: all drift": (lambda r: ensemble(walkers(r) + np.linspace(0, 2, 1200)[:, None] * WIDTH), RHAT),
    "walkers: one NaN": (lambda r: ensemble(put(walkers(r), (3, 3, 0), np.nan)), {"finite", "length", *RHAT}),
    "walkers: copies": (lambda r: ensemble(np.repeat(walkers(r)[:12], 2, axis=0)), {"chains"}),
    "nested: few effective draws": (lambda r: nested(gaussian(r), effective_sample_size=120.0), {"ess"}),
    "nested: effective draws unknown": (lambda r: nested(gaussian(r), effective_sample_size=np.nan), {"ess"}),
    "nested: evidence unknown": (lambda r: nested(gaussian(r), log_evidence=np.nan), {"evidence_error"}),
    "nested: no error of the evidence": (lambda r: nested(gaussian(r), log_evidence_error=None), {"evidence_error"}),
    "nested: uncertain evidence": (lambda r: nested(gaussian(r), log_evidence_error=1.2), {"evidence_error"}),
    "nested: stopped early": (lambda r: nested(gaussian(r), status="stopped"), {"finished"}),
    "nested: one point": (lambda r: nested(np.broadcast_to(CENTER, (4, 1000, 3))), {"ess"}),
    "nested: a higher mode is known": (lambda r: nested(gaussian(r), maximum=(CENTER + 9, 12.0)), {"maximum"}),
}


def angles(random, chains=4, draws=1000):
    """The angle anywhere on the circle."""
    return put(gaussian(random, chains, draws), np.s_[..., 2], random.uniform(0, 360, size=(chains, draws)))


def heavy(random):
    return CENTER + WIDTH * random.standard_t(3, size=(4, 1000, 3))


def hmc(samples, random):
    shape = samples.shape[:2]
    return {"diverging": random.uniform(size=shape) < 0.002, "energy": random.normal(size=shape)}


GOOD = {
    "independent draws": lambda r: result(gaussian(r)),
    "two chains": lambda r: result(gaussian(r, 2, 2000)),
    "eight chains": lambda r: result(gaussian(r, 8, 500)),
    "correlated draws": lambda r: result(gaussian(r, 4, 2000, 0.6)),
    "slow but long": lambda r: result(gaussian(r, 4, 12000, 0.9)),
    "antithetic draws": lambda r: result(gaussian(r, 4, 1000, -0.5)),
    "chains that often move": lambda r: result(sticky(r, 0.6)),
    "heavy tails": lambda r: result(heavy(r)),
    "skewed": lambda r: result(CENTER + WIDTH * r.exponential(size=(4, 1000, 3))),
    "against a bound": lambda r: result(
        put(gaussian(r), np.s_[..., 1], -10 + r.exponential(0.01, size=(4, 1000))), maximum=None
    ),
    "an angle on the seam": lambda r: result(gaussian(r) + np.array([0, 0, 10.0])),
    "an angle anywhere": lambda r: result(angles(r)),
    "two modes, mixed well": lambda r: result(hopping(r, 1) + r.normal(size=(4, 1000, 1)) * WIDTH),
    "few divergences": lambda r: result(g := gaussian(r), statistics=hmc(g, r)),
    "linear parameters": lambda r: result(gaussian(r), problem=WithLinear()),
    "strongly correlated parameters": lambda r: result(
        gaussian(r)[..., :1] * [1.0, 0.01, 0.3] + 0.01 * WIDTH * gaussian(r), maximum=None
    ),
    "walkers": lambda r: ensemble(walkers(r)),
    "many walkers": lambda r: ensemble(gaussian(r, 64, 700, 0.7)),
    "walkers, an angle on the seam": lambda r: ensemble(walkers(r) + np.array([0, 0, 10.0])),
    "nested": lambda r: nested(gaussian(r)),
    "nested, an angle anywhere": lambda r: nested(angles(r)),
    "nested, a larger error": lambda r: nested(gaussian(r), log_evidence_error=0.4, effective_sample_size=900.0),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_run_is_flagged(name):
    make, wanted = BAD[name]
    run = make(np.random.default_rng(1))
    flagged = {gate.name for gate in run.gates if gate.passed is not True}
    assert wanted <= flagged and not run.established


@pytest.mark.parametrize("name", GOOD)
def test_a_good_run_passes(name):
    run = GOOD[name](np.random.default_rng(5))
    assert run.established, [gate for gate in run.gates if gate.passed is not True]


def test_there_are_enough_of_both():
    assert len(BAD) >= 30 and len(GOOD) >= 20


def test_every_gate_fails_in_some_bad_run():
    kinds = ("few divergences", "walkers", "nested")
    gates = {gate.name for kind in kinds for gate in GOOD[kind](np.random.default_rng(5)).gates}
    assert gates == {name for _, names in BAD.values() for name in names}


def test_nothing_is_made_of_a_run_without_a_finite_log_probability():
    samples = gaussian(np.random.default_rng(0), 2, 10)
    with pytest.raises(da.SamplerError, match="finite log probability"):
        result(samples, log_probability=np.full((2, 10), np.nan), maximum=None)


def test_a_single_chain_is_not_established_rather_than_failed():
    verdicts = {gate.name: gate.passed for gate in result(gaussian(np.random.default_rng(0), 1, 4000)).gates}
    assert verdicts["rhat"] is None and verdicts["chains"] is None


def test_a_gate_says_what_decides_and_what_is_needed():
    (gate,) = (g for g in result(modes(np.random.default_rng(0), 2)).gates if g.name == "rhat")
    assert gate.passed is False and gate.limit == 1.01 and gate.value > 1.5
    assert "R-hat of first is" in gate.text and "at most 1.01" in gate.text
    stuck = result(put(gaussian(np.random.default_rng(0)), np.s_[..., 1], -3.0))
    (gate,) = (g for g in stuck.gates if g.name == "ess_bulk")
    assert gate.passed is None and math.isnan(gate.value) and "second is not established" in gate.text


def test_a_gate_prints_its_verdict():
    gate = result(gaussian(np.random.default_rng(0))).gates[0]
    assert repr(gate) == f"Gate({gate.name}, {gate.verdict}: {gate.text})"
