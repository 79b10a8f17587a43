"""Errors that know which rule they refuse data by, so that a validation can name it."""

__all__ = ["refusal", "rule_of"]

from ...errors import DataError, ShapeError, UnitError

_KINDS = {"unit": UnitError}
_BY_TYPE = ((UnitError, "unit"), (ShapeError, "shape"))


def refusal(rule, message):
    """The error to raise when a file could be read but what is in it cannot be used.

    Parameters
    ----------
    rule : str
        The rule's name, such as ``"noise_sign"``.
    message : str
        What is wrong, where, and what to do.
    """
    error = _KINDS.get(rule, DataError)(message)
    error.rule = rule
    return error


def rule_of(error):
    """The rule that an error, or the one it was raised from, names; None where nothing could be read."""
    while error is not None:
        named = getattr(error, "rule", None) or next((r for kind, r in _BY_TYPE if isinstance(error, kind)), None)
        if named:
            return named
        error = error.__cause__
    return None
