"""The schema of a configuration as JSON Schema, by which editors complete keys, show what they mean and mark errors."""

__all__ = ["json_schema", "json_schema_text"]

import json

from .load import config_section

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(components=()):
    """The JSON Schema of a configuration.

    Parameters
    ----------
    components : sequence of classes
        Your own component classes, whose kinds are then known too.

    Returns
    -------
    dict
    """
    content = config_section(tuple(components)).model_json_schema()
    return {"$schema": _DRAFT, **_told(content), "oneOf": [{"required": ["data"]}, {"required": ["datasets"]}]}


def json_schema_text(components=()):
    """The same as text, for a file."""
    return json.dumps(json_schema(components), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _told(node):
    """The schema with units, ranges and priors in its descriptions, and without what says nothing."""
    if isinstance(node, list):
        return [_told(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _told(part) for key, part in node.items() if not (key == "title" and isinstance(part, str))}
    if kept.get("default", "") is None:
        del kept["default"]
    own = {name: kept.pop(f"x-{name}", None) for name in ("unit", "range", "prior", "default")}
    if own["default"] is not None:
        kept["default"] = own["default"]
    if own["prior"] or own["unit"] or own["range"]:
        told = [kept.get("description", "").rstrip("."), f"[{own['unit']}]" if own["unit"] else ""]
        range_and_prior = [
            f"range {own['range']}" if own["range"] else "",
            f"prior {own['prior']}" if own["prior"] else "",
        ]
        kept["description"] = "; ".join([" ".join(filter(None, told)), *filter(None, range_and_prior)])
    return kept
