"""Rows C: what is saved is there afterwards, whole, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from ppocr.training import store
from ppocr.utils import checkpoints, pickles, saves
from ppocr.utils.exits import DataError, StorageError
from tests.faults import tiny

PARTS = (".pdparams", ".pdopt", ".states")


def save(root: Path, version: int, keep: int = 2) -> None:
    def writer(path: Path) -> None:
        pickles.write(path, {"version": np.full(200, version)})

    writers = {f"latest{part}": writer for part in PARTS}
    store.save(root, "latest", writers, {"global_step": version}, keep)


def version(root: Path) -> int:
    found = checkpoints.find(root / "latest")
    versions = {
        int(pickles.read(one)["version"][0])
        for one in (found.params, found.optimizer, found.states)
    }
    assert len(versions) == 1
    return versions.pop()


def events(folder: Path) -> list[dict]:
    return [json.loads(row) for row in (folder / "events.jsonl").read_text().splitlines()]


def of(campaign: dict, kind: str) -> list[str]:
    """Return the failures of a kind, after making sure that there were cases of it."""
    cases = {name: n for name, n in campaign["left"].items() if name.startswith(f"{kind}:")}
    assert sum(cases.values()) >= 25, campaign["left"]
    return [one for one in campaign["failures"] if one.startswith(kind)]


def test_c1_killed_at_any_file_operation(campaigns):
    assert of(campaigns("save"), "kill") == []


def test_c2_killed_after_half_a_write(campaigns):
    assert of(campaigns("save"), "half") == []


def test_c3_disk_full_from_any_operation_on(campaigns):
    assert of(campaigns("save"), "full") == []


def test_c3_training_goes_on_over_a_full_disk_when_told_to(rec, tmp_path):
    def work() -> int:
        real, calls = store.save, []

        def full(*given, **named):
            calls.append(1)
            if len(calls) == 1:
                raise StorageError("cannot save: No space left on device")
            return real(*given, **named)

        store.save = full
        return tiny.train(rec, "Global.epoch_num=2", f"Global.on_save_error={how}")

    how = "stop"
    assert tiny.in_child(work) == 74
    how = "warn"
    assert tiny.in_child(work) == 0
    kinds = [one["event"] for one in events(tmp_path / "run")]
    assert "not saved" in kinds
    assert "saved" in kinds
    assert version_of_run(tmp_path / "run") == 6


def version_of_run(folder: Path) -> int:
    return pickles.read(checkpoints.find(folder / "latest").states)["global_step"]


def test_c4_one_input_output_error(campaigns):
    assert of(campaigns("save"), "once") == []


def test_c5_power_lost_at_any_operation(campaigns):
    assert of(campaigns("save"), "power") == []


def test_c5_a_writer_without_fsync_is_caught(campaigns):
    found = campaigns("save", "--mutant", "no-fsync", "--kinds", "power")
    assert found["status"] == 1
    assert found["failures"]


def test_c1_a_writer_in_place_is_caught(campaigns):
    found = campaigns("save", "--mutant", "in-place", "--kinds", "kill,full")
    assert found["status"] == 1
    assert {one.split()[0] for one in found["failures"]} == {"kill", "full"}


def test_c6_a_flipped_bit_or_a_lost_end_is_named_and_the_save_before_taken(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    newest = saves.folders(tmp_path, "latest")[0]
    rng = random.Random(4)
    for _ in range(200):
        path = rng.choice(sorted(newest.iterdir()))
        content = path.read_bytes()
        damaged = bytearray(content)
        if rng.random() < 0.2:
            damaged = damaged[: rng.randrange(len(content))]
        else:
            damaged[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        saved, complaints = saves.newest_valid(tmp_path, "latest")
        assert saved is not None
        assert saved.meta["global_step"] == 1, path
        assert path.name in complaints[0]
        path.write_bytes(content)
    assert version(tmp_path) == 2


def test_c6_a_damaged_newest_save_is_said_when_a_run_goes_on(rec, tmp_path):
    assert tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=3")) == 0
    newest = saves.folders(tmp_path / "run", "latest")[0]
    target = newest / "latest.pdopt"
    target.write_bytes(target.read_bytes()[:-10])
    log = tmp_path / "log"
    assert (
        tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=3", "Global.resume=auto"), log) == 0
    )
    assert "latest.pdopt has" in log.read_text()
    assert "taking" in log.read_text()
    resumed = next(one for one in events(tmp_path / "run") if one["event"] == "resumed")
    assert (resumed["epoch"], resumed["step"]) == (2, 6)


def test_c7_what_a_killed_save_left_is_removed_by_the_next(tmp_path):
    save(tmp_path, 1)
    stale = tmp_path / store.FOLDER / ".tmp-latest-000000002-1"
    stale.mkdir()
    (stale / "latest.pdparams").write_bytes(b"half")
    save(tmp_path, 2)
    assert not stale.exists()
    assert version(tmp_path) == 2


def test_c8_the_save_somebody_reads_stays_and_so_does_the_one_that_is_shown(tmp_path, monkeypatch):
    for number in range(4):
        save(tmp_path, number)
    found = checkpoints.find(tmp_path / "latest")
    save(tmp_path, 4)
    assert int(pickles.read(found.params)["version"][0]) == 3
    assert len(saves.folders(tmp_path, "latest")) == 2
    monkeypatch.setattr(time, "time_ns", lambda: 1000)  # a clock that was set back
    for number in range(5, 8):
        save(tmp_path, number)
        assert version(tmp_path) == number
    assert len(saves.folders(tmp_path, "latest")) == 2


@pytest.mark.parametrize("folder", ["file/run", "/proc/nowhere/run"])
def test_c9_a_folder_that_cannot_be_written_is_said_before_the_first_step(rec, tmp_path, folder):
    (tmp_path / "file").write_text("not a folder")
    log = tmp_path / "log"
    where = f"Global.save_model_dir={tmp_path / folder}"
    assert tiny.in_child(lambda: tiny.train(rec, where), log) == 73
    assert "error[73]" in log.read_text()
    assert "global_step" not in log.read_text()


def test_c10_too_little_room_is_said_in_numbers_before_the_first_step(rec, tmp_path):
    def work() -> int:
        free = shutil.disk_usage(tmp_path)._replace(free=1000)
        shutil.disk_usage = lambda path: free
        return tiny.train(rec)

    log = tmp_path / "log"
    assert tiny.in_child(work, log) == 74
    assert "MB free, a checkpoint needs" in log.read_text()
    assert "global_step" not in log.read_text()


def test_c11_a_second_run_in_a_folder_is_refused_and_a_dead_one_is_not_in_the_way(rec, tmp_path):
    log = tmp_path / "log"
    with store.locked(tmp_path / "run"):
        assert tiny.in_child(lambda: tiny.train(rec), log) == 73
    assert f"in use by process {os.getpid()} on {os.uname().nodename}" in log.read_text()
    (tmp_path / "run" / ".lock").write_text("process 999999999 on elsewhere")
    assert tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=1")) == 0


def test_c12_a_checkpoint_of_another_network_is_refused_in_ten_lines(rec, tmp_path):
    other = tiny.config(tmp_path / "det", "det")
    assert tiny.in_child(lambda: tiny.train(other, "Global.epoch_num=1")) == 0
    for key in ("pretrained_model", "checkpoints"):
        log = tmp_path / f"log of {key}"
        given = f"Global.{key}={tmp_path}/det/run/latest"
        assert tiny.in_child(lambda given=given: tiny.train(rec, given), log) == 65
        said = log.read_text().partition("error[65]")[2].splitlines()
        assert 0 < len(said) <= 12
        assert "matched" in said[0]


def test_c13_a_part_of_the_weights_is_taken_only_by_name(rec, tmp_path):
    assert tiny.in_child(lambda: tiny.train(rec, "Global.epoch_num=1")) == 0
    weights = pickles.read(tmp_path / "run" / "latest.pdparams")
    part = {key: value for key, value in weights.items() if not key.startswith("head.")}
    pickles.write(tmp_path / "part.pdparams", part)
    given = [f"Global.pretrained_model={tmp_path}/part", f"Global.save_model_dir={tmp_path}/b"]
    assert tiny.in_child(lambda: tiny.train(rec, *given)) == 65
    log = tmp_path / "log"
    allowed = "Global.allow_partial=['head.*']"
    assert tiny.in_child(lambda: tiny.train(rec, *given, allowed, "Global.epoch_num=1"), log) == 0
    assert f"matched {len(part)} of {len(weights)}" in log.read_text()


class Runs:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("ending", [*PARTS])
@pytest.mark.parametrize("function", [os.system, eval, exec, open])
def test_c14_code_in_a_checkpoint_is_refused_and_named(tmp_path, ending, function):
    canary = tmp_path / "canary"
    word = f"open({str(canary)!r}, 'w')" if function in (eval, exec) else f"touch {canary}"
    call = Runs(function, str(canary), "w") if function is open else Runs(function, word)
    path = tmp_path / f"evil{ending}"
    path.write_bytes(pickle.dumps({"w": np.zeros(2), "x": call}))
    with pytest.raises(DataError, match=f"refused .*{function.__name__}"):
        pickles.read(path)
    assert not canary.exists()
    pickle.loads(path.read_bytes())
    assert canary.exists()  # the payload is a real one


def test_c14_a_run_does_not_start_from_code(rec, tmp_path):
    canary, log = tmp_path / "canary", tmp_path / "log"
    (tmp_path / "evil.pdparams").write_bytes(pickle.dumps(Runs(os.system, f"touch {canary}")))
    given = f"Global.pretrained_model={tmp_path}/evil"
    assert tiny.in_child(lambda: tiny.train(rec, given), log) == 65
    assert "refused posix.system" in log.read_text()
    assert not canary.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("module", [b"numpy.core", b"numpy._core"])
def test_c15_files_of_numpy_1_and_2_in_all_protocols(tmp_path, protocol, module):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = pickle.dumps({"w": array, "step": 3}, protocol)
    here = b"numpy._core" if b"numpy._core" in data else b"numpy.core"
    if protocol == 4 and here != module:  # lengths are written down there
        frame = data.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
        frame = frame.replace(b"\x8c\x13numpy._core.numeric", b"\x8c\x12numpy.core.numeric")
        shorter = len(data) - len(frame)
        length = int.from_bytes(frame[3:11], "little") - shorter
        data = frame[:3] + length.to_bytes(8, "little") + frame[11:]
    else:
        data = data.replace(here, module)
    (tmp_path / "a.pdparams").write_bytes(data)
    found = pickles.read(tmp_path / "a.pdparams")
    np.testing.assert_array_equal(found["w"], array)
    assert found["step"] == 3
