"""What a label file of millions of lines costs: start-up, memory of each process, time per row.

    python benchmarks/dataset_scale.py                       # 5 million lines, made up here
    python benchmarks/dataset_scale.py --lines 20000000 --rows 200000
    python benchmarks/dataset_scale.py --labels train.txt    # a file of yours

Each row of the table is a process of its own: the lines of the file as a Python list, the data set
of training on its first start (the index is made), the same on later starts (the index is read),
and a set of 5000 lines for comparison. Columns: seconds from the path to a set that can be asked
for rows, by the clock and of CPU; what the set added to the memory of its process; what is sent to
a spawned worker; what a forked and a spawned worker hold themselves (private memory) after they
read rows at random, less what they held before; microseconds of CPU for a random row (path and
label as text, no image).
Needs Linux: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from ppocr.data.simple import SimpleDataSet
from ppocr.utils.exits import InternalError, MissingInput, UsageError, run
from ppocr.utils.logs import say

MEMORY = Path("/proc/self/smaps_rollup")
FEW_LINES = 5000
SEED = 7
BLOCK_LINES = 100_000
WORDS = (
    "invoice",
    "total",
    "Rechnung",
    "3,50",
    "tax",
    "Datum",
    "cash",
    "Summe",
    "no.",
    "thank you",
)


class Rows(Protocol):
    """Something that gives a row of a label file: path and text."""

    def __len__(self) -> int: ...

    def row(self, number: int) -> tuple[str, str]:
        """Return path and text."""
        ...


class Lines:
    """All lines as a list of texts, as a plain data set keeps them."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            self.lines = file.readlines()

    def __len__(self) -> int:
        return len(self.lines)

    def row(self, number: int) -> tuple[str, str]:
        """Return path and text of a line."""
        path, _, text = self.lines[number].rstrip("\n").partition("\t")
        return path, text


class Indexed:
    """The data set of training over the same file."""

    def __init__(self, path: Path) -> None:
        self.source = SimpleDataSet(str(path.parent), [str(path)], [])

    def __len__(self) -> int:
        return self.source.count(training=True)

    def row(self, number: int) -> tuple[str, str]:
        """Return path and text at a position of an epoch."""
        file, line = self.source.where(self.source.row(number, SEED, 0, training=True))
        found = self.source.files[file][line]
        return found.paths[0], found.label


KINDS: dict[str, Callable[[Path], Rows]] = {"list": Lines, "index": Indexed}


@dataclass(frozen=True)
class Measured:
    """One row of the table; memory in bytes."""

    start_s: float
    start_cpu_s: float
    main: int
    payload: int
    forked: int
    spawned: int
    row_us: float
    digest: int


