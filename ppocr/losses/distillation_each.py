"""Losses of named networks against the labels, and of a detector against a teacher's map.

None of them states a "loss": CombinedLoss adds their parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.losses.det_basic_loss import BalanceLoss, DiceLoss, MainLoss
from ppocr.losses.det_db_loss import DBLoss
from ppocr.losses.distillation_base import output_of, pairs_of
from ppocr.losses.rec_ctc_loss import CTCLoss
from ppocr.losses.rec_nrtr_loss import NRTRLoss
from ppocr.losses.rec_sar_loss import SARLoss

TEACHER_THRESHOLD = 0.3


class DistillationCTCLoss(nn.Layer):
    """CTC loss of each named network; with ``multi_head`` of its "ctc" and ``label_ctc``."""

    each_of: ClassVar[str] = "CTCLoss"
    entry: ClassVar[str] = "ctc"  # of a MultiHead
    reads: tuple[str, ...] = ("length",)  # and the label, whose name depends on ``multi_head``

    def __init__(
        self,
        model_name_list: Sequence[str] = (),
        key: str | None = None,
        multi_head: bool = False,
        use_focal_loss: bool = False,
        log_name: str = "loss_ctc",
    ) -> None:
        super().__init__()
        self.each = _Each(CTCLoss(use_focal_loss), model_name_list, key, log_name)
        self.head, self.label = (self.entry, "label_ctc") if multi_head else (None, "label")
        self.reads = (self.label, "length")

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        return self.each(predicts, {**batch, "label": batch[self.label]}, self.head)


class DistillationSARLoss(nn.Layer):
    """SAR loss of each named network; with ``multi_head`` of its "sar" and ``label_sar``."""

    each_of: ClassVar[str] = "SARLoss"
    entry: ClassVar[str] = "sar"  # of a MultiHead
    reads: tuple[str, ...] = ()  # and the label, whose name depends on ``multi_head``

    def __init__(
        self,
        model_name_list: Sequence[str] = (),
        key: str | None = None,
        multi_head: bool = False,
        ignore_index: int | None = None,
        log_name: str = "loss_sar",
    ) -> None:
        super().__init__()
        self.each = _Each(SARLoss(ignore_index), model_name_list, key, log_name)
        self.head, self.label = (self.entry, "label_sar") if multi_head else (None, "label")
        self.reads = (self.label,)

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        return self.each(predicts, {**batch, "label": batch[self.label]}, self.head)


class DistillationNRTRLoss(nn.Layer):
    """NRTR loss of each named network; with ``multi_head`` of its "gtc" and ``label_gtc``.

    Padding does not count. Published models were trained with padding counted where
    ``smoothing`` is off; an ``ignore_index`` of -100 repeats that.
    """

    each_of: ClassVar[str] = "NRTRLoss"
    entry: ClassVar[str] = "gtc"  # of a MultiHead
    reads: tuple[str, ...] = ("length",)  # and the label, whose name depends on ``multi_head``

    def __init__(
        self,
        model_name_list: Sequence[str] = (),
        key: str | None = None,
        multi_head: bool = False,
        smoothing: bool = True,
        ignore_index: int = 0,
        log_name: str = "loss_nrtr",
    ) -> None:
        super().__init__()
        self.each = _Each(NRTRLoss(smoothing, ignore_index), model_name_list, key, log_name)
        self.head, self.label = (self.entry, "label_gtc") if multi_head else (None, "label")
        self.reads = (self.label, "length")

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        return self.each(predicts, {**batch, "label": batch[self.label]}, self.head)


class DistillationDBLoss(nn.Layer):
    """Every part of DBLoss for each named network; the settings are those of DBLoss."""

    each_of: ClassVar[str] = "DBLoss"
    whole: ClassVar[bool] = True  # of what a network gives, the map is looked up here
    reads: ClassVar[tuple[str, ...]] = (
        "threshold_map",
        "threshold_mask",
        "shrink_map",
        "shrink_mask",
    )

    def __init__(
        self,
        model_name_list: Sequence[str] = (),
        key: str | None = None,
        balance_loss: bool = True,
        main_loss_type: MainLoss = "DiceLoss",
        alpha: float = 5,
        beta: float = 10,
        ohem_ratio: float = 3,
        eps: float = 1e-6,
        log_name: str = "db",
    ) -> None:
        super().__init__()
        self.names, self.key, self.log_name = list(model_name_list), key, log_name
        self.loss = DBLoss(balance_loss, main_loss_type, alpha, beta, ohem_ratio, eps)

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        found = {}
        for name in self.names:
            parts = self.loss(output_of(predicts, name, self.key, None), batch)
            for part, value in parts.items():
                if part != "loss":
                    found[f"{self.log_name}_{name}_{part}"] = value
        return found


class DistillationDilaDBLoss(nn.Layer):
    """How far each student's maps are from its teacher's text regions, one pixel enlarged.

    Pairs name the student first. ``alpha`` weighs the probability map; text is where the
    teacher's probability exceeds 0.3.
    """

    reads: ClassVar[tuple[str, ...]] = ("shrink_mask",)

    def __init__(
        self,
        model_name_pairs: Sequence[Any] = (),
        key: str | None = None,
        balance_loss: bool = True,
        main_loss_type: MainLoss = "DiceLoss",
        alpha: float = 5,
        beta: float = 10,
        ohem_ratio: float = 3,
        eps: float = 1e-6,
        log_name: str = "dila_dbloss",
    ) -> None:
        super().__init__()
        self.pairs = pairs_of(model_name_pairs)
        self.key, self.alpha, self.log_name = key, alpha, log_name
        self.shrink_loss = BalanceLoss(main_loss_type, balance_loss, ohem_ratio, eps)
        self.binary_loss = DiceLoss(eps)

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        mask = batch["shrink_mask"]
        found = {}
        for student, teacher in self.pairs:
            maps = output_of(predicts, student, self.key, None)
            regions = _enlarged(output_of(predicts, teacher, self.key, None)[:, :1])
            shrink = self.alpha * self.shrink_loss(maps[:, 0], regions, mask)
            binary = self.binary_loss(maps[:, 2], regions, mask)
            found[f"{self.log_name}_{student}_{teacher}"] = shrink + binary
        return found


class _Each(nn.Layer):
    """One loss applied to each named network."""

    def __init__(
        self, loss: nn.Layer, names: Sequence[str], key: str | None, log_name: str
    ) -> None:
        super().__init__()
        self.loss, self.names, self.key, self.log_name = loss, list(names), key, log_name

    def forward(
        self, predicts: Mapping[str, Any], batch: Mapping[str, Tensor], head: str | None
    ) -> dict[str, Tensor]:
        found = {}
        for index, name in enumerate(self.names):
            out = output_of(predicts, name, self.key, head)
            found[f"{self.log_name}_{name}_{index}"] = self.loss(out, batch)["loss"]
        return found


def _enlarged(probability_N1HW: Tensor) -> Tensor:
    """Return text regions (N, H, W), 0 or 1, grown by one pixel to the right and downwards."""
    regions = (probability_N1HW.detach() > TEACHER_THRESHOLD).astype(probability_N1HW.dtype)
    padded = F.pad(regions, [1, 0, 1, 0])
    return F.max_pool2d(padded, kernel_size=2, stride=1).squeeze(1)
