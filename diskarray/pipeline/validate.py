"""Everything that can be said about a configuration and its data before a fit: graded findings."""

__all__ = ["ValidationReport", "validate"]

from dataclasses import dataclass

from ..config.build import (
    build_data,
    build_optimizer,
    build_posterior,
    build_sampler,
    build_scene,
    build_space,
)
from ..config.load import load_config
from ..dataset.checks import RULES, UNREADABLE, check_imaging, finding_from_error
from ..dataset.rules.finding import ERROR, SEVERITIES, WARNING
from ..errors import DiskArrayError


@dataclass(frozen=True)
class ValidationReport:
    """What was found.

    Attributes
    ----------
    config : str
        The configuration, as it was named.
    findings : tuple of Finding
        The gravest first.
    checked : tuple of str
        Names of the rules that ran; none where nothing could be read.
    """

    config: str
    findings: tuple
    checked: tuple

    @property
    def readable(self):
        """Whether configuration and files could be read, whatever is in them."""
        return not any(finding.rule in UNREADABLE for finding in self.findings)

    def count(self, severity):
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def exit_code(self, strict=False):
        """0 fine, 1 an ERROR was found (or a WARNING, when `strict`), 2 nothing could be read."""
        if not self.readable:
            return 2
        return int(self.count(ERROR) > 0 or (strict and self.count(WARNING) > 0))

    def as_json(self, strict=False):
        """The report as plain dictionaries and lists; `strict` as in `exit_code`."""
        return {
            "config": self.config,
            "readable": self.readable,
            "exit_code": self.exit_code(strict),
            "counts": {severity: self.count(severity) for severity in SEVERITIES},
            "findings": [finding.as_json() for finding in self.findings],
            "rules": list(self.checked),
        }

    def __str__(self):
        counts = ", ".join(f"{self.count(severity)} {severity}" for severity in SEVERITIES)
        summary = f"{self.config}: {counts}" + (f" by {len(self.checked)} rules" if self.checked else "")
        return "\n".join([*map(str, self.findings), summary])


def validate(config_path, *, data=None, components=()):
    """Check a configuration, the data that it names, and whether they fit together. Nothing is fitted or written.

    Parameters
    ----------
    config_path
        The YAML file.
    data : path, optional
        A data file in place of the configured one.
    components : sequence of classes
        Your own component classes.

    Returns
    -------
    ValidationReport
        Errors of diskarray are findings in it; none is raised.
    """
    findings, checked, datasets, psf = [], (), None, None
    try:
        config = load_config(config_path, components=components)
    except DiskArrayError as error:
        return ValidationReport(str(config_path), (finding_from_error(error),), ())
    try:
        scene = build_scene(config)
        space = build_space(config, scene)
        build_optimizer(config)
        build_sampler(config)
        psf = scene.instrument.psf if scene.instrument is not None else None
    except DiskArrayError as error:
        findings.append(finding_from_error(error))
    try:
        datasets = build_data(config, data)
    except DiskArrayError as error:
        findings.append(finding_from_error(error))
    if datasets is not None:
        named = datasets if isinstance(datasets, dict) else {"": datasets}
        for name, imaging in named.items():
            findings += [found.about(name) for found in check_imaging(imaging, psf=psf)]
        checked = tuple(RULES)
        if not any(found.rule in UNREADABLE for found in findings):
            findings += _together(config, datasets, space)
    once = dict.fromkeys(findings)  # a damaged file may be asked for its image and for its PSF
    ranked = sorted(once, key=lambda found: SEVERITIES.index(found.severity))
    return ValidationReport(str(config_path), tuple(ranked), checked)


def _together(config, datasets, space):
    """What only shows when data and model meet, such as units that differ."""
    try:
        build_posterior(config, datasets, space)
    except DiskArrayError as error:
        return [finding_from_error(error)]
    return []