def main(argv: Sequence[str]) -> int:
    """Print one table."""
    options = _parse(argv)
    if not MEMORY.exists():
        raise UsageError("memory is measured with Linux' /proc; there is none here")
    if options.measure:
        found = measure(KINDS[options.measure], Path(options.labels), options.rows)
        say(json.dumps(asdict(found)))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        _table(options, Path(folder))
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=5_000_000, help="how many lines to make up")
    parser.add_argument("--labels", help="a label file to take instead; it is copied")
    parser.add_argument("--rows", type=int, default=50_000, help="rows that each process reads")
    parser.add_argument("--folder", help="where to make the files, instead of the system's")
    parser.add_argument("--measure", choices=sorted(KINDS), help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _table(options: argparse.Namespace, folder: Path) -> None:
    few, many = folder / "few" / "rows.txt", folder / "many" / "rows.txt"
    write(few, FEW_LINES)
    if options.labels:
        source = Path(options.labels)
        if not source.is_file():
            raise MissingInput(f"no such label file: {source}")
        many.parent.mkdir()
        many.write_bytes(source.read_bytes())
    else:
        write(many, options.lines)
    lines = _count(many)
    say(f"{lines} lines, {many.stat().st_size / 1e6:.0f} MB; {options.rows} rows read at random\n")
    head = ("", "start s", "CPU s", "main MB", "sent MB", "forked MB", "spawned MB", "row CPU us")
    say("| " + " | ".join(head) + " |\n|---" + "|---:" * (len(head) - 1) + "|")
    digests = []
    for name, kind, path in (
        (f"list of {lines} lines", "list", many),
        ("index, first start", "index", many),
        ("index, later starts", "index", many),
        (f"index of {FEW_LINES} lines", "index", few),
    ):
        found = _in_a_process(kind, path, options.rows)
        sizes = (found.main, found.payload, found.forked, found.spawned)
        times = (f"{found.start_s:.2f}", f"{found.start_cpu_s:.2f}")
        cells = [name, *times, *(f"{one / 1e6:.1f}" for one in sizes)]
        say("| " + " | ".join([*cells, f"{found.row_us:.1f}"]) + " |")
        digests.append(found.digest)
    if len(set(digests[:3])) != 1:
        raise InternalError("the list and the index gave different rows")
    beside = many.with_name(f".{many.name}.index")
    if beside.is_file():
        say(f"\nthe index that is kept: {beside.stat().st_size / 1e6:.2f} MB")


def write(path: Path, count: int) -> None:
    """Write a label file of ``count`` lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    with (
        path.open("w", encoding="utf-8") as file,
        tqdm(total=count, desc="writing", unit=" lines", file=sys.stderr, leave=False) as bar,
    ):
        for start in range(0, count, BLOCK_LINES):
            numbers = range(start, min(start + BLOCK_LINES, count))
            file.writelines(
                f"lines/{number // 1000:05d}/{number:09d}.jpg\t{rng.choice(WORDS)} {number}\n"
                for number in numbers
            )
            bar.update(len(numbers))


def _count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _in_a_process(kind: str, path: Path, rows: int) -> Measured:
    words = [
        sys.executable,
        __file__,
        "--measure",
        kind,
        "--labels",
        str(path),
        "--rows",
        str(rows),
    ]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise InternalError(f"measuring the {kind} ended with {done.returncode}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


# --- in the process that is measured ---


def measure(make: Callable[[Path], Rows], path: Path, rows: int) -> Measured:
    """Return what one way to keep a label file costs this process and workers of it."""
    before = memory()
    began, began_cpu = time.perf_counter(), time.process_time()
    found = make(path)
    start_s, start_cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    held = memory() - before
    payload = pickle.dumps(found)
    forked = _of_a_worker("fork", None, found, rows)
    spawned = _of_a_worker("spawn", payload, None, rows)
    chosen = numbers(len(found), rows)
    began = time.process_time()
    digest = read(found, chosen)
    row_us = 1e6 * (time.process_time() - began) / max(1, len(chosen))
    return Measured(start_s, start_cpu_s, held, len(payload), forked, spawned, row_us, digest)


def numbers(count: int, rows: int) -> list[int]:
    """Return which rows to read, the same for every way to keep them."""
    rng = random.Random(SEED)
    return [rng.randrange(count) for _ in range(rows)]


def read(found: Rows, chosen: Sequence[int]) -> int:
    """Read rows and return a number that tells their content."""
    digest = 0
    for number in chosen:
        digest = zlib.crc32("\t".join(found.row(number)).encode(), digest)
    return digest


def memory() -> int:
    """Return the private memory of this process in bytes: what no other shares with it."""
    values = (line.split() for line in MEMORY.read_text().splitlines())
    return sum(int(one[1]) << 10 for one in values if one[0].startswith("Private_"))


def _of_a_worker(method: str, payload: bytes | None, found: Rows | None, rows: int) -> int:
    """Return how much private memory the set costs a worker that reads rows from it."""
    context = get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, found, rows))
    process.start()
    ours.recv()  # it has begun, and measured what it held without the set
    ours.send(payload)
    growth = ours.recv()
    process.join()
    return growth


def _work(pipe: Connection, found: Rows | None, rows: int) -> None:
    before = memory()
    pipe.send("ready")
    payload = pipe.recv()
    if found is None:
        found = pickle.loads(payload)  # noqa: S301 - from our own parent
        del payload
    read(found, numbers(len(found), rows))
    pipe.send(memory() - before)


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:]))
