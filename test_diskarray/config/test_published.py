"""What is published of the schema: JSON Schema and the reference page, both current and complete."""

import json
from pathlib import Path

import pytest

from diskarray.config.json_schema import json_schema, json_schema_text
from diskarray.config.load import config_section
from diskarray.config.reference import MARK, reference, renewed
from diskarray.config.templates import TEMPLATES, template_text
from diskarray.config.walk import keys_of, kind_of_section
from diskarray.files.yaml import parse_yaml

DOCS = Path(__file__).parents[2] / "docs"


def sections(section, seen):
    if section not in seen:
        seen.add(section)
        for key in keys_of(section):
            for inner in key.sections:
                sections(inner, seen)
    return seen


SECTIONS = sorted(sections(config_section(), set()), key=lambda section: section.__name__)


def test_the_published_json_schema_is_current():
    stored = (DOCS / "diskarray.schema.json").read_text(encoding="utf-8")
    assert stored == json_schema_text(), "renew it: diskarray init --schema docs/diskarray.schema.json --overwrite"


def test_the_reference_page_is_current():
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert page == renewed(page), "renew it: diskarray init --reference docs/configuration.md --overwrite"


def test_the_reference_page_has_every_key_and_kind():
    page = reference()
    for section in SECTIONS:
        kind = kind_of_section(section)
        assert not kind or f": `{kind}`" in page, kind
        for key in keys_of(section):
            assert key.name in ("kind", "reader") or f"| `{key.name}` |" in page, key.name


def test_what_stands_above_the_mark_is_kept():
    assert renewed("").startswith(MARK) and renewed("# Mine\n").startswith(f"# Mine\n\n{MARK}\n\n## Top level")
    assert renewed(renewed("# Mine\n")) == renewed("# Mine\n")


def test_descriptions_units_and_ranges_are_those_of_the_components():
    radius = json_schema()["$defs"]["TwoPowerLaw"]["properties"]["radius"]
    assert radius["exclusiveMinimum"] == 0 and radius["default"] == 77.0 and radius["type"] == "number"
    assert radius["description"] == (
        "semi-major axis of the reference ellipse [au]; range (0, inf); prior {log_uniform: [1, 1000]}"
    )


def test_every_parameter_and_setting_is_described():
    silent = [
        f"{section.__name__}.{key.name}"
        for section in SECTIONS
        for key in keys_of(section)
        if not key.meaning
        and not key.name.endswith(("radius", "_angle", "axis_ratio", "lower", "upper", "mean", "sigma"))
    ]
    assert set(silent) <= {"NoiseFromAnnuli.statistic"}


def check(schema, value, root):
    """A few rules of JSON Schema, enough to tell a good configuration from one with a wrong key or type."""
    if "$ref" in schema:
        return check(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices and "properties" not in schema:
        return any(check(one, value, root) for one in choices)
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    if kind == "object":
        known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
        other = next(iter(schema.get("patternProperties", {"": other}).values()))
        if not isinstance(value, dict) or any(name not in value for name in schema.get("required", ())):
            return False
        inside = {name: known.get(name, other) for name in value}
        return all(one is True or (one and check(one, value[name], root)) for name, one in inside.items())
    if kind == "array":
        return isinstance(value, list) and all(check(schema.get("items", {}), one, root) for one in value)
    if kind in ("number", "integer"):
        number = isinstance(value, (int, float) if kind == "number" else int) and not isinstance(value, bool)
        return number and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return {"string": isinstance(value, str), "boolean": isinstance(value, bool), "null": value is None}.get(kind, True)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_json_schema_accepts_templates_and_refuses_what_is_wrong(name):
    schema, text = json_schema(), template_text(name)
    assert check(schema, parse_yaml(text).content, schema)
    for old, new in (
        ("inclination: 66.0", "inclnation: 66.0"),
        ("inclination: 66.0", "inclination: 190"),
        ("kind: emcee", "kind: emce"),
    ):
        assert not check(schema, parse_yaml(text.replace(old, new, 1)).content, schema)


def test_it_is_plain_json_of_a_known_draft():
    content = json.loads(json_schema_text())
    assert content["$schema"].endswith("2020-12/schema") and content["required"] == ["version", "scene", "priors"]
    assert '"x-' not in json_schema_text()
