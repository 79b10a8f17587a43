"""`diskarray show`: look at the data of a configuration before any fit."""

__all__ = ["add_parser", "run"]

from .arguments import add_components, add_output, add_overwrite, add_quiet


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "show",
        help="look at the data before any fit",
        description="Draw image, noise and their ratio, with the mask's outline and the star, and print what the data "
        "are. Nothing is fitted.",
    )
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration")
    parser.add_argument("--data", metavar="PATH", help="show this data file instead of the configuration's")
    add_output(parser, "data.png", metavar="FILE.png", text="figure to write: .png, .pdf or .svg")
    add_overwrite(parser, "replace an existing figure")
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..config.own_components import components_from
    from ..pipeline.show import show_data

    said = show_data(
        options.config,
        options.output,
        data=options.data,
        components=components_from(options.components),
        overwrite=options.overwrite,
    )
    if not options.quiet:
        print(f"{said}\nWrote {options.output}")
    return 0
