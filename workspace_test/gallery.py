"""One small figure per component and parameter, for docs/gallery.md; a newly registered component appears by itself.

    python workspace_test/gallery.py

Renews docs/gallery.md and the figures in docs/gallery/.
"""

import dataclasses
import math
import pathlib
import sys

import matplotlib
import numpy as np

matplotlib.use("Agg")
import _harness
from matplotlib import pyplot

import diskarray as da
from diskarray.optics.registry import PSFS
from diskarray.parameters.parameter import parameters_of
from diskarray.profiles.registry import (
    DENSITIES,
    PHASE_FUNCTIONS,
    POLARIZATIONS,
    RADIAL_PROFILES,
    VERTICAL_PROFILES,
)

ROOT = pathlib.Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "gallery"
COUNT = 5  # values of a parameter
LIMIT = 3e6  # bytes of all figures together
SPAN, FACTOR = 0.5, 6.0  # part of the prior that the values cover; their largest ratio where it spans decades
COMPANIONS = {  # a parameter that does nothing while another one has its default
    "argument_of_pericenter": {"eccentricity": 0.3},
    "angle": {"axis_ratio": 0.5},
    "second_share": {"weight": 0.2},
    "softness": {"edge_radius": 75.0},
    "inclination": {"values": (4.0, 2.0, 0.6, 0.8)},
}
RADII, HEIGHTS = np.linspace(20.0, 200.0, 400), np.linspace(-8.0, 8.0, 401)
ANGLES = np.linspace(0.0, 180.0, 361)
COSINES = np.cos(np.radians(ANGLES))
GRID = da.Grid2D.uniform((72, 72), 0.06)
PIXEL = 0.02  # arcsec, of the kernels
pyplot.rcParams.update({"font.size": 7, "axes.linewidth": 0.6, "lines.linewidth": 1.1})


def base(cls, **settings):
    """An object with its defaults; fields that have none come from the parity scripts' table."""
    fields = [f for f in dataclasses.fields(cls) if f.init]
    needed = {f.name: _harness.NEEDED[f.name] for f in fields if f.default is f.default_factory is dataclasses.MISSING}
    return cls(**needed, **settings)


def values_of(spec, default):
    """Values around the default that the prior holds likely."""
    prior = spec.prior
    u = np.linspace(0.0, 1.0, 20001)
    known = prior.from_unit(u[1:-1])
    middle = float(np.interp(default, known, u[1:-1]))
    logarithmic = isinstance(prior, da.LogUniform)
    span = min(SPAN, math.log(FACTOR) / math.log(prior.upper / prior.lower)) if logarithmic else SPAN
    start = min(max(middle - span / 2, 0.0), 1 - span)
    found = np.asarray(prior.from_unit(np.linspace(start, start + span, COUNT)))
    return [float(f"{value:.3g}") for value in found]


def variants(cls, name, spec):
    """(label, object) for each value of one parameter."""
    settings = {n: v for n, v in COMPANIONS.get(name, {}).items() if n in parameters_of(cls)}
    default = np.asarray(getattr(base(cls, **settings), name))
    if default.ndim == 0:
        return [(f"{v:g}", base(cls, **settings, **{name: v})) for v in values_of(spec, float(default))]
    k = default.size // 2 if default.size > 4 else 0
    made = []
    for value in values_of(spec, float(default[k])):
        entries = default.copy()
        entries[k] = value
        made.append((f"{value:g}", base(cls, **settings, **{name: entries})))
    return made


def curves(objects, x, evaluate, labels):
    """One panel with one curve per value."""
    figure, axis = pyplot.subplots(figsize=(3.1, 1.9), layout="constrained")
    colors = pyplot.get_cmap("viridis")(np.linspace(0.0, 0.88, len(objects)))
    for (label, made), color in zip(objects, colors, strict=True):
        axis.plot(x, evaluate(made), color=color, label=label)
    axis.set(xlabel=labels[0], ylabel=labels[1], xlim=(x[0], x[-1]), yscale=labels[2])
    if labels[2] == "log":
        low, high = axis.get_ylim()
        axis.set_ylim(max(low, high * 1e-6), high)
    if len(objects) > 1:
        axis.legend(fontsize=5.5, frameon=False, handlelength=1.0, labelspacing=0.2)
    return figure


def strip(objects, images_of, aspect):
    """Small images, one column per value."""
    columns = [images_of(made) for _, made in objects]
    rows = len(columns[0])
    figure, axes = pyplot.subplots(
        rows,
        len(objects),
        figsize=(1.05 * max(len(objects), 2), 0.25 + 1.05 * sum(aspect[:rows])),
        squeeze=False,
        layout="constrained",
        gridspec_kw={"height_ratios": aspect[:rows]},
    )
    for column, ((label, _), images) in enumerate(zip(objects, columns, strict=True)):
        for row, image in enumerate(images):
            axis = axes[row, column]
            height = image.shape[1] / image.shape[0] * aspect[row]
            axis.imshow(
                np.sqrt(image / image.max()),
                origin="lower",
                cmap="inferno",
                vmin=0.0,
                vmax=1.0,
                aspect="equal" if rows == 1 else height,
            )
            axis.set(xticks=[], yticks=[])
        axes[0, column].set_title(label, fontsize=7, pad=2)
    return figure


