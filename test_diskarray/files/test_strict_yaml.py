import math

import pytest

from diskarray.errors import ConfigError
from diskarray.files.yaml import load_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1.0E+3", 1e3),
        (".5", 0.5),
        ("-3.", -3.0),
        ("12", 12),
        ("-0", 0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("010", "010"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-11-21", "2026-11-21"),
        ("'1e-3'", "1e-3"),
        ("adu / coadd", "adu / coadd"),
    ],
)
def test_scalars_are_what_they_look_like(text, value):
    read = parse_yaml(f"key: {text}\n").content["key"]
    assert read == value and type(read) is type(value)


def test_infinity_and_nan_are_numbers_for_the_schema_to_refuse():
    content = parse_yaml("a: .inf\nb: -.inf\nc: .nan\n").content
    assert content["a"] == math.inf and content["b"] == -math.inf and math.isnan(content["c"])


def test_every_key_path_knows_its_line():
    document = parse_yaml("# comment\na:\n  b: 1\n\n  c:\n    - 2\n    - d: 3\n", name="run.yaml")
    assert document.content == {"a": {"b": 1, "c": [2, {"d": 3}]}}
    assert document.where(("a", "b")) == "run.yaml:3"
    assert document.line_of(("a", "c", 1, "d")) == 7
    assert document.line_of(("a", "absent", "deeper")) == 2
    assert document.line_of(("absent",)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"run\.yaml:3: key 'a' is given twice \(first on line 1\)"),
        ("a: &x 1\nb: *x\n", r"run\.yaml:1: anchors and aliases"),
        ("a: 1\nb: *x\n", r"run\.yaml:2: anchors and aliases"),
        ("a: !!python/object:os.system {}\n", r"run\.yaml:1: tags are not allowed"),
        ("a: !!float 1\n", r"run\.yaml:1: tags are not allowed"),
        ("a: 1\n1: 2\n", r"run\.yaml:2: a key must be a name"),
        ("a: 1\n? [b, c]\n: 2\n", r"run\.yaml:2: a key must be a name"),
        ("a: [1, 2\nb: 3\n", r"run\.yaml:2: not valid YAML"),
        ("a: 1\n\tb: 2\n", r"run\.yaml:2: not valid YAML"),
        ("a: 1\n---\nb: 2\n", r"run\.yaml:2: not valid YAML"),
        ("a: 1\nb: \x07\n", r"run\.yaml:2: not valid YAML: control characters"),
        ("a: " + "9" * 5000, r"run\.yaml:1: '9{40}' is not a number"),
        ("a: " + "[" * 5000, r"run\.yaml:1: nested deeper than 32"),
        ("- 1\n- 2\n", r"run\.yaml:1: the file must be a mapping"),
        ("# nothing\n", r"run\.yaml is empty"),
    ],
)
def test_what_is_not_strict_yaml_is_one_error_with_its_line(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_yaml(text, name="run.yaml")


def test_files_are_checked_before_they_are_parsed(tmp_path):
    (tmp_path / "big.yaml").write_bytes(b"a: 1\n" + b"#" * 1024 * 1024)
    with pytest.raises(ConfigError, match=r"big\.yaml is larger than"):
        load_yaml(tmp_path / "big.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.yaml:2: not UTF-8"):
        load_yaml(tmp_path / "latin.yaml")
    with pytest.raises(ConfigError, match=r"absent\.yaml cannot be read: No such file"):
        load_yaml(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_yaml(tmp_path)
