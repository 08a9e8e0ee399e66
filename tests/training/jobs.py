"""Jobs of several processes on this machine, forked, so paddle is loaded already."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import tiny

# what gloo says where a sandbox has no network interface, not even the one to itself
NO_GLOO = re.compile(r"(?i)^.*gloo.*(interface|address|resolve|bind|permitted).*$", re.MULTILINE)


def begun(work: Callable[[], int | None], folder: Path, world: int = 2) -> list[int]:
    """Start ``work`` as so many ranks; return their process numbers. Logs go to `log`."""
    ends = [f"127.0.0.1:{port}" for port in free_ports(world + 1)]
    common = {
        "PADDLE_TRAINERS_NUM": str(world),
        "PADDLE_TRAINER_ENDPOINTS": ",".join(ends[:world]),
        "PADDLE_MASTER": ends[world],
        "PADDLE_DISTRI_BACKEND": "gloo",
    }

    def as_rank(rank: int) -> Callable[[], int | None]:
        def run() -> int | None:
            own = {"PADDLE_TRAINER_ID": str(rank), "PADDLE_CURRENT_ENDPOINT": ends[rank]}
            os.environ.update({**common, **own})
            return work()

        return run

    return [tiny.begun(as_rank(rank), log(folder, rank)) for rank in range(world)]


def finished(children: list[int], folder: Path, timeout_s: float = 240.0) -> list[int]:
    """Return the exit statuses of all ranks; the test is skipped where gloo cannot start."""
    found = [tiny.finished(child, timeout_s) for child in children]
    skip_without_gloo(folder, found)
    return found


def skip_without_gloo(folder: Path, statuses: list[int]) -> None:
    """Skip the test if these failures are those of a machine without a network."""
    if not any(statuses):
        return
    said = "".join(log(folder, rank).read_text() for rank in range(len(statuses)))
    failed = NO_GLOO.search(said)
    if failed:
        pytest.skip(f"gloo cannot start here: {failed.group().strip()}")


def log(folder: Path, rank: int) -> Path:
    """Return where a rank writes what it says."""
    return folder / f"rank-{rank}.log"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
