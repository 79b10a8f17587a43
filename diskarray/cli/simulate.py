"""`diskarray simulate`: make the image that a configuration describes."""

__all__ = ["add_parser", "run"]


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "simulate",
        help="make the image that a configuration describes",
        description="Make a noisy image from the scene and the simulation section of a configuration. "
        "The true values are written beside it, as FILE_truth.json.",
    )
    parser.add_argument("config", metavar="CONFIG.yaml", help="the configuration")
    parser.add_argument("--output", metavar="FILE.fits", required=True, help="the FITS file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    from ..pipeline.simulate import run_simulation

    written = run_simulation(options.config, options.output, overwrite=options.overwrite)
    print("Wrote " + " and ".join(str(path) for path in written))
    return 0
