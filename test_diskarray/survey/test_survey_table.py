import pytest

from diskarray.errors import ConfigError
from diskarray.survey.table import read_table


def table_of(tmp_path, text):
    path = tmp_path / "targets.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_table_is_read_with_its_lines(tmp_path):
    text = '\ufeff# targets\nname,data.path,priors.x\n\none, a.fits ,"[1, 2]"\n# more\ntwo,,3\n'
    table = read_table(table_of(tmp_path, text))
    assert table.columns == ("data.path", "priors.x")
    one, two = table.targets
    assert (one.name, one.line, one.cells) == ("one", 4, {"data.path": "a.fits", "priors.x": "[1, 2]"})
    assert (two.name, two.line, two.cells) == ("two", 6, {"priors.x": "3"})
    assert table.where(two).endswith("targets.csv:6: two")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "no column 'name'"),
        ("target,a\nx,1\n", 1, "no column 'name'; columns: target, a"),
        ("name\n", None, "has no targets"),
        ("name,,b\nx,1,2\n", 1, "column 2 has no name"),
        ("name,a,a\nx,1,2\n", 1, "'a' is there twice"),
        ("name,a\nx,1\ny\n", 3, "1 cells for 2 columns"),
        ("name,a\nx,1,2\n", 2, "3 cells for 2 columns"),
        ("name,a\nx,1\ny,2\nX,3\n", 4, "'X' is there twice (first on line 2)"),
        ("name,a\n../x,1\n", 2, "cannot name a target"),
        ("name,a\n.x,1\n", 2, "cannot name a target"),
        ("name,a\n,1\n", 2, "cannot name a target"),
        (f"name,a\n{'x' * 65},1\n", 2, "cannot name a target"),
        ("name,a\nx,\ny,\n", 1, "'a' is empty for every target"),
        ('name,a\nx,"1\n2"\n', 3, "several lines"),
        ('name,a\nx,"1"2\n', 2, "not comma-separated"),
        (b"name,a\nx,\xff\n", 2, "not UTF-8"),
        (b"x" * 5_000_000, None, "larger than"),
    ],
)
def test_what_is_wrong_with_a_table_is_named_with_its_line(text, line, words, tmp_path):
    path = table_of(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        read_table(path)
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"{path}:{line}: " if line else f"{path} ")


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.csv cannot be read: No such file"):
        read_table(tmp_path / "absent.csv")
