"""What data-parallel processes tell each other; with one process nothing happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import paddle

from ppocr.utils import dist

POLL_S = 0.02  # between two looks at who has come


def begin(device: str) -> None:
    """Choose the device and connect the processes of the job; again, it changes nothing."""
    paddle.set_device(device)
    if dist.world_size() > 1:
        paddle.distributed.init_parallel_env()


def meet(waiting: Callable[[], Any] | None = None) -> None:
    """Come back when every rank is here, however long the slowest takes.

    The collectives of gloo give up after thirty seconds, which an evaluation or a checkpoint on a
    slow disk may take longer than; whoever waits for such a thing waits here first. ``waiting`` is
    called meanwhile, again and again.
    """
    store = paddle.base.core.create_or_get_global_tcp_store()
    time_here = store.add(_met(dist.rank()), 1)
    for rank in range(dist.world_size()):
        while store.add(_met(rank), 0) < time_here:
            time.sleep(POLL_S)
            if waiting is not None:
                waiting()


def share(value: Any) -> Any:
    """Return the value that rank 0 has; every rank must call this at the same point."""
    if dist.world_size() == 1:
        return value
    meet()
    holder = [value]
    paddle.distributed.broadcast_object_list(holder, src=0)
    return holder[0]


def gather(value: Any, waiting: Callable[[], Any] | None = None) -> list[Any]:
    """Return the values of all ranks, in their order; every rank must call this."""
    if dist.world_size() == 1:
        return [value]
    meet(waiting)
    found: list[Any] = []
    paddle.distributed.all_gather_object(found, value)
    return found


def align(tensors: Sequence[paddle.Tensor]) -> None:
    """Give these tensors the values they have on rank 0; every rank must call this."""
    if dist.world_size() == 1:
        return
    meet()
    for tensor in tensors:
        paddle.distributed.broadcast(tensor, src=0)


def anybody(flag: bool) -> bool:
    """Return whether the flag is up on any rank; every rank must call this."""
    return not everybody(not flag)


def everybody(flag: bool) -> bool:
    """Return whether the flag is up on all ranks; every rank must call this."""
    if dist.world_size() == 1:
        return flag
    least = paddle.to_tensor([int(flag)], dtype="int32")
    paddle.distributed.all_reduce(least, op=paddle.distributed.ReduceOp.MIN)
    return bool(least.item())


def _met(rank: int) -> str:
    return f"ppocr/met/{rank}"
