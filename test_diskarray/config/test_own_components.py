"""The user's own classes: named by their kind, checked like ours, and run only because the user named their file."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import diskarray as da
from diskarray.cli.main import main
from diskarray.config.build import build_scene, build_space
from diskarray.config.load import load_config
from diskarray.config.own_components import components_from, kind_of, members_of
from diskarray.config.places import PLACES, placed
from diskarray.errors import ConfigError

SOURCE = '''
import numpy as np

import diskarray as da


@da.component
class NarrowRing:
    """A ring that is Gaussian in radius and height."""

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius of the ring", prior=da.Uniform(20, 200))
    width: float = da.parameter(6.0, unit="au", above=0, doc="radial standard deviation")
    clumps: int = da.static(0)

    def density(self, X, Y, Z, *, xp=np):
        r = xp.sqrt(X**2 + Y**2)
        return xp.exp(-0.5 * ((r - self.radius) / self.width) ** 2 - 0.5 * (Z / 3.0) ** 2)


@da.component
class TwoSided:
    """Another phase function on top of one."""

    phase_function: object = da.HenyeyGreenstein()
    share: float = da.parameter(0.5, minimum=0, maximum=1, doc="of the isotropic part")

    def phase(self, cos_phi, *, xp=np):
        return self.share / (4 * np.pi) + (1 - self.share) * self.phase_function.phase(cos_phi, xp=xp)


class Helper:
    """No component."""


class _Hidden:
    """Not to be seen."""
'''


@pytest.fixture
def component_file(tmp_path):
    path = tmp_path / "rings.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def ring_config(tiny_config):
    text = tiny_config.read_text()
    text = text.replace(
        "{kind: two_power_law, radius: 70.0, scale_height: 5.0}", "{kind: narrow_ring, radius: 66.0, clumps: 3}"
    )
    text = text.replace(
        "{kind: henyey_greenstein, g: 0.2}",
        "{kind: two_sided, share: 0.25, phase_function: {kind: henyey_greenstein, g: 0.6}}",
    )
    text = text.replace("fit:\n", "  disks.belt.density.radius: {uniform: [40, 90]}\nfit:\n")
    tiny_config.write_text(text)
    return tiny_config


def test_kinds_are_the_names_of_classes():
    names = {"NarrowRing": "narrow_ring", "HG": "hg", "HGRing": "hg_ring", "Ring2D": "ring2_d"}
    assert {name: kind_of(type(name, (), {})) for name in names} == names


def test_own_components_are_built_and_fitted(ring_config, component_file):
    classes = components_from([component_file])
    assert [cls.__name__ for cls in classes] == ["NarrowRing", "TwoSided"]
    config = load_config(ring_config, components=classes)
    scene = build_scene(config)
    belt = scene.disks["belt"]
    assert type(belt.density) is classes[0] and (belt.density.radius, belt.density.clumps) == (66.0, 3)
    assert type(belt.phase_function) is classes[1] and belt.phase_function.phase_function.g == 0.6
    space = build_space(config, scene)
    assert "disks.belt.density.radius" in space.names
    image = scene.image_2d_from(da.Grid2D.uniform((9, 9), 0.2))
    assert np.all(np.isfinite(image.array)) and image.array.max() > 0


def test_objects_can_be_sent_to_another_process(component_file, tmp_path):
    ring, two_sided = components_from([component_file])
    disk = da.Disk(density=ring(radius=50.0, clumps=2), phase_function=two_sided(share=0.1))
    (tmp_path / "disk.pkl").write_bytes(pickle.dumps(disk))
    script = "import pickle; d = pickle.load(open('disk.pkl', 'rb')); print(d.density.radius, d.density.clumps)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "50.0 2\n"
    assert pickle.loads(pickle.dumps(disk)).phase_function.share == 0.1


def test_the_same_file_gives_the_same_classes(component_file):
    assert components_from([component_file]) == components_from([component_file])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("radius: 66.0", "raduis: 66.0", r":18: unknown key '.*raduis': did you mean radius\?"),
        ("radius: 66.0", "radius: -6.0", r":18: .*radius = -6.0: must be greater than 0"),
        ("clumps: 3", "clumps: many", r":18: .*clumps = 'many': must be a valid integer"),
        ("narrow_ring", "narow_ring", r":18: .*did you mean narrow_ring\?"),
        ("kind: narrow_ring", "kind: two_sided", r":18: .*a density needs density, and TwoSided has no density"),
        ("kind: two_sided", "kind: narrow_ring", r":19: .*a phase_function needs phase, and NarrowRing has no phase"),
    ],
)
def test_own_components_are_checked_as_ours_are(ring_config, component_file, old, new, message):
    ring_config.write_text(ring_config.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        load_config(ring_config, components=components_from([component_file]))


def test_a_configuration_alone_runs_no_code(ring_config, component_file):
    before = set(sys.modules)
    with pytest.raises(ConfigError, match=r"density.kind is 'narrow_ring': known: two_power_law, layered"):
        load_config(ring_config)
    assert not [name for name in set(sys.modules) - before if "rings" in name]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1 +\n", r"broken\.py:1: cannot be imported: SyntaxError"),
        ("\nimport nothing_of_this_name\n", r"broken\.py:2: cannot be imported: ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\n\n\nf()\n", r"broken\.py:2: cannot be imported: ZeroDivisionError"),
        ("raise SystemExit(3)\n", r"broken\.py:1: cannot be imported: SystemExit"),
        ("x = 1\n", r"broken\.py defines no component"),
        ("class Plain:\n    pass\n", r"Plain is not decorated with it"),
    ],
)
def test_a_broken_file_is_one_error(tmp_path, text, message):
    path = tmp_path / "broken.py"
    path.write_text(text)
    for _ in range(2):  # nothing of the first attempt stays behind
        with pytest.raises(ConfigError, match=message) as caught:
            components_from([path])
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "message"), [("absent.py", "it is no file"), ("rings.txt", "must end in .py")])
def test_only_python_files_are_taken(tmp_path, name, message):
    (tmp_path / "rings.txt").write_text(SOURCE)
    with pytest.raises(ConfigError, match=message):
        components_from([tmp_path / name])


def own(name, *members):
    """A component class with methods of these names."""
    methods = {member: lambda self, *values, xp=None: values[0] for member in members}
    return da.component(type(name, (), {"__annotations__": {}, "__doc__": "One.", **methods}))


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (own("Idle"), "Idle fits no place in a scene"),
        (own("TwoPowerLaw", "density"), "of which there is one already: rename the class"),
        (int, "is no component"),
        ("NarrowRing", "is no component"),
    ],
)
def test_a_class_that_fits_nowhere_is_refused(tiny_config, cls, message):
    with pytest.raises(ConfigError, match=message):
        load_config(tiny_config, components=[cls])


@pytest.mark.parametrize("place", ["density", "phase_function", "polarization", "psf", "radial", "vertical"])
def test_a_class_goes_wherever_it_has_the_methods(place):
    cls = own("Mine", *members_of(PLACES[place].protocol))
    assert [name for name, kinds in placed([cls]).items() if kinds.get("mine") is cls] == [place]


def test_the_command_takes_the_file(ring_config, component_file, capsys):
    ring_config.write_text(ring_config.read_text().replace("radius: 66.0", "raduis: 66.0"))
    words = ["fit", str(ring_config), "--output", str(ring_config.parent / "out")]
    assert main(words) == 2 and "known: two_power_law" in capsys.readouterr().err
    assert main([*words, "--components", str(component_file)]) == 2
    assert "did you mean radius?" in capsys.readouterr().err
