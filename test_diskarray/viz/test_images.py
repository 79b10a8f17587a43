"""Three figures against stored pictures of them. Run this file by itself to renew the pictures."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parent / "baselines"
DOTS = 60
LARGEST = 60_000  # bytes of a stored picture
TOLERANCE = 0.02  # root mean square of the difference, black to white being 1


def pictures():
    """Name -> function that makes the figure, from arithmetic alone."""
    from types import SimpleNamespace

    from diskarray.fit.phase_curve import PhaseCurve
    from diskarray.results.optimize_result import Basin
    from diskarray.structures.frame import Frame2D
    from diskarray.structures.image import Image2D
    from diskarray.structures.mask import Mask2D
    from diskarray.viz.basins_figure import basins_figure
    from diskarray.viz.fit_figure import fit_figure
    from diskarray.viz.phase_figure import phase_function_figure

    def fit():
        frame = Frame2D((24, 20), 0.1, north_angle=10.0)
        rows, columns = np.indices(frame.shape_native)
        data = np.exp(-(((rows - columns) / 4.0) ** 2)) + 0.05 * np.sin(rows * 3.0 + columns * 5.0)
        model = np.exp(-(((rows - columns) / 4.0) ** 2))
        maps = {"data": data, "model_image": model, "residual_map": data - model}
        maps["normalized_residual_map"] = (data - model) / 0.02
        mask = Mask2D.annular(frame, 0.15, 1.1)
        return fit_figure(SimpleNamespace(**{name: Image2D(a, mask=mask) for name, a in maps.items()}), unit="mJy")

    def phase():
        angles = np.arange(0.0, 181.0, 2.0)
        values = 0.1 + 0.2 * np.cos(np.radians(angles / 2)) ** 4
        seen = (angles >= 30.0) & (angles <= 150.0)
        curve = PhaseCurve(angles, values, 0.9 * values, 1.1 * values, seen, (30.0, 150.0), 0.68, None, 10)
        return phase_function_figure(curve)

    def basins():
        found = (
            Basin(np.array([50.0, 20.0]), 1000.0, 3, chosen=True),
            Basin(np.array([50.0, 200.0]), 1000.0, 0, image_of=0),
            Basin(np.array([55.0, 21.0]), 1100.0, 1, refined=False),
        )
        return basins_figure(SimpleNamespace(names=("a.radius", "a.angle"), units=("au", "deg"), basins=found))

    return {"fit": fit, "phase": phase, "basins": basins}


def drawn(name):
    """A picture as PNG bytes, with the version of matplotlib in it."""
    from diskarray.viz.style import figure_style

    figure = pictures()[name]()
    stream = io.BytesIO()
    with figure_style():
        figure.savefig(stream, format="png", dpi=DOTS, metadata={"Software": f"matplotlib {matplotlib.__version__}"})
    return stream.getvalue()


def read(content):
    """Gray values from 0 to 1 of a PNG, and the text that says what wrote it."""
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(content))
    return np.asarray(image.convert("L"), dtype=float) / 255.0, image.info["Software"]


def difference(one, other):
    return float(np.sqrt(np.mean((one - other) ** 2))) if one.shape == other.shape else np.inf


@pytest.mark.parametrize("name", ["fit", "phase", "basins"])
def test_a_figure_looks_as_it_did(name):
    stored, writer = read((FOLDER / f"{name}.png").read_bytes())
    now, version = read(drawn(name))
    if version != writer:
        pytest.skip(f"the stored picture is by {writer}, here is {version}")
    assert difference(now, stored) < TOLERANCE


def test_stored_pictures_are_few_and_small():
    stored = sorted(FOLDER.iterdir())
    assert [path.stem for path in stored] == sorted(pictures())
    assert all(path.stat().st_size < LARGEST for path in stored)


def test_the_comparison_sees_a_label_that_moved():
    one, _ = read(drawn("phase"))
    figure = pictures()["phase"]()
    figure.axes[0].set_xlabel("Another label [deg]")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS, metadata={"Software": "x"})
    assert difference(one, read(stream.getvalue())[0]) > TOLERANCE
    assert difference(one, one[:-1]) == np.inf


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for picture in sys.argv[1:] or pictures():
        (FOLDER / f"{picture}.png").write_bytes(drawn(picture))
        print(picture, (FOLDER / f"{picture}.png").stat().st_size)
