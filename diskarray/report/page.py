"""One page per run: self-contained HTML that needs no script, no network, and nobody who was there."""

__all__ = ["page_of", "write_report"]

import math
from pathlib import Path

from ..errors import OutputError
from ..files.atomic import write_text
from .citations import citations
from .data_sections import data_section, findings_section, model_section
from .facts import facts_of
from .fit_sections import derived_section, parameters_section, search_section, statistics_section
from .html import definitions, document, element, figure, join, paragraph, unordered
from .numbers import count, number, unit_text, with_error
from .parameters import fixed_parameters, label_of
from .run_sections import configuration_section, figures_section, provenance_section, reproduce_section
from .sample_sections import (
    checks_section,
    comparison_section,
    diagnostics_section,
    evidence_section,
    posterior_section,
)
from .style import STYLE
from .verdict import FAILED, PASSED, checks_of, notes_of, verdict_of

NAME = "report.html"
_CARDS = ("inclination", "position_angle", "peak_radius", "aspect_ratio", "g", "optical_depth")
_MOST_CARDS = 8


def write_report(run, output=None, overwrite=False):
    """Write the page of a run.

    Parameters
    ----------
    run : Run
    output : path, optional
        Default ``report.html`` in the run's folder.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If the file exists and ``overwrite`` is False, or is not called .html; before any work.
    """
    path = run.path(NAME) if output is None else Path(output)
    if path.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{path}: a report is an HTML page: give it a name that ends in .html.")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already: choose another --output or pass --overwrite.")
    write_text(path, page_of(facts_of(run)), overwrite=overwrite)
    return path


def page_of(facts):
    """The page as text, from what was gathered of a run."""
    lead, others = _lead(facts.pictures)
    sections = [part for part in _sections(facts, others) if part is not None]
    contents = unordered(element("a", s.title, href=f"#{s.identifier}") for s in sections)
    body = element(
        "div",
        _head(facts),
        element("nav", element("h2", "Contents"), contents, aria_label="Contents"),
        element("main", _overview(facts, lead), *(s.markup for s in sections), _foot(facts), id="main"),
        class_="page",
    )
    skip = element("a", "Skip to the results", href="#main", class_="skip")
    title = f"{_title(facts)}: diskarray report"
    return document(title, STYLE, f"diskarray {_version(facts)}", skip, body)


def _title(facts):
    return facts.name if facts.config_name is None else Path(facts.config_name).stem


def _version(facts):
    return str(facts.manifest.get("version", ""))


def _lead(pictures):
    """The picture that stands at the top, and the others."""
    drawn = [p for p in pictures if p.png is not None]
    lead = next((p for p in drawn if p.name.startswith("fit")), drawn[0] if drawn else None)
    return lead, tuple(p for p in pictures if p is not lead)


def _head(facts):
    manifest = facts.manifest
    about = [
        f"Run {facts.name}",
        f"made {_time(manifest['created'])}" if manifest.get("created") else None,
        f"diskarray {_version(facts)}" if _version(facts) else None,
    ]
    return element(
        "header",
        paragraph("diskarray report", class_="kind"),
        element("h1", _title(facts)),
        paragraph(", ".join(filter(None, about)), class_="about"),
        _verdict(facts),
    )


def _time(text):
    """An ISO 8601 time for people."""
    return str(text).replace("T", " ").replace("Z", " UTC")


def _verdict(facts):
    verdict = verdict_of(facts.fit, facts.samples, facts.foreign)
    state = {PASSED: "passed", FAILED: "failed"}.get(verdict.state, "open")
    parts = [paragraph(verdict.headline, class_="headline"), *map(paragraph, verdict.sentences)]
    return element("div", *parts, class_=f"verdict {state}", role="status")


def _overview(facts, lead):
    found = [one for several in facts.findings.values() for one in several]
    notes = [*facts.problems, *notes_of(facts.fit, facts.estimates, found)]
    parts = [paragraph(_story(facts)), definitions(_cards(facts), class_="numbers")]
    if notes:
        parts += [element("h3", "Before quoting a number"), unordered(notes, class_="notes")]
    if lead is not None:
        alt = f"{lead.title}; described below the picture."
        parts.append(figure(lead.png, alt, f"{lead.title}.", lead.caption, f"figure-{lead.name}", lead.share))
    return element("section", *parts, id="overview", aria_label="Overview")


