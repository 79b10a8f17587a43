"""What a rule finds, and how grave it is."""

__all__ = ["ERROR", "INFO", "SEVERITIES", "WARNING", "Finding"]

import dataclasses
from dataclasses import dataclass

ERROR, WARNING, INFO = "ERROR", "WARNING", "INFO"
SEVERITIES = (ERROR, WARNING, INFO)
"""From what makes a fit meaningless, over what probably biases it, to what one should know."""


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found.

    Attributes
    ----------
    severity : {"ERROR", "WARNING", "INFO"}
    rule : str
        The rule's name.
    message : str
        What is the case, with numbers.
    advice : str
        What to do about it.
    subject : str
        What it is about where there are several: the name of a data set.
    """

    severity: str
    rule: str
    message: str
    advice: str
    subject: str = ""

    def about(self, subject):
        """The same finding with its subject named."""
        return dataclasses.replace(self, subject=subject)

    def as_json(self):
        """A dictionary of text."""
        return dataclasses.asdict(self)

    def __str__(self):
        about = f" [{self.subject}]" if self.subject else ""
        return f"{self.severity:<7} {self.rule}{about}: {self.message} {self.advice}"
