"""A post-process for each of several named networks: distillation under its old names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ppocr.postprocess.det_db import DBPostProcess
from ppocr.postprocess.rec_ctc import CTCLabelDecode

CTC = "ctc"  # the entry of a multi-head's outputs


class EachModel:
    """Applies one post-process to the outputs of each named network.

    `key` picks an entry of a network's outputs (`head_out`), where it has several, and
    `entry` one of a multi-head's.
    """

    def __init__(
        self,
        inner: Any,
        model_name: str | Sequence[str],
        key: str | None = None,
        multi_head: bool = False,
        entry: str = CTC,
    ) -> None:
        self.inner = inner
        self.model_names = (model_name,) if isinstance(model_name, str) else tuple(model_name)
        self.key = key
        self.multi_head = multi_head
        self.entry = entry

    def __call__(
        self, outputs: Mapping[str, Any], batch: Mapping[str, Any] | None = None
    ) -> dict[str, list[Any]]:
        """Return the results of each network by its name, each a list over the batch."""
        return {name: self.inner(self._pick(outputs[name]), batch) for name in self.model_names}

    def _pick(self, output: Any) -> Any:
        if self.key is not None and isinstance(output, Mapping) and self.key in output:
            output = output[self.key]
        if self.multi_head and isinstance(output, Mapping) and self.entry in output:
            output = output[self.entry]
        return output


class DistillationDBPostProcess(EachModel):
    """DBPostProcess for each named detector."""

    each_of: ClassVar[str] = "DBPostProcess"
    reads: ClassVar[tuple[str, ...]] = DBPostProcess.reads
    encoders: ClassVar[tuple[str, ...]] = DBPostProcess.encoders

    def __init__(
        self,
        model_name: str | Sequence[str] = ("student",),
        key: str | None = None,
        thresh: float = 0.3,
        box_thresh: float = 0.6,
        max_candidates: int = 1000,
        unclip_ratio: float = 1.5,
        use_dilation: bool = False,
        score_mode: Literal["fast", "slow"] = "fast",
        box_type: Literal["quad", "poly"] = "quad",
    ) -> None:
        inner = DBPostProcess(
            thresh, box_thresh, max_candidates, unclip_ratio, use_dilation, score_mode, box_type
        )
        super().__init__(inner, model_name, key)


class DistillationCTCLabelDecode(EachModel):
    """CTCLabelDecode for each named recogniser."""

    each_of: ClassVar[str] = "CTCLabelDecode"
    reads: ClassVar[tuple[str, ...]] = CTCLabelDecode.reads
    encoders: ClassVar[tuple[str, ...]] = CTCLabelDecode.encoders

    def __init__(
        self,
        character_dict_path: str | None = None,
        use_space_char: bool = False,
        model_name: str | Sequence[str] = ("student",),
        key: str | None = None,
        multi_head: bool = False,
        character_dict: Sequence[str] | None = None,
        reverse: bool | None = None,
        lower: bool = False,
    ) -> None:
        inner = CTCLabelDecode(character_dict_path, use_space_char, character_dict, reverse, lower)
        super().__init__(inner, model_name, key, multi_head)
        self.charset = inner.charset
        self.codec = inner.codec
