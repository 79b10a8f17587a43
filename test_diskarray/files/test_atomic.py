import os

import pytest

from diskarray.errors import OutputError
from diskarray.files.atomic import output_folder, write_bytes, write_text


def names_in(folder):
    return sorted(os.listdir(folder))


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    write_text(tmp_path / "note.txt", "é\n")
    assert (tmp_path / "note.txt").read_bytes() == "é\n".encode()
    assert names_in(tmp_path) == ["note.txt"]


def test_an_existing_file_is_refused_and_the_way_out_is_named(tmp_path):
    write_text(tmp_path / "note.txt", "first")
    with pytest.raises(OutputError, match=r"note\.txt exists already.*--overwrite"):
        write_text(tmp_path / "note.txt", "second")
    assert (tmp_path / "note.txt").read_text() == "first"
    write_text(tmp_path / "note.txt", "second", overwrite=True)
    assert (tmp_path / "note.txt").read_text() == "second"


def test_a_failed_write_leaves_the_old_file_and_no_temporary(tmp_path, monkeypatch):
    write_text(tmp_path / "note.txt", "first")

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_text(tmp_path / "note.txt", "second", overwrite=True)
    assert names_in(tmp_path) == ["note.txt"]
    assert (tmp_path / "note.txt").read_text() == "first"


def test_a_missing_folder_and_a_folder_as_file_are_refused(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path / "absent" / "note.txt", b"")
    with pytest.raises(OutputError, match="is a folder"):
        write_bytes(tmp_path, b"", overwrite=True)


def test_a_folder_appears_complete_at_the_end(tmp_path):
    target = tmp_path / "deep" / "out"
    with output_folder(target, products=["a.txt"]) as folder:
        write_text(folder / "a.txt", "a")
        assert not target.exists()
    assert names_in(target) == ["a.txt"]
    assert names_in(target.parent) == ["out"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failed_run_leaves_no_folder(tmp_path, failure):
    with pytest.raises(failure), output_folder(tmp_path / "out", products=["a.txt"]) as folder:
        write_text(folder / "a.txt", "a")
        raise failure
    assert names_in(tmp_path) == []


def test_overwriting_replaces_only_once_the_new_folder_is_complete(tmp_path):
    with output_folder(tmp_path / "out", products=["a.txt", "b.txt"]) as folder:
        write_text(folder / "a.txt", "old")
    with (
        pytest.raises(ValueError),
        output_folder(tmp_path / "out", products=["a.txt", "b.txt"], overwrite=True) as folder,
    ):
        write_text(folder / "a.txt", "new")
        raise ValueError
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    with output_folder(tmp_path / "out", products=["a.txt", "b.txt"], overwrite=True) as folder:
        write_text(folder / "b.txt", "new")
        assert (tmp_path / "out" / "a.txt").read_text() == "old"
    assert names_in(tmp_path / "out") == ["b.txt"]
    assert names_in(tmp_path) == ["out"]


def test_a_failed_swap_puts_the_old_folder_back(tmp_path, monkeypatch):
    with output_folder(tmp_path / "out", products=["a.txt"]) as folder:
        write_text(folder / "a.txt", "old")
    true_rename = os.rename
    calls = []

    def second_fails(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        true_rename(source, target)

    with (
        pytest.raises(OutputError, match="Input/output error"),
        output_folder(tmp_path / "out", products=["a.txt"], overwrite=True) as folder,
    ):
        write_text(folder / "a.txt", "new")
        monkeypatch.setattr(os, "rename", second_fails)
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    assert names_in(tmp_path) == ["out"]


def test_an_existing_folder_is_refused_before_any_work(tmp_path):
    (tmp_path / "out").mkdir()
    with (
        pytest.raises(OutputError, match=r"out exists already.*--overwrite"),
        output_folder(tmp_path / "out", products=[]),
    ):
        pytest.fail("the body must not run")


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(OutputError, match="'thesis.tex'.*not replaced"),
        output_folder(tmp_path, products=["a.txt"], overwrite=True),
    ):
        pytest.fail("the body must not run")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(OutputError, match="is not a folder"),
        output_folder(tmp_path / "out", products=[], overwrite=True),
    ):
        pytest.fail("the body must not run")
