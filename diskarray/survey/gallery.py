"""The gallery of a survey: one HTML page that holds everything it shows, for someone who did not run it."""

__all__ = ["gallery_page"]

import base64
from html import escape

from .records import LISTED_WITHOUT_RUN, limit_text
from .thumbnails import thumbnail_paths

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 92rem;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
table { border-collapse: collapse; margin: .5rem 0; } th, td { text-align: left; padding: .15rem .8rem .15rem 0; }
th { border-bottom: 1px solid #888; font-weight: 600; } td.number { text-align: right;
       font-variant-numeric: tabular-nums; }
.target { border-top: 1px solid #bbb; padding: 1rem 0; } .target img { max-width: 100%; display: block; }
.status { font-size: .85rem; padding: .1rem .5rem; border: 1px solid; border-radius: .3rem; white-space: nowrap; }
.converged { color: #00543c; } .not_constrained { color: #1b4f8f; } .max_evaluations { color: #7a4b00; }
.failed { color: #8f1d1d; } .pending { color: #555; } .scroll { overflow-x: auto; } p { margin: .3rem 0; }
.both { display: grid; grid-template-columns: minmax(0, 710px) minmax(0, 1fr); gap: 0 2rem; align-items: start; }
.both table { font-size: .85rem; } .both td { white-space: nowrap; } .both > div { overflow-x: auto; }
a { color: #1b4f8f; }
@media (max-width: 75rem) { .both { grid-template-columns: minmax(0, 1fr); } }
@media print { .target { break-inside: avoid; } }
"""
_MEANING = {
    "converged": "the fit arrived",
    "not_constrained": "no significant disk: only limits mean something",
    "max_evaluations": "the fit stopped before it arrived",
    "failed": "the run stopped with an error",
    "pending": "not run yet",
}


def gallery_page(title, records, thumbnails):
    """The page.

    Parameters
    ----------
    title : str
    records : list of dict
        See ``records.record_of``.
    thumbnails : Path
        The folder of the pictures, which the page takes in.

    Returns
    -------
    str
        HTML without any reference to another file or address.
    """
    counts = {status: sum(record["status"] == status for record in records) for status in _MEANING}
    shown = [f"<li>{_badge(s)} {n}: {escape(_MEANING[s])}</li>" for s, n in counts.items() if n]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{len(records)} targets.</p><ul>{''.join(shown)}</ul>",
            _overview(records),
            *(_section(record, thumbnails) for record in records),
            "</body></html>\n",
        ]
    )


def _overview(records):
    rows = []
    for record in records:
        seen = record["detection"] or {}
        cells = [
            f'<td><a href="#{escape(record["name"])}">{escape(record["name"])}</a></td>',
            f"<td>{_badge(record['status'])}</td>",
            _cell(record["reduced_chi_squared"], ".3f"),
            _cell(seen.get("chi_squared_gain"), ".0f"),
            _cell(seen.get("threshold"), ".0f"),
            _cell(record["seconds"], ".0f"),
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    heads = ("target", "status", "reduced &chi;&sup2;", "gain of the disk", "needed for 5&sigma;", "seconds")
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _section(record, thumbnails):
    name = escape(record["name"])
    parts = [f'<section class="target" id="{name}"><h2>{name} {_badge(record["status"])}</h2>']
    parts.append(f"<p>{escape(record['message'])}</p>")
    if record["status"] not in LISTED_WITHOUT_RUN:
        pictures = [_picture(path, record["name"]) for path in thumbnail_paths(thumbnails, record["name"])]
        parts.append(f'<div class="both"><div>{"".join(pictures)}</div><div>{_parameters(record)}</div></div>')
    return "\n".join([*parts, "</section>"])


def _picture(path, name):
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    dataset = path.stem.rpartition("@")[2]
    text = f"{name}, {dataset}: data, model, residuals, residuals over the noise"
    return f'<img alt="{escape(text, quote=True)}" src="data:image/png;base64,{content}">'


def _parameters(record):
    limits = {limit["name"]: escape(limit_text(limit).removeprefix(limit["name"])) for limit in record["limits"]}
    constrained = {name: found for name, found in record["parameters"].items() if found["constrained"]}
    lost = [name for name in record["parameters"] if name not in constrained and name not in limits]
    rows = []
    for name in dict.fromkeys([*constrained, *limits]):
        found = constrained.get(name, {"value": None, "sigma": None, "unit": ""})
        numbers = _cell(found["value"], ".6g") + _cell(found["sigma"], ".2g")
        unit, limit = escape(found["unit"] or ""), limits.get(name, "")
        rows.append(f"<tr><td><code>{escape(name)}</code></td>{numbers}<td>{unit}</td><td>{limit}</td></tr>")
    heads = "".join(f"<th>{head}</th>" for head in ("parameter", "value", "error", "", "limit"))
    table = f"<table><tr>{heads}</tr>{''.join(rows)}</table>" if rows else ""
    return table + (f"<p>Not constrained: {escape(', '.join(lost))}</p>" if lost else "")


def _badge(status):
    return f'<span class="status {escape(status)}">{escape(status.replace("_", " "))}</span>'


def _cell(value, digits):
    return f'<td class="number">{"" if value is None else format(value, digits)}</td>'
