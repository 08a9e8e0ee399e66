"""Which prepared images share a batch. The text of a line must not depend on its neighbours."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from ppocr.pipeline.spec import BatchPolicy


def groups(shapes: Sequence[Hashable], policy: BatchPolicy, size: int) -> Iterator[list[int]]:
    """Yield the indices of each batch: at most ``size`` inputs, all of exactly the same shape.

    ``single`` gives each input a batch of its own. ``fixed`` and ``own`` both group equal shapes:
    they differ in how an input gets its shape, which is decided when it is prepared. Nothing is
    ever padded to fit a neighbour. Batches come in the order of their first member.
    """
    if policy == "single":
        yield from ([index] for index in range(len(shapes)))
        return
    waiting: dict[Hashable, list[int]] = {}
    for index, shape in enumerate(shapes):
        waiting.setdefault(shape, []).append(index)
    limit = max(1, size)
    full = [
        members[start : start + limit]
        for members in waiting.values()
        for start in range(0, len(members), limit)
    ]
    yield from sorted(full, key=lambda members: members[0])
