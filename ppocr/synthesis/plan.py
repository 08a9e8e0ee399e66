"""What will be drawn, sample by sample: text and font of each line, from the seed and its number.

The plan is cheap and made in one process; drawing, which is not, is shared out by number. So the
same seed gives the same files whatever the number of processes, and a run that was stopped knows
what is still to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ppocr.synthesis.gaps import GapLines, Need, find
from ppocr.synthesis.settings import Settings
from ppocr.synthesis.supply import Supply, Written, charset_of
from ppocr.synthesis.typefaces import FontSet

VERSION = 1  # of the drawing rules; another number makes unfinished folders stale
PIXELS, TEXTS = 0, 1  # streams of random numbers beside those of gaps.py


@dataclass(frozen=True, slots=True)
class Job:
    """One sample to draw; a page has no text beforehand."""

    index: int
    text: str = ""
    font: int = -1


@dataclass(slots=True)
class Made:
    """Counts of what the plan has handed out."""

    sources: Counter[str] = field(default_factory=Counter)
    fonts: Counter[str] = field(default_factory=Counter)


class Plan:
    """The samples of a config, in order; iterating anew gives the same ones."""

    def __init__(self, settings: Settings, quiet: bool = True) -> None:
        self.settings = settings
        self.fonts = FontSet.of(settings.fonts)
        charset = charset_of(settings)
        self.fonts.learn(charset.characters if charset else (), quiet)
        self.supply = Supply(settings, self.fonts)
        self.need: Need | None = None
        self.gap_lines: GapLines | None = None
        self.made = Made()
        if settings.gaps is not None:
            self.need = find(settings.gaps, self.supply, quiet)
            seed = settings.general.seed
            self.gap_lines = GapLines(self.need, settings.gaps, self.supply, seed, quiet)

    def __len__(self) -> int:
        gaps = len(self.gap_lines) if self.gap_lines is not None else 0
        return gaps + self.settings.general.number

    def __iter__(self) -> Iterator[Job]:
        for index in range(len(self)):
            written = self._text(index)
            if written is not None:
                self.made.sources[written.source] += 1
                self.made.fonts[self.fonts.faces[written.font].name] += 1
            yield _job(index, written)

    def job(self, index: int) -> Job:
        """Return one of the samples, uncounted."""
        return _job(index, self._text(index))

    def _text(self, index: int) -> Written | None:
        gaps = len(self.gap_lines) if self.gap_lines is not None else 0
        if self.gap_lines is not None and index < gaps:
            return self.gap_lines.line(index)
        if self.settings.is_pages:
            return None
        rng = np.random.default_rng((self.settings.general.seed, TEXTS, index - gaps))
        return self.supply.draw(rng)


def _job(index: int, written: Written | None) -> Job:
    return Job(index) if written is None else Job(index, written.text, written.font)


def generator(seed: int, index: int) -> np.random.Generator:
    """Return the source of chance for the pixels of a sample."""
    return np.random.default_rng((seed, PIXELS, index))
