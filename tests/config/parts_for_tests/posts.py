"""Parts of several makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from . import base
from .base import LIMIT, Base


class DetPost(base.Base):
    """Inherits its constructor from another module, named through it."""


class Child(Base):
    """Inherits and states more."""

    reads: ClassVar[tuple[str, ...]] = Base.reads + ("extra",)  # noqa: RUF005
    also_reads: ClassVar[tuple[str, ...]] = Base.reads


class RecPost:
    def __init__(self, *, reverse: bool = False) -> None:
        self.reverse = reverse


class Strict:
    def __init__(self, must: int, may: int = 0) -> None:
        self.must, self.may = must, may


@dataclass
class Data:
    size: int = 3
    names: list[str] = field(default_factory=list)
    limit: int = LIMIT
    kind: ClassVar[str] = "data"


def maker(a: int, b: str = "x", **rest: Any) -> dict[str, Any]:
    """Return what it was given, as a plug-in might."""
    return {"a": a, "b": b, **rest}
