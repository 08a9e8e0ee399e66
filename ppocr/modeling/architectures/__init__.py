"""How the parts of a network are put together."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from ppocr.config.registry import Registry
from ppocr.config.section import as_section

if TYPE_CHECKING:
    from ppocr.modeling.architectures.base import BaseModel
    from ppocr.modeling.architectures.distillation import DistillationModel

__all__ = ["ARCHITECTURES", "build_model"]

ARCHITECTURES = Registry(
    "Architecture",
    "ppocr.modeling.architectures",
    {"any": {"BaseModel": ".base", "DistillationModel": ".distillation"}},
)


def build_model(config: Mapping[str, Any]) -> BaseModel | DistillationModel:
    """Return the network that an ``Architecture`` section describes.

    A section without ``name`` is a BaseModel, as most official files have it. Automatic
    parameter names start at 0 for every network: they key the optimizer state, which has
    to fit whatever the process built before.
    """
    from paddle.utils import unique_name

    section = copy(as_section(config))
    section.setdefault("name", "BaseModel")
    with unique_name.guard():
        return ARCHITECTURES.build(section)
