"""One tree of exceptions; each is also the builtin a caller would expect."""

import pytest

from diskarray import errors

BUILTINS = {
    "ParameterError": ValueError,
    "ShapeError": ValueError,
    "BackendError": TypeError,
    "DataError": ValueError,
    "UnitError": ValueError,
    "ConfigError": ValueError,
    "OutputError": OSError,
    "MissingExtraError": ImportError,
    "CheckpointError": RuntimeError,
    "SamplerError": RuntimeError,
    "Interrupted": KeyboardInterrupt,
}


def test_every_error_is_listed_here():
    classes = {n for n in errors.__all__ if isinstance(getattr(errors, n), type)}
    assert classes == {*BUILTINS, "DiskArrayError"}


@pytest.mark.parametrize("name", BUILTINS)
def test_each_error_is_ours_and_a_builtin(name):
    for kind in (errors.DiskArrayError, BUILTINS[name]):
        with pytest.raises(kind, match="the reason"):
            raise getattr(errors, name)("the reason")


def test_a_unit_error_is_a_data_error():
    assert issubclass(errors.UnitError, errors.DataError)


@pytest.mark.parametrize(
    "word, known, text",
    [
        ("inclnation", ["inclination", "distance"], "did you mean inclination?"),
        ("zzz", ["a", "b"], "known: a, b"),
        ("x", [], "known: none"),
        (5, [1, 2], "known: 1, 2"),
        ("gama", ["gamma", "g", "gammas"], "did you mean gamma or gammas?"),
    ],
)
def test_the_nearest_spellings_are_named(word, known, text):
    assert errors.nearest(word, known) == text
