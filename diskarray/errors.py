"""The exceptions of diskarray: one tree, and each is also the builtin a caller would expect to catch."""

__all__ = [
    "DiskArrayError",
    "ParameterError",
    "ShapeError",
    "BackendError",
    "DataError",
    "UnitError",
    "ConfigError",
    "OutputError",
    "MissingExtraError",
    "CheckpointError",
    "SamplerError",
    "Interrupted",
    "nearest",
]

import difflib


class DiskArrayError(Exception):
    """Base of every error that diskarray raises on purpose."""


class ParameterError(DiskArrayError, ValueError):
    """A value outside its physical range, an unknown parameter, a wrong path."""


class ShapeError(DiskArrayError, ValueError):
    """Arrays, masks, frames or axes that do not fit together."""


class BackendError(DiskArrayError, TypeError):
    """An array of one library met the namespace of another."""


class DataError(DiskArrayError, ValueError):
    """An input file or data array that cannot be used as it is."""


class UnitError(DataError):
    """A unit that is missing, unknown, or different from the one needed."""


class ConfigError(DiskArrayError, ValueError):
    """A configuration file that cannot be understood."""


class OutputError(DiskArrayError, OSError):
    """A product that cannot be written, or must not be overwritten."""


class MissingExtraError(DiskArrayError, ImportError):
    """An optional package is not installed."""


class CheckpointError(DiskArrayError, RuntimeError):
    """A checkpoint that is damaged, in use, or of another run."""


class SamplerError(DiskArrayError, RuntimeError):
    """A sampler that cannot start or go on."""


class Interrupted(DiskArrayError, KeyboardInterrupt):
    """A run that was asked to stop, and can be resumed from its checkpoint."""


def nearest(word, known):
    """Sentence part that lists what is known, the nearest spellings first."""
    known = [str(k) for k in known]
    close = difflib.get_close_matches(str(word), known, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known: {', '.join(known) or 'none'}"
