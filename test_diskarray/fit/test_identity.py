"""The digest of a posterior: the same for the same numbers, another for any other."""

import functools
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import diskarray as da
from diskarray.errors import ParameterError
from diskarray.fit.identity import identity_of

DATA = np.arange(30.0).reshape(5, 6)
BELT = da.Disk(inclination=60.0, density=da.TwoPowerLaw(radius=40.0), rule=da.Quadrature("layer", 5))
PRIORS = {"disks.belt.inclination": da.Uniform(40, 80), "disks.belt.density.radius": da.Normal(40.0, 5.0)}
SETTINGS = {"noise_map": np.ones((5, 6)), "pixel_scale": 0.3}


def posterior_of(data=DATA, belt=BELT, priors=PRIORS, background=0.0, **settings):
    scene = da.Scene(disks={"belt": belt}, background=background)
    return da.Posterior(da.Imaging(data=data, **SETTINGS | settings), da.ParameterSpace.of(scene, priors))


def changed(array, place, by):
    array = np.array(array)
    array[place] += by
    return array


FIRST = posterior_of().identity()
OTHERS = {
    "a pixel": {"data": changed(DATA, (2, 3), 1e-12)},
    "the noise": {"noise_map": changed(np.ones((5, 6)), (0, 0), 1e-9)},
    "the mask": {"mask": DATA == 7},
    "the pixel scale": {"pixel_scale": 0.3001},
    "the star's pixel": {"center": (2.0, 2.4)},
    "over-sampling": {"over_sample_size": 2},
    "the observable": {"observable": "Q_phi", "belt": da.replace(BELT, "polarization", da.RayleighPolarization())},
    "a fixed parameter": {"belt": da.replace(BELT, "density.gamma", 1.9)},
    "a fixed parameter of the scene": {"background": 1e-9},
    "the start": {"belt": da.replace(BELT, "inclination", 61.0)},
    "the quadrature": {"belt": da.Disk(inclination=60.0, density=BELT.density, rule=da.Quadrature("layer", 6))},
    "the phase function": {"belt": da.replace(BELT, "phase_function", da.IsotropicScattering())},
    "a prior": {"priors": PRIORS | {"disks.belt.inclination": da.Uniform(40, 81)}},
    "the kind of a prior": {"priors": PRIORS | {"disks.belt.inclination": da.Isotropic(40, 80)}},
    "the order": {"priors": dict(reversed(PRIORS.items()))},
    "a free parameter": {"priors": PRIORS | {"background": da.Normal(0, 1)}},
    "a linear parameter": {"priors": PRIORS | {"background": da.Linear()}},
    "the prior of a linear parameter": {"priors": PRIORS | {"background": da.Linear(0.0, 1.0)}},
    "a tie": {"priors": PRIORS | {"disks.belt.distance": da.Tied("disks.belt.density.radius")}},
}


def test_the_same_again():
    assert posterior_of().identity() == FIRST and len(FIRST) == 64
    assert pickle.loads(pickle.dumps(posterior_of())).identity() == FIRST


@pytest.mark.parametrize("what", OTHERS, ids=str)
def test_another_for(what):
    assert posterior_of(**OTHERS[what]).identity() != FIRST


def test_all_of_them_differ():
    identities = [posterior_of(**settings).identity() for settings in OTHERS.values()]
    assert len({*identities, FIRST}) == len(identities) + 1


def test_names_of_joint_data_count_and_where_they_came_from_does_not():
    data, space = posterior_of().data, posterior_of().space
    joint = [da.Posterior({name: data}, space).identity() for name in ("H", "K")]
    assert len({*joint, FIRST}) == 3
    assert posterior_of(source="elsewhere.fits").identity() == FIRST


def test_another_process_finds_the_same():
    code = "import test_identity; print(test_identity.FIRST)"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": path}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert run.stdout.strip() == FIRST


class Plain:
    def __init__(self, value):
        self.value, self._inner = value, [value]


def test_objects_of_ones_own():
    assert identity_of(Plain(1.0)) == identity_of(Plain(1.0)) != identity_of(Plain(2.0))
    looped = Plain(1.0)
    looped.again = looped
    assert identity_of(looped) != identity_of(Plain(1.0))
    assert identity_of("ab", "c") != identity_of("a", "bc") and identity_of((1, 2), 3) != identity_of(1, (2, 3))
    assert identity_of(np.arange(3)) != identity_of(np.arange(3.0)) != identity_of(np.arange(3.0)[:, None])
    with pytest.raises(da.ParameterError, match="Python objects"):
        identity_of(np.array([object()]))


class _Holder:
    """An object whose attribute is whatever is given."""

    def __init__(self, held):
        self.held = held


def test_functions_and_classes_count_by_name_and_single_numbers_by_value():
    def digest(held):
        return identity_of(posterior_of(), _Holder(held))

    assert digest(np.sin) == digest(np.sin) != digest(np.cos) and digest(_Holder) != digest(dict)
    assert digest(np.array(0.5)) == digest(0.5) == digest(np.float64(0.5)) != digest(np.array([0.5]))


@pytest.mark.parametrize("held", [np.array([None]), functools.partial(max, 1)], ids=["objects", "partial"])
def test_what_has_no_digest_is_refused(held):
    with pytest.raises(ParameterError, match="digest"):
        identity_of(posterior_of(), _Holder(held))
