import re

import pytest
from page_parser import Page

from diskarray.report.html import (
    Markup,
    code_block,
    definitions,
    document,
    element,
    figure,
    join,
    markup_of,
    section,
    table,
)
from diskarray.report.style import STYLE

HOSTILE = '<script>alert("1")</script>&\'"'


@pytest.mark.parametrize(
    "made",
    [
        lambda text: element("p", text),
        lambda text: element("p", [text, (text,)]),
        lambda text: element("img", alt=text),
        lambda text: join([text, text], text),
        lambda text: definitions([(text, text)]),
        lambda text: code_block(text, text),
        lambda text: table(text, [text], [[text]], identifier=text, note=text),
        lambda text: section(text, text, text).markup,
        lambda text: figure(b"png", text, text, text, text),
        lambda text: document(text, "", text, text),
    ],
)
def test_text_is_escaped_wherever_it_enters(made):
    page = made(HOSTILE)
    assert "<script" not in page and "&lt;script&gt;" in page
    assert re.search(r'"[^"<>]*&quot;1&quot;[^"<>]*"', page) or "alert(&quot;1&quot;)" in page
    assert Page(page).problems == [] and not Page(page).attributes("script")


def test_markup_is_taken_as_it_is_and_nothing_is_escaped_twice():
    inner = element("b", "a < b")
    assert element("p", inner) == "<p><b>a &lt; b</b></p>"
    assert isinstance(inner, Markup) and markup_of(inner) is inner
    assert markup_of(None) == "" and markup_of(3.5) == "3.5"


def test_what_could_deceive_a_reader_is_replaced():
    assert markup_of("a\x00b\x1bc\u202ed") == "a\ufffdb\ufffdc\ufffdd"
    assert markup_of("line\n\ttab") == "line\n\ttab"
    assert markup_of(b"\xff.fits".decode("utf-8", "surrogateescape")) == "\\udcff.fits"


def test_attributes():
    made = element("a", "x", class_="k", aria_label="l", href=None, hidden=True, open=False)
    assert made == '<a class="k" aria-label="l" hidden>x</a>'


def test_a_table_names_its_rows_and_columns():
    page = Page(table("T", ["Name", "Value"], [["a", "1"], ["b", "2"]], identifier="t", left=()))
    header, first, _ = page.tables["t"]
    assert [cell.attributes["scope"] for cell in header] == ["col", "col"]
    assert (first[0].tag, first[0].attributes["scope"], first[1].tag) == ("th", "row", "td")
    assert page.attributes("div")[0]["tabindex"] == "0" and page.attributes("caption") == [{}]


def test_a_picture_lies_in_the_page_with_its_size():
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big") + b"rest"
    (image,) = Page(figure(png, "what it shows", "Title", "caption", "f")).attributes("img")
    assert image["src"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert (image["alt"], image["width"], image["height"]) == ("what it shows", "640", "480")


def test_a_page_forbids_scripts_and_everything_from_elsewhere():
    page = Page(document("t", STYLE, "g", element("p", "x")))
    (policy,) = (m["content"] for m in page.attributes("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "script" not in policy
    assert page.attributes("html") == [{"lang": "en"}]
    assert "url(" not in STYLE and "@import" not in STYLE


def _luminance(color):
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1])
def test_colors_can_be_told_apart(scheme):
    """Text on its ground has a contrast of at least 4.5, which is what WCAG 2 asks for (AA)."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, flags=re.S)
    color = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[scheme]))
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "band")]
    pairs += [(state, f"{state}-band") for state in ("passed", "failed", "open")]
    pairs += [("ink", f"{state}-band") for state in ("passed", "failed", "open")]
    for ink, ground in pairs:
        low, high = sorted(_luminance(color[name]) for name in (ink, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
