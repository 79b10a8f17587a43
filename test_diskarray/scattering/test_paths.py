"""Both ways of summing the nodes give the same numbers, and each caller uses the one it should."""

import numpy as np
import pytest

import diskarray as da
from diskarray.scattering import paths
from diskarray.scattering.integral import line_of_sight_integral

RING = da.TwoPowerLaw(radius=50.0, alpha_in=8.0, alpha_out=-4.0, scale_height=3.0, eccentricity=0.1)
RNG = np.random.default_rng(3)
LINES = RNG.normal(0, 40, 3000), RNG.normal(0, 30, 3000)


class NoHints:
    """A density that says nothing about itself."""

    def density(self, X, Y, Z, *, xp=np):
        return RING.density(X, Y, Z, xp=xp)


@pytest.fixture
def spy(monkeypatch):
    """Names of the paths taken, in order."""
    taken = []
    for name in ("vectorized", "streaming", "blocks"):
        original = getattr(paths, name)

        def recorded(*arguments, name=name, original=original, **settings):
            taken.append(name)
            return original(*arguments, **settings)

        monkeypatch.setattr(paths, name, recorded)
    return taken


@pytest.mark.parametrize("density", [RING, NoHints()])
@pytest.mark.parametrize("inclination", [0.0, 60.0, 88.0, 90.0])
@pytest.mark.parametrize("kind", ["layer", "panels"])
def test_the_paths_agree_to_rounding(density, inclination, kind):
    results = [
        line_of_sight_integral(
            LINES, inclination, density, da.HenyeyGreenstein(0.4), rule=da.Quadrature(kind, 6, path=path)
        )
        for path in ("vectorized", "streaming", "automatic")
    ]
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], rtol=0, atol=1e-12 * results[0].max())


def test_few_lines_take_the_vectorized_path_and_many_the_blocks(spy):
    line_of_sight_integral(tuple(a[:200] for a in LINES), 60.0, RING, da.HenyeyGreenstein(0.4))
    line_of_sight_integral(LINES, 60.0, RING, da.HenyeyGreenstein(0.4))
    assert spy == ["vectorized", "blocks"]


def test_many_nodes_leave_the_vectorized_path_sooner(spy):
    for rule in (da.Quadrature("layer", 5), da.Quadrature("panels", 20)):
        line_of_sight_integral(tuple(a[:200] for a in LINES), 60.0, RING, da.HenyeyGreenstein(0.4), rule=rule)
    assert spy == ["vectorized", "blocks"]


def test_an_image_takes_the_blocks_and_a_few_points_do_not(spy):
    disk = da.Disk(density=RING, inclination=50.0)
    disk.image_2d_from(da.Grid2D.uniform((60, 60), 0.02))
    disk.image_2d_from(da.Grid2DIrregular([(0.1, 0.2), (0.3, -0.4)]))
    assert spy == ["blocks", "vectorized"]


@pytest.mark.parametrize("path", ["vectorized", "streaming"])
def test_the_path_can_be_named(spy, path):
    disk = da.Disk(density=RING, inclination=50.0, rule=da.Quadrature(path=path))
    disk.image_2d_from(da.Grid2D.uniform((60, 60), 0.02))
    assert spy[0] == path


def test_small_blocks_hold_few_entries():
    largest = []

    class Recording:
        def density(self, X, Y, Z, *, xp=np):
            largest.append(X.size)
            return RING.density(X, Y, Z, xp=xp)

        def scales(self):
            return RING.scales()

    for path in ("streaming", "automatic", "vectorized"):
        largest.clear()
        rule = da.Quadrature("layer", 8, path=path)
        line_of_sight_integral(
            tuple(np.tile(a, 40) for a in LINES), 60.0, Recording(), da.HenyeyGreenstein(0.4), rule=rule
        )
        limit = {"streaming": 1500, "automatic": 131072, "vectorized": 12 * 120000}[path]
        assert max(largest) <= limit and (path != "vectorized" or max(largest) == limit)
