"""NumPyro's no-U-turn transitions as compiled functions of a posterior and of plain arrays.

Every chain moves in standardized coordinates y: the coordinates without bounds of ``bijectors`` are center + factor y,
with center and factor from the Laplace approximation of the posterior, so that the density is near a standard normal
one and a unit mass matrix is a good start. All of a chain's state is arrays; a block of draws is a function of them.
"""

__all__ = ["Frame", "Transitions", "chain_starts"]

import dataclasses
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

import numpy as np

from ..backend.device import usable_cpus
from ..backend.precision import require_jax
from ..errors import MissingExtraError

# A chain's first transition starts from a potential above all others: whatever it proposes is taken. So no gradient is
# compiled only to begin with. It is part of the warm-up.
_ABOVE_ALL = 1e12


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """Where standardized coordinates lie: coordinates without bounds = center + factor @ y.

    Attributes
    ----------
    center : array, shape (n,)
    factor : array, shape (n, n)
    """

    center: np.ndarray
    factor: np.ndarray

    def coordinates(self, y):
        """Coordinates without bounds at ``y``, shape (..., n)."""
        return self.center + np.asarray(y) @ self.factor.T


def chain_starts(frame, chains, seed):
    """Standardized coordinates at which chains begin, shape (chains, n): draws from the Laplace approximation."""
    return np.random.default_rng([seed, 1]).normal(size=(chains, frame.center.size))


class Transitions:
    """Chains of one posterior: their first state, and blocks of draws.

    Parameters
    ----------
    posterior
        A pytree goes into the compiled function as an argument: another one with the same structure does not compile
        again. Any other object is fixed in the compiled code.
    coordinates : Unconstrained
    frame : Frame
    warmup, target_acceptance, max_tree_depth, block, vectorized
        As in ``NUTS``.
    """

    def __init__(self, posterior, coordinates, frame, *, warmup, target_acceptance, max_tree_depth, block, vectorized):
        settings = (coordinates, warmup, target_acceptance, max_tree_depth)
        jax = require_jax()
        if jax.tree_util.all_leaves([posterior]):
            self._arguments, make = (), partial(_program.__wrapped__, *settings, fixed=posterior)
        else:
            self._arguments, make = (posterior,), partial(_program, *settings)
        self._first, self._block = make(block=block, vectorized=vectorized)
        self._where = (np.asarray(frame.center, dtype=float), np.asarray(frame.factor, dtype=float))
        self.vectorized = vectorized

    def first_states(self, starts, seed):
        """The state of every chain, a list of arrays with a first axis of chains."""
        import jax.random

        keys = np.asarray(jax.random.split(jax.random.PRNGKey(seed), len(starts)))
        return self._first(np.asarray(starts, dtype=float), keys)

    def advance(self, states, draws, done):
        """Draw a block from every chain.

        Parameters
        ----------
        states : list of arrays
        draws : int
            At most the block's length.
        done : callable
            ``done(chains)`` is called as chains end.

        Returns
        -------
        states : list of arrays
        drawn : dict of arrays, shape (chains, draws, ...)
        """
        chains = len(states[0])
        if self.vectorized:
            parts = [self._run(states, draws)]
            done(chains)
        else:
            parts = list(self._in_threads(lambda k: self._run([array[k] for array in states], draws), chains, done))
        gather = np.concatenate if self.vectorized else np.stack
        states = [gather([part[0][k] for part in parts]) for k in range(len(states))]
        drawn = {key: gather([part[1][key] for part in parts]) for key in parts[0][1]}
        return states, {key: value[:, :draws] for key, value in drawn.items()}

    def _in_threads(self, run, chains, done):
        """One thread per chain, as many as there are processors: compiled code lets them run side by side."""
        with ThreadPoolExecutor(min(chains, usable_cpus())) as pool:
            for part in pool.map(run, range(chains)):
                yield part
                done(1)

    def _run(self, states, draws):
        states, drawn = self._block(states, draws, *self._where, *self._arguments)
        return [np.asarray(array) for array in states], {key: np.asarray(value) for key, value in drawn.items()}


def _numpyro():
    """NumPyro's kernel, the process's warning filters left as they were."""
    try:
        with warnings.catch_warnings():
            from numpyro.infer.hmc import hmc
            from numpyro.infer.util import ParamInfo
    except ImportError as error:
        raise MissingExtraError("NumPyro is not installed: pip install 'diskarray[jax]'") from error
    return hmc, ParamInfo


@lru_cache(maxsize=16)
def _program(coordinates, warmup, target_acceptance, max_tree_depth, *, block, vectorized, fixed=None):
    """Functions that begin chains and that draw a block, for one kind of posterior."""
    hmc, ParamInfo = _numpyro()
    jax = require_jax()
    import jax.numpy as jnp

    def potential_of(center, factor, posterior=fixed):
        def potential(y):
            z = center + factor @ y
            vector = coordinates.to_vector(z, xp=jnp)
            return -posterior.log_probability(vector, xp=jnp) - coordinates.log_jacobian(z, xp=jnp)

        return potential

    init, transition = hmc(potential_fn_gen=potential_of, algo="NUTS")
    n = len(coordinates.bijectors)

    def begin(y, key):
        above_all = ParamInfo(y, jnp.asarray(_ABOVE_ALL), jnp.zeros_like(y))
        return init(
            above_all,
            num_warmup=warmup,
            dense_mass=True,
            target_accept_prob=target_acceptance,
            trajectory_length=None,
            max_tree_depth=max_tree_depth,
            rng_key=key,
            model_args=(jnp.zeros(n), jnp.eye(n), fixed),
        )

    states = jax.eval_shape(begin, jnp.zeros(n), jax.random.PRNGKey(0))
    structure = jax.tree_util.tree_structure(states)

    begin_all = jax.jit(jax.vmap(begin))

    def first(starts, keys):
        return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(begin_all(starts, keys))]

    def drawn_from(state):
        return {
            "y": state.z,
            "potential": state.potential_energy,
            "energy": state.energy,
            "diverging": state.diverging,
            "acceptance": state.accept_prob,
            "n_steps": state.num_steps,
            "step_size": state.adapt_state.step_size,
        }

    def run(leaves, draws, center, factor, *posterior):
        arguments = (center, factor, *posterior)
        step = partial(transition, model_args=arguments, model_kwargs={})
        step = jax.vmap(step) if vectorized else step

        def body(k, carried):
            state, kept = carried
            state = step(state)
            new = drawn_from(state)
            return state, {key: _put(kept[key], k, new[key], vectorized) for key in kept}

        state = jax.tree_util.tree_unflatten(structure, leaves)
        kept = {key: _room(value, block, vectorized) for key, value in drawn_from(state).items()}
        state, kept = jax.lax.fori_loop(0, draws, body, (state, kept))
        return jax.tree_util.tree_leaves(state), kept

    return first, jax.jit(run)


def _room(value, block, vectorized):
    import jax.numpy as jnp

    shape = (value.shape[0], block, *value.shape[1:]) if vectorized else (block, *value.shape)
    return jnp.zeros(shape, dtype=value.dtype)


def _put(kept, k, new, vectorized):
    return kept.at[:, k].set(new) if vectorized else kept.at[k].set(new)
