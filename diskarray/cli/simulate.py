"""`diskarray simulate`: make the image that a configuration describes."""

__all__ = ["add_parser", "run"]

from .arguments import add_components, add_output, add_overwrite, add_quiet, add_seed


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "simulate",
        help="make the image that a configuration describes",
        description="Make a noisy image from the scene and the simulation section of a configuration. "
        "The true values are written beside it, as FILE_truth.json.",
    )
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration")
    add_output(
        parser, metavar="FILE.fits", text="the FITS file to write (default: the one that the configuration reads)"
    )
    add_seed(parser, text="seed of the noise (default: the configuration's)")
    add_overwrite(parser, "replace an existing file")
    add_components(parser)
    add_quiet(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.simulate import run_simulation

    written = run_simulation(
        options.config,
        options.output,
        overwrite=options.overwrite,
        seed=options.seed,
        component_files=options.components,
    )
    if not options.quiet:
        print("Wrote " + " and ".join(str(path) for path in written))
    return 0
