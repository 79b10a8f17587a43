"""The words of docs/differences.md; compare_vip.py puts its tables in their places."""

__all__ = ["PAGE"]

PAGE = """# Coming from another code

Written by `python workspace_test/compare_vip.py --peers PYTHON --write`, PYTHON with vip_hci 2.1.1 and grater-jax
0.3.0.

`da.conventions` translates parameter dictionaries of VIP (`ScatteredLightDisk`), GRaTeR-JAX, DDiT and Winnie into a
`Disk` and a `Grid2D`, and back, and rows of published tables (Esposito et al. 2020) into a `Disk`:

```python
import diskarray as da

parameters = {
    "nx": 80, "ny": 80, "pxInArcsec": 0.03, "distance": 72.0, "itilt": 76.0, "pa": 27.0, "omega": 30.0,
    "density_dico": {"name": "2PowerLaws", "a": 77.0, "ain": 10.0, "aout": -5.0, "ksi0": 1.5, "gamma": 2.0, "e": 0.05},
    "spf_dico": {"name": "HG", "g": 0.3},
}
disk, grid = da.conventions.from_vip(parameters), da.conventions.grid_from_vip(parameters)
pixels = disk.image_2d_from(grid).array * grid.frame.pixel_area  # what VIP renders
arguments = da.conventions.to_vip(disk, grid)  # ScatteredLightDisk(**arguments)
```

| | from | to | pixels |
|---|---|---|---|
| VIP | `from_vip(parameters)` | `to_vip(disk, grid)` | `grid_from_vip(parameters)` |
| GRaTeR-JAX | `from_grater_jax(disk_params, spf_params, misc_params)` | `to_grater_jax(disk, grid)` \
| `grid_from_grater_jax(disk_params, misc_params)` |
| DDiT | `from_ddit(parameters, polarized)` | `to_ddit(disk, grid, polarized)` | `grid_from_ddit(parameters)` |
| Winnie | `from_winnie(parameters)`, `disks_from_winnie(parameters)` | `to_winnie(disk, grid, ring)` \
| `grid_from_winnie(parameters)` |
| tables | `from_esposito(row, near_side)` | `to_esposito(disk, name)` | |

A name the other code does not know is an error that says the nearest one; an absent name takes the other code's
default. Nothing is clamped: a value outside its physical range is an error, one inside it is rendered as it is.

## Names

| here | VIP | GRaTeR-JAX | DDiT | Winnie |
|---|---|---|---|---|
| `radius` [au] | `a` | `sma` | `a` [arcsec] | `r0` |
| `alpha_in`, `alpha_out` | `ain`, `aout` | `alpha_in`, `alpha_out` | `pin`, `pout` | `ain`, `aout` |
| `scale_height` [au] | `ksi0` | `ksi0` | a tan(`opang`) | `h0` r0 |
| `gamma`, `beta` | `gamma`, `beta` | `gamma`, `beta` | `gamma`, 1 | `gamma`, `beta` |
| `eccentricity` | `e` | `e` | `e` | `e` |
| `argument_of_pericenter` | `omega` + 180 | `omega` + 180 | `omega` + 180 | `omega` + 180 |
| inner edge | `amin` | `sma` where `rmin` > 0 | - | - |
| `inclination` | `itilt` | `inclination` | `incl` | `incl` |
| `position_angle` | `pa` | `position_angle` | `pa` + 180 | `pa` - 180 |
| `offset_x`, `offset_y` [au] | `xdo`, `ydo` | - | - | `xdo`, `ydo` |
| `distance` [pc] | `distance` | `distance` | `dpc` | `distance` |
| pixel scale [arcsec] | `pxInArcsec` | `pxInArcsec` | `pixscale` | `pxscale` |
| center (y, x) | `ys`, `xs` | `y_center`, `x_center` | middle | `cent` = (x, y) |
| `HenyeyGreenstein` | `HG` | `g` | `gsca`; polarized `gpol` | `wg1` = 1 |
| `DoubleHenyeyGreenstein` | `DoubleHG` | `g1`, `g2`, `weight` | - | `g1`, `g2`, `wg1` |
| `TabulatedPhaseFunction` | `interpolated` | `knot_values` | `s11`; polarized `s12` | - |
| `Polarized` | `polar` | - | `polarized` image | `polar` |

For `gamma` = 2 the scale height is sqrt(2) sigma, and the full width at half maximum is 2 H sqrt(ln 2) everywhere;
VIP prints it with the decimal logarithm, 0.66 of that. A GRaTeR-JAX `FWHM` is in pixels: `GaussianPSF(fwhm=FWHM *
pxInArcsec)`.

## Angles

- In VIP, GRaTeR-JAX and Winnie `omega` points to the **apocenter**, whatever their documentation says: the ring is at
  p / (1 - e cos(theta - omega)). It is counted from the end of the major axis at the position angle through the near
  side.
- In DDiT `omega` points to the pericenter and is counted the other way, through the far side; with the half turn of
  the position angle this comes to + 180 too.
- The near side (inclination between 0 and 90) is at position angle - 90 in VIP, GRaTeR-JAX and here, and at + 90 in
  DDiT and Winnie: hence the half turns of their position angles.
- An inclination below 0 or above 180 is the same disk with the other end of the major axis: i -> -i, the position
  angle and the pericenter turned by 180 degrees, the offset reversed.
- A table's position angle is an axis. `from_esposito` wants to know the `near_side`, as a direction ("NW", or degrees
  East of North); a "Near Side" column does as well. Without, it says the two possibilities and stops.

## Centers

VIP puts the star on pixel (n - 1) / 2 of an odd image and on pixel **n / 2** of an even one: half a pixel from the
middle, where it is here and in DDiT. `grid_from_vip` does as VIP does. GRaTeR-JAX renders like VIP and then moves the
image to `x_center`, `y_center` by linear interpolation; its pixels near the border stay empty. Here the grid is
moved.

## Brightness

Surface brightness times the pixel's area (`grid.frame.pixel_area`) is the other code's pixel for these optical
depths:

| | optical depth |
|---|---|
| VIP, Winnie (`F` for `dens_at_r0`) | 2 `ksi0` Gamma(1 + 1/`gamma`) `dens_at_r0` |
| GRaTeR-JAX | the same times `flux_scaling`; a spline is 1 at 90 degrees, hence times 4 pi |
| DDiT | sqrt(2) a tan(`opang`) Gamma(1 + 1/`gamma`), a in arcsec: its density is 1/sqrt(2) at the radius |

Phase functions are 1 over the sphere here. Tables and splines are not in the other codes; their integral goes into
the optical depth. VIP's `flux_max` is not taken: multiply the image by `flux_max` / its maximum.

## Defaults

VIP's `gamma` is **1** in a `density_dico` without it, though documented as 2; its `a` is 60 au there, and 40 au (with
`gamma` 2) without any `density_dico`. Winnie's and GRaTeR-JAX's `gamma` is 2. DDiT starts at an inclination of 0.1
radian and a position angle of -152.1 degrees. GRaTeR-JAX has `sma` 50 au and `ksi0` 3 au.

## Agreement

Largest difference outside the pixels that the other code blanks, as a fraction of the peak; the other code with 1600
half slices and its truncation moved to 1e-30 of the density's peak. Here `Quadrature(nodes="panels", order=24)`, and
in the last column the default.

{agreement}

## Where the other codes do something else

What VIP and GRaTeR-JAX render as they come, beside the translated disk: largest difference as a fraction of the peak,
largest relative difference in pixels above 1e-3 of the peak, and difference of the total light, all outside the
blanked pixels.

{differences}

Besides:

- VIP and GRaTeR-JAX blank all pixels within the ring's offset plus one pixel of the star.
- VIP takes 0.99 for |g| or e of 1 and more, 0 for a negative `e`, and 0.1 for a negative `gamma` or `ksi0`; here they
  are errors.
- `kind` other than the default makes VIP's image NaN where a line of sight meets an angle outside the table, however
  little dust is there; here the table keeps its end value. The kinds that are steps are not taken.
- GRaTeR-JAX empties the whole inside of the ring up to `sma` for any `rmin` above 0. `from_grater_jax` does as it
  does.
- DDiT takes the scattering angle above the mid-plane for that below it: 1 to 2 % of the peak for an opening angle of
  0.03. It cuts the dust at a box where 1 % of the density is left. The height of its eccentric rings follows the
  distance from the star (`RoundHeight`), not the distance relative to the ring. Its two-sided tables have no
  counterpart.
- Winnie renders through VIP without its limit on the inclination, and averages the pixel that holds the star.
"""
