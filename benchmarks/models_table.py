"""The table of docs/models.md: what was measured, and what was compared with the original."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr.config import read
from ppocr.config.section import named
from ppocr.utils import exits, files

BEGIN, END = "<!-- table: written by benchmarks/models.py -->", "<!-- end of the table -->"
TITLES = {"det": "Detection", "rec": "Recognition", "cls": "Angle classification"}
HEAD = (
    "config",
    "parameters, M",
    "in the export, M",
    "export, MB",
    "input",
    "GMACs",
    "Paddle, ms",
    "onnxruntime, ms",
    "compared",
)
UNKNOWN = "-"
SINGLE = "single_"


def write(document: Path, rows: Mapping[str, Any], told: Mapping[str, str]) -> None:
    """Put the table in its place in the document; everything else of it stays."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise exits.DataError(f"{document} has no lines '{BEGIN}' and '{END}' around its table")
    inside = "\n\n".join(_sections(rows, told))
    with files.atomic_write(document, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{inside}\n\n{END}{after}")


def compared(path: Path, directories: Sequence[Path]) -> str:
    """Return what was recorded of the original for a config: ``P F2 G L`` (see docs/models.md)."""
    stem = path.stem
    recorded = [one for one in directories if one.is_dir()]
    cases = {one.name for place in recorded for one in place.glob(f"forward/{stem}__*.json")}
    found = [
        "P" * any((place / "models" / f"{stem}.json").is_file() for place in recorded),
        f"F{len(cases)}" * bool(cases),
        "G" * any((place / "grad" / f"{stem}.json").is_file() for place in recorded),
        "L" * (_losses(read(path)[0].get("Loss")) <= _recorded_losses(recorded)),
    ]
    return " ".join(filter(None, found)) or UNKNOWN


def _losses(section: Any) -> set[str]:
    """Return the names of the losses of a section that do the counting."""
    inner = section.get("loss_config_list") if isinstance(section, Mapping) else None
    return {named(entry)[0] for entry in inner} if inner else {str((section or {}).get("name"))}


def _recorded_losses(directories: Sequence[Path]) -> set[str]:
    found: set[str] = set()
    for place in directories:
        for path in place.glob("ops/loss_*/*.json"):
            found |= _losses(json.loads(path.read_text(encoding="utf-8")).get("config") or {})
    return found


def _sections(rows: Mapping[str, Any], told: Mapping[str, str]) -> Iterator[str]:
    for task, title in TITLES.items():
        start = f"configs/{task}/"
        mine = {name: row for name, row in rows.items() if name.startswith(start)}
        if mine:
            lines = [_line(HEAD), _line("---" for _ in HEAD)]
            lines += [_line(_cells(name, start, mine[name], told[name])) for name in sorted(mine)]
            yield f"### {title}\n\n" + "\n".join(lines)
    yield _when(rows)


def _cells(name: str, start: str, row: Mapping[str, Any], told: str) -> Iterator[str]:
    yield f"[{name.removeprefix(start).removesuffix('.yml')}](../{name})"
    yield _number(row["parameters"] / 1e6)
    yield _number(row["exported"] / 1e6)
    yield f"{row['paddle_bytes'] / 1e6:.1f}"
    yield " x ".join(str(size) for size in row["input"][2:])
    yield _number(row["macs"] / 1e9)
    times = row.get("latency", {})
    for engine in ("paddle", "onnxruntime"):
        yield _number(times[engine]) if engine in times else UNKNOWN
    yield told


def _when(rows: Mapping[str, Any]) -> str:
    """Return the sentence about how the times were taken."""
    times = [row["latency"] for row in rows.values() if "latency" in row]
    ways = sorted({(one["threads"], one["runs"], one["measured"]) for one in times})
    said = [
        f"{threads} thread{'s' * (threads != 1)}, median of {runs} runs, {day}"
        for threads, runs, day in ways
    ]
    return f"Times: {'; '.join(said)}." if said else "Times have not been taken yet."


def _number(value: float) -> str:
    """Return three significant digits."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
