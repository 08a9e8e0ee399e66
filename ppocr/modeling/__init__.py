"""Networks: a transform, a backbone, a neck and a head, each named by the config."""

from __future__ import annotations

from ppocr.modeling.architectures import build_model

__all__ = ["build_model"]
