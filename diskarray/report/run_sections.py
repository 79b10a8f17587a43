"""What a run left behind: its figures, where it came from, its configuration, how to do it again and how to cite it."""

__all__ = ["Picture", "configuration_section", "figures_section", "provenance_section", "reproduce_section"]

import dataclasses
import re
import shlex

from .html import code_block, definitions, element, figure, join, paragraph, section, table, unordered
from .numbers import count, duration, exact, memory

_DIGEST = re.compile("[0-9a-f]{64}")
_OWN_PLACE = frozenset(
    {
        "config",
        "data",
        "components",
        "versions",
        "other_versions",
        "timings",
        "peak_memory",
        "parameters",
        "truth",
        "products",
        "quadrature",
        "preprocessing",
    }
)
_LABELS = {
    "command": "Command",
    "status": "Status",
    "message": "Message",
    "created": "Made",
    "updated": "Last changed",
    "version": "Version of diskarray",
    "source_sha256": "Digest of its source",
    "python": "Python",
    "platform": "Platform",
    "device": "Machine",
    "backend": "Array library",
    "precision": "Precision",
    "seed": "Seed",
    "identity": "Digests of data and posterior",
    "arguments": "Arguments",
    "fit": "Fit",
    "sample": "Sampling",
}


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure of a run, or why there is none.

    Attributes
    ----------
    name, title, caption : str
    png : bytes or None
    share : float
        Of a page's width.
    problem : str
    """

    name: str
    title: str
    caption: str
    png: bytes | None = None
    share: float = 1.0
    problem: str = ""


def figures_section(pictures):
    """All figures with their captions; those that could not be drawn are named."""
    parts = [
        figure(p.png, f"{p.title}; described below the picture.", f"{p.title}.", p.caption, f"figure-{p.name}", p.share)
        for p in pictures
        if p.png is not None
    ]
    problems = [join([f"{p.title}: ", p.problem]) for p in pictures if p.png is None and p.problem]
    if problems:
        parts += [paragraph("These figures could not be drawn:"), unordered(dict.fromkeys(problems))]
    return section("figures", "Figures", *(parts or [paragraph("There is no figure for this run.")]))


def provenance_section(manifest, folder):
    """Everything that the manifest says and that is not said elsewhere."""
    records = [
        *_records(manifest, "config", "configuration"),
        *_records(manifest, "data"),
        *_records(manifest, "components", "components"),
    ]
    parts = [definitions(_pairs(manifest, folder))]
    if records:
        header = ["Role", "Path", "Size in bytes", "SHA-256"]
        rows = [
            [role, element("code", path), size, element("code", digest, class_="digest")]
            for role, path, size, digest in records
        ]
        parts.append(table("Files that the run read", header, rows, identifier="inputs", left=(1, 3)))
    products = manifest.get("products")
    if isinstance(products, dict) and products:
        rows = [[element("code", name), element("code", digest, class_="digest")] for name, digest in products.items()]
        parts.append(table("Files that it wrote", ["File", "SHA-256"], rows, identifier="products", left=(1,)))
    versions = [*_items(manifest, "versions"), *_items(manifest, "other_versions")]
    if versions:
        used = set(dict(_items(manifest, "versions")))
        rows = [[name, str(found), "yes" if name in used else "no"] for name, found in versions]
        parts.append(
            table(
                "Versions", ["Package", "Version", "The numbers depend on it"], rows, identifier="versions", left=(1, 2)
            )
        )
    return section("provenance", "Provenance", *parts)


def _pairs(manifest, folder):
    yield "Run folder", element("code", str(folder))
    for key in [*(k for k in _LABELS if k in manifest), *(k for k in manifest if k not in _LABELS)]:
        if key not in _OWN_PLACE:
            yield _LABELS.get(key, key.replace("_", " ")), _nested(manifest[key])
    for phase, seconds in _timings(manifest.get("timings")):
        yield f"Time: {phase}", seconds
    if isinstance(manifest.get("peak_memory"), (int, float)):
        yield "Peak memory", memory(manifest["peak_memory"])


def _timings(timings, before=""):
    """(phase, seconds) of nested dictionaries of seconds."""
    for key, value in timings.items() if isinstance(timings, dict) else ():
        if isinstance(value, dict):
            yield from _timings(value, f"{before}{key}, ")
        elif isinstance(value, (int, float)):
            yield f"{before}{key}", duration(value)


def _records(manifest, key, role=None):
    found = manifest.get(key)
    for record in found if isinstance(found, list) else [found] if isinstance(found, dict) else []:
        if isinstance(record, dict):
            size = record.get("size")
            yield (
                record.get("role") or role or "",
                record.get("path", record.get("name", "")),
                count(size) if isinstance(size, int) else None,
                record.get("sha256", ""),
            )


def _items(manifest, key):
    found = manifest.get(key)
    return found.items() if isinstance(found, dict) else ()


def _nested(value):
    """A value of the manifest: numbers as they are, mappings and lists as lists."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return exact(value, str(value))
    if isinstance(value, dict):
        return unordered(join([f"{key}: ", _nested(below)]) for key, below in value.items()) if value else "none"
    if isinstance(value, list):
        return unordered(map(_nested, value)) if value else "none"
    text = str(value)
    return element("code", text, class_="digest") if _DIGEST.fullmatch(text) else text


def configuration_section(text, name):
    """The configuration as it was."""
    if text is None:
        return section("configuration", "Configuration", paragraph("The configuration is missing from the run folder."))
    return section(
        "configuration",
        "Configuration",
        paragraph("The file ", element("code", name), " as it was when the run was made:"),
        code_block(text, "Configuration of the run"),
    )


def reproduce_section(manifest, folder, used, log=None):
    """How to do it again and how to cite it.

    Parameters
    ----------
    manifest : dict
    folder : str
    used : sequence of str
        References to what was used.
    log : str, optional
        The run's log.
    """
    path = shlex.quote(f"{folder}/manifest.json")
    components = [record.get("path", "") for record in manifest.get("components", []) if isinstance(record, dict)]
    flags = "".join(f" --components {shlex.quote(path)}" for path in components)
    version = manifest.get("version") or dict(_items(manifest, "versions")).get("diskarray", "")
    parts = [
        paragraph(
            "With the same version of diskarray, the same data files and a processor of the same kind, this gives the "
            "same fit bit for bit:"
        ),
        code_block(f"pip install diskarray=={version}\ndiskarray rerun {path}{flags}", "Commands that repeat the run"),
        paragraph("Data and configuration are checked against the digests above before anything is computed."),
        element("h3", "How to cite"),
        paragraph("Name the version of diskarray and cite what this run rests on:"),
        unordered(used),
    ]
    if log:
        parts += [element("h3", "Log of the run"), code_block(log, "Log of the run")]
    return section("reproduce", "Reproduce and cite", *parts)
