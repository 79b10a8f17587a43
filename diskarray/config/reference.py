"""The reference page of a configuration's keys, written from the schema."""

__all__ = ["MARK", "reference", "renewed"]

from .load import config_section
from .walk import keys_of, kind_of_section

MARK = "<!-- What follows is written from the schema by `diskarray init --reference`. -->"


def reference(components=()):
    """Markdown: a table of keys for every section, your own component classes among them."""
    lines, shown = [], set()
    _section(lines, shown, "Top level", config_section(tuple(components)), 2)
    return "\n".join(lines) + "\n"


def renewed(text, components=()):
    """A page with what follows its mark written anew; without a mark, at its end."""
    head = text.partition(MARK)[0].rstrip()
    return f"{head}\n\n{MARK}\n\n{reference(components)}".lstrip()


def _section(lines, shown, title, section, level):
    """The table of a section, then those of the sections in it, each where it comes first."""
    if section in shown:
        return
    shown.add(section)
    about = section.__doc__ or ""
    lines += [f"{'#' * level} {title}", "", *([about, ""] if about else [])]
    keys = [key for key in keys_of(section) if key.name not in ("kind", "reader")]
    if keys:
        lines += ["| key | takes | default | meaning |", "|---|---|---|---|"]
        lines += [_row(key) for key in keys] + [""]
    else:
        lines += ["It has no keys of its own.", ""]
    for key in keys:
        for inner in key.sections:
            kind = kind_of_section(inner)
            name = f"`{key.name}`" + (f": `{kind}`" if kind else "")
            _section(lines, shown, name, inner, min(level + 1, 4) if level > 2 else 3)


def _row(key):
    required = "**required**" if key.required else ""
    default = f"`{_plain(key.default)}`" if key.default not in (None, "") else required
    meaning = [key.meaning.rstrip(".") + (f" [{key.unit}]" if key.unit else "")]
    meaning += [f"range {key.range}"] if key.range and key.range != "(-inf, inf)" else []
    meaning += [f"prior `{key.prior}`"] if key.prior else []
    cells = (f"`{key.name}`", key.takes, default, "; ".join(part for part in meaning if part))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else value
