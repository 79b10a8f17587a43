"""`diskarray validate`: exit codes, and every flag has an effect."""

import json

from diskarray.cli.main import main


def test_text_and_json(tiny_config, capsys):
    assert main(["validate", str(tiny_config)]) == 0
    text = capsys.readouterr().out
    assert "INFO    mask_star: The star's pixel" in text and "0 ERROR" in text
    assert main(["validate", str(tiny_config), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["exit_code"] == 0 and {f["rule"] for f in content["findings"]} >= {"mask_star", "psf_edge"}


def test_strict(tiny_config, capsys):
    assert main(["validate", str(tiny_config), "--strict"]) == 1
    assert main(["validate", str(tiny_config), "--strict", "--json"]) == 1
    out = capsys.readouterr().out
    assert '"exit_code": 1' in out


def test_data(tiny_config, tmp_path, capsys):
    (tmp_path / "other.fits").write_bytes(b"SIMPLE")
    assert main(["validate", str(tiny_config), "--data", str(tmp_path / "other.fits")]) == 2
    assert "other.fits" in capsys.readouterr().out


def test_what_cannot_be_read(tmp_path, capsys):
    assert main(["validate", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().out


def test_components(tiny_config, tiny_text, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nimport diskarray as da\n\n\n@da.component\nclass RingOfMine:\n"
        "    radius: float = da.parameter(60.0, unit='au', above=0, doc='radius')\n\n"
        "    def density(self, X, Y, Z, *, xp=np):\n"
        "        return xp.exp(-0.1 * (xp.sqrt(X**2 + Y**2) - self.radius) ** 2 - 0.1 * Z**2)\n"
    )
    tiny_config.write_text(
        tiny_text.replace("{kind: two_power_law, radius: 70.0, scale_height: 5.0}", "{kind: ring_of_mine, radius: 70}")
    )
    assert main(["validate", str(tiny_config)]) == 2
    assert main(["validate", str(tiny_config), "--components", str(tmp_path / "mine.py")]) == 0
    capsys.readouterr()
