"""Arrays from a worker to its parent through shared memory, without a copy in a pipe.

A worker owns a few segments and writes the arrays of one batch into one of them, a `Pile` array by
array; the parent copies them out and gives the segment back by number. A segment is reserved in
full before it is used (a shared-memory file system that is too small would otherwise kill the
writer with SIGBUS); if that fails, or there is no shared memory, the batch travels in the pipe.

The parent takes the name of a segment away as soon as it has opened it: from then on the memory
belongs to the two processes alone and is free when they are gone, however they went.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.data.collate import Pile
from ppocr.utils.processes import is_running

FOLDER = Path("/dev/shm")
_ALIGN = 64
_SMALL_BYTES = 1 << 16  # below this a pipe is as quick


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one array lies in a segment."""

    offset: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch whose arrays were taken out and replaced by their slots."""

    content: Any
    segment: int = -1
    name: str = ""


class Sender:
    """The worker's side: packs batches into segments that the parent has given back."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._segments: list[SharedMemory] = []
        self._free: list[int] = []

    def pack(self, content: Any) -> Parcel:
        """Return the parcel for ``content`` (nested dicts, lists, arrays and piles of them)."""
        size = _packed_size(content)
        if not self.enabled or size < _SMALL_BYTES:
            return Parcel(_unpiled(content))
        number = self._take(size)
        if number is None:
            self.enabled = False
            return Parcel(_unpiled(content))
        segment = self._segments[number]
        writer = _Writer(segment)
        return Parcel(writer.put(content), number, segment.name)

    def give_back(self, number: int) -> None:
        """Mark a segment as free again."""
        self._free.append(number)

    def close(self) -> None:
        """Let go of all segments; remove those that the parent never opened."""
        for segment in self._segments:
            _dropped(segment)
        self._segments.clear()

    def _take(self, size: int) -> int | None:
        for number in self._free:
            if self._segments[number].size >= size:
                self._free.remove(number)
                return number
        try:
            segment = _reserved(size + size // 8)
        except OSError:
            return None
        if self._free:  # replace one that has become too small
            number = self._free.pop()
            _dropped(self._segments[number])
            self._segments[number] = segment
        else:
            number = len(self._segments)
            self._segments.append(segment)
        return number


class Receiver:
    """The parent's side: copies batches out of the segments of one worker."""

    def __init__(self) -> None:
        self._open: dict[int, SharedMemory] = {}

    def unpack(self, parcel: Parcel) -> Any:
        """Return the content of a parcel in memory of this process."""
        if parcel.segment < 0:
            return parcel.content
        segment = self._open.get(parcel.segment)
        if segment is None or segment.name != parcel.name:
            if segment is not None:
                segment.close()
            segment = self._open[parcel.segment] = SharedMemory(name=parcel.name)
            segment.unlink()
        return _taken(parcel.content, segment)

    def close(self) -> None:
        """Let go of all segments."""
        for segment in self._open.values():
            segment.close()
        self._open.clear()


class _Writer:
    def __init__(self, segment: SharedMemory) -> None:
        self.segment, self.offset = segment, 0

    def put(self, content: Any) -> Any:
        if isinstance(content, Pile) or _is_plain(content):
            slot = Slot(self.offset, content.shape, content.dtype.str)
            place = _view(self.segment, slot)
            if isinstance(content, Pile):
                content.write(place)
            else:
                place[...] = content
            self.offset += _aligned(content.nbytes)
            return slot
        if isinstance(content, dict):
            return {key: self.put(value) for key, value in content.items()}
        if isinstance(content, list | tuple):
            return type(content)([self.put(value) for value in content])
        return content


def _taken(content: Any, segment: SharedMemory) -> Any:
    if isinstance(content, Slot):
        return _view(segment, content).copy()
    if isinstance(content, dict):
        return {key: _taken(value, segment) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)([_taken(value, segment) for value in content])
    return content


def _unpiled(content: Any) -> Any:
    if isinstance(content, Pile):
        return content.array()
    if isinstance(content, dict):
        return {key: _unpiled(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)([_unpiled(value) for value in content])
    return content


def _view(segment: SharedMemory, slot: Slot) -> np.ndarray:
    return np.ndarray(slot.shape, slot.dtype, buffer=segment.buf, offset=slot.offset)


def _packed_size(content: Any) -> int:
    if isinstance(content, Pile) or _is_plain(content):
        return _aligned(content.nbytes)
    if isinstance(content, dict):
        return sum(_packed_size(value) for value in content.values())
    if isinstance(content, list | tuple):
        return sum(_packed_size(value) for value in content)
    return 0


def _is_plain(content: Any) -> bool:
    return isinstance(content, np.ndarray) and content.dtype != object


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _reserved(size: int) -> SharedMemory:
    """Return a segment whose pages really exist; OSError when there is no room for it."""
    segment = SharedMemory(f"{_family()}{os.getpid()}-{secrets.token_hex(3)}", True, size)
    if sys.platform.startswith("linux"):
        try:
            file = os.open(FOLDER / segment.name.lstrip("/"), os.O_RDWR)
        except OSError:
            return segment
        try:
            os.posix_fallocate(file, 0, size)
        except OSError:
            _dropped(segment)
            raise
        finally:
            os.close(file)
    return segment


def _dropped(segment: SharedMemory) -> None:
    segment.close()
    with contextlib.suppress(FileNotFoundError):  # the parent has opened it
        segment.unlink()


def sweep() -> int:
    """Return how many segments of processes that are no more were removed.

    They are those that were on their way, not yet opened, when everything was killed at once.
    """
    removed = 0
    for path in FOLDER.glob(f"{_family()}*-*") if FOLDER.is_dir() else ():
        owner = path.name.removeprefix(_family()).partition("-")[0]
        if owner.isdigit() and not is_running(int(owner)):
            with contextlib.suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def _family() -> str:
    """Return how the names of segments begin, for processes that can see each other.

    Containers may share the memory and not the numbers of processes.
    """
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:  # not this system
        space = ""
    return f"ppocr-{''.join(filter(str.isdigit, space)) or 0}-"
