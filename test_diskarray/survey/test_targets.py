import pytest

from diskarray.config.load import config_from_text
from diskarray.errors import ConfigError
from diskarray.files.yaml import parse_yaml
from diskarray.survey.table import read_table
from diskarray.survey.targets import key_path_of, target_configs


@pytest.fixture
def made(tiny_config):
    """The configurations of a table beside the tiny template."""

    def make(text, **keywords):
        path = tiny_config.parent / "tables" / "targets.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return target_configs(tiny_config, read_table(path), **keywords)

    return make


def content_of(config):
    return parse_yaml(config.text).content


def test_cells_replace_values_and_empty_ones_leave_them(made, tiny_text):
    first, second = made("name,scene.disks.belt.distance,data.extension\none,120.5,\ntwo,,OTHER\n")
    template = parse_yaml(tiny_text).content
    one, two = content_of(first), content_of(second)
    assert one["scene"]["disks"]["belt"]["distance"] == 120.5 and one["data"]["extension"] == "SCI"
    assert two["scene"]["disks"]["belt"]["distance"] == 100.0 and two["data"]["extension"] == "OTHER"
    assert one["priors"] == two["priors"] == template["priors"] and one["simulation"] == template["simulation"]
    assert first.text.startswith("# one: tiny.yaml with the values of line 2 of targets.csv\n")


def test_priors_masks_and_whole_parts_can_be_columns(made):
    columns = (
        "priors.disks.belt.inclination.uniform",
        "data.masks.0.radius",
        "simulation.truth.disks.belt.inclination",
        "priors.disks.belt.density.radius",
        "scene.disks.belt.phase_function",
    )
    cells = ('"[45, 55]"', "0.9", "51", '"{uniform: [50, 90]}"', '"{kind: isotropic}"')
    (config,) = made(f"name,{','.join(columns)}\none,{','.join(cells)}\n")
    content = content_of(config)
    assert content["priors"]["disks.belt.inclination"] == {"uniform": [45, 55]}
    assert content["priors"]["disks.belt.density.radius"] == {"uniform": [50, 90]}
    assert content["data"]["masks"][0] == {"kind": "circular", "radius": 0.9}
    assert content["simulation"]["truth"]["disks.belt.inclination"] == 51
    assert content["scene"]["disks"]["belt"]["phase_function"] == {"kind": "isotropic"}


def test_paths_are_relative_to_the_file_they_stand_in(made, tiny_config):
    first, second = made("name,data.path\none,other.fits\ntwo,\n")
    folder = tiny_config.parent
    assert content_of(first)["data"]["path"] == str(folder / "tables" / "other.fits")
    assert content_of(second)["data"]["path"] == str(folder / "tiny.fits")
    for config in (first, second):
        assert content_of(config)["scene"]["instrument"]["psf"]["kernel"]["path"] == str(folder / "tiny.fits")


def test_one_file_can_be_read_for_all(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (config,) = made("name,data.extension\none,SCI\n", data_path="here.fits")
    assert content_of(config)["data"]["path"] == str(tmp_path / "here.fits")


@pytest.mark.parametrize("word", ["1e-3", "no", "true", "12", "~", "a: b", "[x", "it's", "0x10", "é", "# x", "", "-"])
def test_text_that_looks_like_something_else_stays_text(word, made):
    quoted = word.replace("'", "''")
    (config,) = made(f"name,data.extension\none,\"'{quoted}'\"\n")
    assert content_of(config)["data"]["extension"] == word
    assert config_from_text(config.text).settings.data.extension == word


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("scene.disks.belt.inclnation", "50", "inclination"),
        ("scene.disk.belt.inclination", "50", "did you mean disks?"),
        ("scene.disks.belt.inclination", "fifty", "scene.disks.belt.inclination"),
        ("scene.disks.belt.inclination", "190", "scene.disks.belt.inclination"),
        ("scene.disks.belt.inclination.value", "50", "no part with keys"),
        ("scene.disks.belt.density.kind", "two_power_laws", "did you mean two_power_law?"),
        ("priors.disks.belt.inclnation", '"{uniform: [1, 2]}"', "inclination"),
        ("priors.disks.belt.inclination.uniform", '"[30]"', "priors.disks.belt.inclination.uniform"),
        ("priors.disks.belt.inclination.uniform", '"[80, 30]"', "80"),
        ("data.masks.3.radius", "1", "no entry 3 in a list of 1"),
        ("data.masks.inner.radius", "1", "no entry 'inner' in a list of 1"),
        ("data.path", '"[a, b"', "is no value"),
        ("data.path", '"a: b: c"', "is no value"),
    ],
)
def test_a_wrong_cell_is_named_with_line_and_column(column, cell, words, made):
    with pytest.raises(ConfigError) as raised:
        made(f"name,data.extension,{column}\none,SCI,\ntwo,SCI,{cell}\n")
    said = str(raised.value)
    assert "targets.csv:3: two: column " in said and repr(column) in said and words in said
    assert "<two>" not in said


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        ("distance", "did you mean scene.disks.belt.distance?"),
        ("scen.star.flux", "did you mean scene.star.flux?"),
        ("colour", "known: "),
    ],
)
def test_a_column_that_is_no_key_offers_the_nearest(column, hint, made):
    with pytest.raises(ConfigError) as raised:
        made(f"name,{column}\none,1\n")
    assert f"targets.csv:1: unknown column '{column}': {hint}" in str(raised.value)


def test_a_start_outside_its_prior_is_found_before_anything_runs(made):
    with pytest.raises(ConfigError, match=r"targets\.csv:2: one: .*lies outside"):
        made("name,scene.disks.belt.inclination\none,85\n")


def test_a_file_that_is_missing_is_left_to_the_targets_own_run(made):
    assert len(made("name,scene.instrument.psf.kernel.path\none,absent.fits\n")) == 1


def test_a_template_that_is_wrong_is_told_as_always(made, tiny_config):
    tiny_config.write_text(tiny_config.read_text().replace("inclination: 50.0", "inclnation: 50.0"))
    with pytest.raises(ConfigError, match=r"tiny\.yaml:\d+: .*inclination"):
        made("name,data.extension\none,SCI\n")


def test_keys_with_dots_are_found_whole():
    content = {"priors": {"a.b": {"uniform": [0, 1]}, "a.b.c": {"uniform": [0, 1]}}, "list": [{"x": 1}]}
    assert key_path_of(content, "priors.a.b.uniform") == ("priors", "a.b", "uniform")
    assert key_path_of(content, "priors.a.b.c.uniform") == ("priors", "a.b.c", "uniform")
    assert key_path_of(content, "priors.a.d") == ("priors", "a.d")
    assert key_path_of(content, "list.0.x") == ("list", 0, "x")
    assert key_path_of(content, "other.part.key") == ("other", "part", "key")
