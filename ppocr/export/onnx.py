"""The exported graph as an .onnx file that carries its own pipeline spec."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ppocr.backends.base import GRAPH_STEM
from ppocr.utils.exits import DataError
from ppocr.utils.files import REPOSITORY

TIMEOUT_S = 900
# paddle 3.3 writes scale factors in double precision, which the converter refuses or misreads
DOUBLE, SINGLE = b'"0.a_f64"', b'"0.a_f32"'
MODULE = "ppocr.export.convert"


def convert(graph: Path, metadata: Mapping[str, str]) -> Path:
    """Return ``inference.onnx`` beside ``graph``, converted in a process of its own.

    A DataError tells what the converter said; a half-written file is removed.
    """
    folder = graph.parent
    target, notes = folder / f"{GRAPH_STEM}.onnx", folder / "metadata.json"
    notes.write_text(json.dumps(dict(metadata)), encoding="utf-8")
    try:
        said = _run(graph, target, notes)
        if said is not None and graph.suffix == ".json" and DOUBLE in graph.read_bytes():
            said = _run_narrowed(graph, target, notes)
    finally:
        notes.unlink(missing_ok=True)
    if said is not None:
        target.unlink(missing_ok=True)
        raise DataError(f"paddle2onnx cannot convert {graph.name}: {said}")
    return target


def _run_narrowed(graph: Path, target: Path, notes: Path) -> str | None:
    """Convert a copy whose attributes are in single precision; the copy itself is never shipped."""
    copy = graph.with_name("narrowed.json")
    copy.write_bytes(graph.read_bytes().replace(DOUBLE, SINGLE))
    weights = copy.with_suffix(".pdiparams")
    shutil.copyfile(graph.with_suffix(".pdiparams"), weights)
    try:
        return _run(copy, target, notes)
    finally:
        copy.unlink()
        weights.unlink()


def _run(graph: Path, target: Path, notes: Path) -> str | None:
    """Return None when the file was written, else what went wrong."""
    words = [str(one) for one in (graph, graph.with_suffix(".pdiparams"), target, notes)]
    try:
        status, said = call(words)
    except subprocess.TimeoutExpired:
        return f"no answer within {TIMEOUT_S} s"
    if status == 0 and target.is_file() and target.stat().st_size:
        return None
    return _gist(said) or f"it ended with status {status}"


def call(words: Sequence[str]) -> tuple[int, str]:
    """Return the exit status of the converter and what it said."""
    search = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", MODULE, *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _gist(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "No module named" in text:
        missing = next(line for line in lines if "No module named" in line)
        return f"{missing} (pip install paddle2onnx onnx packaging)"
    telling = [line for line in lines if "rror" in line or line.startswith("(")]
    return (telling or lines or [""])[-1][:300]
