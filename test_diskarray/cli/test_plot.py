import shutil
import struct

import pytest
from small_runs import fitted_run

from diskarray.cli.main import main

pytest.importorskip("matplotlib")

RING = """
import numpy as np
import diskarray as da


@da.component
class PlotRing:
    radius: float = da.parameter(70.0, unit="au", above=0, doc="radius of the ring")

    def density(self, X, Y, Z, *, xp=np):
        r = xp.sqrt(X**2 + Y**2)
        return xp.exp(-0.5 * ((r - self.radius) / 9.0) ** 2 - 0.5 * (Z / 3.0) ** 2)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return fitted_run(tmp_path_factory.mktemp("plot"))


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "figures", ignore_errors=True)
    return tmp_path / "run"


def drawn(run):
    return sorted(path.name for path in (run / "figures").glob("*"))


def width(path):
    """Pixels across, from the header of a PNG."""
    return struct.unpack(">I", path.read_bytes()[16:20])[0]


@pytest.mark.slow
def test_all_that_apply_are_drawn_and_named(run, capsys):
    assert main(["plot", str(run)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(drawn(run)) == 6 and f"wrote {run / 'figures' / 'fit.png'}" in said
    assert main(["plot", str(run)]) == 0
    assert "--overwrite" in capsys.readouterr().out


def test_figures_chooses_and_format_and_dpi_say_how(run):
    assert main(["plot", str(run), "--figures", "phase_function", "data", "--dpi", "40"]) == 0
    assert drawn(run) == ["data.png", "phase_function.png"]
    assert width(run / "figures" / "phase_function.png") == 140
    assert main(["plot", str(run), "--figures", "phase_function", "--format", "svg"]) == 0
    assert (run / "figures" / "phase_function.svg").read_bytes().startswith(b"<?xml")


def test_overwrite_replaces(run, capsys):
    words = ["plot", str(run), "--figures", "phase_function"]
    assert main([*words, "--dpi", "40"]) == 0
    assert main([*words, "--dpi", "80"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert width(run / "figures" / "phase_function.png") == 140
    assert main([*words, "--dpi", "80", "--overwrite"]) == 0
    assert width(run / "figures" / "phase_function.png") == 280


def test_list_draws_none_and_says_which_are_there(run, capsys):
    assert main(["plot", str(run), "--list"]) == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]}
    assert listed["fit"] == "-" and "corner" in listed and not (run / "figures").exists()
    main(["plot", str(run), "--figures", "fit", "--quiet"])
    main(["plot", str(run), "--list"])
    assert next(line for line in capsys.readouterr().out.splitlines() if line.startswith("fit ")).split()[1] == "there"
    main(["plot", str(run), "--list", "--format", "pdf"])
    assert "there" not in capsys.readouterr().out


def test_quiet_prints_nothing(run, capsys):
    assert main(["plot", str(run), "--figures", "data", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert printed.out == printed.err == "" and drawn(run) == ["data.png"]


def test_components_of_the_users_own_are_named_again(tmp_path, capsys):
    from small_runs import write_micro

    own = tmp_path / "ring.py"
    own.write_text(RING)
    config = write_micro(tmp_path)
    text = config.read_text().replace(
        "{kind: two_power_law, radius: 70.0, scale_height: 5.0}", "{kind: plot_ring, radius: 70.0}"
    )
    config.write_text(text.replace("{nodes: layer, order: 4}", "{}"))
    out = tmp_path / "own"
    assert main(["fit", str(config), "--components", str(own), "--output", str(out), "--quiet"]) in (0, 1)
    assert main(["plot", str(out), "--figures", "data"]) == 2
    assert "--components" in capsys.readouterr().err
    assert main(["plot", str(out), "--figures", "data", "--components", str(own), "--quiet"]) == 0
    assert (out / "figures" / "data.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--figures", "corner"], "does not apply"),
        (["--figures", "fti"], "did you mean fit?"),
    ],
)
def test_figures_that_cannot_be_drawn_are_one_line(run, words, message, capsys):
    assert main(["plot", str(run), *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not (run / "figures").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path, capsys):
    assert main(["plot", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--dpi", "0"], ["--dpi", "many"], ["--dpi", "nan"], ["--format", "gif"]])
def test_wrong_usage_is_refused_before_anything_is_read(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["plot", "absent", *words])
    assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 1
