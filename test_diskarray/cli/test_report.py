from pathlib import Path

import pytest
from page_parser import Page

from diskarray.cli.main import main
from diskarray.pipeline.run import run_fit
from diskarray.report import page as page_module

OWN = '''\
"""A phase function of my own."""

import numpy as np

import diskarray as da


@da.component
class Lopsided:
    """Brighter on one side."""

    slope: float = da.parameter(0.2, minimum=-1, maximum=1, doc="how much brighter", prior=da.Uniform(-1, 1))

    def phase(self, cos_phi, *, xp=np):
        return (1 + self.slope * cos_phi) / (4 * np.pi)
'''


@pytest.fixture
def no_figures(monkeypatch):
    """Pages without figures, which take most of the time."""
    gather = page_module.facts_of
    monkeypatch.setattr(page_module, "facts_of", lambda run: gather(run, {}))


@pytest.fixture
def run_folder(tiny_config, no_figures):
    folder = tiny_config.parent / "run"
    run_fit(tiny_config, folder, progress=False)
    return folder


def read(path):
    found = Page(Path(path).read_text(encoding="utf-8"))
    assert found.problems == []
    return found


def test_a_report_is_written_into_the_run(run_folder, capsys):
    assert main(["report", str(run_folder)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "The fit converged and the disk is detected.",
        f"wrote {run_folder / 'report.html'}",
    ]
    page = read(run_folder / "report.html")
    assert page.column("best-fit", "Truth")["disks.belt.inclination"].number == 53.0
    assert [row[0].text for row in page.tables["inputs"][1:]][0] == "configuration"
    assert "core_fwhm: 0.15" in page.text and "search:" in page.text


def test_output_overwrite_and_quiet(run_folder, tmp_path, capsys):
    elsewhere = tmp_path / "page.html"
    assert main(["report", str(run_folder), "--output", str(elsewhere), "--quiet"]) == 0
    assert elsewhere.exists() and not (run_folder / "report.html").exists() and capsys.readouterr().out == ""
    elsewhere.write_text("mine")
    assert main(["report", str(run_folder), "--output", str(elsewhere)]) == 2
    assert "--overwrite" in capsys.readouterr().err and elsewhere.read_text() == "mine"
    assert main(["report", str(run_folder), "--output", str(elsewhere), "--overwrite", "--quiet"]) == 0
    assert read(elsewhere).tables["best-fit"]


def test_no_run_is_bad_input(tmp_path, capsys):
    assert main(["report", str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_whose_data_are_gone_still_has_a_page(run_folder, tiny_config):
    tiny_config.with_name("tiny.fits").unlink()
    assert main(["report", str(run_folder), "--quiet"]) == 0
    page = read(run_folder / "report.html")
    assert "The data cannot be read" in page.text and page.column("best-fit", "Best value")


def test_components_of_ones_own_need_their_file(tiny_config, no_figures, capsys):
    own, folder = tiny_config.with_name("own.py"), tiny_config.parent / "own_run"
    own.write_text(OWN)
    text = tiny_config.read_text().replace("{kind: henyey_greenstein, g: 0.2}", "{kind: lopsided, slope: 0.2}")
    tiny_config.write_text(text)
    assert main(["fit", str(tiny_config), "--output", str(folder), "--components", str(own), "--quiet"]) in (0, 1)
    assert main(["report", str(folder)]) == 2
    assert "--components" in capsys.readouterr().err
    assert main(["report", str(folder), "--components", str(own), "--quiet"]) == 0
    page = read(folder / "report.html")
    assert page.column("held", "Meaning")["disks.belt.phase_function.slope"].text == "how much brighter"
    assert f"--components {own}" in page.text
