import json
import subprocess
import sys

import pytest

from diskarray.cli.main import main
from diskarray.errors import BackendError


def test_a_fit_prints_its_table_beside_the_truth(tiny_config, capsys):
    out = tiny_config.parent / "out"
    assert main(["fit", str(tiny_config), "--output", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].split() == ["parameter", "value", "sigma", "unit", "truth", "pull"]
    row = next(line for line in printed.out.splitlines() if line.startswith("disks.belt.inclination"))
    assert "53.0" in row and "deg" in row
    assert "reduced chi-squared" in printed.out and f"wrote {out}" in printed.out
    assert json.loads((out / "results/fit.json").read_text())["status"] == "converged"


def test_quiet_prints_nothing(tiny_config, capsys):
    pytest.importorskip("matplotlib")
    assert main(["fit", str(tiny_config), "--output", str(tiny_config.parent / "out"), "--quiet"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err == ""


def test_other_data_are_fitted_without_claiming_a_truth(tiny_config, capsys):
    other = tiny_config.with_name("other.fits")
    other.write_bytes(tiny_config.with_name("tiny.fits").read_bytes())
    assert main(["fit", str(tiny_config), "--data", str(other), "--output", str(tiny_config.parent / "out")]) == 0
    assert "truth" not in capsys.readouterr().out


def test_an_existing_output_needs_overwrite(tiny_config, capsys):
    pytest.importorskip("matplotlib")
    words = ["fit", str(tiny_config), "--output", str(tiny_config.parent / "out"), "--quiet"]
    assert main(words) == 0
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("diskarray: error: Output folder")
    assert main([*words, "--overwrite"]) == 0


def test_a_fit_that_does_not_converge_is_written_but_fails(tiny_config, capsys):
    pytest.importorskip("matplotlib")
    tiny_config.write_text(
        tiny_config.read_text().replace("kind: least_squares", "kind: least_squares\n  max_iterations: 1")
    )
    out = tiny_config.parent / "out"
    assert main(["fit", str(tiny_config), "--output", str(out), "--quiet"]) == 1
    assert capsys.readouterr().err.startswith("diskarray: error: the fit did not converge: ")
    assert json.loads((out / "results/fit.json").read_text())["status"] == "max_evaluations"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit", "absent.yaml"], "absent.yaml cannot be read"),
        (["simulate", "absent.yaml", "--output", "x.fits"], "absent.yaml cannot be read"),
    ],
)
def test_bad_input_is_one_line_without_a_traceback(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("diskarray: error: ") and message in printed.err
    assert printed.err.count("\n") == 1 and printed.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[], ["fti"], ["fit", "--backend", "torch"], ["simulate"], ["fit", "--nonsense"]])
def test_wrong_usage_is_one_line(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("diskarray: error: ") and error.count("\n") == 1 and "--help" in error


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (BackendError("no such array"), 2)])
def test_interruption_and_errors_have_their_exit_codes(raised, code, tiny_config, monkeypatch, capsys):
    from diskarray.pipeline import run

    def fails(*arguments, **keywords):
        raise raised

    monkeypatch.setattr(run, "run_fit", fails)
    assert main(["fit", str(tiny_config)]) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_simulate_writes_image_and_truth(tiny_config, tmp_path, capsys):
    assert main(["simulate", str(tiny_config), "--output", str(tmp_path / "new.fits")]) == 0
    assert "new.fits and" in capsys.readouterr().out
    assert (tmp_path / "new.fits").exists() and (tmp_path / "new_truth.json").exists()


def test_version_and_help_as_a_module_load_nothing_heavy():
    script = """
import sys
from diskarray.cli.main import main
for words in (["--help"], ["fit", "--help"]):
    try:
        main(words)
    except SystemExit as stopped:
        assert stopped.code == 0
heavy = {"numpy", "scipy", "astropy", "pydantic", "yaml", "matplotlib", "jax", "tqdm"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([sys.executable, "-m", "diskarray", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("diskarray ") and said.stderr == ""
