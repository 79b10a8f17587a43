"""The exact symmetries of an image: found from whatever is free, and the forward-scattering side."""

import numpy as np
import pytest

from diskarray.backend.pytree import get_at, replace
from diskarray.model.disk import Disk
from diskarray.model.scene import Scene
from diskarray.parameters.priors import Uniform, UniformAngle
from diskarray.parameters.space import ParameterSpace, Tied
from diskarray.profiles.density import TwoPowerLaw
from diskarray.profiles.phase_curves import SplinePhaseFunction
from diskarray.profiles.phase_function import HenyeyGreenstein, Polarized
from diskarray.profiles.phase_sums import (
    DoubleHenyeyGreenstein,
    IsotropicScattering,
    LegendreSeries,
    TripleHenyeyGreenstein,
)
from diskarray.search.symmetry import forward_asymmetry, images_of, other_near_sides
from diskarray.structures.grid import Grid2DIrregular

BELT = "disks.belt."
POINTS = Grid2DIrregular(np.random.default_rng(3).uniform(-1.4, 1.4, size=(60, 2)))
ANGLES = {
    BELT + "position_angle": UniformAngle(0, 360),
    BELT + "density.argument_of_pericenter": UniformAngle(-180, 180),
}
OFFSETS = {BELT + "offset_x": Uniform(-9, 9), BELT + "offset_y": Uniform(-9, 9)}


def belt_of(phase=None, **changes):
    density = TwoPowerLaw(
        radius=60.0, alpha_in=6.0, alpha_out=-4.0, scale_height=3.0, eccentricity=0.2, argument_of_pericenter=40.0
    )
    made = Disk(
        density=density,
        phase_function=phase or HenyeyGreenstein(0.4),
        inclination=65.0,
        position_angle=25.0,
        distance=60.0,
        offset_x=2.0,
        offset_y=-3.0,
    )
    for path, value in changes.items():
        made = replace(made, path.replace("__", "."), value)
    return made


def scene_of(*args, **changes):
    return Scene(disks={"belt": belt_of(*args, **changes)})


def images(scene, priors):
    """Vectors that give the same image, by name -> value."""
    space = ParameterSpace.of(scene, priors)

    def brightness(vector):
        return np.asarray(space.to_model(vector).image_2d_from(POINTS).array)

    found = images_of(space, space.to_vector(), brightness)
    for vector in found:
        np.testing.assert_allclose(brightness(vector), brightness(space.to_vector()), rtol=1e-6)
    return [dict(zip((n.removeprefix(BELT) for n in space.names), v, strict=True)) for v in found]


def test_inclination_beyond_90_degrees():
    (found,) = images(scene_of(), ANGLES | OFFSETS | {BELT + "inclination": Uniform(0, 180)})
    assert found == pytest.approx(
        {
            "position_angle": 205.0,
            "density.argument_of_pericenter": 140.0,
            "offset_x": -2.0,
            "offset_y": -3.0,
            "inclination": 115.0,
        }
    )


def test_backward_scattering():
    (found,) = images(scene_of(), ANGLES | OFFSETS | {BELT + "phase_function.g": Uniform(-0.9, 0.9)})
    assert found == pytest.approx(
        {
            "position_angle": 205.0,
            "density.argument_of_pericenter": -140.0,
            "offset_x": -2.0,
            "offset_y": 3.0,
            "phase_function.g": -0.4,
        }
    )


def test_both_symmetries_make_two_images_and_their_product_is_no_third():
    found = images(
        scene_of(),
        ANGLES | OFFSETS | {BELT + "inclination": Uniform(0, 180), BELT + "phase_function.g": Uniform(-0.9, 0.9)},
    )
    assert len(found) == 2


@pytest.mark.parametrize(
    "priors",
    [
        {BELT + "phase_function.g": Uniform(0, 0.9)},  # -g is outside
        {BELT + "inclination": Uniform(0, 90)},  # so is 180 - i
        {BELT + "density.radius": Uniform(50, 70)},
    ],
)
def test_what_the_bounds_exclude_is_no_image(priors):
    assert images(scene_of(), ANGLES | OFFSETS | priors) == []


