"""Rows to samples to batches, and what happens to a sample that cannot be used.

Training replaces it by another row, drawn from the sample's own random stream, so that the batch
does not depend on which process made it. Evaluation replaces nothing: the sample is left out and
reported, and the caller decides what that means for the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ppocr.data.sampler import Request
from ppocr.data.source import Source, generator
from ppocr.data.tally import Reject
from ppocr.transforms.base import LOST, Compose, Rejected
from ppocr.utils.exits import DataError, InternalError, OcrError

MAX_REPLACEMENTS = 64
MAX_EXTRA_TRIES = 16

_KEPT = "kept"

Sample = dict[str, Any]


@dataclass(slots=True)
class Fetched:
    """A batch and what had to be left out of it; ``batch`` is None if nothing remained."""

    batch: dict[str, Any] | None
    rejects: list[Reject] = field(default_factory=list)
    requested: int = 0


class Fetcher:
    """Makes the batches that a sampler asks for. It can be pickled and sent to a worker."""

    def __init__(
        self,
        source: Source,
        ops: Sequence[Callable[[Sample], Sample]],
        collate: Callable[[Sequence[Sample]], dict[str, Any]],
        training: bool,
        seed: int,
    ) -> None:
        self.source, self.ops, self.collate = source, list(ops), collate
        self.training, self.seed = training, seed
        steps = self.ops if training else [_judged_later(op) for op in self.ops]
        self._chain = Compose(steps, defer=True)
        self._first_steps = Compose(self.ops[: source.ext_op_transform_idx])
        self._extra = max((getattr(op, "ext_data_num", 0) for op in self.ops), default=0)

    def __len__(self) -> int:
        return self.source.count(self.training)

    def __call__(self, request: Request, note: Callable[[int], None] | None = None) -> Fetched:
        """Return the batch of a request; ``note`` is told each position before it is read."""
        rejects: list[Reject] = []
        samples = []
        for position in request.positions:
            if note is not None:
                note(position)
            sample = self._sample(request, position, rejects)
            if sample is not None:
                samples.append(sample)
        batch = self.collate(samples) if samples else None
        return Fetched(batch, rejects, len(request.positions))

    def places(self, request: Request) -> list[str]:
        """Return ``file:line`` of every position of a request."""
        return [self.place(request.epoch, position) for position in request.positions]

    def place(self, epoch: int, position: int) -> str:
        """Return ``file:line`` of a position."""
        return self.source.place(self._row(epoch, position))

    def one(
        self,
        epoch: int,
        position: int,
        attempt: int = 0,
        extras: Sample | None = None,
        kept: list[Rejected] | None = None,
    ) -> Sample:
        """Return the finished sample at a position; ``Rejected`` if it cannot be used.

        In evaluation a label that the model cannot learn (too long, unknown characters) is no
        reason to leave the sample out: what is said of it goes to ``kept``.
        """
        rng = generator(self.seed, epoch if self.training else 0, position, attempt)
        row = self._row(epoch, self._tried(position, attempt, rng))
        sample = self._raw(row, rng, position, epoch)
        sample.update(extras or {})
        if self._extra:
            sample["ext_data"] = self._extras(rng, position, epoch)
        sample[_KEPT] = kept if kept is not None else []
        return self._chain(sample)

    def raw(self, position: int, epoch: int = 0) -> Sample:
        """Return the sample at a position as it was read, image still encoded."""
        row = self._row(epoch, position)
        rng = generator(self.seed, epoch if self.training else 0, position)
        return self._raw(row, rng, position, epoch)

    def truth(self, position: int, epoch: int = 0) -> Sample:
        """Return what the label operators make of the label at a position, without its image.

        ``Rejected`` if the label cannot be used either.
        """
        sample = {"label": self.source.label(self._row(epoch, position)), _KEPT: []}
        for op in self.ops:
            if _is_label_op(op):
                sample = _judged_later(op)(sample)
        return sample

    def _sample(self, request: Request, position: int, rejects: list[Reject]) -> Sample | None:
        kept: list[Rejected] = []
        for attempt in range(MAX_REPLACEMENTS if self.training else 1):
            try:
                sample = self.one(request.epoch, position, attempt, request.extras, kept)
                kept += _lost_characters(sample) if not kept else []
                rejects += [
                    self.reject(one, request.epoch, position, attempt, kept=True) for one in kept
                ]
                return sample
            except Rejected as rejected:
                rejects.append(self.reject(rejected, request.epoch, position, attempt))
            except OcrError:
                raise
            except Exception as error:
                place = self.place(request.epoch, position)
                raise InternalError(
                    f"{place}: sample {position} of epoch {request.epoch + 1} cannot be made: "
                    f"{type(error).__name__}: {error}"
                ) from error
        if self.training:
            reasons = sorted({reject.reason for reject in rejects})
            raise DataError(
                f"{MAX_REPLACEMENTS} samples in a row could not be used: {', '.join(reasons)}; "
                f"the last one: {rejects[-1].detail}"
            )
        return None

    def reject(
        self, rejected: Rejected, epoch: int, position: int, attempt: int = 0, kept: bool = False
    ) -> Reject:
        """Return the record of a sample that was refused, or kept although it was."""
        rng = generator(self.seed, epoch if self.training else 0, position, attempt)
        place = self.place(epoch, self._tried(position, attempt, rng))
        detail = (
            rejected.detail if rejected.detail.startswith(place) else f"{place}: {rejected.detail}"
        )
        return Reject(rejected.reason, place, detail, rejected.broken, kept)

    def _raw(self, row: int, rng: np.random.Generator, position: int, epoch: int) -> Sample:
        sample = self.source.read(row, rng)
        sample.update(rng=rng, index=position, epoch=epoch, seed=self.seed)
        return sample

    def _extras(self, rng: np.random.Generator, position: int, epoch: int) -> list[Sample]:
        """Return further samples, through the first transforms, for operators that mix."""
        found: list[Sample] = []
        for _ in range(MAX_EXTRA_TRIES):
            if len(found) == self._extra:
                break
            try:
                row = self._row(epoch, int(rng.integers(len(self))))
                sample = self._raw(row, rng, position, epoch)
                found.append(self._first_steps(sample))
            except Rejected:
                continue  # it is counted when its own turn comes
        return found

    def _row(self, epoch: int, position: int) -> int:
        return self.source.row(position, self.seed, epoch, self.training)

    def _tried(self, position: int, attempt: int, rng: np.random.Generator) -> int:
        """Return the position that an attempt takes: first its own, then others of its file.

        So a bad row does not change in which parts sources are mixed. When half of the attempts
        have failed any position will do.
        """
        if attempt == 0:
            return position
        same = attempt <= MAX_REPLACEMENTS // 2
        first, end = self.source.span(position, self.training) if same else (0, len(self))
        return first + int(rng.integers(end - first))


def _lost_characters(sample: Sample) -> list[Rejected]:
    """Return a note when the label is shorter than the text it was made from.

    Characters that are not in the dictionary are left out of the label: the model is then taught
    a text that is not the one in the picture, which nobody should find out by chance.
    """
    text, length = sample.get("text"), sample.get("length")
    if not isinstance(text, str) or length is None or int(length) >= len(text):
        return []
    lost = len(text) - int(length)
    return [Rejected(LOST, f"{lost} characters of {text[:40]!r} are not in the dictionary")]


class _JudgedLater:
    """A label operator for evaluation: a label outside the model's limits stays in the metric.

    The truth is kept as ``text``, and what the operator would have added is filled with zeros;
    nothing but the loss, which is not computed in evaluation, would read it.
    """

    needs_label = True
    touches = "nothing"

    def __init__(self, op: Any) -> None:
        self.op = op
        self.adds = op.adds

    def __call__(self, sample: Sample) -> Sample:
        truth = sample["label"]
        try:
            return self.op(sample)
        except Rejected as rejected:
            if rejected.broken:
                raise
            sample[_KEPT].append(rejected)
            sample.update({name: np.zeros((), np.int64) for name in self.op.adds})
            sample["text"] = truth
            return sample


def _judged_later(op: Any) -> Any:
    return _JudgedLater(op) if _is_label_op(op) else op


def _is_label_op(op: Any) -> bool:
    return getattr(op, "needs_label", False) and getattr(op, "touches", "") == "nothing"
