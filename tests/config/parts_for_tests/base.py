"""What the parts have in common."""

from __future__ import annotations

from typing import ClassVar, Literal

LIMIT = 5
Mode = Literal["fast", "slow"]


class Base:
    needs_label: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("shape",)

    def __init__(
        self,
        thresh: float = 0.3,
        box_thresh: float = 0.7,
        mode: Mode = "fast",
        path: str | None = None,
        in_channels: int = 1,
    ) -> None:
        if thresh > 1:
            raise ValueError("thresh must be at most 1")
        self.thresh, self.box_thresh, self.mode = thresh, box_thresh, mode
        self.path, self.in_channels = path, in_channels
