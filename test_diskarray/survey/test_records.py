import csv
import html.parser

import pytest

from diskarray.survey.gallery import gallery_page
from diskarray.survey.records import limit_text, record_without_run, write_csv
from diskarray.survey.thumbnails import thumbnail_paths

UPPER = {"name": "tau", "side": "upper", "value": 0.25, "level": 0.95}


def parameter(value, sigma, constrained=True, unit="deg"):
    return {"value": value, "sigma": sigma, "unit": unit, "at_bound": sigma is None, "constrained": constrained}


def record(name, status, parameters, limits=(), gain=50.0):
    made = record_without_run(name, status, "a message, with a comma")
    seen = {"chi_squared_gain": gain, "threshold": 20.0, "detected": gain > 20}
    numbers = {"reduced_chi_squared": 1.0625, "n_data": 100, "n_evaluations": 7, "seconds": 3.5}
    return made | numbers | {"run": name, "detection": seen, "limits": list(limits), "parameters": parameters}


RECORDS = [
    record("bright", "converged", {"i": parameter(76.123456789, 0.5), "tau": parameter(1e-7, 1e-9, unit="")}),
    record(
        "faint",
        "not_constrained",
        {"i": parameter(1.0, 2.0, constrained=False), "tau": parameter(0.3, None, constrained=False)},
        [UPPER],
        gain=5.0,
    ),
    record(
        "joint", "converged", {"i": parameter(3.0, None), "offset": parameter(0.1, 0.2)}, [UPPER | {"side": "lower"}]
    ),
    record_without_run("broken", "failed", "DataError: <nothing> & more", "DataError", 1.25),
]


class Page(html.parser.HTMLParser):
    """Checks that every element is closed, and keeps the text and what is referred to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.addresses = [], "", []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("href", "src")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_table_has_a_line_per_target_and_empty_cells_for_what_is_not_known(tmp_path):
    write_csv(tmp_path / "survey.csv", RECORDS)
    with open(tmp_path / "survey.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    bright, faint, joint, broken = rows
    assert list(bright)[10:] == ["i", "i:error", "tau", "tau:error", "tau:lower", "tau:upper", "offset", "offset:error"]
    assert (bright["i"], bright["i:error"], bright["tau"], bright["tau:upper"]) == ("76.123457", "0.5", "1e-07", "")
    assert bright["detected"] == "true" and bright["message"] == "a message, with a comma"
    assert (faint["i"], faint["tau"], faint["tau:upper"], faint["detected"]) == ("", "", "0.25", "false")
    assert faint["limits"] == "tau < 0.25 (95 %)" and joint["tau:lower"] == "0.25"
    assert (joint["i"], joint["i:error"], joint["tau"], joint["offset:error"]) == ("3", "", "", "0.2")
    assert broken["status"] == "failed" and broken["seconds"] == "1.25" and broken["reduced_chi_squared"] == ""
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (UPPER, "tau < 0.25 (95 %)"),
        (UPPER | {"side": "lower", "value": 1234567.0}, "tau > 1.235e+06 (95 %)"),
        (UPPER | {"value": None}, "tau < unknown (95 %)"),
    ],
)
def test_limits_in_words(limit, text):
    assert limit_text(limit) == text


def test_the_gallery_holds_everything_itself(tmp_path):
    (tmp_path / "bright@data.png").write_bytes(b"a picture")
    (tmp_path / "faint@data.png").write_bytes(b"another")
    page = gallery_page("<Survey> & more", RECORDS, tmp_path)
    read = Page(page)
    assert [a for a in read.addresses if not a.startswith(("#", "data:image/png;base64,"))] == []
    assert [a for a in read.addresses if a.startswith("#")] == [f"#{r['name']}" for r in RECORDS]
    assert sum(a.startswith("data:") for a in read.addresses) == 2
    assert "<Survey> & more" in read.text and "DataError: <nothing> & more" in read.text
    for words in ("4 targets", "converged 2", "not constrained 1", "failed 1", "76.1235", "< 0.25 (95 %)"):
        assert words in " ".join(read.text.split()), words
    assert "<script" not in page
    faint = page.partition('id="faint"')[2].partition("</section>")[0]
    assert "Not constrained: i<" in faint and "&lt; 0.25" in faint


def test_pictures_belong_to_the_target_of_that_very_name(tmp_path):
    for name in ("hd1@data.png", "hd1@polarized.png", "hd10@data.png", "hd1.b@data.png"):
        (tmp_path / name).touch()
    assert [path.name for path in thumbnail_paths(tmp_path, "hd1")] == ["hd1@data.png", "hd1@polarized.png"]
