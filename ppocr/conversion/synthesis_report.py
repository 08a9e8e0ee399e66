"""What a synthesis has made, counted in the files it wrote: characters, fonts, texts left out."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.conversion.convert import Summary
from ppocr.conversion.from_synthesis import FONT
from ppocr.conversion.to_ppocr import DET, REC
from ppocr.data.labels import LabelFile
from ppocr.data.lmdb_set import LMDBDataSet
from ppocr.synthesis.gaps import seen
from ppocr.synthesis.plan import Plan
from ppocr.text.dictionaries import shown
from ppocr.utils.files import atomic_write

REPORT = "report.json"
NAMED = 12


@dataclass(slots=True)
class Written:
    """What stands in the labels that were written."""

    lines: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    fonts: Counter[str] = field(default_factory=Counter)


def read_back(output: Path, plan: Plan) -> Written:
    """Return the counts of everything that is in the output folder."""
    found = Written()
    for label in _labels(output, plan):
        if not plan.settings.is_pages:
            found.lines += 1
            found.characters.update(label)
            continue
        for region in json.loads(label):
            found.lines += 1
            found.characters.update(region["transcription"])
            found.fonts[region[FONT]] += 1
    if not plan.settings.is_pages:
        found.fonts = Counter(plan.made.fonts)
    return found


def report(plan: Plan, written: Written, summary: Summary) -> dict[str, Any]:
    """Return the report as plain values."""
    made = seen(written.characters, plan.supply.charset)
    refused = plan.supply.refused
    found: dict[str, Any] = {
        "seed": plan.settings.general.seed,
        "layout": plan.settings.layout["name"],
        "pages": summary.pages if plan.settings.is_pages else 0,
        "lines": written.lines,
        "characters": dict(made.most_common()),
        "fonts": dict(written.fonts.most_common()),
        "fonts_left_out": plan.fonts.left_out,
        "sources": dict(plan.made.sources.most_common()),
        "texts_not_used": {
            reason: {
                "count": count,
                "examples": refused.examples.get(reason, []),
                "characters": dict(refused.characters.get(reason, Counter()).most_common(50)),
            }
            for reason, count in refused.counts.most_common()
        },
        "not_drawn": dict(summary.tally.counts),
    }
    if plan.supply.charset is not None:
        lacking = plan.fonts.undrawable(plan.supply.charset.characters)
        found["no_font_draws"] = [_described(one) for one in lacking if one != " "]
    if plan.need is not None and plan.settings.gaps is not None:
        found["gaps"] = _gaps(plan, made)
    return found


def write(output: Path, found: Mapping[str, Any]) -> Path:
    """Write the report into the output folder and return its path."""
    path = output / REPORT
    with atomic_write(path, "w") as file:
        json.dump(found, file, ensure_ascii=False, indent=1)
        file.write("\n")
    return path


def seen_from(data_dir: Path, output: Path) -> Iterator[Path]:
    """Write each label file once more, its names beginning at ``data_dir``; yield where."""
    prefix = Path(os.path.relpath(output, data_dir)).as_posix()
    for path in (output / DET, output / REC):
        if path.is_file():
            rows = LabelFile(path)
            target = path.with_name(f"{path.stem}_from_{data_dir.resolve().name}.txt")
            with atomic_write(target) as file:
                for number in range(len(rows)):
                    file.write(f"{prefix}/".encode() + rows.raw(number) + b"\n")
            yield target


def said(found: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    """Yield what is worth saying of a report, line by line."""
    gaps = found.get("gaps")
    if gaps:
        short = {one for one, row in gaps["characters"].items() if row["after"] < gaps["at_least"]}
        yield (
            f"gaps: {len(gaps['characters'])} characters were seen less than {gaps['at_least']} "
            f"times in {gaps['texts']} texts; {len(gaps['characters']) - len(short)} are there now"
        )
    lacking = found.get("no_font_draws") or []
    if lacking:
        named = _shortened([f"{one['character']} {one['code']}" for one in lacking])
        yield f"{len(lacking)} characters of the dictionary are in no font: {named}"
    for reason, count in found["not_drawn"].items():
        yield f"not drawn {count}: {reason}"
    yield from left_out(plan)


def left_out(plan: Plan) -> Iterator[str]:
    """Yield which texts and fonts could not be used so far."""
    yield from plan.supply.refused.lines()
    fonts = [f"{name} ({why})" for name, why in plan.fonts.left_out.items()]
    if fonts:
        yield f"fonts left out: {_shortened(fonts)}"


def _gaps(plan: Plan, made: Mapping[str, int]) -> dict[str, Any]:
    need, gaps = plan.need, plan.settings.gaps
    if need is None or gaps is None:
        return {}
    wanted = [*need.missing, *need.undrawable]
    rows = {
        one: {
            "before": need.before[one],
            "made": made.get(one, 0),
            "after": need.before[one] + made.get(one, 0),
        }
        for one in sorted(wanted, key=lambda char: need.before[char])
    }
    return {
        "at_least": gaps.at_least,
        "texts": need.texts,
        "rows_not_read": need.rejected[:20],
        "lines": len(plan.gap_lines) if plan.gap_lines is not None else 0,
        "characters": rows,
        "no_font_draws": [_described(one) for one in need.undrawable],
    }


def _described(character: str) -> dict[str, str]:
    code = " ".join(f"U+{ord(one):04X}" for one in character)
    name = " + ".join(unicodedata.name(one, "unnamed").lower() for one in character)
    return {"character": shown(character), "code": code, "name": name}


def _labels(output: Path, plan: Plan) -> Iterator[str]:
    """Yield every label that was written: a text, or the JSON of a page."""
    is_pages = plan.settings.is_pages
    if plan.settings.general.format == "files":
        path = output / (DET if is_pages else REC)
        yield from (row.label for row in LabelFile(path)) if path.is_file() else ()
        return
    folder = output / ("det" if is_pages else "rec")
    if not folder.is_dir():
        return
    samples = LMDBDataSet(str(folder), ())
    rng = np.random.default_rng(0)
    yield from (samples.read(row, rng)["label"] for row in range(samples.total))


def _shortened(words: Iterable[str]) -> str:
    found = list(words)
    more = f", ... {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more
