"""Where a configuration was read from: its document, and the folder that its relative paths start from."""

__all__ = ["Source"]

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, ParameterError, ShapeError, UnitError
from ..files.yaml import YamlDocument


@dataclass(frozen=True)
class Source:
    """A document and the folder of the files that it names.

    Attributes
    ----------
    document
        The file's text and the line of every key.
    folder
        Where its relative paths start.
    """

    document: YamlDocument
    folder: Path

    def path_of(self, path):
        """A path of the file, relative to the folder unless it is absolute."""
        return self.folder / path

    def where(self, key_path=()):
        """`file.yaml:17` for a key path."""
        return self.document.where(key_path)

    def called(self, key_path, function, *arguments, names=None, **keywords):
        """Call a function; what it finds wrong with its arguments is an error at a line of the file.

        Parameters
        ----------
        key_path
            The part of the file that the arguments come from.
        function, arguments, keywords
            The call.
        names
            Keys of that part; the first whose name the error mentions is the line at fault. Default: the keywords.

        Raises
        ------
        ConfigError
            For a ParameterError, a ShapeError or a UnitError that names an argument.
        """
        names = list(keywords if names is None else names)
        try:
            return function(*arguments, **keywords)
        except (ParameterError, ShapeError) as error:
            raise ConfigError(f"{self.where(self._culprit(key_path, names, error))}: {error}") from error
        except UnitError as error:
            if "unit" not in names:
                raise
            raise ConfigError(f"{self.where((*key_path, 'unit'))}: {error}") from error

    def _culprit(self, key_path, names, error):
        """The key that an error is about: the one it names first, or the whole part."""
        found = {name: re.search(rf"(?<![\w]){re.escape(str(name))}(?![\w])", str(error)) for name in names}
        placed = sorted((match.start(), name) for name, match in found.items() if match)
        return (*key_path, placed[0][1]) if placed else key_path
