"""The dictionary against the texts: what it lacks, and what of it the data never shows."""

from __future__ import annotations

import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from ppocr.data.simple import SimpleDataSet
from ppocr.doctor.findings import (
    NOTE,
    RUIN,
    WARN,
    Case,
    Chapter,
    Chart,
    Finding,
    Table,
    many,
    part,
    percent,
)
from ppocr.doctor.sets import Set
from ppocr.report import charts
from ppocr.text.charset import Charset
from ppocr.text.dictionaries import ENOUGH
from ppocr.utils.files import atomic_write

FEW_ROWS = 0.01
SPACE = " "
MOST_LISTED, MOST_NEVER = 200, 1000
DICTIONARY, OWN = "dictionary.txt", "own_dictionary.txt"
NO_SMALL, NO_CAPITAL = "no small letters", "no capital letters"
MANY_LETTERS = 10  # of an alphabet, before their absence says something about the labels


def chapter(case: Case) -> Chapter | None:
    """Return the chapter on characters, or None where no dictionary is in use."""
    train = case.train
    codec = train.value("codec") if train is not None else None
    if train is None or codec is None:
        return None
    charset: Charset = codec.charset
    found = Chapter("Characters")
    counts = _known(train.characters, charset)
    _unknown(case, charset, found)
    _space(case, train, charset, counts, found)
    _rare(case, train, charset, counts, found)
    return found


def _known(characters: Counter[str], charset: Charset) -> Counter[str]:
    """Return how often each character of the set is seen, in the case that the codec uses."""
    counts: Counter[str] = Counter()
    for one, number in characters.items():
        counts[one.lower() if charset.lower else one] += number
    return Counter({one: counts[one] for one in charset.index})


def _unknown(case: Case, charset: Charset, found: Chapter) -> None:
    unknown: Counter[str] = Counter()
    for one in case.opened:
        unknown.update(one.unknown)
    found.numbers["unknown"] = dict(unknown.most_common(MOST_LISTED))
    if not unknown:
        return
    rows = {one.mode: one.counts["unknown-characters"] + one.counts["no-known-character"]
            for one in case.opened}  # fmt: skip
    share = max(part(rows[one.mode], one.looked_at) for one in case.opened)
    listed = tuple(
        (show(one), f"U+{ord(one):04X}", name_of(one), number, _instead(one, charset))
        for one, number in unknown.most_common(MOST_LISTED)
    )
    head = ("character", "code", "name", "seen", "in the dictionary as")
    found.blocks.append(Table(head, listed, "Characters that are not in the dictionary"))
    shown = " ".join(show(one) for one, _ in unknown.most_common(12))
    where = ", ".join(f"{number} rows of {mode}" for mode, number in rows.items() if number)
    found.findings.append(
        Finding(
            "unknown-characters",
            RUIN if share >= FEW_ROWS else WARN,
            f"{many(len(unknown), 'character')} of the labels "
            f"{'is' if len(unknown) == 1 else 'are'} not in the dictionary",
            f"{shown}: in {where}. Training takes them out of the label and teaches the rest of "
            "the text for the whole picture; in evaluation such a line can never be right.",
            share,
            _extended(case, charset, unknown),
        )
    )


def _extended(case: Case, charset: Charset, unknown: Counter[str]) -> tuple[str, ...]:
    """Return the override for a dictionary with the missing characters at its end."""
    only_space = set(unknown) == {SPACE}
    if only_space:
        return case.accepted(["Global.use_space_char=true"])
    lines = [*charset.lines, *(one for one, _ in unknown.most_common() if _is_entry(one))]
    path = case.folder / DICTIONARY
    with atomic_write(path) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
    return case.accepted([f"Global.character_dict_path={path}"])


def _is_entry(character: str) -> bool:
    """Return whether a character may be a class: it can be seen, or is the space."""
    return character == SPACE or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl")


def _space(case: Case, train: Set, charset: Charset, counts: Counter[str], found: Chapter) -> None:
    seen = train.characters[SPACE]
    found.numbers["space"] = {"in_dictionary": SPACE in charset.index, "seen": seen}
    if SPACE not in charset.index or seen:
        return
    added = case.accepted(["Global.use_space_char=false"]) if charset.space_added else ()
    found.findings.append(
        Finding(
            "space-never-seen",
            WARN,
            "the dictionary has a space, but no training text contains one",
            "The model unlearns the space: words come out joined. Give it lines with spaces "
            "(RecConAug does not add any), or take the space out of the dictionary.",
            0.0,
            added,
        )
    )


