"""Processes that watch each other: here both ends are in one process."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from ppocr.training import peers
from ppocr.training.peers import Peer, PeerFailed, Watch
from ppocr.utils.exits import DataError

PATIENCE_S = 0.4
ALIVE_S = 1.5  # a thread that lives may have to wait for a processor


class Ended(list):
    """Takes what a watch would end its process with."""

    def __init__(self) -> None:
        super().__init__()
        self.happened = threading.Event()

    def __call__(self, lost: PeerFailed) -> None:
        self.append(lost)
        self.happened.set()


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch):
    monkeypatch.setattr(peers, "GRACE_S", 0.1)


def connected(rank: int = 1) -> tuple[Peer, Peer]:
    """Return rank 0's view of a rank, and that rank's view of rank 0."""
    here, there = socket.socketpair()
    return Peer(rank, here, f"process {rank} on host"), Peer(0, there, "process 0 on host")


def watching(*others: Peer, patience_s: float = PATIENCE_S) -> tuple[Watch, Ended]:
    ended = Ended()
    watch = Watch(list(others), patience_s, ended)
    watch.start()
    return watch, ended


def test_processes_that_live_leave_each_other_alone():
    one, other = connected()
    first, ended = watching(one, patience_s=ALIVE_S)
    second, _ = watching(other, patience_s=ALIVE_S)
    time.sleep(1.2 * ALIVE_S)
    assert first.lost is second.lost is None
    second.close()
    assert first.reason(1.2 * ALIVE_S) is None  # it has said that it is done
    first.close()
    assert not ended


def test_a_process_that_says_nothing_any_more_is_named():
    one, silent = connected()
    watch, ended = watching(one)
    assert ended.happened.wait(120)
    watch.close()
    assert ended[0].exit_code == 70
    assert "rank 1 (process 1 on host) has given no sign of life for 0.4 s" in str(ended[0])
    assert "Global.rank_stall_s" in str(ended[0])
    silent.connection.close()


def test_a_process_that_is_gone_is_noticed_at_once():
    one, other = connected()
    watch, ended = watching(one)
    other.connection.close()
    assert ended.happened.wait(120)
    watch.close()
    assert "rank 1 (process 1 on host) has ended without a word" in str(ended[0])


def test_the_reason_of_a_process_that_fails_reaches_all_with_its_status():
    first, other_first = connected(1)
    second, other_second = connected(2)
    hub, ended = watching(first, second)
    failing, _ = watching(other_first)
    waiting, told = watching(other_second)
    failing.close(DataError("rows.txt:4: no such file\n(a second line)"))
    assert ended.happened.wait(120)
    assert told.happened.wait(120)
    hub.close(ended[0])
    waiting.close()
    for lost in (ended[0], told[0]):
        assert lost.exit_code == 65
        said = "rank 1 (process 1 on host): rows.txt:4: no such file | (a second line)"
        assert str(lost) == said


def test_a_process_that_ends_by_itself_is_not_ended():
    one, other = connected()
    watch, ended = watching(one)
    other.connection.close()
    lost = watch.reason(120)
    watch.close()
    time.sleep(0.3)
    assert lost is not None
    assert not ended


@pytest.mark.parametrize(
    ("line", "rank"),
    [(b"secret 3 process 7 on host\n", 3), (b"guessed 3 host\n", None), (b"", None)],
)
def test_only_the_job_itself_is_let_in(line, rank):
    here, there = socket.socketpair()
    there.sendall(line)
    there.shutdown(socket.SHUT_WR)
    found = peers._introduced(here, "secret")
    assert (found.rank if found else None) == rank
    here.close()
    there.close()