def test_what_is_not_free_cannot_be_changed():
    """The offset stays where it is, so that the turned ring is another one."""
    assert images(scene_of(), ANGLES | {BELT + "phase_function.g": Uniform(-0.9, 0.9)}) == []


CENTERED = {"offset_x": 0.0, "offset_y": 0.0}


@pytest.mark.parametrize(
    ("phase", "free"),
    [
        (DoubleHenyeyGreenstein(0.8, -0.3, 0.7), {"g1": Uniform(-0.9, 0.9), "g2": Uniform(-0.9, 0.9)}),
        (
            DoubleHenyeyGreenstein(0.8, -0.3, 0.7),
            {"g1": Uniform(0, 0.9), "g2": Uniform(-0.9, 0.5), "weight": Uniform(0, 1)},
        ),
        (
            TripleHenyeyGreenstein(0.9, 0.3, -0.2, 0.5, 0.4),
            {
                "g1": Uniform(0, 0.99),
                "g2": Uniform(-0.5, 0.5),
                "g3": Uniform(-0.95, 0),
                "weight": Uniform(0, 1),
                "second_share": Uniform(0, 1),
            },
        ),
        (LegendreSeries(np.array([0.1, 0.05, 0.01])), {"moments": Uniform(-0.3, 0.3)}),
        (SplinePhaseFunction(values=np.array([3.0, 1.5, 0.8, 0.9])), {"values": Uniform(0.1, 9)}),
        (IsotropicScattering(), {}),
    ],
)
@pytest.mark.parametrize("polarized", [False, True])
def test_every_kind_of_phase_function(phase, free, polarized):
    prefix = BELT + "phase_function." + ("phase_function." if polarized else "")
    scene = scene_of(Polarized(phase) if polarized else phase, **CENTERED)
    found = images(scene, ANGLES | {prefix + name: prior for name, prior in free.items()})
    assert any(one["position_angle"] == pytest.approx(205.0) for one in found)


def test_a_circular_ring_keeps_its_argument_of_pericenter():
    scene = scene_of(density__eccentricity=0.0, **CENTERED)
    (found,) = images(
        scene, {BELT + "position_angle": UniformAngle(0, 360), BELT + "phase_function.g": Uniform(-0.9, 0.9)}
    )
    assert found == pytest.approx({"position_angle": 205.0, "phase_function.g": -0.4})


def test_two_disks_turn_one_by_one_and_together():
    one, two = belt_of(**CENTERED), belt_of(**CENTERED, density__radius=30.0)
    scene = Scene(disks={"one": one, "two": two})
    priors = {}
    for name in scene.disks:
        priors |= {path.replace("belt", name): prior for path, prior in ANGLES.items()}
        priors[f"disks.{name}.phase_function.g"] = Uniform(-0.9, 0.9)
    assert len(images(scene, priors)) == 3
    priors["disks.two.position_angle"] = Tied("disks.one.position_angle")
    assert len(images(scene, priors)) == 1


def test_the_other_near_side_keeps_the_phase_function():
    space = ParameterSpace.of(scene_of(), ANGLES | OFFSETS | {BELT + "phase_function.g": Uniform(0, 0.9)})
    (turned,) = other_near_sides(space, space.to_vector())
    np.testing.assert_allclose(turned, [205.0, -140.0, -2.0, 3.0, 0.4])


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (HenyeyGreenstein(0.4), 0.4),
        (Polarized(HenyeyGreenstein(-0.3)), -0.3),
        (IsotropicScattering(), 0.0),
        (DoubleHenyeyGreenstein(0.8, -0.5, 0.6), 0.28),
    ],
)
def test_forward_asymmetry_is_the_mean_cosine(phase, expected):
    assert forward_asymmetry(scene_of(phase)) == pytest.approx(expected, abs=1e-4)
    assert get_at(scene_of(phase), BELT + "phase_function") is not None


def test_things_that_are_no_disks_have_no_images():
    class Plain:
        image_2d_from = None

    assert forward_asymmetry(Plain()) == 0.0
