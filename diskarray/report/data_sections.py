"""What was fitted to what: the images, the model with all that was held, and what a check of the data found."""

__all__ = ["data_section", "findings_section", "model_section"]


import numpy as np

from .html import definitions, element, join, paragraph, section, table, unordered
from .numbers import count, exact, interval, number, percent, rounded, unit_text
from .parameters import fixed_parameters

_SHOWN = 6  # elements of an array parameter
_OBSERVABLES = {"total": "total intensity", "Q_phi": "azimuthal polarized light Q_phi", "U_phi": "U_phi"}
_SEVERITIES = {"ERROR": "failed", "WARNING": "open", "INFO": "plain"}


def data_section(data, scene=None, preprocessing=None):
    """The images that were fitted.

    Parameters
    ----------
    data : dict of str to Imaging
    scene : Scene, optional
        Its instrument is described, too.
    preprocessing : dict of str to list, optional
        Steps that were done to every image before.
    """
    parts = []
    for name, imaging in data.items():
        parts.append(element("h3", name if len(data) > 1 else "The image"))
        parts.append(definitions(_about(imaging)))
        steps = (preprocessing or {}).get(name)
        if steps:
            parts.append(paragraph("Before the fit it was prepared in these steps:"))
            parts.append(unordered((_step(step) for step in steps), ordered=True))
    if not data:
        parts.append(paragraph("The images cannot be read any more, see the notes at the top."))
    if scene is not None and hasattr(scene, "instrument"):
        parts += [element("h3", "The instrument"), definitions(_instrument(scene))]
    return section("data", "The data", *parts)


def _about(imaging):
    frame, mask = imaging.frame, imaging.mask
    rows, columns = frame.shape_native
    noise = np.asarray(imaging.noise_map.slim)
    brightness = np.asarray(imaging.data.slim)
    unit = imaging.unit or "arbitrary units per arcsec²"
    size = join([number(n * frame.pixel_scale, digits=3) for n in (columns, rows)], " × ")
    turned = frame.north_angle or frame.mirrored
    return [
        ("Source", element("code", imaging.source) if imaging.source else "not noted"),
        ("Shows", _OBSERVABLES.get(imaging.observable, imaging.observable)),
        ("Size", join([count(columns), " × ", count(rows), " pixels, ", size, " arcsec"])),
        ("Pixel scale", join([number(frame.pixel_scale, digits=6), " arcsec"])),
        (
            "Star at pixel",
            join(
                ["row ", number(frame.center[0], digits=6), ", column ", number(frame.center[1], digits=6), " (from 0)"]
            ),
        ),
        (
            "Orientation",
            join(["North ", number(frame.north_angle), "° counter-clockwise of up", ", mirrored" * frame.mirrored])
            if turned
            else "North up, East left",
        ),
        ("Unit", unit_text(unit)),
        (
            "Pixels that count",
            join(
                [
                    count(mask.n_unmasked),
                    " of ",
                    count(rows * columns),
                    " (",
                    percent(mask.n_unmasked / (rows * columns)),
                    "); the others are masked",
                    _not_finite(imaging.n_not_finite),
                ]
            ),
        ),
        ("Brightness", join([interval(brightness.min(), brightness.max()), " ", unit_text(unit)])),
        (
            "Noise (1 σ per pixel)",
            join([*_noise(noise), " ", unit_text(unit)]),
        ),
        ("Highest signal-to-noise", number(np.max(brightness / noise), digits=4)),
        ("Sub-pixels along a side", _sub_pixels(imaging)),
    ]


def _noise(noise):
    if noise.min() == noise.max():
        return [number(noise.min()), " everywhere"]
    return [interval(noise.min(), noise.max()), ", median ", number(np.median(noise))]


def _not_finite(n):
    return join([", ", count(n), " of them because they were not finite"]) if n else ""


def _sub_pixels(imaging):
    sizes = np.unique(np.asarray(imaging.over_sample_size.native)[~imaging.mask.array])
    return join([exact(size, str(size)) for size in sizes[:_SHOWN].tolist()], ", ")


