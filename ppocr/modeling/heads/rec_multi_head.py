"""A CTC head guided in training by an attention head on the same features.

Hu et al., GTC: Guided Training of CTC Towards Efficient and Accurate Scene Text
Recognition, 2020. Only the CTC part is used after training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.config.section import Section, as_section, named
from ppocr.modeling.heads import HEADS
from ppocr.modeling.necks import NECKS

WIDTHS = {"CTCHead": "CTCLabelDecode", "SARHead": "SARLabelDecode", "NRTRHead": "NRTRLabelDecode"}


class MultiHead(nn.Layer):
    """{"ctc", "ctc_neck", "sar" or "gtc"} in training, CTC probabilities (N, T, C) afterwards.

    ``head_list`` holds ``CTCHead: {Neck: ..., Head: ...}`` and ``SARHead`` or ``NRTRHead``
    with their settings; ``out_channels_list`` their numbers of classes by decoder name.
    ``use_pool`` averages a sequence of a 3-row map over [3, 2] first, ``use_pos`` adds a
    learnt position to what the NRTR head sees.

    In training it reads the guide's label, ``label_sar`` or ``label_gtc``, and its
    ``valid_ratio`` or ``length``.
    """

    outputs: ClassVar[tuple[str, ...]] = ("probs",)
    answer: ClassVar[str] = "ctc"  # of what training gives, the entry that is left afterwards
    gives: ClassVar[dict[str, tuple[str, ...]]] = {
        "CTCHead": ("ctc", "ctc_neck"),
        "SARHead": ("sar",),
        "NRTRHead": ("gtc",),
    }
    parts: ClassVar[dict[str, str]] = {"head_list": "Head"}
    # what the entries that a head reads are called in the batch
    hands: ClassVar[dict[str, dict[str, str]]] = {
        "CTCHead": {},
        "SARHead": {"label": "label_sar"},
        "NRTRHead": {"label": "label_gtc"},
    }

    def __init__(
        self,
        in_channels: int,
        out_channels_list: dict,
        head_list: list,
        use_pool: bool = False,
        use_pos: bool = False,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.use_pool = use_pool
        self.guide = ""
        self.reads: tuple[str, ...] = ()
        for entry in head_list:
            name, section = named(entry)
            if name not in WIDTHS:
                raise ValueError(f"head_list takes {', '.join(WIDTHS)}, not {name or entry}")
            width = out_channels_list[WIDTHS[name]]
            if name == "CTCHead":
                self._add_ctc(section, width)
            elif name == "SARHead":
                self._add_sar(section, width)
            else:
                self._add_nrtr(section, width, use_pos)

    def forward(self, x_NCHW: Tensor, targets: Mapping[str, Any] | None = None) -> Any:
        if self.use_pool:
            x_NCHW = x_NCHW.reshape([0, 3, -1, self.in_channels]).transpose([0, 3, 1, 2])
            x_NCHW = F.avg_pool2d(x_NCHW, kernel_size=[3, 2], stride=[3, 2])
        neck_NTC = self.ctc_encoder(x_NCHW)
        ctc = self.ctc_head(neck_NTC)
        if not self.training:
            return ctc
        found = {"ctc": ctc, "ctc_neck": neck_NTC}
        if self.guide == "sar":
            found["sar"] = self.sar_head(x_NCHW, self._renamed(targets, "SARHead"))
        elif self.guide == "gtc":
            memory_NTC = self.before_gtc(x_NCHW)
            found["gtc"] = self.gtc_head(memory_NTC, self._renamed(targets, "NRTRHead"))
        return found

    def _renamed(self, targets: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
        """Return the batch entries under the names that the guiding head reads by itself."""
        if targets is None:
            raise ValueError(f"MultiHead needs {', '.join(self.reads)} to train")
        return {**targets, **{own: targets[given] for own, given in self.hands[name].items()}}

    def _add_ctc(self, section: Section, width: int) -> None:
        neck = as_section(section["Neck"]).without()
        neck["encoder_type"], neck["name"] = neck["name"], "SequenceEncoder"
        self.ctc_encoder = NECKS.build(neck, computed={"in_channels": self.in_channels})
        head = as_section(section.get("Head") or {}, section.place).without()
        head["name"] = "CTCHead"
        widths = {"in_channels": self.ctc_encoder.out_channels, "out_channels": width}
        self.ctc_head = HEADS.build(head, computed=widths)

    def _add_sar(self, section: Section, width: int) -> None:
        widths = {"in_channels": self.in_channels, "out_channels": width}
        self.sar_head = HEADS.build(_with_name(section, "SARHead"), computed=widths)
        self.guide, self.reads = "sar", ("label_sar", "valid_ratio")

    def _add_nrtr(self, section: Section, width: int, use_pos: bool) -> None:
        dim = section.get("nrtr_dim", 256)
        steps = [nn.Flatten(2), FCTranspose(self.in_channels, dim)]
        self.before_gtc = nn.Sequential(*steps, *([AddPos(dim, 80)] if use_pos else []))
        section = _with_name(section, "NRTRHead")
        self.gtc_head = HEADS.build(section, computed={"out_channels": width})
        self.guide, self.reads = "gtc", ("label_gtc", "length")


class FCTranspose(nn.Layer):
    """Sequence (N, T, out_channels) of flattened features (N, in_channels, T)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_channels, out_channels, bias_attr=False)

    def forward(self, x_NCT: Tensor) -> Tensor:
        return self.fc(x_NCT.transpose([0, 2, 1]))


class AddPos(nn.Layer):
    """x_NTC plus a learnt vector for each of up to ``length`` positions."""

    def __init__(self, dim: int, length: int) -> None:
        super().__init__()
        values = nn.initializer.Constant(0.0)
        self.dec_pos_embed = self.create_parameter([1, length, dim], default_initializer=values)
        nn.initializer.TruncatedNormal(std=0.02)(self.dec_pos_embed)

    def forward(self, x_NTC: Tensor) -> Tensor:
        return x_NTC + self.dec_pos_embed[:, : x_NTC.shape[1]]


def _with_name(section: Section, name: str) -> Section:
    section = section.without()
    section["name"] = name
    return section
