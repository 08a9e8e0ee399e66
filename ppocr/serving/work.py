"""Runs a job over files, in this process or several, and collects what came out in file order."""

from __future__ import annotations

import logging
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from ppocr.serving.jobs import Job, Outcome
from ppocr.serving.report import ResultFile
from ppocr.utils import logs, runtime
from ppocr.utils.exits import DataError, InternalError, OcrError
from ppocr.utils.logs import get_logger

BAR_AFTER_S = 2
NAMED_FAILURES = 5
FILES_AT_ONCE = 16  # most files a worker takes at a time


class Totals:
    """How much was done: pages, seconds of each stage, and the files that failed."""

    def __init__(self, files: int) -> None:
        self.files = files
        self.pages = 0
        self.seconds: dict[str, float] = {}
        self.failed: dict[Path, str] = {}
        self.undrawable: dict[str, None] = {}

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.undrawable.update(dict.fromkeys(outcome.undrawable))
        if outcome.failed:
            self.failed[outcome.file] = outcome.failed
            return
        self.pages += 1
        for name, seconds in outcome.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def table(self) -> str:
        """Return the mean milliseconds of each stage as a small table."""
        lines = [f"{'stage':<8}{'ms a page':>12}{'share':>8}"]
        total = sum(self.seconds.values()) or 1.0
        for name, seconds in self.seconds.items():
            milliseconds = 1000 * seconds / max(self.pages, 1)
            lines.append(f"{name:<8}{milliseconds:>12.1f}{seconds / total:>8.0%}")
        return "\n".join(lines)

    def demand_all(self) -> None:
        """Raise a DataError that counts and names the failed files, if there are any."""
        if not self.failed:
            return
        names = [str(file) for file in self.failed]
        shown = ", ".join(names[:NAMED_FAILURES])
        more = f" and {len(names) - NAMED_FAILURES} more" if len(names) > NAMED_FAILURES else ""
        reasons = set(self.failed.values())
        why = f" ({reasons.pop()})" if len(reasons) == 1 else ""
        raise DataError(f"{len(names)} of {self.files} files gave no result{why}: {shown}{more}")


def work(
    make_job: Callable[[], Job],
    files: Sequence[Path],
    *,
    processes: int = 1,
    results: ResultFile | None = None,
    talk: bool = True,
) -> Totals:
    """Return the totals after every file was worked on; rows go to ``results`` in file order.

    ``make_job`` builds the job, once in each process; with several processes it must be picklable
    and hashable. A file that cannot be read is logged, counted and left out. ``talk`` logs what
    came out of each page.
    """
    totals = Totals(len(files))
    logger = get_logger()
    with ExitStack() as stack:
        outcomes = (
            _alone(make_job, files) if processes <= 1 else _shared(make_job, files, processes)
        )
        bar = _bar(len(files), stack)
        done: set[Path] = set()
        for outcome in outcomes:
            totals.add(outcome)
            if outcome.failed:
                logger.error("%s: skipped: %s", outcome.file, outcome.failed)
            for message in outcome.messages if talk else ():
                logger.info("%s", message)
            if results is not None:
                results.rows(outcome.rows)
            if outcome.file not in done:
                done.add(outcome.file)
                bar.update()
    if totals.undrawable:
        shown = " ".join(list(totals.undrawable)[:20])
        logger.warning(
            "%d characters are missing in the fonts found and drawn as boxes: %s "
            "(--vis_font_path names a font that has them; result files are complete)",
            len(totals.undrawable),
            shown,
        )
    return totals


def _bar(total: int, stack: ExitStack) -> tqdm:
    shown = sys.stderr.isatty()
    if shown:
        stack.enter_context(logging_redirect_tqdm(loggers=[get_logger()]))
    return stack.enter_context(
        tqdm(total=total, unit="file", delay=BAR_AFTER_S, disable=not shown, dynamic_ncols=True)
    )


def _chunks(files: Sequence[Path], size: int) -> list[Sequence[Path]]:
    return [files[start : start + size] for start in range(0, len(files), size)]


def _alone(make_job: Callable[[], Job], files: Sequence[Path]) -> Iterator[Outcome]:
    job = make_job()
    for chunk in _chunks(files, job.chunk):
        yield from job(chunk)


def _shared(
    make_job: Callable[[], Job], files: Sequence[Path], processes: int
) -> Iterator[Outcome]:
    """Yield outcomes in file order from several processes; each takes the next file when free."""
    size = max(1, min(FILES_AT_ONCE, len(files) // processes))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start_worker) as pool:
        waiting = [pool.submit(_work_chunk, make_job, chunk) for chunk in _chunks(files, size)]
        try:
            for future in waiting:
                answer = future.result()
                if isinstance(answer, _Trouble):
                    raise answer.error()
                yield from answer
        except BrokenProcessPool as error:
            raise InternalError(
                "a worker process died; perhaps memory ran out: try a smaller --total_process_num"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, slots=True)
class _Trouble:
    """An error of ours on its way between processes."""

    exit_code: int
    text: str

    def error(self) -> OcrError:
        found = OcrError(self.text)
        found.exit_code = self.exit_code
        return found


def _start_worker() -> None:
    """Make a worker quiet (the parent tells what came out) and mortal."""
    runtime.die_with_parent()
    runtime.prepare(announce=False)
    logs.setup(level=logging.ERROR)


def _work_chunk(make_job: Callable[[], Job], files: Sequence[Path]) -> list[Outcome] | _Trouble:
    try:
        return list(_job(make_job)(files))
    except OcrError as error:
        return _Trouble(error.exit_code, str(error))


@lru_cache(maxsize=1)
def _job(make_job: Callable[[], Job]) -> Job:
    """Return the job of this process; the models are opened once, not for every file."""
    return make_job()
