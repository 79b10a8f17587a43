"""Steps are computed once, whatever happens to the process, the disk or the files."""

import errno
import json
import os
import shutil

import numpy as np
import pytest

from diskarray.errors import CheckpointError, DiskArrayError, Interrupted, OutputError
from diskarray.files import atomic, lock
from diskarray.files.journal import Journal

IDENTITY = {"seed": 1, "engine": "toy", "settings": {"walkers": 4, "width": 0.25}}
STEPS = 12


def program(journal, steps=STEPS, log=None, seed=0):
    """A chain in which every step hangs on all results before it; ``log`` notes what is computed."""
    random = np.random.default_rng(seed)
    x, sums = np.zeros(3), []
    for k in range(steps):
        proposal = x + random.standard_normal(3)

        def compute(k=k, proposal=proposal):
            if log is not None:
                log.append(k)
            return {"value": np.cos(proposal) * k, "flag": np.array(k % 2 == 0), "count": k, "none": np.zeros((0, 2))}

        out = journal.step("toy", (proposal, k, "text"), compute)
        x = proposal + out["value"]
        sums.append((x.tobytes(), bool(out["flag"]), int(out["count"]), out["none"].shape, out["count"].dtype))
    return sums


def run(folder, every=0.0, **given):
    with Journal.open(folder, IDENTITY, every) as journal:
        return program(journal, **given), journal


EXPECTED = program(Journal.in_memory())


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def finished(folder):
    run(folder)
    return folder


def test_a_run_is_replayed_without_computing(finished):
    before, log = files_of(finished), []
    sums, journal = run(finished, log=log)
    assert sums == EXPECTED and log == [] and files_of(finished) == before
    assert (journal.steps, journal.replayed) == (STEPS, STEPS)


def test_a_shorter_run_is_continued(folder):
    run(folder, steps=5)
    log = []
    sums, journal = run(folder, log=log)
    assert sums == EXPECTED and log == list(range(5, STEPS))
    assert (journal.steps, journal.replayed) == (STEPS, 5)


def test_nothing_is_left_beside_header_and_blocks(finished):
    assert sorted(files_of(finished)) == sorted(["header.json", *(f"blocks/{k:06d}.npz" for k in range(1, STEPS + 1))])


def test_blocks_are_plain_npz_files(finished):
    with np.load(finished / "blocks" / "000003.npz", allow_pickle=False) as block:
        index, data = json.loads(block["index"].tobytes()), block["data"]
    assert [step["name"] for step in index] == ["toy"]
    assert data.nbytes == 3 * 8 + 1 + 8 + 0


def test_steps_wait_until_it_is_time(folder):
    with Journal.open(folder, IDENTITY, every=3600) as journal:
        program(journal)
        assert sorted(files_of(folder)) == ["header.json", "lock"]
    assert sorted(files_of(folder)) == ["blocks/000001.npz", "header.json"]
    assert run(folder)[1].replayed == STEPS


def test_much_data_does_not_wait(folder, monkeypatch):
    monkeypatch.setattr("diskarray.files.journal._LARGEST", 1000)
    with Journal.open(folder, IDENTITY, every=3600) as journal:
        for k in range(5):
            journal.step("large", (k,), lambda: {"x": np.zeros(100)})
    assert len(files_of(folder)) == 1 + 3  # header; 2 + 2 + 1 steps


def test_seconds_are_carried_on(finished):
    _, journal = run(finished)
    first = journal.seconds
    assert first > 0 and run(finished)[1].seconds == first


def test_what_fails_in_a_step_keeps_the_steps_before(folder):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Journal.open(folder, IDENTITY, every=3600) as journal:
        program(journal, steps=4)
        journal.step("bad", (), fail)
    assert run(folder)[1].replayed == 4


def test_objects_are_refused(folder):
    with Journal.open(folder, IDENTITY) as journal:
        with pytest.raises(CheckpointError, match="'x'.*object"):
            journal.step("toy", (), lambda: {"x": np.array([{}])})
        with pytest.raises(CheckpointError, match="input of step 'toy'"):
            journal.step("toy", ([{}],), dict)


# what a killed process leaves behind


