"""Losses between two networks: what one says against what the other says.

Zhang et al., Deep Mutual Learning, 2018; Zhao et al., Decoupled Knowledge Distillation,
2022. None of them states a "loss": CombinedLoss adds their parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.losses.distillation_base import MAPS, map_of, maps_named, output_of, pairs_of
from ppocr.losses.divergence import Act, CTCLogitsLoss, DKDLoss, DMLLoss


class DistillationDMLLoss(nn.Layer):
    """Symmetric divergence of the outputs of each pair of networks (see DMLLoss).

    ``key`` picks the output, with ``multi_head`` its part ``dis_head``; ``maps_name`` picks
    one or more maps of a detector instead.

    A divergence of maps is averaged over the batch. ``per_sample`` leaves it one number
    per sample, as published models were trained: their gradient sums over those numbers,
    and everything added to them, and is the default's times the number of samples.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    maps: ClassVar[dict[str, int]] = MAPS

    def __init__(
        self,
        model_name_pairs: Sequence[Any] = (),
        act: Act | None = None,
        use_log: bool = False,
        key: str | None = None,
        multi_head: bool = False,
        dis_head: str = "ctc",
        maps_name: str | Sequence[str] | None = None,
        log_name: str = "dml",
        per_sample: bool = False,
    ) -> None:
        super().__init__()
        self.pairs = pairs_of(model_name_pairs)
        self.key, self.head = key, dis_head if multi_head else None
        self.wanted = maps_named(maps_name)
        self.log_name, self.per_sample = log_name, per_sample
        self.divergence = DMLLoss(act, use_log)

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        found = {}
        for index, (one, other) in enumerate(self.pairs):
            left = output_of(predicts, one, self.key, self.head)
            right = output_of(predicts, other, self.key, self.head)
            if not self.wanted:
                found[f"{self.log_name}_{index}"] = self._compare(left, right)
            for name in self.wanted:
                value = self._compare(map_of(left, name), map_of(right, name))
                found[f"{self.log_name}_{name}_{index}"] = value
        return found

    def _compare(self, left: Tensor, right: Tensor) -> Tensor:
        value = self.divergence(left, right)
        return value if self.per_sample else value.mean()


class DistillationDistanceLoss(nn.Layer):
    """Mean distance of the features of each pair of networks."""

    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        mode: Literal["l1", "l2", "smooth_l1"] = "l2",
        model_name_pairs: Sequence[Any] = (),
        key: str | None = None,
        log_name: str = "loss_distance",
    ) -> None:
        super().__init__()
        self.pairs = pairs_of(model_name_pairs)
        self.mode, self.key, self.log_name = mode, key, log_name

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        found = {}
        for index, (one, other) in enumerate(self.pairs):
            left = output_of(predicts, one, self.key, None)
            right = output_of(predicts, other, self.key, None)
            name = f"{self.log_name}_{self.mode}_{one}_{other}_{index}"
            found[name] = self._distance(left, right)
        return found

    def _distance(self, left: Tensor, right: Tensor) -> Tensor:
        if self.mode == "l1":
            return F.l1_loss(left, right)
        if self.mode == "l2":
            return F.mse_loss(left, right)
        return F.smooth_l1_loss(left, right)


class DistillationDKDLoss(nn.Layer):
    """Decoupled divergence of the attention heads of each pair, the student named first.

    Reads the guide's label, ``label_gtc``, up to the longest of ``length``.
    """

    reads: ClassVar[tuple[str, ...]] = ("label_gtc", "length")

    def __init__(
        self,
        model_name_pairs: Sequence[Any] = (),
        key: str | None = None,
        multi_head: bool = False,
        dis_head: str = "gtc",
        alpha: float = 1.0,
        beta: float = 1.0,
        temperature: float = 1.0,
        log_name: str = "dkd",
    ) -> None:
        super().__init__()
        self.pairs = pairs_of(model_name_pairs)
        self.key, self.head = key, dis_head if multi_head else None
        self.log_name = log_name
        self.divergence = DKDLoss(temperature, alpha, beta)

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        longest = int(batch["length"].max().item())
        target = batch["label_gtc"].astype("int64")[:, 1 : 2 + longest].flatten()
        found = {}
        for index, (student, teacher) in enumerate(self.pairs):
            rows = [
                output_of(predicts, name, self.key, self.head).flatten(0, 1)
                for name in (student, teacher)
            ]
            found[f"{self.log_name}_{index}"] = self.divergence(*rows, target)
        return found


class DistillCTCLogits(nn.Layer):
    """Divergence of the CTC heads of each pair (see CTCLogitsLoss), the student named first."""

    entry: ClassVar[str] = "ctc"  # of a MultiHead
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        model_name_pairs: Sequence[Any] = (),
        key: str | None = None,
        reduction: Literal["mean"] = "mean",
        log_name: str = "ctc_logits",
    ) -> None:
        super().__init__()
        self.pairs = pairs_of(model_name_pairs)
        self.key, self.log_name = key, log_name
        self.divergence = CTCLogitsLoss()

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        found = {}
        for index, (student, teacher) in enumerate(self.pairs):
            left = output_of(predicts, student, self.key, self.entry)
            right = output_of(predicts, teacher, self.key, self.entry)
            found[f"{self.log_name}_{index}"] = self.divergence(left, right)
        return found
