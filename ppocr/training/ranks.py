"""What data-parallel processes tell each other; with one process nothing happens."""

from __future__ import annotations

from typing import Any

import paddle

from ppocr.utils import dist

AGREE_EVERY = 10  # steps between questions whether somebody wants to stop


def share(value: Any) -> Any:
    """Return the value that rank 0 has; every rank must call this at the same point."""
    if dist.world_size() == 1:
        return value
    holder = [value]
    paddle.distributed.broadcast_object_list(holder, src=0)
    return holder[0]


def anybody(flag: bool, step: int) -> bool:
    """Return whether the flag is up anywhere, on all ranks in the same step.

    With several ranks it is looked at every tenth step only: stopping at different steps would
    leave the others waiting for ever.
    """
    if dist.world_size() == 1:
        return flag
    if step % AGREE_EVERY:
        return False
    total = paddle.to_tensor([int(flag)], dtype="int32")
    paddle.distributed.all_reduce(total)
    return int(total) > 0