def _instrument(scene):
    psf = scene.instrument.psf
    yield "Point-spread function", "none" if psf is None else type(psf).__name__
    kernel = getattr(psf, "kernel", None)
    if np.ndim(kernel) == 2:
        yield "Its kernel", join([count(np.shape(kernel)[1]), " × ", count(np.shape(kernel)[0]), " pixels"])
    throughput = getattr(scene.instrument, "throughput", None)
    if np.ndim(throughput) == 2:
        yield "Throughput", join(["a map, ", interval(np.min(throughput), np.max(throughput))])
    star = getattr(scene, "star", None)
    if star is not None:
        yield "Flux of the star", join([number(float(star.flux), digits=6), f" {star.unit}"])


def _step(step):
    if not isinstance(step, dict):
        return str(step)
    return ", ".join(f"{key} {value}" for key, value in step.items())


def model_section(scene, parameters, choices=()):
    """What the model is made of, what was held, and how its images were computed.

    Parameters
    ----------
    scene : Scene
    parameters : dict of str to Parameter
        The free ones.
    choices : sequence of dict
        The manifest's record of the quadrature.
    """
    tied = {path: name for name, parameter in parameters.items() for path in parameter.tied}
    held, kinds = fixed_parameters(scene, [*parameters, *tied])
    parts = [
        paragraph(
            f"{len(parameters)} parameters were free, the others were held. A part of the model is named by its path."
        ),
        definitions(((element("code", path), kind) for path, kind in kinds.items())),
    ]
    if tied:
        parts.append(paragraph("These always equal another parameter:"))
        parts.append(unordered(join([element("code", a), " = ", element("code", b)]) for a, b in tied.items()))
    if held:
        rows = ([element("code", path), _held(value), unit, doc] for path, (value, unit, doc) in held.items())
        parts.append(
            table("Held parameters", ["Parameter", "Value", "Unit", "Meaning"], rows, identifier="held", left=(2, 3))
        )
    parts += [_quadrature(choice) for choice in choices if isinstance(choice, dict)]
    return section("model", "The model", *parts)


def _held(value):
    values = np.ravel(value)
    shown = join([number(v, digits=6) for v in values[:_SHOWN]], ", ")
    return shown if values.size <= _SHOWN else join([shown, f", … ({values.size} in all)"])


def _quadrature(choice):
    """One sentence on how the light along the line of sight is summed."""
    rule = choice.get("quadrature", {})
    said = [
        f"The light of {choice.get('disk', 'the disk')} along each line of sight was summed with ",
        f"{rule.get('nodes', 'unnamed')} nodes",
        f" of order {rule['order']}" if rule.get("order") else "",
    ]
    if isinstance(choice.get("error"), float) and isinstance(choice.get("shift"), float):
        said += [
            ", which was measured to be right to ",
            exact(choice["error"], rounded(choice["error"], digits=2)),
            " of the peak and to move no parameter by more than ",
            exact(choice["shift"], rounded(choice["shift"], digits=2)),
            " of its error",
        ]
    paths = choice.get("path")
    if isinstance(paths, dict):
        said.append(f" (by the path “{', '.join(dict.fromkeys(map(str, paths.values())))}”)")
    return paragraph(join([*said, "."]))


def findings_section(findings):
    """What a check of the data found.

    Parameters
    ----------
    findings : dict of str to sequence of Finding
        Name of a data set -> findings with ``severity``, ``rule``, ``message`` and ``advice``.
    """
    parts = []
    for name, found in findings.items():
        rows = [
            [
                element("span", one.severity, class_=f"state {_SEVERITIES.get(one.severity, 'open')}"),
                one.rule,
                one.message,
                one.advice,
            ]
            for one in found
        ]
        if not rows:
            parts.append(paragraph(f"{name}: nothing was found to object to."))
            continue
        caption = f"Findings on {name}" if len(findings) > 1 else "Findings"
        header = ["Severity", "Rule", "Finding", "Advice"]
        parts.append(table(caption, header, rows, identifier=f"findings-{name}", left=(1, 2, 3)))
    return section("findings", "Check of the data", *parts)
