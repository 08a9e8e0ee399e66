"""Lines for the characters that labels show too seldom, until each has been seen often enough."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from ppocr.data.texts import Characters, count, read_texts
from ppocr.synthesis.settings import GapSettings
from ppocr.synthesis.supply import SPACE, Supply, Written
from ppocr.synthesis.typefaces import BAR_AFTER_S
from ppocr.text.charset import Charset
from ppocr.utils.exits import DataError

SOURCE = "Gaps"
Item = TypeVar("Item")
GROUPS, LINES = 2, 3  # streams of random numbers beside those of plan.py
LOOKED_AT = 50  # characters that may wait for one that shares a font with them


@dataclass(slots=True)
class Need:
    """How often each character was seen, and of which more samples are wanted."""

    before: Counter[str]
    missing: dict[str, int] = field(default_factory=dict)
    undrawable: list[str] = field(default_factory=list)
    texts: int = 0
    rejected: list[str] = field(default_factory=list)


def find(settings: GapSettings, supply: Supply, quiet: bool = True) -> Need:
    """Return what the labels lack: of the dictionary, or of the characters they have themselves.

    Characters are counted as ``tools/check_data.py`` counts them. The space is left to the sources,
    and what no font draws is named, not drawn.
    """
    names = [settings.labels] if isinstance(settings.labels, str) else settings.labels
    found = Characters()
    for name in names:
        texts = read_texts(name, settings.kind, settings.delimiter)
        one = count(_shown(texts, "counting characters", quiet))
        found.counts.update(one.counts)
        found.texts += one.texts
        found.rejected += one.rejected
    before = seen(found.counts, supply.charset)
    need = Need(before, texts=found.texts, rejected=found.rejected)
    for one in supply.charset.characters if supply.charset else sorted(before):
        if one.isspace() or before[one] >= settings.at_least:
            continue
        if supply.fonts.able(one):
            need.missing[one] = settings.at_least - before[one]
        else:
            need.undrawable.append(one)
    return need


def seen(counts: Counter[str], charset: Charset | None) -> Counter[str]:
    """Return how often each character is seen, in the case that the dictionary uses."""
    if charset is None or not charset.lower:
        return Counter(counts)
    found: Counter[str] = Counter()
    for one, number in counts.items():
        found[one.lower()] += number
    return found


class GapLines:
    """The lines that fill the gaps, in a fixed order; their number is known beforehand."""

    def __init__(
        self,
        need: Need,
        settings: GapSettings,
        supply: Supply,
        seed: int,
        quiet: bool = True,
    ) -> None:
        self._settings, self._supply, self._seed = settings, supply, seed
        self._hopeful: dict[int, bool] = {}
        rng = np.random.default_rng((seed, GROUPS))
        groups = _groups(need.missing, settings, supply, rng)
        self.groups = list(_shown(groups, "planning lines", quiet))

    def __len__(self) -> int:
        return len(self.groups)

    def line(self, number: int) -> Written:
        """Return one of the lines; the same number gives the same one."""
        rng = np.random.default_rng((self._seed, LINES, number))
        group = self.groups[number]
        able = self._supply.fonts.able("".join(group))
        font = self._supply.fonts.pick(rng, able)
        alone = "".join(group[one] for one in rng.permutation(len(group)).tolist())
        if rng.random() < self._settings.in_text and self._has_texts(able):
            try:
                base = self._supply.draw(rng, able=able)
            except DataError:  # by bad luck only: there are texts for these fonts
                return Written(alone, SOURCE, font)
            text = _mixed(rng, base.text, group, self._supply.longest)
            return Written(text, SOURCE, base.font)
        return Written(alone, SOURCE, font)

    def _has_texts(self, able: int) -> bool:
        """Return whether the sources have texts that one of these fonts draws."""
        if able not in self._hopeful:
            try:
                self._supply.draw(np.random.default_rng((self._seed, GROUPS, able)), able=able)
            except DataError:
                self._hopeful[able] = False
            else:
                self._hopeful[able] = True
        return self._hopeful[able]


def _groups(
    missing: dict[str, int], settings: GapSettings, supply: Supply, rng: np.random.Generator
) -> Iterator[tuple[str, ...]]:
    """Yield the characters of each line: different ones that some font has together."""
    characters = list(missing)
    wanted = np.repeat(np.arange(len(characters)), list(missing.values()))
    waiting = deque(rng.permutation(wanted).tolist())
    least, most = settings.per_line
    longest = min(most, supply.longest)
    while waiting:
        size = int(rng.integers(min(least, longest), longest + 1))
        group = [characters[waiting.popleft()]]
        able, passed = supply.fonts.able(group[0]), []
        while waiting and len(group) < size and len(passed) < LOOKED_AT:
            one = characters[waiting[0]]
            both = able & supply.fonts.able(one)
            if one in group or not both:
                passed.append(waiting.popleft())
                continue
            waiting.popleft()
            group.append(one)
            able = both
        waiting.extendleft(reversed(passed))
        yield tuple(group)


def _shown(items: Iterable[Item], what: str, quiet: bool) -> Iterable[Item]:
    """Return the items with a bar that shows up where they take a while."""
    hidden = True if quiet else None  # None: hidden where there is no terminal
    return tqdm(items, what, unit="", delay=BAR_AFTER_S, disable=hidden, leave=False)


def _mixed(rng: np.random.Generator, text: str, rare: Iterable[str], longest: int) -> str:
    """Return the text with the rare characters put in anywhere; others make room if need be."""
    letters = [(letter, False) for letter in text]
    for one in rare:
        letters.insert(int(rng.integers(len(letters) + 1)), (one, True))
    while sum(len(letter) for letter, _ in letters) > longest:
        spare = [place for place, (_, fixed) in enumerate(letters) if not fixed]
        if not spare:
            break
        del letters[spare[int(rng.integers(len(spare)))]]
    return SPACE.join("".join(letter for letter, _ in letters).split())
