"""HTML without a way to forget escaping: text is escaped when it enters, and only this file makes what is not."""

__all__ = [
    "Markup",
    "Section",
    "code_block",
    "definitions",
    "document",
    "element",
    "figure",
    "join",
    "markup_of",
    "paragraph",
    "section",
    "table",
    "unordered",
]

import base64
import dataclasses
import html
import re

_WIDE = 0.8  # of the page: narrow windows scroll the picture instead of shrinking it
_SENTENCE = 30  # characters
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_VOID = frozenset({"img", "meta", "br", "hr", "col"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


class Markup(str):
    """Text that is HTML already; nothing outside this file makes one from text of its own."""

    __slots__ = ()


def markup_of(content):
    """Anything as Markup: Markup as it is, sequences joined, None as nothing, all else as escaped text.

    Control characters and those that turn the direction of writing, which could make a name look like another, become
    the replacement character; bytes of a file name that are no text become their escapes.
    """
    if isinstance(content, Markup):
        return content
    if content is None:
        return Markup("")
    if isinstance(content, (list, tuple)):
        return join(content)
    text = str(content).encode("utf-8", "backslashreplace").decode("utf-8")
    return Markup(html.escape(_CONTROL.sub("\ufffd", text), quote=True))


def join(parts, between=""):
    """Parts one after the other, with something between them."""
    return Markup(markup_of(between).join(markup_of(part) for part in parts))


def element(name, /, *content, **attributes):
    """An element.

    Parameters
    ----------
    name : str
    content
        Markup, text that is to be escaped, None, or sequences of these.
    attributes
        ``class_`` is ``class``, ``aria_label`` is ``aria-label``; None and False leave one out, True is a name alone.
    """
    given = []
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            given.append(f" {key}")
        elif value is not None and value is not False:
            given.append(f' {key}="{markup_of(value)}"')
    opening = f"<{name}{''.join(given)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(content)}</{name}>")


def paragraph(*content, **attributes):
    """A paragraph."""
    return element("p", *content, **attributes)


def document(title, style, generator, *body):
    """A whole page, as text; nothing is loaded from anywhere, and the browser is told to refuse it if something tried.

    Parameters
    ----------
    title : str
    style : str
        A style sheet, which is taken as it is.
    generator : str
    body
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=generator),
        element("title", title),
        element("style", Markup(style)),
    )
    return "<!DOCTYPE html>\n" + element("html", head, element("body", *body), lang="en") + "\n"


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page; ``identifier`` is what the table of contents points to."""

    identifier: str
    title: str
    markup: Markup


def section(identifier, title, *content):
    """A Section with its heading, which it is named by."""
    heading = element("h2", title, id=f"{identifier}-title")
    whole = element("section", heading, *content, id=identifier, aria_labelledby=f"{identifier}-title")
    return Section(identifier, title, whole)


def table(caption, header, rows, *, identifier, note=None, left=()):
    """A table with a caption, column headers, and a row header in the first column.

    Parameters
    ----------
    caption : str
    header : sequence of str
    rows : iterable of sequences
    identifier : str
        The ``id`` of the table.
    note
        Below the caption, in smaller letters.
    left : sequence of int
        Columns of text, which start at the left; the first always does.

    Returns
    -------
    Markup
        In a frame that scrolls by itself where the window is narrower.
    """
    text, rows = {0, *left}, [list(row) for row in rows]
    titles = [element("th", name, scope="col", class_=None if k in text else "number") for k, name in enumerate(header)]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, class_=_kind(cell, k in text)) for k, cell in enumerate(row[1:], start=1)),
        )
        for row in rows
    ]
    titled = element("caption", element("span", caption), element("small", note) if note else None)
    whole = element("table", titled, element("thead", element("tr", *titles)), element("tbody", *body), id=identifier)
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=f"Table: {caption}")


def _kind(cell, is_text):
    """The class of a cell: a number, a sentence, or neither."""
    if not is_text:
        return "number"
    return "prose" if isinstance(cell, str) and not isinstance(cell, Markup) and len(cell) > _SENTENCE else None


def definitions(pairs, **attributes):
    """A list of terms and what they are; pairs without a content are left out."""
    shown = [(term, content) for term, content in pairs if content is not None and content != ""]
    rows = [element("div", element("dt", term), element("dd", content)) for term, content in shown]
    return element("dl", *rows, **attributes)


def unordered(items, ordered=False, **attributes):
    """A list with bullets, or with numbers."""
    return element("ol" if ordered else "ul", *(element("li", item) for item in items), **attributes)


def code_block(text, label):
    """Text as it stands, in a frame that scrolls by itself."""
    return element("pre", element("code", text), tabindex="0", role="region", aria_label=label)


def figure(png, alt, title, caption, identifier, share=1.0):
    """A picture inside the page itself, with its caption.

    Parameters
    ----------
    png : bytes
    alt : str
        What it shows, for those who cannot see it.
    title, caption : str
    identifier : str
    share : float
        Of the page's width that it takes on a wide screen.
    """
    source = Markup("data:image/png;base64," + base64.b64encode(png).decode("ascii"))
    width, height = _size_of(png)
    shown = element(
        "img",
        src=source,
        alt=alt,
        width=width,
        height=height,
        style=f"width: max({100 * min(share, 1.0):.0f}%, min(100%, 22rem))",
    )
    if share > _WIDE:
        shown = element("div", shown, class_="scroll", tabindex="0", role="region", aria_label=f"Figure: {title}")
    return element("figure", shown, element("figcaption", element("strong", title), " ", caption), id=identifier)


def _size_of(png):
    """Width and height in pixels, from the header of a PNG; None where it is something else."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        return None, None
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
