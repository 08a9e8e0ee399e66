"""Draws the samples of a plan in several processes, in order, and only those that are asked for.

A sample is drawn from its job and its own random numbers, so who draws it does not matter. Jobs are
handed out in chunks; nothing is drawn until the content of a sample is wanted, and then the chunks
after it are begun as well. A run that goes on where it was wants nothing of what is there already.
"""

from __future__ import annotations

import json
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from types import TracebackType

import cv2
import numpy as np

from ppocr.synthesis import LAYOUTS
from ppocr.synthesis.effects import Effects
from ppocr.synthesis.lines import Lines
from ppocr.synthesis.pages import Pages, Region
from ppocr.synthesis.plan import Job, generator
from ppocr.synthesis.settings import Settings, read
from ppocr.synthesis.supply import Supply
from ppocr.synthesis.surface import Surface
from ppocr.synthesis.typefaces import FontSet
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import InternalError
from ppocr.utils.runtime import processors

LINES_A_CHUNK, PAGES_A_CHUNK = 32, 1
AHEAD = 3  # chunks begun before they are needed, per process


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished sample: the encoded picture, and for a page its lines; or why there is none."""

    content: bytes = b""
    regions: tuple[Region, ...] = ()
    rejected: Rejected | None = None


class Artist:
    """Draws one sample after the other; every process has one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fonts = FontSet.of(settings.fonts)
        self._layout: Lines | Pages = LAYOUTS.build(settings.layout)
        self._surface = Surface(settings.backgrounds, settings.ink)
        self._effects = Effects(settings.effects)
        is_pages = isinstance(self._layout, Pages)
        self._supply = Supply(settings, self._fonts) if is_pages else None

    def draw(self, job: Job) -> Drawn:
        """Return a sample; the same job gives the same bytes."""
        rng = generator(self._settings.general.seed, job.index)
        try:
            image_HWC, regions = self._picture(rng, job)
        except Rejected as rejected:
            return Drawn(rejected=rejected)
        low, high = self._settings.general.jpeg_quality
        quality = int(rng.integers(int(low), int(high) + 1))
        done, content = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not done:
            raise InternalError(f"a picture of {image_HWC.shape} cannot be written as JPEG")
        return Drawn(content.tobytes(), regions)

    def _picture(self, rng: np.random.Generator, job: Job) -> tuple[np.ndarray, tuple[Region, ...]]:
        layout, sizes = self._layout, self._settings.fonts.sizes
        if isinstance(layout, Lines):
            face = self._fonts.faces[job.font]
            size_px = int(rng.integers(int(sizes[0]), int(sizes[1]) + 1))
            shown = (face, size_px, self._surface, self._effects)
            return layout.picture(rng, job.text, *shown), ()
        if self._supply is None:
            raise InternalError("pages are drawn without texts")
        return layout.picture(rng, self._supply, sizes, self._surface, self._effects)


class Sample:
    """A sample that is drawn when its content is first wanted."""

    def __init__(self, job: Job, chunk: _Chunk, place: int, studio: Studio) -> None:
        self.job = job
        self._chunk, self._place, self._studio = chunk, place, studio

    def drawn(self) -> Drawn:
        """Return it; Rejected says why it cannot be drawn."""
        found = self._studio.finished(self._chunk)[self._place]
        if found.rejected is not None:
            raise found.rejected
        return found


class Studio(AbstractContextManager["Studio"]):
    """The processes that draw. With one, everything is drawn in this process."""

    def __init__(self, settings: Settings, workers: int = 0) -> None:
        self.settings = settings
        self.workers = workers or settings.general.workers or processors()
        self._size = PAGES_A_CHUNK if settings.is_pages else LINES_A_CHUNK
        self._window: deque[_Chunk] = deque()
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None
        self.artist = Artist(settings)  # here too: what cannot be opened is found out at once

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def samples(self, jobs: Iterable[Job]) -> Iterator[Sample]:
        """Yield a sample for each job, in order."""
        given = iter(jobs)
        while chunk := list(islice(given, self._size)):
            self._window.append(_Chunk(chunk))
            if len(self._window) > AHEAD * self.workers:
                yield from self._of(self._window.popleft())
        while self._window:
            yield from self._of(self._window.popleft())

    def finished(self, chunk: _Chunk) -> Sequence[Drawn]:
        """Return the samples of a chunk, after having begun it and those behind it."""
        with self._lock:
            for one in (chunk, *tuple(self._window)):
                if one.future is None:
                    one.future = self._begun(one)
        if chunk.future is None:
            raise InternalError("a chunk was not begun")
        try:
            return chunk.future.result()
        except BrokenProcessPool as error:
            raise InternalError(
                "a drawing process has ended, perhaps for want of memory; run the command again to "
                "go on, with fewer Global.workers"
            ) from error

    def _of(self, chunk: _Chunk) -> Iterator[Sample]:
        for place, job in enumerate(chunk.jobs):
            yield Sample(job, chunk, place, self)

    def _begun(self, chunk: _Chunk) -> Future[list[Drawn]]:
        if self.workers == 1:
            here: Future[list[Drawn]] = Future()
            here.set_result([self.artist.draw(job) for job in chunk.jobs])
            return here
        if self._pool is None:
            spawn = get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=spawn, initializer=_begin)
        return self._pool.submit(_draw, self.settings.config, chunk.jobs)


@dataclass(slots=True, eq=False)
class _Chunk:
    """Jobs that are drawn together, and what will become of them."""

    jobs: list[Job]
    future: Future[list[Drawn]] | None = None


def _begin() -> None:
    """Prepare a drawing process: one thread, Ctrl-C is for the parent, and it ends with it."""
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # not by a signal of the kernel: that would come when the thread ends that asked for a sample
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(InternalError.exit_code)


@lru_cache(maxsize=1)
def _artist(config: str) -> Artist:
    return Artist(read(json.loads(config)))


def _draw(config: str, jobs: Sequence[Job]) -> list[Drawn]:
    artist = _artist(config)
    return [artist.draw(job) for job in jobs]
