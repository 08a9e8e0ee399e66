"""The chain that nearly every network is: transform, backbone, neck, head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from paddle import Tensor, nn

from ppocr.config.registry import Registry
from ppocr.config.section import as_section
from ppocr.modeling.backbones import BACKBONES
from ppocr.modeling.heads import HEADS
from ppocr.modeling.necks import NECKS
from ppocr.modeling.transforms import TRANSFORMS

HEAD_OUT = "head_out"


class BaseModel(nn.Layer):
    """What the head makes of images x_NCHW; parts that are not given are left out.

    With ``return_all_feats`` training returns {"backbone_out", "neck_out", "head_out"}
    (a head that returns a mapping adds its own entries instead of "head_out"), and
    evaluation {"head_out": ...} where the head returns a bare tensor.

    The network states what others need to know of it: ``reads`` (names of batch entries
    that ``forward`` wants in ``data``), ``outputs`` (names of its evaluation outputs in
    the order of the exported graph), ``fixed_width``, ``model_type``, ``algorithm``.
    """

    parts: ClassVar[dict[str, str]] = {
        "Transform": "Transform",
        "Backbone": "Backbone",
        "Neck": "Neck",
        "Head": "Head",
    }

    def __init__(
        self,
        model_type: str = "rec",
        algorithm: str | None = None,
        Transform: dict | None = None,
        Backbone: dict | None = None,
        Neck: dict | None = None,
        Head: dict | None = None,
        in_channels: int = 3,
        return_all_feats: bool = False,
    ) -> None:
        super().__init__()
        self.model_type = model_type
        self.algorithm = algorithm
        self.return_all_feats = return_all_feats
        chain = _Chain(model_type, in_channels)
        self.transform = chain.add(TRANSFORMS, Transform)
        self.backbone = chain.add(BACKBONES, Backbone)
        self.neck = chain.add(NECKS, Neck)
        self.head = chain.add(HEADS, Head)
        last = chain.parts[-1] if chain.parts else None
        self.reads: tuple[str, ...] = tuple(getattr(last, "reads", ()))
        self.outputs: tuple[str, ...] = tuple(getattr(last, "outputs", ("out",)))
        self.fixed_width = any(getattr(part, "fixed_width", False) for part in chain.parts)

    def forward(self, x_NCHW: Tensor, data: Mapping[str, Tensor] | None = None) -> Any:
        features: dict[str, Any] = {}
        out: Any = x_NCHW
        if self.transform is not None:
            out = self.transform(out)
        if self.backbone is not None:
            out = self.backbone(out)
            _keep(features, "backbone_out", out)
        if self.neck is not None:
            out = self.neck(out)
            _keep(features, "neck_out", out)
        if self.head is not None:
            out = self.head(out, data) if self.reads else self.head(out)
            _keep_head(features, out)
        if not self.return_all_feats:
            return out
        if self.training:
            return features
        return out if isinstance(out, Mapping) else {list(features)[-1]: out}

    def as_outputs(self, prediction: Any) -> list[Tensor]:
        """Return the tensors of a result in the order of ``outputs``.

        Of a training result, which has more entries, those are what the head states as its
        ``answer`` (what it gives after training), before any activation.
        """
        if isinstance(prediction, Mapping):
            if set(self.outputs) <= set(prediction):
                return [prediction[name] for name in self.outputs]
            for name in (HEAD_OUT, getattr(self.head, "answer", None)):
                if name in prediction:
                    return self.as_outputs(prediction[name])
            (prediction,) = prediction.values()
            return self.as_outputs(prediction)
        if isinstance(prediction, Sequence):  # a head may put its features before its answer
            return list(prediction)[-len(self.outputs) :]
        return [prediction]


class _Chain:
    """Builds parts one after the other, each with the width of the one before."""

    def __init__(self, model_type: str, in_channels: int) -> None:
        self.model_type = model_type
        self.width: Any = in_channels
        self.parts: list[nn.Layer] = []

    def add(self, registry: Registry, section: Mapping[str, Any] | None) -> nn.Layer | None:
        """Return the part that the section describes, or None without a section."""
        if section is None:
            return None
        section = as_section(section)
        part = registry.build(section, self.model_type, computed={"in_channels": self.width})
        self.width = getattr(part, "out_channels", self.width)
        self.parts.append(part)
        return part


def _keep(features: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        features.update(value)
    else:
        features[name] = value


def _keep_head(features: dict[str, Any], value: Any) -> None:
    """Store a head's result; with several heads the features of the CTC neck count."""
    if isinstance(value, Mapping) and "ctc_neck" in value:
        features["neck_out"] = value["ctc_neck"]
        features[HEAD_OUT] = value
    else:
        _keep(features, HEAD_OUT, value)
