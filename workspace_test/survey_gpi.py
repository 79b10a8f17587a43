"""Twelve GPI targets from one table by `diskarray survey`, killed on the way and resumed; faint ones must say so.

    python workspace_test/survey_gpi.py [--workers 2] [--output FOLDER] [--write]

Every target is fitted with the same model: an eccentric two-power-law ring, Henyey-Greenstein times Rayleigh
polarization (docs/examples/gpi_survey.yaml and .csv). The command is killed when the first target is done and run again
with ``--resume``. Fails if a target ends otherwise than "converged" or "not_constrained", claims a limit that is no
number, if a faint one has no upper limit on its brightness, if the table does not say what the run folders say, or if
the gallery lacks a picture. ``--output`` names a folder to keep, where an earlier survey is gone on with. ``--write``
renews docs/survey_gpi.md.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "examples" / "gpi_survey"
BELT = "disks.belt."
SHOWN = ("inclination", "position_angle", "density.radius", "phase_function.phase_function.g")

PAGE = """# Twelve GPI targets in one survey

    diskarray survey docs/examples/gpi_survey.csv docs/examples/gpi_survey.yaml --output gpi_survey --workers 2

One configuration for all (Q_phi, r from 12 to 90 pixels, an eccentric ring, six starts, errors that allow for
correlated residuals); the table gives every target its extension, catalogue values and the priors that scale with
the radius. "Gain" is what the disk's light takes off chi-squared, and in brackets what noise with the residuals'
correlation may do at 5 standard deviations; below it a target ends as not constrained, with an upper limit on its
brightness (in units of a star of 1 adu per coadd). Limits are at 95 %. The survey was killed on the way and resumed.
Written by `python workspace_test/survey_gpi.py --write`.

