"""The share of the star's light, and the near side."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

import diskarray as da
from diskarray.errors import ParameterError, ShapeError


def scattered_share(density, optical_depth):
    """What a flat disk scatters isotropically of the light it receives: tau(r) / (4 pi r^2) integrated over it."""

    def term(x):
        r = math.exp(x)
        tau = optical_depth * float(density.density(r, 0.0, 0.0)) * (r / density.radius) ** density.beta
        return tau / (4 * math.pi * r**2) * 2 * math.pi * r * r

    return quad(term, math.log(1.0), math.log(1e4), limit=500)[0]


@pytest.mark.parametrize("inclination", [0.0, 50.0, 75.0])
def test_isotropic_scattering_sends_the_same_light_everywhere(inclination):
    density = da.TwoPowerLaw(radius=70.0, scale_height=1.0, beta=0.8)
    disk = da.Disk(
        density=density,
        phase_function=da.IsotropicScattering(),
        distance=70.0,
        optical_depth=1e-2,
        inclination=inclination,
        position_angle=30.0,
    )
    grid = da.Grid2D.uniform((300, 300), 0.05, over_sample_size=2)
    ratio = da.disk_to_star_flux_ratio(disk, grid)
    assert float(ratio) == pytest.approx(scattered_share(density, 1e-2), rel=1e-3)
    farther, finer = da.replace(disk, "distance", 140.0), da.Grid2D.uniform((300, 300), 0.025, over_sample_size=2)
    twice = da.disk_to_star_flux_ratio(farther, finer)
    assert float(twice) == pytest.approx(float(ratio), rel=1e-12)


def test_only_unmasked_pixels_count():
    disk = da.Disk(inclination=50.0, distance=70.0)
    frame = da.Frame2D((61, 61), 0.1)
    halves = [
        da.Mask2D(
            np.arange(61)[:, None] * np.ones((1, 61)) < 30
            if first
            else np.arange(61)[:, None] * np.ones((1, 61)) >= 30,
            frame,
        )
        for first in (True, False)
    ]
    parts = [float(da.disk_to_star_flux_ratio(disk, da.Grid2D(mask))) for mask in halves]
    assert sum(parts) == pytest.approx(float(da.disk_to_star_flux_ratio(disk, da.Grid2D(frame))), rel=1e-12)


def test_what_has_no_flux_ratio():
    grid = da.Grid2D.uniform((5, 5), 0.1)
    with pytest.raises(ShapeError, match="Grid2D"):
        da.disk_to_star_flux_ratio(da.Disk(), da.Grid2DIrregular([(0.1, 0.1)]))
    for wrong in (da.Scene(disks={"belt": da.Disk()}), da.TwoPowerLaw()):
        with pytest.raises(ParameterError, match="one disk"):
            da.disk_to_star_flux_ratio(wrong, grid)


@pytest.mark.parametrize(("inclination", "position_angle"), [(60.0, 27.0), (120.0, 27.0), (75.0, 300.0), (100.0, -4.0)])
def test_forward_scattering_dust_is_brighter_on_the_near_side(inclination, position_angle):
    disk = da.Disk(inclination=inclination, position_angle=position_angle, phase_function=da.HenyeyGreenstein(0.5))
    found = da.near_side(disk)
    assert 0 <= found.position_angle < 360 and "convention" in found.caveat
    angle, offset = math.radians(found.position_angle), 0.77 * abs(math.cos(math.radians(inclination)))
    y, x = offset * math.cos(angle), -offset * math.sin(angle)
    near, far = disk.image_2d_from((np.array([y, -y]), np.array([x, -x])))
    assert near > 3 * far


def test_face_on_and_edge_on_have_no_near_side():
    assert all(math.isnan(da.near_side(da.Disk(inclination=i)).position_angle) for i in (0.0, 90.0, 180.0))
    with pytest.raises(ParameterError, match="near_side"):
        da.near_side(da.TwoPowerLaw())


def test_the_twin_that_the_caveat_names_has_the_same_image():
    shape = {"eccentricity": 0.1, "argument_of_pericenter": 40.0}
    disk = da.Disk(
        density=da.TwoPowerLaw(**shape),
        phase_function=da.HenyeyGreenstein(0.4),
        inclination=65.0,
        position_angle=20.0,
        offset_x=2.0,
        offset_y=-1.0,
    )
    turned = da.TwoPowerLaw(**shape | {"argument_of_pericenter": 220.0})
    twin = da.Disk(
        density=turned,
        phase_function=da.HenyeyGreenstein(-0.4),
        inclination=65.0,
        position_angle=200.0,
        offset_x=-2.0,
        offset_y=1.0,
    )
    grid = da.Grid2D.uniform((41, 41), 0.08)
    images = [d.image_2d_from(grid).array for d in (disk, twin)]
    np.testing.assert_allclose(images[0], images[1], atol=1e-10 * images[0].max())
