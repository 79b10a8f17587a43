import json

import pytest

from diskarray.cli.main import main
from diskarray.config.templates import TEMPLATES, template_text

OWN = '''
import numpy as np
import diskarray as da


@da.component
class NarrowRing:
    """A narrow ring."""

    radius: float = da.parameter(60.0, unit="au", above=0, doc="radius of the ring")

    def density(self, X, Y, Z, *, xp=np):
        return X
'''


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_words_the_minimal_template_is_written(empty_folder, capsys):
    assert main(["init"]) == 0
    assert capsys.readouterr().out == "Wrote disk.yaml\n"
    assert (empty_folder / "disk.yaml").read_text() == template_text("minimal")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_written_where_it_is_wanted(name, empty_folder):
    assert main(["init", "--template", name, "--output", "mine.yaml"]) == 0
    assert (empty_folder / "mine.yaml").read_text() == template_text(name)


def test_the_list_names_them_all_and_writes_nothing(empty_folder, capsys):
    assert main(["init", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(TEMPLATES)
    assert list(empty_folder.iterdir()) == []


def test_an_unknown_template_is_one_line(empty_folder, capsys):
    assert main(["init", "--template", "minimum"]) == 2
    assert capsys.readouterr().err == "diskarray: error: there is no template 'minimum': did you mean minimal?\n"
    assert list(empty_folder.iterdir()) == []


def test_nothing_is_overwritten_without_being_asked(empty_folder, capsys):
    (empty_folder / "disk.yaml").write_text("mine")
    assert main(["init"]) == 2 and (empty_folder / "disk.yaml").read_text() == "mine"
    assert "exists" in capsys.readouterr().err
    assert main(["init", "--overwrite"]) == 0 and (empty_folder / "disk.yaml").read_text() != "mine"


def test_a_file_of_ones_own_is_named_from_the_configurations_folder(empty_folder):
    (empty_folder / "runs").mkdir()
    assert main(["init", "--template", "gpi", "--data", "raw/my disk.fits", "--output", "runs/gpi.yaml"]) == 0
    text = (empty_folder / "runs" / "gpi.yaml").read_text()
    assert 'path: "../raw/my disk.fits"' in text and "simulation:" not in text


def test_the_schema_knows_own_components_where_they_are_named(empty_folder, capsys):
    (empty_folder / "rings.py").write_text(OWN)
    assert main(["init", "--schema", "plain.json"]) == 0
    assert main(["init", "--schema", "own.json", "--components", "rings.py"]) == 0
    plain, own = (json.loads((empty_folder / name).read_text()) for name in ("plain.json", "own.json"))
    assert "NarrowRing" not in plain["$defs"]
    assert own["$defs"]["NarrowRing"]["properties"]["radius"]["description"].startswith("radius of the ring [au]")
    assert main(["init", "--schema", "own.json"]) == 2 and "exists" in capsys.readouterr().err


def test_the_reference_keeps_what_stands_above_it(empty_folder):
    page = empty_folder / "page.md"
    assert main(["init", "--reference", "page.md"]) == 0
    page.write_text("# My page\n\n" + page.read_text())
    assert main(["init", "--reference", "page.md"]) == 2
    (empty_folder / "rings.py").write_text(OWN)
    assert main(["init", "--reference", "page.md", "--overwrite", "--components", "rings.py"]) == 0
    assert page.read_text().startswith("# My page\n") and "`density`: `narrow_ring`" in page.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["--schema", "x.json", "--template", "gpi"],
        ["--schema", "x.json", "--output", "y.yaml"],
        ["--reference", "x.md", "--data", "z.fits"],
        ["--components", "rings.py"],
    ],
)
def test_words_that_contradict_are_refused(words, empty_folder, capsys):
    assert main(["init", *words]) == 2
    assert "belongs to" in capsys.readouterr().err and list(empty_folder.iterdir()) == []


def test_what_is_written_can_be_simulated_and_validated_at_once(empty_folder, capsys):
    assert main(["init"]) == 0 and main(["simulate", "disk.yaml", "--quiet"]) == 0
    assert {path.name for path in empty_folder.iterdir()} == {"disk.yaml", "disk.fits", "disk_truth.json"}
    assert main(["validate", "disk.yaml"]) == 0
