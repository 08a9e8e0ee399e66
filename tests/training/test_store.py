"""Saves survive a fault at every single file operation: the old one or the new one, nothing else.

A child process counts the operations that change files and, at the N-th, dies, or fails once, or
finds the disk full from then on; another loads what is there. Losing power is imitated by cutting
every file that was written but not forced to the disk. Two deliberately careless writers must be
caught, or the harness proves nothing.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import pathlib
import shutil
from pathlib import Path

import pytest

from ppocr.training import store
from ppocr.utils.exits import DataError, OutputError, StorageError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

KINDS = ("kill", "half", "full", "once", "power")
NAMED = ("rename", "replace", "symlink", "mkdir")
PARTS = (".pdparams", ".pdopt", ".states")


def blob(version: int) -> bytes:
    return json.dumps([version] * 2000).encode()


def write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def save(root: Path, version: int) -> None:
    writers = {f"latest{part}": lambda path: write(path, blob(version)) for part in PARTS}
    store.save(root, "latest", writers, {"global_step": version})


def careless(root: Path, version: int) -> None:
    """Overwrite in place, as the original does."""
    for part in PARTS:
        write(root / f"latest{part}", blob(version))


def visible(root: Path) -> set[int]:
    """Return the versions that the three files hold, -1 for one that cannot be read."""
    found = set()
    for part in PARTS:
        try:
            found.add(json.loads((root / f"latest{part}").read_bytes())[0])
        except (OSError, ValueError):
            found.add(-1)
    return found


class Faults:
    """Patches what changes files, in this process, to fail at operation ``at``."""

    def __init__(self, kind: str, at: int) -> None:
        self.kind, self.at, self.count = kind, at, 0
        self.unsynced: set[int] = set()  # inodes

    def install(self, root: Path, without_fsync: bool = False) -> None:
        self.root = root
        for name in NAMED:
            self.wrap(os, name)
        self.wrap_open()
        held = getattr(pathlib, "_NormalAccessor", None)
        if held is not None:  # until Python 3.10 paths hold these functions themselves
            for name in NAMED:
                setattr(held, name, staticmethod(getattr(os, name)))
            held.open = staticmethod(io.open)
        real = os.fsync

        def fsync(descriptor: int) -> None:
            self.tick()
            if not without_fsync:
                real(descriptor)
                self.unsynced.discard(os.fstat(descriptor).st_ino)

        os.fsync = fsync

    def wrap(self, module, name: str) -> None:
        real = getattr(module, name)

        def wrapped(*args, **kwargs):
            self.tick()
            return real(*args, **kwargs)

        setattr(module, name, wrapped)

    def wrap_open(self) -> None:
        real = io.open

        def opened(file, mode="r", *args, **kwargs):
            if "w" not in mode:
                return real(file, mode, *args, **kwargs)
            self.tick()
            found = real(file, mode, *args, **kwargs)
            self.unsynced.add(os.fstat(found.fileno()).st_ino)
            if self.kind == "half" and self.count == self.at - 1:
                found.write(b"half" if "b" in mode else "half")
                found.flush()
            return found

        builtins.open = io.open = opened

    def tick(self) -> None:
        self.count += 1
        due = self.count == self.at
        if due and self.kind in ("kill", "half"):
            os._exit(137)
        if due and self.kind == "power":
            for path in self.root.rglob("*"):
                if path.is_file() and path.stat().st_ino in self.unsynced:
                    os.truncate(path, 0)
            os._exit(137)
        if due and self.kind == "once":
            raise OSError(errno.EIO, "Input/output error")
        if self.kind == "full" and self.at and self.count >= self.at:
            raise OSError(errno.ENOSPC, "No space left on device")


def in_child(work) -> int:
    """Return the exit status of ``work`` in a child; 74 and 73 are its own errors."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except (StorageError, OutputError) as error:
            status = error.exit_code
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fresh(root: Path, saver=save) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    saver(root, 0)
    saver(root, 1)


