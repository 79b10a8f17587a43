"""Looking at data: a figure file and a summary, and no fit."""

import numpy as np
import pytest

import diskarray as da
from diskarray.pipeline.show import show_data, summary_of

pytest.importorskip("matplotlib")


def test_figure_and_summary(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("diskarray.search.optimize.optimize", None)
    said = show_data(tiny_config, tmp_path / "look.png")
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")
    assert "33 x 29 pixels of 80 mas, total" in said and "star    pixel (y, x) = (16.000, 14.000)" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["look.png", "tiny.fits", "tiny.yaml", "tiny_truth.json"]
    with pytest.raises(da.OutputError, match="exists already"):
        show_data(tiny_config, tmp_path / "look.png")
    show_data(tiny_config, tmp_path / "look.png", overwrite=True)


def test_numbers_of_the_summary():
    data = np.arange(20.0).reshape(4, 5)
    data[0, 0] = np.nan
    noise = np.full((4, 5), 2.0)
    said = summary_of(da.Imaging(data, noise, pixel_scale=0.1, unit="adu/arcsec2"), "one")
    assert "data set one" in said and "19 pixels, 1 masked" in said and "1 to 19, median 10" in said
    assert "0.5 to 9.5 sigma, 13 pixels above 3" in said and "adu / arcsec2" in said
