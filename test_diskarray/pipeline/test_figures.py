import json
import shutil
from types import SimpleNamespace

import pytest
from small_runs import sampled_run

from diskarray.errors import DataError, OutputError, ParameterError
from diskarray.pipeline import figures
from diskarray.pipeline.figures import COMPARISON, RUN_FIGURES, write_figures
from diskarray.pipeline.open_run import open_run

pytest.importorskip("matplotlib")
pytest.importorskip("emcee")
pytest.importorskip("corner")
APPLY = ("data", "fit", "radial_profiles", "azimuthal_profile", "deprojected", "phase_function")
SAMPLED = ("corner", "trace", "ranks", "autocorrelation")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return sampled_run(tmp_path_factory.mktemp("figures"))


@pytest.fixture
def run(finished, tmp_path):
    """The run in a folder of its own, without any figure; its inputs are where they were."""
    shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "figures", ignore_errors=True)
    return open_run(tmp_path / "run")


@pytest.mark.slow
def test_all_figures_of_a_sampled_run_are_written(run):
    written = write_figures(run)
    assert [path.stem for path in written] == [*APPLY, *SAMPLED]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    assert {path.parent for path in written} == {run.folder / "figures"}


@pytest.mark.slow
def test_what_is_there_is_kept_unless_it_is_asked_for(run):
    (first,) = write_figures(run, ["phase_function"], dpi=30)
    content = first.read_bytes()
    assert first not in write_figures(run, dpi=30)
    assert first.read_bytes() == content
    with pytest.raises(OutputError, match="phase_function.png exists already: pass --overwrite"):
        write_figures(run, ["phase_function"])
    write_figures(run, ["phase_function"], overwrite=True, dpi=60)
    assert first.read_bytes() != content
    (vector,) = write_figures(run, ["phase_function"], format="pdf")
    assert vector.read_bytes().startswith(b"%PDF")


def test_an_error_leaves_nothing_half_written(run):
    with pytest.raises(ParameterError, match="no figure 'radial': did you mean radial_profiles"):
        write_figures(run, ["fit", "radial"])
    with pytest.raises(ParameterError, match="png, pdf, svg, not 'gif'"):
        write_figures(run, format="gif")
    assert not (run.folder / "figures").exists()
    with pytest.raises(ParameterError, match="'basins' does not apply to .*several starts"):
        write_figures(run, ["basins"])


def test_the_truth_of_a_simulation_is_marked(run):
    rows = RUN_FIGURES["trace"].draw(run).axes[::2]
    assert rows[0].lines[-1].get_ydata()[0] == run.truth["disks.belt.position_angle"]
    legend = RUN_FIGURES["phase_function"].draw(run).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["fit, 68 % band", "truth"]


def test_a_run_with_a_fit_alone_has_no_figures_of_draws(run):
    only_fit = SimpleNamespace(
        folder=run.folder,
        path=run.path,
        data=run.data,
        fit=run.fit,
        samples=None,
        best_scene=run.fit.scene,
        fits=run.fits,
        truth=None,
        posterior=run.posterior,
    )
    assert [name for name, figure in RUN_FIGURES.items() if figure.draw(only_fit) is not None] == list(APPLY)
    title = RUN_FIGURES["fit"].draw(only_fit).get_suptitle()
    assert f"{run.fit.reduced_chi_squared:.3f}" in title
    nothing = SimpleNamespace(folder=run.folder, path=run.path, data=run.data, fit=None, samples=None)
    assert [name for name, figure in RUN_FIGURES.items() if figure.draw(nothing) is not None] == ["data"]


def test_every_data_set_gets_a_row(run):
    (one,) = run.fits.values()
    joint = SimpleNamespace(
        fit=run.fit, samples=None, best_scene=run.fit.scene, fits={"H": one, "J": one}, data={"H": 1}, truth=None
    )
    images = [ax for ax in RUN_FIGURES["fit"].draw(joint).axes if ax.images]
    assert len(images) == 8 and images[0].texts[0].get_text() == "Data: H"
    assert len(RUN_FIGURES["radial_profiles"].draw(joint).axes) == 8


def test_the_evidence_is_that_of_the_comparison_in_the_folder(run):
    assert RUN_FIGURES["evidence"].draw(run) is None
    models = {
        name: {
            "log_evidence": -10.0 - k,
            "log_evidence_error": 0.1,
            "difference": -1.0 * k,
            "difference_error": 0.15 * k,
            "established": True,
            "priors": {},
        }
        for k, name in enumerate(("one", "two"))
    }
    path = run.path(COMPARISON)
    path.write_text(json.dumps({"evidence": {"models": models}}))
    ax = RUN_FIGURES["evidence"].draw(run).axes[0]
    assert [container[0].get_xdata()[0] for container in ax.containers] == [0.0, -1.0]
    path.write_text(json.dumps({"evidence": None}))
    assert RUN_FIGURES["evidence"].draw(run) is None
    path.write_text(json.dumps({"evidence": {"models": {"one": {}, "two": {}}}}))
    with pytest.raises(DataError, match="is no comparison"):
        RUN_FIGURES["evidence"].draw(run)


def test_every_figure_is_explained():
    for figure in RUN_FIGURES.values():
        assert figure.title and figure.caption.endswith(".") and callable(figure.draw)
    with pytest.raises(TypeError):
        RUN_FIGURES["another"] = None


def test_phase_functions_come_from_the_draws_where_there_are_some(run, monkeypatch):
    asked = []
    for name in ("phase_curve_from_samples", "phase_curve_from_covariance"):
        original = getattr(figures, name)

        def recorded(*args, name=name, original=original, **kwargs):
            asked.append((name, len(args[1])))
            return original(*args, **kwargs)

        monkeypatch.setattr(figures, name, recorded)
    RUN_FIGURES["phase_function"].draw(run)
    fit_alone = SimpleNamespace(
        fit=run.fit, samples=None, best_scene=run.fit.scene, posterior=run.posterior, truth=None
    )
    RUN_FIGURES["phase_function"].draw(fit_alone)
    assert asked[0] == ("phase_curve_from_samples", len(run.samples.flat))
    assert asked[1] == ("phase_curve_from_covariance", len(run.fit.names))
