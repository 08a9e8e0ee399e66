"""The conversion itself: items in, through preparation in threads, in order to a writer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from ppocr.conversion.cut import Prepared, prepare
from ppocr.conversion.journal import FOLDER, Entry, Journal
from ppocr.conversion.page import Item, Line, Page, Skip, Source, Tally
from ppocr.utils.runtime import usable_cores

AHEAD = 2  # items prepared before they are needed, per thread
FLUSH_EVERY = 256  # items
FLUSH_BYTES = 64 << 20


class Writer(Protocol):
    """One output format. ``done`` is how many items it is sure of; None: all in the journal."""

    crops: bool
    ending: str
    done: int | None

    @property
    def pending(self) -> int:
        """Return how many bytes wait in memory for a commit."""
        ...

    def key(self, item: Page | Line) -> str:
        """Return what, beside the item itself, its result depends on."""
        ...

    def has(self, entry: Entry) -> bool:
        """Return whether what an entry says was written is there."""
        ...

    def restart(self, index: int) -> None:
        """Get ready to write the item of that number, after having kept those before it."""
        ...

    def write(self, item: Page | Line, prepared: Prepared) -> Entry:
        """Write one item and return what the journal should remember."""
        ...

    def commit(self, items: int) -> None:
        """Make sure of everything written so far."""
        ...

    def finish(self, entries: Iterable[Entry]) -> list[str]:
        """Write what needs all items, verify, and return what to tell the user."""
        ...

    def close(self) -> None:
        """Let go of what is open, also after an error."""
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """How a conversion went."""

    pages: int
    lines: int
    kept: int
    told: tuple[str, ...]
    tally: Tally


def run(
    source: Source,
    writer: Writer,
    output: Path,
    recipe: str,
    anew: bool = False,
    quiet: bool = True,
    doing: str = "converting",
) -> Summary:
    """Convert everything and return the summary; an earlier run is continued.

    ``doing`` is what the progress bar says.
    """
    tally = Tally()
    threads = usable_cores()
    with ExitStack() as stack:
        stack.callback(writer.close)
        journal = Journal(output, recipe, anew)
        stack.callback(journal.close)
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        bar = stack.enter_context(
            tqdm(total=source.total or None, desc=doing, unit="", disable=quiet)
        )
        pages = lines = kept = index = 0
        prepare_items = partial(_ahead, pool=pool, ahead=AHEAD * threads)
        for item, entry, prepared in prepare_items(source.items, writer, journal, tally):
            bar.update()
            if item is None:
                continue
            if entry is not None:
                kept += 1
            else:
                if kept == index:
                    writer.restart(index)
                entry = _written(item, prepared or Prepared(b""), writer)
                journal.add(entry)
            index += 1
            tally.add(entry.skipped)
            pages, lines = pages + len(entry.det), lines + len(entry.rec)
            due = index % FLUSH_EVERY == 0 or writer.pending > FLUSH_BYTES
            if prepared is not None and due:
                journal.flush()
                writer.commit(index)
        if kept == index:
            writer.restart(index)
        journal.seal()
        journal.flush()
        writer.commit(index)
        check = tqdm(journal.entries(), "checking", index, leave=False, unit="", disable=quiet)
        told = writer.finish(check)
        tally.write(output / FOLDER / "skipped.tsv")
    return Summary(pages, lines, kept, tuple(told), tally)


def _written(item: Page | Line, prepared: Prepared, writer: Writer) -> Entry:
    key = _key(item, writer)
    if not prepared.usable:
        return Entry(key, skipped=prepared.skipped)
    entry = writer.write(item, prepared)
    return replace(entry, key=key, skipped=(*prepared.skipped, *entry.skipped))


def _key(item: Page | Line, writer: Writer) -> str:
    return f"{item.key}{writer.key(item)}"


Step = tuple[Page | Line | None, Entry | None, Prepared | None]


def _ahead(
    items: Iterable[Item],
    writer: Writer,
    journal: Journal,
    tally: Tally,
    pool: ThreadPoolExecutor,
    ahead: int,
) -> Iterator[Step]:
    """Yield each item with its entry from the journal or freshly prepared, in order."""
    work = partial(prepare, crops=writer.crops, ending=writer.ending)
    waiting: deque[tuple[Page | Line | None, Future[Prepared] | None]] = deque()
    index, known = 0, True
    for item in _once(items):
        if isinstance(item, Skip):
            tally.add([item])
            waiting.append((None, None))
        else:
            if isinstance(item, Page):
                tally.add(item.skipped)
            entry = _known(item, index, writer, journal) if known else None
            index += 1
            if entry is not None:
                yield item, entry, None
                continue
            known = False
            waiting.append((item, pool.submit(work, item)))
        while len(waiting) > ahead or (known and waiting):
            yield _waited(*waiting.popleft())
    while waiting:
        yield _waited(*waiting.popleft())


def _once(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items with every page once: the crops of a second one would replace the first's."""
    seen: set[str] = set()
    for item in items:
        if isinstance(item, Page):
            if item.picture.name in seen:
                yield Skip("second label", item.place, f"{item.picture.name} was labelled above")
                continue
            seen.add(item.picture.name)
        yield item


def _waited(item: Page | Line | None, future: Future[Prepared] | None) -> Step:
    return item, None, future.result() if future is not None else None


def _known(item: Page | Line, index: int, writer: Writer, journal: Journal) -> Entry | None:
    if writer.done is not None and index >= writer.done:
        return None
    begins = journal.tell()
    entry = journal.known(_key(item, writer))
    if entry is not None and not writer.has(entry):
        journal.forget(begins)
        return None
    return entry