def _story(facts):
    """What was done, in a few sentences."""
    said = []
    if facts.scene is not None:
        disks = list(getattr(facts.scene, "disks", ()) or ())
        said.append(f"A model with {len(disks)} disk{'s' * (len(disks) != 1)} ({', '.join(map(str, disks))})")
        pixels = sum(imaging.mask.n_unmasked for imaging in facts.data.values())
        images = f"{len(facts.data)} images" if len(facts.data) > 1 else "one image"
        said += [" was fitted to ", count(pixels), f" pixels of {images}"] if facts.data else [" was fitted"]
    if facts.fit is not None:
        said += [f" with {facts.fit.engine}, ", count(facts.fit.n_free), " parameters being free"]
    if facts.samples is not None:
        chains, draws, _ = facts.samples.samples.shape
        said += [f"; its posterior was sampled with {facts.samples.engine}, ", count(chains * draws), " draws"]
    return join([*said, "."]) if said else "Nothing was found in this run that could be reported."


def _cards(facts):
    """The numbers that a reader looks for first."""
    if facts.fit is not None:
        fit = facts.fit
        yield (
            "reduced chi-squared",
            join([number(fit.reduced_chi_squared), _small("of ", count(fit.n_data), " pixels")]),
        )
    if facts.fit is not None and facts.fit.status == "not_constrained" and facts.samples is None:
        for limit in facts.fit.limits:
            side = {"upper": "< ", "lower": "> "}.get(limit.side, "")
            yield label_of(limit.name), join([side, number(limit.value, digits=3), _small(limit.name)])
        return
    cards = [*_of_parameters(facts), *_of_derived(facts)]
    order = {name: k for k, name in enumerate(_CARDS)}
    cards.sort(key=lambda card: order[card[0]])
    yield from ((term, content) for _, term, content in cards[: _MOST_CARDS - 1])


def _of_parameters(facts):
    for name, estimate in facts.estimates.items():
        last = name.rsplit(".", 1)[-1]
        if last in _CARDS and math.isfinite(estimate.value):
            unit = facts.parameters[name].unit if name in facts.parameters else ""
            yield (
                last,
                label_of(name),
                join([with_error(estimate.value, estimate.sigma, unit), _small(f"of {name.rpartition('.')[0]}")]),
            )


def _of_derived(facts):
    for one in facts.derived:
        if one.key in _CARDS and math.isfinite(one.value):
            shown = _shown(one)
            yield one.key, one.title[0].upper() + one.title[1:], join([shown, _small(f"of {one.disk}, derived")])


def _shown(one):
    """A derived number, with its error where it has one."""
    if one.sigma == 0:
        return join([number(one.value), "" if one.unit == "deg" else " ", unit_text(one.unit)])
    return with_error(one.value, one.sigma, one.unit)


def _small(*content):
    return element("small", *content)


def _sections(facts, pictures):
    """All sections in the order of the page; None where one does not apply."""
    fit, samples, manifest = facts.fit, facts.samples, facts.manifest
    kinds = fixed_parameters(facts.scene, ())[1] if facts.scene is not None else {}
    engine = None if samples is None else samples.engine
    choices = manifest.get("quadrature")
    yield checks_section(checks_of(fit, samples, facts.foreign))
    yield parameters_section(fit, facts.best, facts.parameters) if fit is not None else None
    yield posterior_section(samples, facts.posterior, facts.parameters, facts.best)
    yield (
        derived_section(facts.derived, samples is not None, facts.derived_problem) if facts.scene is not None else None
    )
    yield figures_section(pictures)
    yield statistics_section(fit, facts.fits, facts.information) if fit is not None else None
    yield data_section(facts.data, facts.scene, manifest.get("preprocessing"))
    yield findings_section(facts.findings) if facts.findings else None
    if facts.scene is not None:
        yield model_section(facts.scene, facts.parameters, choices if isinstance(choices, list) else ())
    yield search_section(fit) if fit is not None else None
    yield diagnostics_section(samples) if samples is not None else None
    yield evidence_section(samples)
    yield comparison_section(facts.comparison) if facts.comparison is not None else None
    yield provenance_section(manifest, facts.folder)
    yield configuration_section(facts.config_text, facts.config_name)
    used = citations(_version(facts), kinds.values(), engine, manifest.get("backend", "numpy"))
    yield reproduce_section(manifest, facts.folder, used, facts.log)


def _foot(facts):
    said = (
        f"Written {_time(facts.made)} by diskarray. Numbers are rounded in sight; the exact ones are the “value” of "
        "each number's HTML element."
    )
    return element("footer", paragraph(said))
