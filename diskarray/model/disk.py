"""A circumstellar disk of dust in scattered light: density, phase function and orientation."""

__all__ = ["Disk"]

import dataclasses
from typing import Any

import numpy as np

from ..backend.pytree import component, get_at, on_namespace, set_at, static
from ..errors import ParameterError
from ..geometry.disk_axes import major_minor_from
from ..geometry.stokes import stokes_from_azimuthal
from ..parameters.parameter import parameter
from ..parameters.priors import Isotropic, LogUniform, Normal, Uniform, UniformAngle
from ..profiles.density import TwoPowerLaw
from ..profiles.phase_function import HenyeyGreenstein, Polarized
from ..profiles.protocols import Density, PhaseFunction, Polarization, obeys
from ..scattering.integral import line_of_sight_integral
from ..scattering.quadrature import Quadrature
from ..structures.decorators import check_on_sky, over_sample, to_image, to_vector_yx


@component
class Disk:
    """An optically thin disk that scatters the light of its star once (Augereau et al. 1999).

    Parameters
    ----------
    density : Density
        Where the dust is; any object with ``density(X, Y, Z, *, xp)``. Its ``vertical_column(*, xp)`` in au, where it
        has one, makes optical_depth the vertical one; without, optical_depth is the opacity per au in the mid-plane.
    phase_function : PhaseFunction
        How it scatters; any object with ``phase(cos_phi, *, xp)``.
    polarization : Polarization, optional
        How strongly the scattered light is linearly polarized; any object with ``fraction(cos_phi, *, xp)``. With it
        one disk has an image in total intensity and one in polarized light. A disk that is only ever seen in polarized
        light may instead have a ``Polarized`` phase function.
    rule : Quadrature
        Sampling of the line of sight.
    """

    density: Any = TwoPowerLaw()
    phase_function: Any = HenyeyGreenstein()
    inclination: float = parameter(
        0.0,
        unit="deg",
        minimum=0,
        maximum=180,
        prior=Isotropic(0.0, 90.0),
        doc="0 face-on, 90 edge-on; below 90 the near side is at position angle - 90",
    )
    position_angle: float = parameter(
        0.0, unit="deg", prior=UniformAngle(0.0, 360.0), doc="of the major axis, East of North"
    )
    distance: float = parameter(100.0, unit="pc", above=0, doc="distance from the Sun", prior=Uniform(1.0, 1000.0))
    optical_depth: float = parameter(
        1e-3,
        minimum=0,
        prior=LogUniform(1e-7, 10.0),
        doc="vertical scattering optical depth, albedo included, in the mid-plane at R",
    )
    offset_x: float = parameter(
        0.0,
        unit="au",
        prior=Normal(0.0, 5.0),
        doc="rigid offset dX of the ring from the star along the major axis",
        simple=0.0,
    )
    offset_y: float = parameter(
        0.0,
        unit="au",
        prior=Normal(0.0, 5.0),
        doc="rigid offset dY of the ring in the mid-plane, towards the near side",
        simple=0.0,
    )
    rule: Quadrature = static(default=Quadrature())
    polarization: Any = None

    def check(self):
        if not obeys(self.density, Density):
            raise ParameterError(f"density needs a .density(X, Y, Z, *, xp) method, got {self.density!r}")
        if not obeys(self.phase_function, PhaseFunction):
            raise ParameterError(f"phase_function needs a .phase(cos_phi, *, xp) method, got {self.phase_function!r}")
        if self.polarization is None:
            return
        if not obeys(self.polarization, Polarization):
            raise ParameterError(f"polarization needs a .fraction(cos_phi, *, xp) method, got {self.polarization!r}")
        if isinstance(self.phase_function, Polarized):
            raise ParameterError(
                "the phase function is Polarized already: give polarization= to the disk and the phase function of the "
                "total intensity by itself"
            )

    def prepare(self, ranges):
        """A copy that sums layers in halves if a parameter among ``ranges`` changes the vertical exponent."""
        if not hasattr(self.density, "scales"):
            return self
        exponent = self.density.scales().vertical_exponent
        for name, ends in ranges.items():
            value = get_at(self, name) if name.startswith("density.") else ()
            if np.ndim(value):
                continue
            inside = (0.5 * (value + end) if np.isfinite(end) else value + 1.0 for end in ends)
            if any(set_at(self, name, other).density.scales().vertical_exponent != exponent for other in inside):
                return dataclasses.replace(self, rule=dataclasses.replace(self.rule, halves=True))
        return self

    def to_reference_frame(self, grid, *, xp=np):
        """Sky points (arcsec) as (u, v) in au along the disk's major and minor axis."""
        u, v = major_minor_from(grid.y, grid.x, self.position_angle, xp=xp)
        return xp.stack([u, v], axis=-1) * self.distance

    @to_image
    @over_sample
    def image_2d_from(self, grid, *, xp=np):
        """Surface brightness relative to the star, per square arcsec.

        I = tau / (2 H Gamma(1 + 1/gamma)) distance^2 J, with J the line-of-sight integral in 1/au.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets from the star in arcsec.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        Image2D, ImageIrregular or array
            Times the star's flux in mJy it is mJy/arcsec^2.
        """
        return self._brightness(grid, self.phase_function, xp)

    @to_vector_yx
    @over_sample
    def stokes_2d_from(self, grid, *, xp=np):
        """Stokes parameters of the linearly polarized light, per square arcsec and relative to the star.

        The polarized brightness is that of ``image_2d_from`` with the phase function times the polarization fraction;
        its direction is at right angles to that of the star, so that Q_phi is the polarized brightness and U_phi is 0.
        On the line of sight through the star itself no direction is defined, and both are 0.

        Parameters
        ----------
        grid : Grid2D, Grid2DIrregular or (y, x)
            Sky offsets from the star in arcsec.
        xp : module
            numpy (default) or jax.numpy.

        Returns
        -------
        VectorYX2D, VectorYX2DIrregular or array
            Component y is U, x is Q, about North (IAU).

        Raises
        ------
        ParameterError
            If the disk has no polarization.
        """
        polarized = self._brightness(grid, self._polarized_phase_function(), xp)
        q, u = stokes_from_azimuthal(polarized, xp.zeros_like(polarized), grid.y, grid.x, xp=xp)
        return xp.stack([u, q], axis=-1)

    def _polarized_phase_function(self):
        if self.polarization is not None:
            return Polarized(self.phase_function, self.polarization)
        if isinstance(self.phase_function, Polarized):
            return self.phase_function
        raise ParameterError(
            "this Disk has no polarization: give it polarization=, such as RayleighPolarization(maximum=0.3), or a "
            "Polarized phase function"
        )

    def _brightness(self, grid, phase_function, xp):
        """Brightness with a phase function, relative to the star and per square arcsec.

        The integral itself turns the grid, block by block: nothing of the size of the image is held for it.
        """
        check_on_sky(grid, "a Disk")
        disk = on_namespace(self, xp)
        integral = line_of_sight_integral(
            grid.array,
            disk.inclination,
            disk.density,
            on_namespace(phase_function, xp),
            offset=(disk.offset_x, disk.offset_y),
            turn=(disk.position_angle, disk.distance),
            rule=self.rule,
            xp=xp,
        )
        return disk.optical_depth / _column(disk.density, xp) * disk.distance**2 * integral


def _column(density, xp):
    """Vertical column of the density at R for a mid-plane density of 1, in au."""
    if hasattr(density, "vertical_column"):
        return density.vertical_column(xp=xp)
    return xp.asarray(1.0)
