"""How the parts of a network are put together."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from ppocr.config.registry import Registry
from ppocr.config.section import as_section

if TYPE_CHECKING:
    from ppocr.modeling.architectures.base import BaseModel

__all__ = ["ARCHITECTURES", "build_model"]

ARCHITECTURES = Registry(
    "Architecture",
    "ppocr.modeling.architectures",
    {"any": {"BaseModel": ".base"}},
)


def build_model(config: Mapping[str, Any]) -> BaseModel:
    """Return the network that an ``Architecture`` section describes.

    A section without ``name`` is a BaseModel, as most official files have it.
    """
    section = copy(as_section(config))
    section.setdefault("name", "BaseModel")
    return ARCHITECTURES.build(section)
