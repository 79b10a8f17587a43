import sys

import numpy as np
import pytest

from diskarray.errors import BackendError
from diskarray.results.optimize_result import OptimizeResult
from diskarray.sampling.compare import Comparison
from diskarray.structures.image import Image2D
from diskarray.viz import notebook

pytest.importorskip("matplotlib")


@pytest.fixture
def shell():
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    return interactive.InteractiveShell()


def shown(shell, value):
    return shell.display_formatter.format(value)[0]


def best():
    return OptimizeResult(
        names=("disks.belt.inclination", "disks.belt.optical_depth"),
        units=("deg", ""),
        vector=np.array([76.012345, 1.47841e7]),
        covariance=np.diag([0.034**2, 4e5**2]),
        scene=None,
        status="converged",
        message="nothing < can be gained",
        n_evaluations=10,
        at_bound=(),
        unconstrained=("disks.belt.optical_depth",),
        log_likelihood=-1.0,
        chi_squared=100.0,
        n_data=102,
        seconds=1.0,
    )


def test_objects_show_themselves_once_asked_and_no_longer_afterwards(shell, fit, sampled):
    assert set(shown(shell, fit.data)) == {"text/plain"}
    notebook.load_ipython_extension(shell)
    for picture in (fit.data, fit, fit.dataset):
        assert shown(shell, picture)["image/png"].startswith(b"\x89PNG")
    for table in (fit.model, fit.model.disks["belt"], best(), sampled):
        assert "<table>" in shown(shell, table)["text/html"]
    notebook.unload_ipython_extension(shell)
    for value in (fit.data, fit, fit.model, best(), sampled):
        assert set(shown(shell, value)) == {"text/plain"}


def test_figures_are_shown_unless_matplotlib_does_it_itself(shell, fit):
    from matplotlib.figure import Figure

    pictures = shell.display_formatter.formatters["image/png"]
    notebook.enable_notebook(shell)
    assert shown(shell, Figure((1, 1)))["image/png"].startswith(b"\x89PNG")
    notebook.unload_ipython_extension(shell)
    own = lambda figure: b"\x89PNG of another"  # noqa: E731
    pictures.for_type(Figure, own)
    notebook.enable_notebook(shell)
    notebook.unload_ipython_extension(shell)
    assert pictures.lookup_by_type(Figure) is own


def test_loading_the_extension_imports_no_class_of_results(shell):
    import subprocess

    script = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "diskarray")
assert shell.display_formatter.formatters["text/html"].deferred_printers
assert "diskarray.sampling.compare" not in sys.modules and "jax" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_without_ipython_it_says_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with pytest.raises(BackendError, match="neither is running"):
        notebook.enable_notebook()


def test_without_matplotlib_objects_stay_text(shell, fit, monkeypatch):
    notebook.enable_notebook(shell)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert notebook.picture_of(fit.data) is None
    assert set(shown(shell, fit.data)) == {"text/plain"}


def test_the_table_of_a_scene_has_every_parameter(fit):
    text = notebook.html_of(fit.model)
    for part in ("disks.belt.density", "TwoPowerLaw", "argument_of_pericenter", "50", "instrument.psf", "mJy"):
        assert part in text or part == "mJy"
    assert "0 face-on, 90 edge-on" in text and "<script" not in text


def test_the_table_of_a_search_rounds_to_its_errors_and_escapes_text():
    text = notebook.html_of(best())
    assert "76.012" in text and "0.034" in text and "76.012345" not in text
    assert "1.478e+07" in text and "4.0e+05" in text and "not constrained" in text
    assert "nothing &lt; can" in text and "reduced chi-squared 1.0000" in text


def test_the_table_of_draws_has_quantiles_and_a_verdict(sampled):
    text = notebook.html_of(sampled)
    assert "NOT established" in text and "star.flux" in text and "3 &times; 200 draws" in text
    assert f"{sampled.diagnostics.row('star.flux')['ess_bulk']:.0f}" in text


def test_the_table_of_a_comparison_has_odds():
    numbers = {"log_evidence": [-5.0, -8.0], "log_evidence_error": [0.1, 0.2]}
    numbers |= {"difference": [0.0, -3.0], "difference_error": [0.0, 0.3]}
    arrays = {name: np.array(values) for name, values in numbers.items()}
    made = Comparison(names=("a<b", "c"), priors=({}, {}), established=(True, False), **arrays)
    text = notebook.html_of(made)
    assert "a&lt;b" in text and "-3.00 &plusmn; 0.30" in text and "1 : 20.1" in text and "NOT established" in text


def test_an_image_of_both_signs_is_symmetric(fit):
    residual = notebook._image_figure(fit.residual_map).axes[0].images[0]
    assert residual.get_clim()[0] == -residual.get_clim()[1] and residual.cmap.name == "RdBu_r"
    assert notebook._image_figure(fit.model_image).axes[0].images[0].cmap.name == "inferno"
    zero = notebook._image_figure(Image2D(np.zeros((61, 57)), mask=fit.data.frame))
    assert zero.axes[0].images[0].get_clim() == (0.0, 1.0)
