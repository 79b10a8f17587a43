"""`diskarray show`: the figure, the summary, and every flag has an effect."""

import pytest

from diskarray.cli.main import main

pytest.importorskip("matplotlib")


def test_default_output(tiny_config, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["show", str(tiny_config)]) == 0
    assert (tmp_path / "data.png").is_file()
    assert "Wrote data.png" in capsys.readouterr().out
    assert main(["show", str(tiny_config)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["show", str(tiny_config), "--overwrite"]) == 0


def test_output_data_and_quiet(tiny_config, tmp_path, capsys):
    other = tmp_path / "other.fits"
    other.write_bytes((tmp_path / "tiny.fits").read_bytes())
    (tmp_path / "tiny.fits").unlink()
    assert main(["show", str(tiny_config), "--output", str(tmp_path / "a.pdf")]) == 2
    assert "tiny.fits" in capsys.readouterr().err
    command = ["show", str(tiny_config), "--output", str(tmp_path / "a.pdf"), "--data", str(other), "--quiet"]
    assert main(command) == 0
    assert capsys.readouterr().out == "" and (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_components(tiny_config, tmp_path, capsys):
    assert main(["show", str(tiny_config), "--components", str(tmp_path / "none.py")]) == 2
    assert "none.py" in capsys.readouterr().err
