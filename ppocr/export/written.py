"""What paddle wrote is read back and compared with what is in memory.

Paddle's writer returns normally on a full disk and leaves half of the weights behind; the half can
be loaded, and answers something else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import paddle
from paddle.static.pir_io import get_pir_parameters

from ppocr.utils.exits import StorageError

# in front of each tensor: format, levels of nesting (none here), format again, bytes that follow
# and hold type and shape in protocol buffer notation
_HEAD = struct.Struct("<IQIi")
_BLOCK_BYTES = 1 << 24
_PLUMBING = frozenset({"feed", "fetch"})  # kept as if they were weights, in .pdmodel


def demand_whole(graph: Path, tensors: Mapping[str, Any]) -> None:
    """Raise a StorageError unless graph and weights hold all that they should, to the last byte.

    ``tensors`` are those of the network by paddle's own names. Which of them belong into the file
    is what the graph says: branches that were fused stay in the network and are no part of it.
    """
    weights = graph.with_suffix(".pdiparams")
    try:
        names = _names_of(graph)
    except (ValueError, TypeError, RuntimeError) as error:
        raise StorageError(f"{graph} was not written as it should be: the disk fails") from error
    with weights.open("rb") as file:
        wrong = next(_differing(file, names, tensors), None)
        if wrong is None and file.read(1):
            wrong = "its end"
    if wrong is not None:
        raise StorageError(
            f"{weights} was not written as it should be, {wrong} is not there: the disk fails"
        )


def _names_of(graph: Path) -> list[str]:
    """Return the names of the weights that a graph asks for, in the order of the file."""
    content = graph.read_bytes()
    if graph.suffix == ".json":
        json.loads(content)  # which has an end
        program = paddle.static.Program()
        paddle.base.core.deserialize_pir_program(str(graph), program)
        asked = [one for kind in get_pir_parameters(program) for one in kind]
        return sorted(one.name for one in asked if one.persistable)
    described = paddle.base.core.ProgramDesc(content)
    kept = {one.name() for one in described.block(0).all_vars() if one.persistable()}
    return sorted(kept - _PLUMBING)


def _differing(file: IO[bytes], names: list[str], tensors: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of each tensor that is not what the file has in its place."""
    for name in names:
        if name not in tensors:
            yield name
            continue
        wanted = np.ascontiguousarray(tensors[name].numpy())
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or _HEAD.unpack(head)[:3] != (0, 0, 0):
            yield name
            continue
        shape = file.read(max(0, _HEAD.unpack(head)[3]))
        if shape[2:] != _dimensions(wanted.shape) or not _same(file, wanted):
            yield name


def _dimensions(shape: tuple[int, ...]) -> bytes:
    """Return a shape as field 2 of the description, once for each size."""
    return b"".join(b"\x10" + _varint(size) for size in shape)


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def _same(file: IO[bytes], wanted: np.ndarray) -> bool:
    """Return whether the file goes on with exactly these numbers; not-a-numbers count as well."""
    expected = memoryview(wanted.reshape(-1).view(np.uint8))
    return all(
        file.read(len(part)) == part
        for start in range(0, len(expected), _BLOCK_BYTES)
        for part in [expected[start : start + _BLOCK_BYTES]]
    )
