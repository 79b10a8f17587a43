"""Text files: UTF-8, of limited size."""

__all__ = ["read_text"]

from ..errors import ConfigError


def read_text(path, largest, what):
    """The text of a file that a user wrote.

    Parameters
    ----------
    path
    largest : int
        Bytes.
    what : str
        What the file should be, for the error message.

    Raises
    ------
    ConfigError
        If it cannot be read, is larger, or is not UTF-8 (naming the line).
    """
    try:
        with open(path, "rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(raw) > largest:
        raise ConfigError(f"{path} is larger than {largest} bytes: this is not {what}.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text: save the file as UTF-8.") from error