@pytest.fixture
def snapshots(folder, tmp_path, monkeypatch):
    """Copies of the folder as it was at every file operation of a run: what a SIGKILL there would leave."""
    copies = []

    def copied():
        if folder.exists():
            copies.append(tmp_path / f"copy{len(copies)}")
            shutil.copytree(folder, copies[-1])

    def watched(function):
        def wrapper(*given, **options):
            copied()
            result = function(*given, **options)
            copied()
            return result

        return wrapper

    for name in ("fsync", "replace", "link"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    with Journal.open(folder, IDENTITY, every=0.0) as journal:
        program(journal, steps=4)
    monkeypatch.undo()
    return copies


@pytest.mark.parametrize("torn", [False, True])
def test_every_moment_of_a_kill_can_be_resumed(snapshots, torn):
    assert len(snapshots) > 30
    for copy in snapshots:
        for stray in copy.rglob(".*.tmp") if torn else ():
            stray.write_bytes(stray.read_bytes()[:7])
        sums, journal = run(copy, every=3600)
        assert sums == EXPECTED
        assert all(name == "header.json" or name.startswith("blocks/0") for name in files_of(copy))
        assert journal.replayed <= 4
    assert {run(copy)[1].replayed for copy in snapshots} == {STEPS}


def test_at_most_the_last_step_is_computed_again(snapshots):
    counts = [len(list((copy / "blocks").glob("0*.npz"))) for copy in snapshots if (copy / "blocks").exists()]
    assert counts == sorted(counts) and set(counts) == {0, 1, 2, 3, 4}


# damage


def damaged(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    before = files_of(folder)
    with pytest.raises(CheckpointError) as raised:
        run(folder)
    assert files_of(folder) == before, "something was written"
    return str(raised.value)


def test_every_flipped_byte_is_noticed(folder):
    """The header and three blocks; workspace_test/kill_resume.py flips a thousand."""
    finished, random = folder, np.random.default_rng(5)
    run(finished, steps=3)
    whole = files_of(finished)
    for name, content in whole.items():
        places = {0, len(content) - 1, *random.integers(len(content), size=40).tolist()}
        for place in places:
            bit = 1 << int(random.integers(8))
            flipped = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
            assert name.rpartition("/")[2] in damaged(finished, name, lambda _, f=flipped: f)
            (finished / name).write_bytes(content)
    assert run(finished)[0] == EXPECTED


@pytest.mark.parametrize("name", ["header.json", "blocks/000001.npz", f"blocks/{STEPS:06d}.npz"])
def test_truncated_files_are_noticed(finished, name):
    size = (finished / name).stat().st_size
    content = (finished / name).read_bytes()
    for length in {0, 1, size // 2, size - 1}:
        assert name.rpartition("/")[2] in damaged(finished, name, lambda c, n=length: c[:n])
        (finished / name).write_bytes(content)
    damaged(finished, name, lambda c: c + b"x")


def test_a_missing_block_is_noticed(finished):
    (finished / "blocks" / "000004.npz").unlink()
    with pytest.raises(CheckpointError, match=r"000004\.npz is missing"):
        run(finished)


def test_blocks_in_another_order_are_noticed(finished):
    second, third = (finished / "blocks" / f"00000{k}.npz" for k in (2, 3))
    content = second.read_bytes()
    second.write_bytes(third.read_bytes())
    third.write_bytes(content)
    with pytest.raises(CheckpointError, match="000002"):
        run(finished)


def test_a_block_of_another_run_is_noticed(finished, tmp_path):
    with Journal.open(tmp_path / "other", IDENTITY | {"seed": 2}, 0.0) as journal:
        program(journal)
    shutil.copy(tmp_path / "other/blocks/000005.npz", finished / "blocks/000005.npz")
    with pytest.raises(CheckpointError, match="000005"):
        run(finished)


def test_blocks_without_a_header_are_not_taken_over(finished):
    (finished / "header.json").unlink()
    before = files_of(finished)
    with pytest.raises(CheckpointError, match=r"no header\.json"):
        run(finished)
    assert files_of(finished) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 2}, "seed is 2, there 1"),
        ({"settings": {"walkers": 4, "width": 0.5}}, "settings.width is 0.5, there 0.25"),
        ({"more": "x"}, 'more is "x", there null'),
    ],
)
def test_another_identity_is_named(finished, change, words):
    before = files_of(finished)
    with pytest.raises(CheckpointError) as raised:
        Journal.open(finished, IDENTITY | change)
    assert words in str(raised.value) and files_of(finished) == before


def test_another_program_is_noticed(finished):
    with pytest.raises(CheckpointError, match="step 1 of this run is 'toy'"):
        run(finished, seed=7)
    with Journal.open(finished, IDENTITY) as journal:
        with pytest.raises(CheckpointError, match="step 1 of this run is 'other'"):
            journal.step("other", (), dict)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"thesis\.tex"):
        Journal.open(tmp_path, IDENTITY)
    assert os.listdir(tmp_path) == ["thesis.tex"]
    with pytest.raises(CheckpointError, match="not a folder"):
        Journal.open(tmp_path / "thesis.tex", IDENTITY)


def test_a_pickle_inside_a_block_is_never_read(folder):
    """A block that is right in every respect, digest included, but for an array of objects."""
    import hashlib
    import io
    import zipfile

    run(folder, steps=0)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("index", "data"):
            member = io.BytesIO()
            np.save(member, np.array([{}], dtype=object), allow_pickle=True)
            archive.writestr(f"{name}.npy", member.getvalue())
        archive.comment = b"0" * 64
    body = stream.getvalue()[:-64]
    first = hashlib.sha256((folder / "header.json").read_bytes()).hexdigest()
    digest = hashlib.sha256(first.encode() + body).hexdigest()
    (folder / "blocks" / "000001.npz").write_bytes(body + digest.encode())
    with pytest.raises(CheckpointError, match=r"000001\.npz is not a block"):
        run(folder)


