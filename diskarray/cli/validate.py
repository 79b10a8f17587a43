"""`diskarray validate`: what is wrong with a configuration and its data, before any fit."""

__all__ = ["add_parser", "run"]

import json

from .arguments import add_components


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "validate",
        help="check a configuration and its data, and grade what is found",
        description="Check a configuration, its data and its PSF by rules, each an ERROR, a WARNING or an INFO. "
        "Exit code 0: no ERROR; 1: an ERROR; 2: configuration or data cannot be read.",
    )
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration")
    parser.add_argument("--data", metavar="PATH", help="check this data file instead of the configuration's")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for a WARNING too")
    add_components(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..config.own_components import components_from
    from ..pipeline.validate import validate

    report = validate(options.config, data=options.data, components=components_from(options.components))
    print(json.dumps(report.as_json(options.strict), indent=2) if options.json else report)
    return report.exit_code(options.strict)