| target | status | reduced chi-squared | gain (threshold) | inclination [deg] | position angle [deg] | radius [au] \
| g | limits | images |
|---|---|---|---|---|---|---|---|---|---|
"""


def command(folder, workers, *words):
    """The survey as a user types it."""
    files = [f"{EXAMPLE}.csv", f"{EXAMPLE}.yaml", "--output", str(folder), "--workers", str(workers), *words]
    return [sys.executable, "-m", "diskarray", "survey", *files]


def killed_when_one_is_done(folder, workers):
    """Begin a survey, and end its process without warning when it tells of its first target."""
    with subprocess.Popen(command(folder, workers), stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        for line in running.stderr:
            print(line, end="", flush=True)
            if line.startswith("[1/"):
                running.kill()
    print(f"killed: exit code {running.returncode}", flush=True)


def problems_of(record, folder):
    """What is wrong with a target, one sentence each."""
    if record["status"] not in ("converged", "not_constrained"):
        yield f"{record['status']}: {record['message']}"
        return
    if any(limit["value"] is None for limit in record["limits"]):
        yield f"a limit that is no number: {record['limits']}"
    upper = {limit["name"] for limit in record["limits"] if limit["side"] == "upper"}
    if record["status"] == "not_constrained" and f"{BELT}optical_depth" not in upper:
        yield "not constrained, without an upper limit on the brightness"
    yield from differences(record, folder / "targets" / record["run"])


def differences(record, run):
    """Where a record does not say what its run folder says; chi-squared is summed anew from the residuals."""
    from astropy.io import fits

    with fits.open(run / "results" / "residuals.fits") as images:
        pixels = images["NORMALIZED"].data[np.isfinite(images["NORMALIZED"].data)].astype(float)
    reduced = np.sum(pixels**2) / (pixels.size - len(record["parameters"]))
    if pixels.size != record["n_data"] or abs(reduced / record["reduced_chi_squared"] - 1) > 1e-5:
        yield f"chi-squared {record['reduced_chi_squared']} is {reduced} in the residuals"
    found = json.loads((run / "results" / "fit.json").read_text())["parameters"]
    for name, parameter in record["parameters"].items():
        if (found[name]["value"], found[name]["sigma"]) != (parameter["value"], parameter["sigma"]):
            yield f"{name} is {parameter} and {found[name]} in the run folder"


def problems_of_products(records, folder):
    """What is wrong with the table as text, and with the gallery."""
    with open(folder / "survey.csv", newline="") as stream:
        rows = {row["name"]: row for row in csv.DictReader(stream)}
    page = (folder / "gallery.html").read_text()
    with open(f"{EXAMPLE}.csv", newline="") as stream:
        names = [line.partition(",")[0] for line in stream if line[:1] not in "#\n"][1:]
    if not list(rows) == [record["name"] for record in records] == names:
        yield f"the table has {list(rows)}, asked for {names}"
    for record in records:
        row, section = rows[record["name"]], page.partition(f'id="{record["name"]}"')[2].partition("</section>")[0]
        if row["status"] != record["status"] or f'class="status {record["status"]}"' not in section:
            yield f"{record['name']}: status {row['status']} in the table, {record['status']} in survey.json"
        if section.count("data:image/png;base64,") != 1:
            yield f"{record['name']}: no picture in the gallery"
        for name, parameter in record["parameters"].items():
            told = row[name] and float(row[name])
            if parameter["constrained"] != bool(row[name]) or (told and abs(told / parameter["value"] - 1) > 1e-6):
                yield f"{record['name']}: {name} is {row[name]!r} in the table"


def row_of(record):
    """A line of the page's table."""
    cells = []
    for name in (f"{BELT}{path}" for path in SHOWN):
        found, limit = record["parameters"][name], next((x for x in record["limits"] if x["name"] == name), None)
        if not found["constrained"]:
            cells.append("-")
        elif limit is not None:
            cells.append(f"{'<' if limit['side'] == 'upper' else '>'} {limit['value']:.4g}")
        else:
            cells.append(f"{found['value']:.4g} +- {found['sigma']:.2g}")
    sides = {"upper": "<", "lower": ">"}
    limits = [f"{x['name'].removeprefix(BELT)} {sides[x['side']]} {x['value']:.4g}" for x in record["limits"]]
    gain = f"{record['detection']['chi_squared_gain']:.0f} ({record['detection']['threshold']:.0f})"
    head = f"| {record['name']} | {record['status']} | {record['reduced_chi_squared']:.3f} | {gain} | "
    return head + " | ".join(cells) + f" | {'; '.join(limits) or '-'} | {record['n_evaluations']} |"


def page_of(records):
    """docs/survey_gpi.md."""
    return PAGE + "\n".join(map(row_of, records)) + "\n"


def survey(folder, workers):
    """Run the whole in a folder; returns what is wrong with it."""
    if not folder.exists():
        killed_when_one_is_done(folder, workers)
    done = subprocess.run(command(folder, workers, "--resume"), cwd=ROOT, check=False)
    records = json.loads((folder / "survey.json").read_text())["targets"]
    failed = [] if done.returncode == 0 else [f"exit code {done.returncode}"]
    failed += [f"{record['name']}: {problem}" for record in records for problem in problems_of(record, folder)]
    return records, failed + list(problems_of_products(records, folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew docs/survey_gpi.md")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=pathlib.Path, help="a folder to keep, or to go on in")
    arguments = parser.parse_args()
    if not (ROOT / "../shared/data/gpi/gpi12_qphi_uphi.fits.gz").exists():
        print("skipped: ../shared/data/gpi is not there")
        return
    with tempfile.TemporaryDirectory() as temporary:
        records, failed = survey(arguments.output or pathlib.Path(temporary) / "survey", arguments.workers)
    print("\n".join(f"FAILED {line}" for line in failed) or f"{len(records)} targets, table and gallery are right")
    if arguments.write and not failed:
        (ROOT / "docs" / "survey_gpi.md").write_text(page_of(records))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
