"""A config in, a report on its data out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ppocr.config import general
from ppocr.config.section import Section
from ppocr.doctor import images, letters, lists, pages, refused, sharing, texts
from ppocr.doctor.findings import RUIN, STOP, Case, Chapter, Finding
from ppocr.doctor.network import Network
from ppocr.doctor.sets import examine, open_sets
from ppocr.utils.exits import DataError

VERSION = 1
GRAVE = (STOP, RUIN)


@dataclass(slots=True)
class Report:
    """What was found: chapters to read, findings in order of weight."""

    case: Case
    chapters: list[Chapter]
    findings: list[Finding]

    @property
    def fit(self) -> bool:
        """Whether nothing would stop a training or ruin it in silence."""
        return not any(finding.level in GRAVE for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 when the data is fit to train on, else that of a DataError."""
        return 0 if self.fit else DataError.exit_code

    @property
    def unmended(self) -> list[Finding]:
        """The grave findings that no recommended setting mends."""
        return [one for one in self.findings if one.level in GRAVE and not one.overrides]

    def recommended(self) -> list[str]:
        """Return every override that is recommended."""
        return [one for finding in self.findings for one in finding.overrides]

    def settings(self) -> list[str]:
        """Return the overrides that were given and those that are recommended, each path once."""
        paths = dict(one.partition("=")[::2] for one in [*self.case.overrides, *self.recommended()])
        return [f"{path}={value}" for path, value in paths.items()]

    def command(self) -> str:
        """Return the training command with every recommended override, '' if there is none."""
        if not self.recommended():
            return ""
        given = " ".join(map(shlex.quote, self.settings()))
        return f"python tools/train.py -c {shlex.quote(self.case.path)} -o {given}"

    def numbers(self) -> dict[str, Any]:
        """Return everything as plain values, for report.json."""
        return {
            "version": VERSION,
            "config": self.case.path,
            "overrides": self.case.overrides,
            "task": self.case.task,
            "fit": self.fit,
            "exit_code": self.exit_code,
            "findings": [asdict(finding) for finding in self.findings],
            "command": self.command(),
            "rows": [
                {"set": one.mode, **asdict(trouble)}
                for one in self.case.sets
                for trouble in one.troubles
            ],
            "chapters": {chapter.title: chapter.numbers for chapter in self.chapters},
        }


def run(
    config: Section,
    path: str,
    overrides: Sequence[str],
    folder: Path,
    limit: int = 0,
    quiet: bool = False,
) -> Report:
    """Return the report on the data of a config that was checked.

    Lists without broken rows and an extended dictionary are written to ``folder`` where a
    recommendation needs them. With ``limit`` only that many rows of each set are looked at.
    """
    seed = general.seed(config)
    task = str((config.get("Architecture") or {}).get("model_type"))
    case = Case(config, path, list(overrides), task, open_sets(config, seed), folder, seed)
    examine(case.sets, task, seed, limit, quiet)
    train = case.train
    network = Network(config, train.value("codec") if train is not None else None)
    found = [
        refused.chapter(case),
        texts.chapter(case, network),
        letters.chapter(case) if task == "rec" else None,
        pages.chapter(case),
        sharing.classes(case),
        images.chapter(case),
        sharing.chapter(case),
    ]
    lists.write(case)
    chapters = [chapter for chapter in found if chapter is not None]
    findings = [finding for chapter in chapters for finding in chapter.findings]
    return Report(case, chapters, sorted(findings, key=lambda finding: finding.weight))
