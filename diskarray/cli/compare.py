"""`diskarray compare`: runs of the same data side by side."""

__all__ = ["add_parser", "run"]

import sys

from .arguments import add_components, add_output, add_overwrite, add_run

NOT_TRUSTED = 1


def add_parser(commands):
    """Declare the sub-command's arguments."""
    parser = commands.add_parser(
        "compare",
        help="compare runs of the same data",
        description="Show parameters, fit statistics and evidences of runs side by side. One run by itself: its fit "
        "beside its samples.",
    )
    add_run(parser, nargs="+")
    add_output(parser, metavar="FILE.json", text="write the comparison to this file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    add_overwrite(parser, "replace the output file")
    add_components(parser)
    return parser


def run(options):
    """Run the sub-command; returns its exit code."""
    import json

    from ..files.atomic import write_text
    from ..pipeline.compare import compare_runs, open_several

    done = compare_runs(open_several(options.run_folders, options.components))
    text = json.dumps(done.content, indent=2, allow_nan=False)
    if options.output is not None:
        write_text(options.output, text + "\n", overwrite=options.overwrite)
    print(text if options.json else _report(done))
    doubtful = [name for name, about in done.content["runs"].items() if not about["trusted"]]
    if doubtful:
        print(f"diskarray: error: {', '.join(doubtful)}: not converged or not established", file=sys.stderr)
        return NOT_TRUSTED
    return 0


def _report(done):
    from .table import aligned

    content = done.content
    parts = [aligned(_parameter_rows(content), left={0, 1}), aligned(_statistic_rows(content), left={0})]
    if done.evidence is not None:
        parts.append(repr(done.evidence))
    return "\n\n".join(parts)


def _parameter_rows(content):
    from .table import number_text

    names = list(content["runs"])
    sources = {n: [s for s in ("fit", "samples") if s in content["runs"][n]] for n in names}
    header = ["parameter", "unit"]
    for name in names:
        header += [f"{name} {source}" for source in sources[name]]
        header += ["z"] if len(sources[name]) == 2 else []
    header += [f"z {name}" for name in names[1:]]
    yield header
    for key, row in content["parameters"].items():
        cells = [key, row["unit"]]
        for name in names:
            for source in sources[name]:
                found = row["runs"][name].get(source)
                cells.append("-" if found is None else number_text(found["value"], found["sigma"]))
            if len(sources[name]) == 2:
                cells.append(_z(row["fit_minus_samples"].get(name)))
        cells += [_z(row[f"minus {names[0]}"].get(name, {}).get("z")) for name in names[1:]]
        yield cells


def _statistic_rows(content):
    yield ["", *content["runs"]]
    rows = {
        "chi-squared": ("chi_squared", ".2f"),
        "pixels": ("n_data", "d"),
        "free parameters": ("n_free", "d"),
        "reduced chi-squared": ("reduced_chi_squared", ".4f"),
        "log-likelihood": ("log_likelihood", ".2f"),
        "BIC": ("bayesian_information_criterion", ".2f"),
    }
    fits = [about.get("fit", {}) for about in content["runs"].values()]
    for label, (key, style) in rows.items():
        yield [label, *("-" if fit.get(key) is None else format(fit[key], style) for fit in fits)]
    draws = [about.get("samples", {}) for about in content["runs"].values()]
    yield ["log-evidence", *map(_evidence, draws)]
    yield ["samples", *("-" if not s else "established" if s["established"] else "NOT established" for s in draws)]


def _evidence(samples):
    if samples.get("log_evidence") is None:
        return "-"
    return f"{samples['log_evidence']:.2f} +- {samples['log_evidence_error'] or 0.0:.2f}"


def _z(value):
    return "-" if value is None else f"{value:+.2f}"
