"""From a command line to values: one parser for all predict commands, and what was really given."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any

from ppocr.utils.exits import UsageError
from ppocr.utils.logs import get_logger
from tools.infer import flags
from tools.infer.flags import FLAGS, Flag, true_or_false

HEADINGS = {
    "input": ("images and models", flags.INPUT),
    "engine": ("how to run (changes no decision, only where and how fast)", flags.ENGINE),
    "output": ("results", flags.OUTPUT),
    "det": ("detection (not given: as exported)", flags.DETECTION),
    "cls": ("direction of lines (not given: as exported)", flags.CLASSIFICATION),
    "rec": ("recognition (not given: as exported)", flags.RECOGNITION),
}
WORK = {"det": "detection", "cls": "classification of directions", "rec": "recognition"}
EXPORTED = "as exported"


class Arguments:
    """The values of all flags; remembers which ones the user gave."""

    def __init__(self, given: dict[str, Any], argv: Sequence[str], stages: Sequence[str]) -> None:
        self.given = given
        self.argv, self.stages = tuple(argv), tuple(stages)

    def __getitem__(self, name: str) -> Any:
        value = self.given.get(name)
        return FLAGS[name].default if value is None else value

    @property
    def turns(self) -> bool:
        """Whether directions are classified: the only task, or one that was asked for."""
        return self.stages == ("cls",) or bool(self["use_angle_cls"])

    def say_ignored(self) -> None:
        """Log one line for each flag that was given and changes nothing here."""
        for name in self.given:
            flag = FLAGS[name]
            if flag.destination == "none":
                get_logger().info("--%s changes nothing: %s", name, flag.help)
            elif flag.stage and flag.stage not in self.stages:
                get_logger().info(
                    "--%s changes nothing: this command does no %s", name, WORK[flag.stage]
                )
            elif flag.stage == "cls" and name != "use_angle_cls" and not self.turns:
                get_logger().info("--%s changes nothing without --use_angle_cls True", name)


def parse(argv: Sequence[str], description: str, stages: Sequence[str]) -> Arguments:
    """Return the values of a command line for a command that has these stages.

    The flags of every stage are accepted, as scripts pass them all; --help shows those that matter
    here. A flag that does not exist is a UsageError that names the nearest one.
    """
    parsed, unknown = make_parser(description, stages).parse_known_args(list(argv))
    if unknown:
        flags_written = [
            word for word in unknown if word.lstrip("-")[:1].isalpha() and word[0] == "-"
        ]
        raise UsageError("; ".join(map(_unknown, flags_written)) or _stray(unknown))
    given = {name: value for name, value in vars(parsed).items() if value is not None}
    return Arguments(given, argv, stages)


def make_parser(description: str, stages: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; flags of other stages are in it, but not in its help."""
    head, _, tail = description.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=head,
        usage=_usage(stages),
        epilog=tail,
        formatter_class=_Wide,
        allow_abbrev=False,
    )
    for name, (title, members) in HEADINGS.items():
        shown = name not in flags.STAGES or name in stages
        group = parser.add_argument_group(title) if shown else parser
        for flag in members:
            _add(group, flag, shown and (not flag.stage or flag.stage in stages))
    for flag in flags.NONE:
        _add(parser, flag, shown=False)
    return parser


class _Wide(argparse.RawDescriptionHelpFormatter):
    """Flags and what they do side by side."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=100)


def _usage(stages: Sequence[str]) -> str:
    needed = [stage for stage in stages if stage != "cls" or len(stages) == 1]
    models = " ".join(f"--{stage}_model_dir FOLDER" for stage in needed)
    return f"%(prog)s --image_dir PATH {models} [flags]"


def _add(group: Any, flag: Flag, shown: bool) -> None:
    settings: dict[str, Any] = {"type": flag.kind, "default": None}
    if flag.choices:
        settings["choices"] = flag.choices
    else:
        settings["metavar"] = _metavar(flag)
    if flag.kind is true_or_false:
        settings |= {"nargs": "?", "const": True}
    default = EXPORTED if flag.destination == "spec" else flag.default
    suffix = "" if default is None or flag.destination == "spec" else f" [{default}]"
    settings["help"] = f"{flag.help}{suffix}" if shown else argparse.SUPPRESS
    group.add_argument(f"--{flag.name}", **settings)


def _metavar(flag: Flag) -> str:
    if flag.kind in (float, flags.share, flags.amount):
        return "X"
    if flag.kind in (flags.whole, flags.count, flags.natural):
        return "N"
    return {true_or_false: "T|F", str: "..."}.get(flag.kind, "A,B,..")


def _stray(words: Sequence[str]) -> str:
    return f"what is {' '.join(words)}? every value follows its flag, as in --image_dir page.jpg"


def _unknown(word: str) -> str:
    name = word.partition("=")[0]
    close = difflib.get_close_matches(name.lstrip("-"), FLAGS, n=1, cutoff=0.6)
    return f"no flag {name}" + (f"; did you mean --{close[0]}?" if close else "")
