"""Result files, as the original writes them: one row per page, fields apart by tabs.

points_P2: corners in pixels of the page, x before y.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from ppocr.serving.system import Box, Line
from ppocr.utils.exits import OutputError, status_of

SCORE_DIGITS = 6


class ResultFile:
    """A text file that grows row by row, so that nothing is lost if a later page fails."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = self.path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}") from error

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def row(self, *fields: str) -> None:
        """Write one row; tabs and line ends inside a field become spaces."""
        clean = (" ".join(field.splitlines()).replace("\t", " ") for field in fields)
        self._file.write("\t".join(clean) + "\n")
        self._file.flush()

    def rows(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Write several rows."""
        for fields in rows:
            self.row(*fields)


def points_json(boxes: Iterable[Box]) -> str:
    """Return ``[[[x, y], ...], ...]``, the row of predict_det."""
    return json.dumps([plain_points(box.points) for box in boxes])


def boxes_json(boxes: Iterable[Box]) -> str:
    """Return ``[{"transcription": "", "points", "score"}, ...]``, the row of infer_det."""
    rows = [
        {"transcription": "", "points": plain_points(box.points), "score": plain_score(box.score)}
        for box in boxes
    ]
    return json.dumps(rows)


def lines_json(lines: Iterable[Line]) -> str:
    """Return ``[{"transcription", "points", "score"}, ...]``, the row of predict_system."""
    rows = [
        {
            "transcription": line.text,
            "points": plain_points(line.points),
            "score": plain_score(line.score),
        }
        for line in lines
    ]
    return json.dumps(rows, ensure_ascii=False)


def plain_points(points_P2: np.ndarray) -> list[list[Any]]:
    """Return the corners as lists; whole numbers stay whole."""
    points = np.asarray(points_P2)
    if np.array_equal(points, np.round(points)):
        points = points.astype(np.int64)
    return points.reshape(-1, 2).tolist()


def plain_score(score: float) -> float:
    """Return the score with as many digits as a float32 has."""
    return round(float(score), SCORE_DIGITS)


def save_image(path: str | Path, image_HWC: np.ndarray) -> Path:
    """Write an image by the ending of its name; any Unicode path will do."""
    target = Path(path)
    if image_HWC.size == 0:
        raise OutputError(f"cannot write {target}: the picture is empty")
    done, encoded = cv2.imencode(target.suffix, image_HWC)
    if not done:
        raise OutputError(f"cannot write {target}: OpenCV has no encoder for {target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encoded.tobytes())
    except OSError as error:
        if status_of(error) != OutputError.exit_code:
            raise  # a full disk is not the fault of the place
        raise OutputError(f"cannot write {target}: {error.strerror}") from error
    return target