def _rare(case: Case, train: Set, charset: Charset, counts: Counter[str], found: Chapter) -> None:
    never = [one for one in counts if not counts[one]]
    rare = sorted((one for one in counts if 0 < counts[one] < ENOUGH), key=lambda c: counts[c])
    lacking = sum(ENOUGH - counts[one] for one in [*never, *rare])
    found.numbers["coverage"] = {
        "dictionary": len(charset),
        "enough": len(counts) - len(never) - len(rare),
        "never": never,
        "rare": {one: counts[one] for one in rare},
        "lacking_samples": lacking,
    }
    rows = [
        (f"{ENOUGH} times or more", len(counts) - len(never) - len(rare), False),
        (f"1 to {ENOUGH - 1} times", len(rare), True),
        ("never", len(never), True),
    ]
    found.blocks.append(Chart("Characters of the dictionary, by how often they are seen",
                              charts.bars(rows)))  # fmt: skip
    listed = tuple(
        (show(one), f"U+{ord(one[0]):04X}", name_of(one[0]), counts[one], ENOUGH - counts[one])
        for one in rare[:MOST_LISTED]
    )
    head = ("character", "code", "name", "seen", "missing")
    found.blocks.append(Table(head, listed, f"Characters seen, but less than {ENOUGH} times"))
    if never:
        shown = " ".join(map(show, never[:MOST_NEVER]))
        more = f" and {len(never) - MOST_NEVER} more" if len(never) > MOST_NEVER else ""
        title = f"Never seen: {many(len(never), 'character')} of the dictionary"
        found.blocks.append(Table((title,), ((f"{shown}{more}",),)))
    if rare or never:
        found.findings.append(_scarce(case, counts, never, rare, lacking))


def _scarce(
    case: Case,
    counts: Counter[str],
    never: list[str],
    rare: list[str],
    lacking: int,
) -> Finding:
    written = sum(counts.values())
    affected = sum(counts[one] for one in rare)
    mostly = len(never) > 0.5 * len(counts)
    folded = _folded(counts, never)
    advice = (
        "Most of the dictionary is not in the data: a smaller dictionary trains faster and errs "
        "less, unless you start from weights that know it."
        if mostly
        else f"The labels have {folded} although the dictionary does. If the pictures have them, "
        "the labels write them in the other case, and drawn lines with such letters would teach "
        "a second answer for the same shape: make a dictionary of the labels first."
        if folded
        else f"About {lacking} more samples would give each of them {ENOUGH}; synthesise lines "
        "that contain them."
    )
    return Finding(
        "rare-characters",
        NOTE if not affected else WARN,
        f"{many(len(never), 'character')} of the dictionary never seen, {len(rare)} fewer than "
        f"{ENOUGH} times",
        f"The rare ones are {percent(affected, written)} of all characters written: "
        f"{' '.join(show(one) for one in rare[:16])}. {advice}",
        part(affected, written),
        commands=_commands(case, mostly, folded),
    )


def _folded(counts: Counter[str], never: list[str]) -> str:
    """Return how labels say that they are in one case only, '' if they are not."""
    missing = set(never)
    small = [one for one in counts if one.islower() and one.upper() in counts]
    for name, letters in ((NO_SMALL, small), (NO_CAPITAL, [one.upper() for one in small])):
        lacking = len(missing & {one.swapcase() for one in letters})
        if missing >= set(letters) and len(letters) >= MANY_LETTERS and 3 * lacking < len(letters):
            return name
    return ""


def _commands(case: Case, mostly: bool, folded: str) -> tuple[str, ...]:
    """Return the commands for a dictionary that fits the labels, and for lines that fill gaps."""
    own = _own_dictionary(case)
    if mostly:
        return own
    if folded:
        capitals = ("Text.capitals=1",) if folded == NO_SMALL else ()
        return (*own, *_drawn_lines(case, str(case.folder / OWN), capitals))
    given = (case.config.get("Global") or {}).get("character_dict_path")
    return _drawn_lines(case, str(given or ""))


def _drawn_lines(case: Case, dictionary: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the command that draws lines with the characters that the training set lacks."""
    files = _label_files([case.train])
    if not files or not dictionary:
        return ()
    settings = f"Gaps.labels=[{', '.join(files)}]", f"Gaps.at_least={ENOUGH}"
    words = ["python", "tools/synthesize.py", "-c", "configs/synth/lines_gaps.yml", "-o", *settings]
    return (shlex.join([*words, f"Text.dictionary={dictionary}", *more]),)


def _label_files(sets: Iterable[Set | None]) -> list[str]:
    return [
        str(file.path)
        for one in sets
        if one is not None and isinstance(one.source, SimpleDataSet)
        for file in one.source.files
    ]


def _own_dictionary(case: Case) -> tuple[str, ...]:
    """Return the command that makes a dictionary of what the labels hold."""
    files = _label_files(case.opened)
    if not files:
        return ()
    output = str(case.folder / OWN)
    return (shlex.join(["python", "tools/dictionary.py", "build", *files, "--output", output]),)


def _instead(character: str, charset: Charset) -> str:
    """Return how the dictionary writes the same character (full width, ligature, other case)."""
    plain = unicodedata.normalize("NFKC", character)
    for one in (plain, character.lower(), character.upper()):
        if one != character and one and all(letter in charset.index for letter in one):
            return show(one)
    return ""


def show(character: str) -> str:
    """Return a character so that it can be seen."""
    if character == SPACE:
        return "␣"
    if unicodedata.category(character[0])[0] in "CZ":
        return f"U+{ord(character[0]):04X}"
    return character


def name_of(character: str) -> str:
    """Return the Unicode name in small letters."""
    return unicodedata.name(character, "").lower()
