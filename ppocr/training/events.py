"""What happened to a run, for programs that watch it: ``events.jsonl``, one JSON object a line.

Every line has ``time`` (UTC) and ``event``: started, resumed, saved, not saved, step skipped, bad
samples, stopped, finished, failed (with the exit status and the diagnosis of stderr).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ppocr.utils.exits import InternalError, OcrError, status_of
from ppocr.utils.logs import get_logger

NAME = "events.jsonl"


@contextmanager
def told(journal: Events) -> Iterator[None]:
    """Inside this block whatever ends the run is noted, with the exit status it leads to."""
    try:
        yield
    except OcrError as error:
        journal.write("failed", {"exit": error.exit_code, "error": str(error)})
        raise
    except Exception as error:
        code = status_of(error) if isinstance(error, OSError) else InternalError.exit_code
        journal.write("failed", {"exit": code, "error": f"{type(error).__name__}: {error}"})
        raise


class Events:
    """Appends to the file at ``path``; without one nothing is written.

    A line that cannot be written is said in the log and costs the run nothing else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def write(self, event: str, values: Mapping[str, Any] | None = None) -> None:
        """Append one line."""
        if self.path is None:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **(values or {})}, default=str)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            get_logger().warning("%s: %s; not noted: %s", self.path, error.strerror, line)