def disk_images(density):
    """The disk at 60 degrees, and a cut through the density along the major axis."""
    disk = da.Disk(density=density, phase_function=da.IsotropicScattering(), inclination=60.0, position_angle=90.0)
    X, Z = np.meshgrid(np.linspace(1.0, 200.0, 120), np.linspace(-10.0, 10.0, 61))
    return [np.asarray(disk.image_2d_from(GRID).array), density.density(X, 0.0 * X, Z)]


def kernels(psf):
    found = np.asarray(psf.kernel_from(PIXEL))
    if found.ndim == 3:
        found = np.concatenate(list(found), axis=1)
    middle, half = [n // 2 for n in found.shape], 12
    rows = slice(max(middle[0] - half, 0), middle[0] + half + 1)
    columns = slice(max(middle[1] - half, 0), middle[1] + half + 1)
    return [found[rows, columns]]


def draw_curves(x, evaluate, *labels):
    return lambda objects: curves(objects, x, evaluate, labels)


SECTIONS = {
    "Densities": (
        DENSITIES,
        lambda objects: strip(objects, disk_images, (1.0, 0.52)),
        "Isotropically scattering disks at an inclination of 60 degrees (square root of the brightness), and the "
        "density (its square root) along the major axis: 200 au wide, 10 au up and down.",
    ),
    "Radial profiles": (
        RADIAL_PROFILES,
        draw_curves(RADII, lambda p: p.midplane(RADII), "radius [au]", "density", "linear"),
        "The `radial` of a `Layered` density: density of the mid-plane.",
    ),
    "Vertical profiles": (
        VERTICAL_PROFILES,
        draw_curves(HEIGHTS, lambda p: p.profile(HEIGHTS, 0 * HEIGHTS + 1.5), "height [au]", "density", "linear"),
        "The `vertical` of a `Layered` density, at 1.5 times the reference radius.",
    ),
    "Phase functions": (
        PHASE_FUNCTIONS,
        draw_curves(ANGLES, lambda p: p.phase(COSINES), "scattering angle [deg]", "p [1/sr]", "log"),
        "Per steradian, over the scattering angle.",
    ),
    "Polarizations": (
        POLARIZATIONS,
        draw_curves(ANGLES, lambda p: p.fraction(COSINES), "scattering angle [deg]", "fraction", "linear"),
        "Fraction of linear polarization, over the scattering angle.",
    ),
    "Point-spread functions": (
        PSFS,
        lambda objects: strip(objects, kernels, (1.0,)),
        f"Kernels on pixels of {PIXEL} arcsec, the middle 0.5 arcsec; square root of the brightness.",
    ),
}


def saved(figure, name):
    path = FIGURES / f"{name}.png"
    assert not path.exists(), f"two components are called {name}"
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
    return f"![{name}](gallery/{name}.png)"


def component_lines(key, cls, draw):
    """A heading, the class's first sentence, and one row per parameter."""
    specs = parameters_of(cls)
    lines = [f"### {cls.__name__}\n", f"`{key}`: {cls.__doc__.strip().splitlines()[0]}\n"]
    if not specs:
        return [*lines, saved(draw([("", base(cls))]), cls.__name__), ""]
    lines += ["| parameter | values | figure |", "|---|---|---|"]
    for name, spec in specs.items():
        objects = variants(cls, name, spec)
        picture = saved(draw(objects), f"{cls.__name__}-{name}")
        unit = f" [{spec.unit}]" if spec.unit else ""
        values = ", ".join(label for label, _ in objects)
        lines.append(f"| `{name}`{unit}: {spec.doc} | {values} | {picture} |")
    return [*lines, ""]


def main():
    FIGURES.mkdir(parents=True, exist_ok=True)
    for old in FIGURES.glob("*.png"):
        old.unlink()
    lines = [
        "# Gallery\n",
        "Every registered component, and what each of its parameters does. The others keep their defaults, except "
        "where one would then do nothing: an eccentricity of 0.3 shows the argument of pericenter. Of a parameter "
        "that is a list one entry varies. Written by `python workspace_test/gallery.py`.\n",
    ]
    for title, (registry, draw, text) in SECTIONS.items():
        lines += [f"## {title}\n", f"{text}\n"]
        for key, cls in registry.items():
            lines += component_lines(key, cls, draw)
    (ROOT / "docs" / "gallery.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    sizes = [path.stat().st_size for path in FIGURES.glob("*.png")]
    print(f"{len(sizes)} figures, {sum(sizes) / 1e6:.2f} MB")
    sys.exit(0 if sum(sizes) < LIMIT else 1)


if __name__ == "__main__":
    main()
