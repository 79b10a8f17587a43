"""Where the built-in example lies."""

__all__ = ["example_config"]

from importlib.resources import files
from pathlib import Path


def example_config():
    """The path of the example's configuration; its image and its true parameters lie beside it."""
    return Path(str(files(__package__) / "hr4796a_like.yaml"))
