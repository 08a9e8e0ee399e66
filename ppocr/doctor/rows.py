"""One row after the other, as training sees it: what it holds, and what is wrong with it.

An `Examiner` runs in the worker processes of the loader: it takes the requests of a sampler and
gives back columns of facts instead of batches. Rows go through the data set and the very chain
of transforms of the config; nothing is parsed a second way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ppocr.data.fetch import Fetched, Fetcher
from ppocr.data.sampler import Request
from ppocr.data.simple import SimpleDataSet
from ppocr.data.source import Source
from ppocr.doctor import boxes, kinds, likeness
from ppocr.transforms.base import Rejected, Sample
from ppocr.transforms.encode_det import DetLabelEncode
from ppocr.transforms.header import Header, read_header
from ppocr.utils.exits import OcrError

MAX_PIXELS = 40_000_000  # a page of A4 at 600 dpi; more is counted, not decoded
MAX_BRACKETS = 40_000  # about as many points in one detection label
MAX_DETAIL = 300
INVISIBLE = frozenset(
    [chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))]
    + list("\u00ad\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff\ufffd")
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with one row: the name of its kind, where, and the particulars."""

    kind: str
    row: int
    place: str
    detail: str
    refused: bool


@dataclass(slots=True)
class Facts:
    """What a chunk of rows holds: numbers by column, counts by character, what is wrong."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    characters: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    troubles: list[Trouble] = field(default_factory=list)

    def add(self, name: str, value: Any) -> None:
        """Put a value at the end of a column."""
        self.columns.setdefault(name, []).append(value)


class Whole(Source):
    """All rows of a source, each once, remembering the one that was read first."""

    def __init__(self, inner: Source, task: str, largest_px: int) -> None:
        super().__init__(inner.sizes, [1.0] * len(inner.sizes))
        self.inner, self.task, self.largest_px = inner, task, largest_px
        self.transforms, self.ext_op_transform_idx = inner.transforms, inner.ext_op_transform_idx
        self.first: Sample | None = None

    def read(self, row: int, rng: np.random.Generator) -> Sample:
        """Return the raw sample, unless looking further at it would take all memory or time."""
        sample = self.inner.read(row, rng)
        if self.first is None:
            self.first = dict(sample)
        header = read_header(sample["image"])
        pixels = header.width * header.height if header else 0
        if header and MAX_PIXELS < pixels <= self.largest_px:
            raise Rejected("huge image", f"{header.width} x {header.height} pixels")
        if self.task == "det" and str(sample["label"]).count("[") > MAX_BRACKETS:
            raise Rejected("too many points", f"more than {MAX_BRACKETS} points or boxes")
        return sample

    def label(self, row: int) -> str:
        return self.inner.label(row)

    @property
    def names(self) -> list[str]:
        return self.inner.names

    def place(self, row: int) -> str:
        return self.inner.place(row)

    def describe(self) -> list[str]:
        return self.inner.describe()


class Probe:
    """The last but one operation: keeps the sample before KeepKeys takes entries away."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "nothing"

    def __init__(self) -> None:
        self.last: Sample | None = None

    def __call__(self, sample: Sample) -> Sample:
        self.last = dict(sample)
        return sample