# the disk


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE])
def test_a_disk_that_refuses_is_one_error_and_loses_nothing(folder, monkeypatch, call, number):
    run(folder, steps=3)
    before = files_of(folder)

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with pytest.raises(OutputError, match="cannot be written") as raised:
        with Journal.open(folder, IDENTITY, 0.0) as journal:
            monkeypatch.setattr(atomic.os, call, refuse)
            program(journal)
    assert os.strerror(number) in str(raised.value) and isinstance(raised.value, DiskArrayError)
    monkeypatch.undo()
    assert files_of(folder) == before
    assert run(folder)[0] == EXPECTED


def test_a_full_disk_at_the_start_is_one_error(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="No space left"):
        Journal.open(folder, IDENTITY)
    monkeypatch.undo()
    assert files_of(folder) == {}


# stopping


def test_a_stop_writes_what_is_done(folder):
    with pytest.raises(Interrupted, match="asked.*run again"), Journal.open(folder, IDENTITY, every=3600) as journal:
        program(journal, steps=6)
        journal.stop_requested = "asked"
        journal.step("never", (), lambda: pytest.fail("computed"))
    assert run(folder)[1].replayed == 6


def test_a_stop_does_not_say_that_work_is_kept_when_it_is_not(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match="No space left"), Journal.open(folder, IDENTITY, every=3600) as journal:
        program(journal, steps=3)
        monkeypatch.setattr(os, "replace", refuse)
        journal.stop_requested = "asked"
        journal.step("never", (), dict)


def test_a_stop_during_a_step_keeps_that_step(folder):
    with pytest.raises(Interrupted), Journal.open(folder, IDENTITY, every=3600) as journal:

        def compute():
            journal.stop_requested = "asked"
            return {}

        journal.step("last", (), compute)
    with Journal.open(folder, IDENTITY) as journal:
        journal.step("last", (), lambda: pytest.fail("computed"))
        assert journal.replayed == 1


# two writers


def test_one_writer_only(folder):
    with Journal.open(folder, IDENTITY), pytest.raises(CheckpointError, match=f"in use by process {os.getpid()}"):
        Journal.open(folder, IDENTITY)
    run(folder)


def fake_lock(folder, **changes):
    (folder / "blocks").mkdir(parents=True)
    pid = os.getppid()
    record = {"host": lock.socket.gethostname(), "pid": pid, "started": lock._started(pid), "token": "x"}
    (folder / "lock").write_text(json.dumps(record | changes))
    return folder / "lock"


def test_a_living_process_keeps_its_lock(folder):
    fake_lock(folder)
    with pytest.raises(CheckpointError, match=f"process {os.getppid()}"):
        run(folder)
    assert (folder / "lock").exists()


@pytest.mark.parametrize(
    "changes",
    [{"pid": 2**22 + 1}, {"started": "long ago"}, {"pid": os.getpid()}],
    ids=["ended", "its number was given to another", "its number is now ours"],
)
def test_the_lock_of_an_ended_process_is_taken_over(folder, changes):
    fake_lock(folder, **changes)
    assert run(folder)[0] == EXPECTED
    assert not (folder / "lock").exists()


def test_the_lock_of_another_host_is_kept_while_it_is_heard_of(folder):
    path = fake_lock(folder, host="elsewhere")
    with pytest.raises(CheckpointError, match="elsewhere"):
        run(folder)
    old = os.stat(path).st_mtime - lock.SILENT - 1
    os.utime(path, (old, old))
    assert run(folder)[0] == EXPECTED


def test_writing_says_that_the_writer_is_alive(folder):
    with Journal.open(folder, IDENTITY, every=0.0) as journal:
        os.utime(folder / "lock", (0, 0))
        program(journal, steps=1)
        assert os.stat(folder / "lock").st_mtime > 0


def test_a_writer_whose_lock_was_taken_stops(folder):
    with pytest.raises(CheckpointError, match="taken over|took the checkpoint over"):
        with Journal.open(folder, IDENTITY, every=0.0) as journal:
            (folder / "lock").write_text("another's")
            program(journal)
    assert (folder / "lock").read_text() == "another's"
    assert list((folder / "blocks").iterdir()) == []


def test_a_damaged_lock_is_named(folder):
    fake_lock(folder).write_text("{")
    with pytest.raises(CheckpointError, match="lock is damaged.*remove"):
        run(folder)


def test_file_systems_without_hard_links(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refuse)
    with Journal.open(folder, IDENTITY), pytest.raises(CheckpointError, match="in use"):
        Journal.open(folder, IDENTITY)
    assert run(folder)[0] == EXPECTED
