"""Which of the data-parallel processes this is; read from the environment, without paddle.

``python -m paddle.distributed.launch`` describes the job in ``PADDLE_*`` variables. A process
started without it is rank 0 of 1.
"""

from __future__ import annotations

import os


def rank() -> int:
    """Return the number of this process in the job, 0 for the first or only one."""
    return _number("PADDLE_TRAINER_ID", 0)


def world_size() -> int:
    """Return how many processes train together, at least 1."""
    return max(1, _number("PADDLE_TRAINERS_NUM", 1))


def is_main() -> bool:
    """Return whether this process writes logs and files."""
    return rank() == 0


def device_index() -> int:
    """Return the accelerator this process should use, 0 unless the launcher says otherwise."""
    names = ("FLAGS_selected_gpus", "FLAGS_selected_xpus")  # as the launcher spells them
    given = next((os.environ[name] for name in names if os.environ.get(name)), "0")
    first = given.split(",")[0].strip()
    return int(first) if first.isdigit() else 0


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip()
    return int(value) if value.isdigit() else default
