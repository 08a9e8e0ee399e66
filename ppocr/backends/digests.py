"""Refuses files that are not the ones the export wrote.

A predictor given truncated weights does not fail, it answers differently. The digests are those of
the ``Pipeline.sha256`` mapping of ``inference.yml``; exports without it are taken as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ppocr.utils import files
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.yaml_files import read_yaml

DESCRIPTION = "inference.yml"


def recorded(folder: Path) -> dict[str, str]:
    """Return file name -> SHA-256 as ``inference.yml`` in ``folder`` has it, or nothing."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return {}
    content = read_yaml(path)
    pipeline = content.get("Pipeline") if isinstance(content, Mapping) else None
    digests = pipeline.get("sha256") if isinstance(pipeline, Mapping) else None
    return dict(digests) if isinstance(digests, Mapping) else {}


def verify(paths: list[Path], digests: Mapping[str, str]) -> None:
    """Raise unless every file exists and is the one whose digest was recorded."""
    for path in paths:
        if not path.is_file():
            raise MissingInput(f"{path} is missing: the model is not complete")
        wanted = digests.get(path.name)
        if wanted is None:
            if path.stat().st_size == 0:
                raise DataError(f"{path} is empty")
            continue
        found = files.sha256(path)
        if found != wanted:
            size = path.stat().st_size
            raise DataError(
                f"{path} ({size} bytes) is not the file that was exported: "
                f"its SHA-256 is {found[:12]}..., {DESCRIPTION} says {wanted[:12]}...; "
                "export again or copy the folder again"
            )
