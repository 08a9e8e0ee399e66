"""An operator that gets its process into trouble."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, ClassVar


class Trouble:
    """An operator that makes its process raise, die, leave or hang at one sample."""

    needs_label: ClassVar[bool] = False
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "nothing"

    def __init__(self, kind: str, at: int = 5) -> None:
        self.kind, self.at = kind, at

    def __call__(self, sample: dict[str, Any]) -> dict[str, Any]:
        if sample["index"] == self.at:
            if self.kind == "raise":
                raise ValueError("of this sample")
            if self.kind == "unpicklable":
                raise Unpicklable
            if self.kind == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.kind == "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            if self.kind == "leaves":
                os._exit(3)
            if self.kind == "stuck":
                time.sleep(60)
        return sample


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("cannot be pickled")
        self.what = lambda: None