def operations(root: Path) -> int:
    fresh(root)
    faults = Faults("count", 0)

    def work() -> None:
        faults.install(root)
        save(root, 2)
        (root / "count").write_text("")
        os.truncate(root / "count", faults.count)

    assert in_child(work) == 0
    return (root / "count").stat().st_size


def damaged(root: Path, kind: str, at: int, saver=save, without_fsync: bool = False) -> set[int]:
    fresh(root, saver)

    def work() -> None:
        Faults(kind, at).install(root, without_fsync)
        saver(root, 2)

    status = in_child(work)
    assert status in (0, 1, 73, 74, 137), status
    if saver is save and kind in ("full", "once") and visible(root) != {2}:
        assert status in (73, 74)
    return visible(root)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_operation_leaves_the_old_save_or_the_new_one(tmp_path, kind):
    root = tmp_path / "run"
    total = operations(root)
    assert total > 15
    for at in range(1, total + 1):
        assert damaged(root, kind, at) in ({1}, {2}), f"{kind} at {at}"
        saved, _ = store.newest_valid(root, "latest")
        assert saved is not None
        assert saved.meta["global_step"] in (1, 2)
        save(root, 3)
        assert visible(root) == {3}, f"the save after {kind} at {at}"
        assert not list((root / store.FOLDER).glob(".tmp-*"))


def test_writing_in_place_is_caught(tmp_path):
    found = [damaged(tmp_path / "run", "kill", at, careless) for at in range(1, 4)]
    assert any(versions not in ({1}, {2}) for versions in found)


def test_leaving_out_fsync_is_caught(tmp_path):
    root = tmp_path / "run"
    total = operations(root)
    found = [damaged(root, "power", at, without_fsync=True) for at in range(1, total + 1)]
    assert any(versions not in ({1}, {2}) for versions in found)


def test_a_damaged_file_is_named_and_the_save_before_it_is_taken(tmp_path):
    fresh(tmp_path / "run")
    root = tmp_path / "run"
    newest = store.saves(root, "latest")[0]
    content = bytearray((newest.folder / "latest.pdopt").read_bytes())
    content[100] ^= 1
    (newest.folder / "latest.pdopt").write_bytes(content)
    saved, complaints = store.newest_valid(root, "latest")
    assert saved is not None
    assert saved.meta["global_step"] == 0
    assert "latest.pdopt" in complaints[0]
    (newest.folder / "latest.pdopt").write_bytes(content[:-5])
    with pytest.raises(DataError, match="bytes instead of"):
        store.verify(newest)


def test_only_the_wanted_number_of_saves_stays(tmp_path):
    for version in range(5):
        save(tmp_path, version)
    assert [saved.meta["global_step"] for saved in store.saves(tmp_path, "latest")] == [4, 3]


def test_names_that_begin_alike_are_kept_apart(tmp_path):
    for name in ("iter_epoch_1", "iter_epoch_10", "latest"):
        store.save(tmp_path, name, {f"{name}.x": lambda path: write(path, b"1")}, {}, keep=1)
    assert len(store.saves(tmp_path, "iter_epoch_1")) == 1
    assert len(store.saves(tmp_path, "iter_epoch_10")) == 1


def test_without_links_the_files_are_copies(tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "symlink", refused)
    save(tmp_path, 5)
    assert visible(tmp_path) == {5}
    assert not (tmp_path / "latest.states").is_symlink()


def test_one_run_per_folder(tmp_path):
    def second() -> None:
        with store.locked(tmp_path):
            pass

    with store.locked(tmp_path):
        assert in_child(second) == OutputError.exit_code
    assert in_child(second) == 0


def test_too_little_space_is_said_in_numbers(tmp_path):
    with pytest.raises(StorageError, match="MB free"):
        store.demand_space(tmp_path, 1 << 60)
