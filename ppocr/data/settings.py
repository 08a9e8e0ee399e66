"""The ``loader`` section of a config: its keys, types and defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderSettings:
    """How samples become batches, and in how many processes."""

    batch_size_per_card: int = 1
    shuffle: bool = False
    drop_last: bool = False
    num_workers: int = 0
    use_shared_memory: bool = True
    collate_fn: str | None = None
    stall_s: float = 300.0  # a worker that says nothing for so long ends the run
    num_sections: int | None = None  # one official file carries it; nothing reads it
