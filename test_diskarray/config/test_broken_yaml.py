"""Broken configurations, one per rule: each is one ConfigError with file, line and way out, and leaves nothing."""

import os

import pytest

from diskarray.errors import ConfigError
from diskarray.pipeline.run import run_fit

BROKEN = {
    "unknown key": (
        "inclination: 50.0",
        "inclnation: 50.0",
        r":15: unknown key 'scene\.disks\.belt\.inclnation'.*did you mean inclination",
    ),
    "unknown part": ("scene:\n", "scne:\n", r":8: unknown key 'scne': did you mean scene"),
    "missing key": ("noise: {kind: file, extension: NOISE}\n", "crop: 3\n", r":2: 'data\.noise' is missing"),
    "missing version": ("version: 1\n", "# no version\n", r":2: 'version' is missing"),
    "wrong version": ("version: 1", "version: 2", r":1: version = 2: must be 1"),
    "duplicate key": (
        "distance: 100.0",
        "inclination: 60.0",
        r":15: key 'inclination' is given twice \(first on line 14\)",
    ),
    "text for a number": (
        "distance: 100.0",
        "distance: far",
        r":14: scene\.disks\.belt\.distance = 'far': must be a valid number",
    ),
    "number in quotes": (
        "distance: 100.0",
        "distance: '100'",
        r":14: scene\.disks\.belt\.distance = '100': must be a valid number",
    ),
    "not a number": (
        "distance: 100.0",
        "distance: .nan",
        r":14: scene\.disks\.belt\.distance = nan: must be a finite number",
    ),
    "out of range": (
        "inclination: 50.0",
        "inclination: 190",
        r":15: .*inclination = 190: must be less than or equal to 180",
    ),
    "unknown kind": (
        "kind: henyey_greenstein",
        "kind: henyey",
        r":19: scene\.disks\.belt\.phase_function\.kind is 'henyey'",
    ),
    "missing kind": ("kind: henyey_greenstein, ", "", r":19: 'scene\.disks\.belt\.phase_function\.kind' is missing"),
    "unknown reader": ("reader: fits", "reader: fit", r":3: data\.reader is 'fit': did you mean fits"),
    "unknown prior": (
        "{uniform: [30, 80]}",
        "{unifrom: [30, 80]}",
        r":21: unknown prior 'priors\.disks\.belt\.inclination\.unifrom': did you mean uniform",
    ),
    "prior of an unknown path": (
        "  disks.belt.inclination: {",
        "  disks.belt.inclinaton: {",
        r":21: there is no 'disks\.belt\.inclinaton'.*did you mean inclination",
    ),
    "prior of a part": (
        "  disks.belt.inclination: {",
        "  disks.belt.density: {",
        r":21: 'disks\.belt\.density' is not a parameter",
    ),
    "prior with too few arguments": (
        "{uniform: [30, 80]}",
        "{uniform: [30]}",
        r":21: .*uniform takes \[lower, upper\], got 1 of them",
    ),
    "prior upside down": ("{uniform: [30, 80]}", "{uniform: [80, 30]}", r":21: .*lower must be below upper"),
    "start outside the prior": (
        "{uniform: [30, 80]}",
        "{uniform: [60, 80]}",
        r":21: .*inclination = 50 lies outside \[60, 80\]",
    ),
    "tie to a fixed parameter": (
        "{uniform: [30, 80]}",
        "{tied: disks.belt.distance}",
        r":21: .* is tied to 'disks\.belt\.distance', which has no prior",
    ),
    "two priors in one": (
        "{uniform: [30, 80]}",
        "{uniform: [30, 80], normal: [50, 5]}",
        r":21: .*: a prior is one name",
    ),
    "mask upside down": (
        "kind: circular, radius: 1.1",
        "kind: annular, inner_radius: 1, outer_radius: 0.5",
        r":7: radii must satisfy",
    ),
    "unknown unit": ("extension: SCI", "unit: bananas", r":5: unit=: the unit 'bananas' is not understood"),
    "unit of another kind": (
        "unit: mJy}",
        "unit: adu}",
        r":9: the data are in 'mJy / arcsec2', the scene's images in 'adu / arcsec2'",
    ),
    "wrong truth path": (
        "disks.belt.inclination: 53.0",
        "disks.belt.inclinaton: 53.0",
        r":33: there is no 'disks\.belt\.inclinaton'",
    ),
    "bad indentation": ("  star: {", " star: {", r":10: not valid YAML"),
    "alias": ("distance: 100.0", "distance: &d 100.0", r":14: anchors and aliases"),
}


@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_configuration_is_one_error_at_its_line(tiny_config, old, new, message):
    text = tiny_config.read_text()
    assert text.count(old) >= 1
    broken = tiny_config.with_name("broken.yaml")
    broken.write_text(text.replace(old, new, 1))
    before = sorted(os.listdir(tiny_config.parent))
    with pytest.raises(ConfigError, match=r"broken\.yaml" + message) as caught:
        run_fit(broken, tiny_config.parent / "out", progress=False)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tiny_config.parent)) == before


def test_the_first_of_several_problems_is_named_and_the_others_counted(tiny_config):
    text = tiny_config.read_text().replace("inclination: 50.0", "inclination: 190").replace("version: 1", "version: 2")
    tiny_config.write_text(text)
    with pytest.raises(ConfigError, match=r"tiny\.yaml:1: version = 2: must be 1 \(1 more below it\)"):
        run_fit(tiny_config, tiny_config.parent / "out")
