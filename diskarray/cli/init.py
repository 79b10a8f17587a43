"""`diskarray init`: write a configuration to begin with, or the schema of all of them."""

__all__ = ["add_parser", "run"]

from .arguments import add_components, add_overwrite

_DEFAULT = "disk.yaml"


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "init",
        help="write a configuration to begin with",
        description="Write a configuration that can be simulated, fitted and sampled as it is.",
    )
    parser.add_argument("--template", metavar="NAME", help="which one, see --list (default: minimal)")
    parser.add_argument("--list", action="store_true", help="print the templates and what they are for")
    parser.add_argument("--output", metavar="FILE", help=f"the file to write (default: {_DEFAULT})")
    parser.add_argument("--data", metavar="PATH", help="a data file of your own, in place of one to be simulated")
    parser.add_argument(
        "--schema", metavar="FILE", help="write the JSON Schema of configurations, for your editor, and no template"
    )
    parser.add_argument(
        "--reference", metavar="FILE", help="write the reference page of all keys (Markdown), and no template"
    )
    add_components(parser)
    add_overwrite(parser, "replace an existing file")
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..config.templates import TEMPLATES

    if options.list:
        width = max(map(len, TEMPLATES))
        print("\n".join(f"{name.ljust(width)}  {template.about}" for name, template in TEMPLATES.items()))
        return 0
    if options.schema is not None or options.reference is not None:
        return _write_schema(options)
    return _write_template(options)


def _write_template(options):
    from pathlib import Path

    from ..config.templates import TEMPLATES, template_text
    from ..errors import ConfigError, nearest
    from ..files.atomic import write_text

    name = options.template or "minimal"
    if name not in TEMPLATES:
        raise ConfigError(f"there is no template {name!r}: {nearest(name, TEMPLATES)}")
    if options.components:
        raise ConfigError("--components belongs to --schema: templates hold the built-in components")
    output = Path(options.output or _DEFAULT)
    data = None if options.data is None else _from_folder(output, options.data)
    write_text(output, template_text(name, data), overwrite=options.overwrite)
    print(f"Wrote {output}")
    return 0


def _from_folder(output, data):
    """The path of a data file as a configuration names it: absolute, or relative to its folder."""
    import os
    from pathlib import Path

    if Path(data).is_absolute():
        return str(data)
    return Path(os.path.relpath(data, output.parent)).as_posix()


def _write_schema(options):
    from pathlib import Path

    from ..config.json_schema import json_schema_text
    from ..config.own_components import components_from
    from ..config.reference import renewed
    from ..errors import ConfigError
    from ..files.atomic import write_text

    for name in ("template", "output", "data"):
        if getattr(options, name) is not None:
            raise ConfigError(f"--{name} belongs to a template: leave it out with --schema and --reference")
    components = components_from(options.components)
    if options.schema is not None:
        write_text(Path(options.schema), json_schema_text(components), overwrite=options.overwrite)
        print(f"Wrote {options.schema}")
    if options.reference is not None:
        page = Path(options.reference)
        text = page.read_text(encoding="utf-8") if options.overwrite and page.is_file() else ""
        write_text(page, renewed(text, components), overwrite=options.overwrite)
        print(f"Wrote {options.reference}")
    return 0