class Examiner:
    """Looks at rows; offers what `ppocr.data.workers.Workers` asks of a fetcher."""

    def __init__(
        self,
        source: Source,
        ops: Sequence[Any],
        task: str,
        training: bool,
        seed: int,
        extras: dict[str, Any] | None = None,
    ) -> None:
        decoder = next((op for op in ops if hasattr(op, "max_pixels")), None)
        self.ignores_exif = bool(getattr(decoder, "ignore_orientation", False))
        self.whole = Whole(source, task, getattr(decoder, "max_pixels", MAX_PIXELS))
        self.probe = Probe()
        self.task, self.extras = task, extras or {}
        self.codec = next((op.codec for op in ops if hasattr(op, "codec")), None)
        chain = [*ops[:-1], self.probe, *ops[-1:]]
        self.fetcher = Fetcher(self.whole, chain, list, training, seed)

    def places(self, request: Request) -> list[str]:
        """Return ``file:line`` of every row of a request."""
        return [self.whole.place(row) for row in request.positions]

    def place(self, epoch: int, position: int) -> str:
        """Return ``file:line`` of a row; it is the same in every epoch."""
        return self.whole.place(position)

    def __call__(self, request: Request, note: Callable[[int], None] | None = None) -> Fetched:
        """Return the facts of the rows of a request in place of a batch."""
        facts = Facts()
        for row in request.positions:
            if note is not None:
                note(row)
            self._look(row, facts)
        return Fetched({"facts": facts}, [], len(request.positions))

    def _look(self, row: int, facts: Facts) -> None:
        self.whole.first, self.probe.last = None, None
        kept: list[Rejected] = []
        refused = self._run(row, kept)
        raw = self.whole.first
        found = [self._note(one, row, facts, one is refused) for one in _all(refused, kept)]
        header = read_header(raw["image"]) if raw else None
        width, height = _upright(header, self.ignores_exif)
        facts.add("row", row)
        facts.add("used", refused is None)
        facts.add("broken", refused is not None and found[0].broken)
        facts.add("width", width)
        facts.add("height", height)
        facts.add("orientation", header.orientation if header else 1)
        content = raw["image"] if raw else b""
        facts.add("digest", likeness.digest(content) if content else 0)
        facts.add("look", likeness.look(content, header) if _may_decode(header) else (0, 0))
        label = str(raw["label"]).encode("utf-8", "surrogatepass") if raw else b""
        facts.add("label_digest", likeness.digest(label) if raw else 0)
        if raw is not None:
            self._label(row, raw, header, facts)

    def _run(self, row: int, kept: list[Rejected]) -> Rejected | None:
        """Return why training refuses a row, or None."""
        try:
            self.fetcher.one(0, row, extras=self.extras, kept=kept)
        except Rejected as rejected:
            return rejected
        except OcrError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a transform makes of the data
            return Rejected("transform failed", f"{type(error).__name__}: {error}")
        return None

    def _note(self, rejected: Rejected, row: int, facts: Facts, refused: bool) -> kinds.Kind:
        """Note why training refuses a row and return the kind of it."""
        reject = self.fetcher.reject(rejected, 0, row)
        detail = reject.detail.removeprefix(f"{reject.place}: ")
        evidence = kinds.Evidence(
            rejected.reason,
            detail,
            self._row_text(row, rejected),
            getattr(self.whole.inner, "delimiter", "\t"),
            getattr(self.whole.inner, "root", None),
            self.whole.first["image"][:256] if self.whole.first else b"",
        )
        kind = kinds.diagnose(evidence)
        facts.troubles.append(Trouble(kind, row, reject.place, detail[:MAX_DETAIL], refused))
        return kinds.KINDS[kind]

    def _row_text(self, row: int, rejected: Rejected) -> str:
        source = self.whole.inner
        if not isinstance(source, SimpleDataSet) or rejected.reason == "row too long":
            return ""
        number, line = source.where(row)
        return source.files[number].raw(line).decode("utf-8", "replace")

    def _label(self, row: int, raw: Sample, header: Header | None, facts: Facts) -> None:
        if self.task == "det":
            self._regions(row, raw, header, facts)
        elif self.task == "cls":
            facts.labels[str(raw["label"])[:80]] += 1
        else:
            self._text(row, str(raw["label"]), facts)

    def _text(self, row: int, text: str, facts: Facts) -> None:
        facts.characters.update(text)
        facts.add("text_row", row)
        facts.add("length", len(text))
        facts.add("bare", len(text) - text.count(" "))
        needed = len(text)
        if self.codec is not None:
            encoded = self.codec.encode(text)
            unknown = [one for one in encoded.unknown if one not in INVISIBLE]
            facts.unknown.update(unknown)
            ids = np.asarray(encoded.ids)
            needed = len(ids) + int((ids[1:] == ids[:-1]).sum())
            if unknown and not _told(facts, row):
                lost = "".join(dict.fromkeys(unknown))
                self._also("unknown-characters", row, f"{lost!r} in {text[:60]!r}", facts)
        facts.add("steps", needed)
        hidden = sorted(set(text) & INVISIBLE)
        if hidden:
            names = ", ".join(f"U+{ord(one):04X}" for one in hidden[:5])
            self._also("control-character", row, f"{names} in {text[:60]!r}", facts)
        if text != text.strip(" "):
            self._also("space-at-edge", row, repr(text[:60]), facts)

    def _regions(self, row: int, raw: Sample, header: Header | None, facts: Facts) -> None:
        try:
            label = DetLabelEncode()({"label": raw["label"]})
        except Rejected:
            return  # noted when training refused it
        page = boxes.Page(label["polys"], label["ignore_tags"], label["texts"])
        for name, value in boxes.measures(page).items():
            facts.add(name, value)
        facts.add("page_row", row)
        facts.characters.update("".join(page.texts[i] for i in np.flatnonzero(~page.ignored)))
        for kind, detail in boxes.faults(page, header, self.ignores_exif):
            self._also(kind, row, detail, facts)
        facts.add("seen_px", boxes.seen(self.probe.last) if self.probe.last else _NOTHING)

    def _also(self, kind: str, row: int, detail: str, facts: Facts) -> None:
        """Note something that training does not refuse."""
        place = self.whole.place(row)
        facts.troubles.append(Trouble(kind, row, place, detail[:MAX_DETAIL], False))


class Team:
    """Examiners of several sets behind one queue: positions count on from set to set."""

    def __init__(self, members: Sequence[Examiner]) -> None:
        self.members = list(members)
        self.firsts = np.cumsum([0, *(one.whole.total for one in members)]).tolist()

    def places(self, request: Request) -> list[str]:
        """Return ``file:line`` of every position of a request."""
        return [self.place(request.epoch, position) for position in request.positions]

    def place(self, epoch: int, position: int) -> str:
        """Return ``file:line`` of a position."""
        number = bisect_right(self.firsts, position) - 1
        return self.members[number].place(epoch, position - self.firsts[number])

    def __call__(self, request: Request, note: Callable[[int], None] | None = None) -> Fetched:
        """Return the facts of the rows of a request, which are all of one set."""
        number = bisect_right(self.firsts, request.positions[0]) - 1
        first = self.firsts[number]
        rows = tuple(position - first for position in request.positions)
        told = None if note is None else lambda row: note(row + first)
        fetched = self.members[number](Request(request.epoch, rows), told)
        fetched.batch = {"set": number, **(fetched.batch or {})}
        return fetched


_NOTHING = np.zeros((0, 2), np.float32)


def _all(refused: Rejected | None, kept: list[Rejected]) -> list[Rejected]:
    return [refused] if refused is not None else kept


def _told(facts: Facts, row: int) -> bool:
    return any(one.row == row for one in facts.troubles[-3:])


def _may_decode(header: Header | None) -> bool:
    return header is not None and 0 < header.width * header.height <= MAX_PIXELS


def _upright(header: Header | None, ignores_exif: bool) -> tuple[int, int]:
    if header is None:
        return 0, 0
    return (header.width, header.height) if ignores_exif else header.upright
