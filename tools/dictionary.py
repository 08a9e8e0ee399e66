"""Dictionaries: get an official one, make one from labels, check, compare and join them.

    python tools/dictionary.py get ppocr_keys_v1
    python tools/dictionary.py get ppocrv5_dict --from PP-OCRv5_mobile_rec_infer/inference.yml
    python tools/dictionary.py build train.txt val.txt --output my_dict.txt --report counts.tsv
    python tools/dictionary.py check my_dict.txt --corpus val.txt
    python tools/dictionary.py diff old_dict.txt new_dict.txt
    python tools/dictionary.py merge old_dict.txt more.txt --output new_dict.txt
    python tools/dictionary.py list

A line is one character, and its place is its class in the trained model: never sort or clean the
dictionary of a model that exists; append to it. docs/dictionaries.md is the guide.

Exit status: 0 done, nothing is wrong; 2 no such dictionary; 65 the content is not what it should
be; 66 a file or address is missing; 73 the output exists or cannot be written.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from tqdm import tqdm

from ppocr.data.texts import Characters, Text, count, read_texts
from ppocr.text import dictionaries, fetching, official, rules
from ppocr.text.charset import MAX_BYTES, decode_lines, find_dictionary, read_dictionary
from ppocr.text.dictionaries import ENOUGH, shown
from ppocr.transforms.base import Rejected
from ppocr.utils import exits
from ppocr.utils.exits import DataError, OutputError
from ppocr.utils.files import REPOSITORY, atomic_write, read_bytes
from ppocr.utils.logs import say

SPACE = " "
BAR_AFTER_S = 2
NAMED = 20  # so many characters or rows are named in a list
DAMAGED = DataError.exit_code


def main(argv: Sequence[str]) -> int:
    """Return 0, or 65 when ``check`` finds what keeps a dictionary from being used."""
    given = _parser().parse_args(argv)
    return given.run(given)


def get(given: argparse.Namespace) -> int:
    """Fetch an official dictionary, verify it, and put it where configs look for it."""
    got = fetching.get(given.name, given.source, given.url, given.output, given.force)
    state = "is already there" if got.was_there else f"written, from {got.source}"
    say(f"{got.path}: {got.lines} lines, {state}")
    if got.is_verified:
        say("lines, size and SHA-256 are those of the official file")
    else:
        say(f"no checksum is on record for this one, so keep its own: SHA-256 {got.sha256}")
    return 0


def build(given: argparse.Namespace) -> int:
    """Make a dictionary of the characters of label files."""
    base = read_dictionary(given.base) if given.base else ()
    found = _count(given.files, given.kind, given.delimiter)
    wanted = [one for one, number in found.counts.items() if number >= given.min_count]
    fresh = [one for one in wanted if one not in set(base)]
    if not given.with_space:
        fresh = [one for one in fresh if one != SPACE]
    lines = (*base, *sorted(fresh, key=lambda one: _order(one, found, given.order)))
    if not lines:
        raise DataError("no characters: the files hold no text")
    _write(given.output, lines, given.force)
    say(f"{given.output}: {len(lines)} characters ({len(base)} of {given.base or 'no base'} first)")
    _say_counted(found)
    rare = {one: found.counts[one] for one in lines if found.counts[one] < ENOUGH}
    say(f"seen less than {ENOUGH} times: {_listed(rare)}")
    left = {one: n for one, n in found.counts.items() if one not in set(lines)}
    if SPACE in left:
        say("the texts have spaces: set Global.use_space_char: true (no line of its own is needed)")
        del left[SPACE]
    if left:
        say(f"left out, seen less than {given.min_count} times: {_listed(left)}")
    _say_doubtful(given.output, lines)
    if given.report:
        _write_counts(given.report, found, lines)
        say(f"counts of every character: {given.report}")
    say(f"to train with it: -o Global.character_dict_path={given.output}")
    return 0


def check(given: argparse.Namespace) -> int:
    """Say what is wrong with dictionaries, and what they lack for a corpus."""
    errors = 0
    for path in given.dictionaries:
        content = read_bytes(find_dictionary(path), MAX_BYTES)
        remarks = dictionaries.remarks(content)
        for one in remarks:
            word = "error" if one.is_error else "note"
            say(f"{path}:{one.line}: {word}: {one.what}")
        wrong = sum(one.is_error for one in remarks)
        errors += wrong
        say(f"{path}: {_summary(path, content, wrong)}{_is_official(path, content)}")
        if wrong:
            errors_found = "1 error" if wrong == 1 else f"{wrong} errors"
            say(f"{path}: {errors_found}; a model that was trained with it needs it as it stands")
        elif given.corpus:
            _say_coverage(path, _count(given.corpus, given.kind, given.delimiter))
    return DAMAGED if errors else 0


def diff(given: argparse.Namespace) -> int:
    """Say how two dictionaries differ, and what becomes of a trained model."""
    old, new = read_dictionary(given.old), read_dictionary(given.new)
    change = dictionaries.difference(old, new)
    say(f"{given.old}: {len(old)} characters; {given.new}: {len(new)}")
    say(str(change))
    for title, characters in (("new", change.new), ("dropped", change.dropped)):
        for one in characters if given.all else ():
            say(f"  {title}: {shown(one)}")
    if old == new:
        say("the same dictionary: nothing happens to a trained model")
        return 0
    say(f"places: {change.moved} of the {change.kept} kept characters stand on another line")
    say("")
    say("what a training does with a model of the old dictionary:")
    say(f"  {change.kept} classes keep their weights, on whichever line they stand")
    if change.new:
        say(
            f"  {len(change.new)} new classes begin as the average of the old ones: before the "
            "first step nothing is read differently, and no new character is read yet"
        )
    if change.dropped:
        say(f"  {len(change.dropped)} classes are gone: these characters cannot be read again")
    say(
        "  python tools/train.py -c CONFIG -o Global.pretrained_model=OLD_MODEL "
        f"Global.character_dict_path={given.new} "
        f"Global.pretrained_character_dict_path={given.old}"
    )
    return 0


def merge(given: argparse.Namespace) -> int:
    """Append to a dictionary what others have; its own lines stay where they are."""
    first, *others = [read_dictionary(path) for path in (given.first, *given.others)]
    lines = dictionaries.merge(first, *others)
    _write(given.output, lines, given.force)
    say(
        f"{given.output}: {len(lines)} characters: {len(first)} of {given.first} on their lines, "
        f"{len(lines) - len(first)} appended"
    )
    return 0


def show_list(given: argparse.Namespace) -> int:
    """List the official dictionaries and which of them are here."""
    del given
    for entry in official.KNOWN:
        path = REPOSITORY / entry.path
        if not path.is_file():
            state = "by rule" if entry.path in rules.RULES else "get it"
        else:
            state = "DIFFERS" if fetching.fault(entry, path.read_bytes()) else "here"
        say(f"{state:8} {entry.lines or '':>6} {entry.name:28} {entry.path}")
    return 0


def _count(files: Sequence[str], kind: str, delimiter: str) -> Characters:
    """Return the characters of label files, showing a bar where it takes a while."""

    def rows() -> Iterator[Text | Rejected]:
        for file in files:
            yield from read_texts(file, kind, delimiter)  # type: ignore[arg-type]

    shown_rows: Iterable[Text | Rejected] = tqdm(
        rows(), unit=" texts", delay=BAR_AFTER_S, disable=not sys.stderr.isatty()
    )
    return count(shown_rows)


def _say_counted(found: Characters) -> None:
    total = sum(found.counts.values())
    say(f"{found.texts} texts, {total} characters, {len(found.counts)} different")
    for one in found.rejected[:NAMED]:
        say(f"  left out: {one}")
    if found.refused > NAMED:
        say(f"  ... and {found.refused - NAMED} rows more")


def _say_doubtful(path: str, lines: Sequence[str]) -> None:
    """Say which characters of the labels are probably not meant: invisible ones, look-alikes."""
    remarks = dictionaries.remarks(rules.content(tuple(lines)))
    for one in remarks[:NAMED]:
        say(f"{path}:{one.line}: note: {one.what}")
    if len(remarks) > NAMED:
        say(f"  ... and {len(remarks) - NAMED} notes more: python tools/dictionary.py check {path}")


def _say_coverage(path: str, found: Characters) -> None:
    _say_counted(found)
    lines = (*read_dictionary(path), SPACE)
    covered, unknown = dictionaries.coverage(found.counts, lines)
    total = sum(found.counts.values())
    say(f"coverage: {covered} of {total} characters ({_percent(covered, total)} %)")
    for one, number in list(unknown.items())[:NAMED]:
        say(f"  not in {path}: {shown(one)} {_codes(one)} x {number}, first {found.first[one]}")
    if len(unknown) > NAMED:
        say(f"  ... and {len(unknown) - NAMED} characters more")
    rare = {one: found.counts[one] for one in lines[:-1] if found.counts[one] < ENOUGH}
    say(f"seen less than {ENOUGH} times: {_listed(rare)}")
    if found.counts[SPACE] and SPACE not in lines[:-1]:
        say("the texts have spaces: Global.use_space_char has to be true")


def _summary(path: str, content: bytes, wrong: int) -> str:
    if wrong:
        return f"{len(content.splitlines())} lines"
    lines = decode_lines(content, path)
    return f"{len(lines)} characters" + (", U+3000 is one" if "\u3000" in lines else "")


def _is_official(path: str, content: bytes) -> str:
    entry, place = dictionaries.origin(content), official.find(path)
    if entry is not None and place is not None and entry.sha256 == place.sha256:
        return ", the official file"
    if place is not None and place.sha256:
        return f"; NOT the official file of this name: {fetching.fault(place, content)}"
    return f", the same as {entry.path}" if entry is not None else ""


def _percent(part: int, total: int) -> str:
    """Return a share with two decimals; 100.00 means all."""
    share = 100 * part / max(total, 1)
    return f"{share if part == total else min(share, 99.99):.2f}"


def _listed(counts: dict[str, int]) -> str:
    if not counts:
        return "none"
    rarest = sorted(counts.items(), key=lambda pair: pair[1])[:NAMED]
    named = " ".join(f"{shown(one)}({number})" for one, number in rarest)
    return f"{len(counts)}: {named}" + (" ..." if len(counts) > NAMED else "")


def _order(character: str, found: Characters, order: str) -> tuple[int, str]:
    return (-found.counts[character] if order == "count" else 0, character)


def _codes(character: str) -> str:
    return " ".join(f"U+{ord(one):04X}" for one in character)


def _write(path: str, lines: Sequence[str], replace: bool) -> None:
    if Path(path).exists() and not replace:
        raise OutputError(f"{path} exists; --force replaces it")
    with atomic_write(path) as file:
        file.write(rules.content(tuple(lines)))


def _write_counts(path: str, found: Characters, lines: Sequence[str]) -> None:
    known = set(lines)
    with atomic_write(path, "w") as file:
        file.write("character\tcode\tname\tcount\tin_dictionary\tfirst\n")
        for one, number in found.counts.most_common():
            name = unicodedata.name(one, "")
            row = (one, _codes(one), name, number, one in known, found.first[one])
            file.write("\t".join(map(str, row)) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = _command(commands, "get", get)
    one.add_argument("name", help="such as ppocr_keys_v1 (see list), or its path")
    one.add_argument(
        "--from", dest="source", metavar="FILE", help="take it out of an inference.yml or a copy"
    )
    one.add_argument("--url", help="another address than the official one")
    one.add_argument("--output", help="where to put it (default: where configs look for it)")
    one.add_argument("--force", action="store_true", help="replace a file that differs")
    one = _command(commands, "build", build)
    one.add_argument("files", nargs="+", help="label files")
    one.add_argument("--output", required=True, help="the dictionary to write")
    one.add_argument("--base", help="a dictionary to extend: its lines come first, as they are")
    one.add_argument("--min-count", type=int, default=1, help="leave out what is seen less often")
    one.add_argument(
        "--order", choices=("code", "count"), default="code", help="of the new lines (default code)"
    )
    one.add_argument("--with-space", action="store_true", help="give the space a line of its own")
    one.add_argument("--report", metavar="TSV", help="write the count of every character")
    one.add_argument("--force", action="store_true", help="replace an existing file")
    _label_options(one)
    one = _command(commands, "check", check)
    one.add_argument("dictionaries", nargs="+", help="dictionary files")
    one.add_argument("--corpus", nargs="+", help="label files to cover")
    _label_options(one)
    one = _command(commands, "diff", diff)
    one.add_argument("old", help="the dictionary that a model was trained with")
    one.add_argument("new", help="the one it shall have")
    one.add_argument("--all", action="store_true", help="list every new and dropped character")
    one = _command(commands, "merge", merge)
    one.add_argument("first", help="its lines keep their places")
    one.add_argument("others", nargs="+", help="what they have beyond it is appended")
    one.add_argument("--output", required=True, help="the dictionary to write")
    one.add_argument("--force", action="store_true", help="replace an existing file")
    _command(commands, "list", show_list)
    return parser


def _command(
    commands: argparse._SubParsersAction, name: str, run: object
) -> argparse.ArgumentParser:
    found = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    found.set_defaults(run=run)
    return found


def _label_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        choices=("auto", "rec", "det", "text"),
        default="auto",
        help="what a row is: path and text (rec), path and boxes (det), text alone",
    )
    parser.add_argument("--delimiter", default="\t", help="between path and label (default: tab)")


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
