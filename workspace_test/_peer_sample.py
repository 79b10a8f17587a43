"""emcee on GRaTeR-JAX's likelihood, its mean corrected to a sum; runs in a Python that has them, without diskarray.

    python _peer_sample.py PEER_TIMES.py STEPS WALKERS

Prints one JSON object: seconds per step of the ensemble after one that compiles, and the share of moves accepted.
"""

import importlib.util
import json
import sys
import time

import emcee
import jax
import numpy as np

KEYS = ["alpha_in", "alpha_out", "sma", "ksi0", "inclination", "position_angle", "g", "flux_scaling"]
TRUTH = np.array([10.0, -5.0, 77.0, 1.5, 76.0, 27.0, 0.3, 1.0])
SIGMA = np.array([0.05, 0.013, 0.036, 0.027, 0.0065, 0.0063, 0.00039, 0.0018])


def main():
    path, steps, walkers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    spec = importlib.util.spec_from_file_location("peer_times", path)
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    blurred = peer.grater(200, True)
    model = np.array(blurred.get_model())
    sigma = 0.02 * model.max()
    random = np.random.default_rng(0)
    data = model + sigma * random.normal(size=model.shape)
    error = np.full_like(data, sigma)

    def log_likelihood(vector):
        mean = jax.block_until_ready(blurred.get_objective_likelihood(list(vector), KEYS, data, error))
        return float(mean) * data.size

    sampler = emcee.EnsembleSampler(walkers, len(KEYS), log_likelihood)
    state = sampler.run_mcmc(TRUTH + SIGMA * random.normal(size=(walkers, len(KEYS))), 1)
    sampler.reset()
    began = time.perf_counter()
    sampler.run_mcmc(state, steps)
    seconds = (time.perf_counter() - began) / steps
    sys.stdout.write(json.dumps({"seconds_per_step": seconds, "accepted": float(sampler.acceptance_fraction.mean())}))


if __name__ == "__main__":
    main()
