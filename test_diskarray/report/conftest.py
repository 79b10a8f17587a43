import numpy as np
import pytest
from made_report import TRUTH, MadeRun, draws_of, imaging, posterior_of
from page_parser import Page

import diskarray as da
from diskarray.report import derived
from diskarray.report.facts import facts_of
from diskarray.report.page import page_of


@pytest.fixture(scope="session")
def posterior():
    return posterior_of(imaging())


@pytest.fixture(scope="session")
def fit(posterior):
    return da.optimize(posterior, da.LeastSquares(), xp=np)


@pytest.fixture(scope="session")
def samples(fit, posterior):
    return draws_of(fit, posterior)


@pytest.fixture(scope="session", autouse=True)
def few_draws():
    """Derived numbers from few draws: they are what takes the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derived, "_DRAWS", 30)
        patch.setattr(derived, "_IMAGES", 4)
        yield


@pytest.fixture(scope="session")
def page(tmp_path_factory, posterior, fit, samples):
    """The page of a run with a fit and draws, of simulated data, without figures."""
    run = MadeRun(tmp_path_factory.mktemp("made") / "star_run", posterior, fit, samples, truth=dict(TRUTH))
    return Page(page_of(facts_of(run, {})))


@pytest.fixture
def run(tmp_path, posterior, fit, samples):
    """A run with a fit and draws, of simulated data."""
    return MadeRun(tmp_path / "star_run", posterior, fit, samples, truth=dict(TRUTH))


@pytest.fixture
def read():
    """A run's page, read back; without figures unless some are given."""

    def page(run, figures=None):
        page = Page(page_of(facts_of(run, figures or {})))
        assert page.problems == []
        return page

    return page
