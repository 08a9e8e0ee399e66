"""Check configs, explain them, list the tensors of their models.

    python tools/check_config.py configs/det/*.yml
    python tools/check_config.py my.yml PostProcess Train.dataset -o PostProcess.unclip_ratio=1.7
    python tools/check_config.py my.yml --state-dict

Exit status 0: every config can be used; 78: see the list; 66: a file is not there.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import json
from collections.abc import Sequence

from ppocr import config
from ppocr.config import explain
from ppocr.config.errors import ConfigError, Problem
from ppocr.pipeline import checks
from ppocr.synthesis import is_synthesis
from ppocr.utils import exits
from ppocr.utils.logs import say
from tools import program

ENDINGS = (".yml", ".yaml")


def main(argv: Sequence[str]) -> int:
    """Return 0 when all configs are fine, else the status of the worst finding."""
    given = _parser().parse_args(argv)
    overrides = given.opt
    files = [word for word in given.words if _is_file(word)]
    wanted = [word for word in given.words if not _is_file(word)]
    if not files:
        raise exits.UsageError("which config? give at least one .yml file")
    tally = {"fine": 0, "incomplete": 0, "wrong": 0}
    for file in files:
        tally[_check(file, wanted, overrides, given)] += 1
    if len(files) > 1:
        say(
            f"{len(files)} configs: {tally['fine']} fine, {tally['incomplete']} need components "
            f"that are not here yet, {tally['wrong']} with problems"
        )
    return 0 if tally["fine"] == len(files) else ConfigError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = program.parser(__doc__)
    parser.add_argument(
        "words",
        nargs="+",
        metavar="FILE|SECTION",
        help="configs (.yml), and sections whose explained view to print, such as Optimizer",
    )
    program.add_settings(parser)
    parser.add_argument(
        "--explain", action="store_true", help="print every setting with what decided it"
    )
    parser.add_argument(
        "--files", action="store_true", help="also check that the files a config names exist"
    )
    parser.add_argument(
        "--state-dict",
        action="store_true",
        help="build the model and print one JSON row per tensor: key, shape, dtype, trainable",
    )
    return parser


def _is_file(word: str) -> bool:
    return word.endswith(ENDINGS) or Path(word).is_file()


def _check(
    file: str, wanted: Sequence[str], overrides: Sequence[str], given: argparse.Namespace
) -> str:
    """Print what there is to say about one file and return its verdict."""
    try:
        root, notes = config.read(file, overrides)
    except ConfigError as error:
        _print(error.problems)
        return "wrong"
    if is_synthesis(root):
        return _synthesis(file, root, wanted, given)
    report = checks.check(root, files=given.files)
    _print(notes, "note: ")
    _print(report.notes, "note: ")
    _print(report.all())
    if given.state_dict and report.fine:
        _state_dict(root)
    elif wanted or given.explain:
        _explained(report.parts, wanted)
    elif report.fine:
        say(f"{file}: fine")
    if report.problems:
        return "wrong"
    return "incomplete" if report.absent else "fine"


def _synthesis(
    file: str, root: config.Section, wanted: Sequence[str], given: argparse.Namespace
) -> str:
    """Print what there is to say about a config of tools/synthesize.py; return its verdict."""
    from ppocr.synthesis import settings  # needs numpy, which checking a training does not

    report = settings.check(root)
    _print(report.notes, "note: ")
    _print(report.all())
    if wanted or given.explain:
        _explained(report.parts, wanted)
    elif not report.problems:
        say(f"{file}: fine, for tools/synthesize.py")
    return "wrong" if report.problems else "fine"


def _print(problems: Sequence[Problem], kind: str = "") -> None:
    for one in problems:
        say(f"{one.place}: {kind}{one.text}")


def _explained(parts: Sequence[explain.Part], wanted: Sequence[str]) -> None:
    lines = explain.view(parts, wanted)
    for one in wanted:
        if not explain.view(parts, [one]):
            known = [part.path for part in parts]
            hint = config.nearest(one, known)
            raise exits.UsageError(f"there is no section {one} in this config{hint}")
    say("\n".join(lines))


def _state_dict(root: config.Section) -> None:
    """Print one JSON row per tensor of the model; only this needs paddle."""
    from ppocr.modeling.architectures import build_model
    from ppocr.pipeline.derive import wire

    model = build_model(wire(root)["Architecture"])
    trainable = {name for name, one in model.named_parameters() if one.trainable}
    for key, tensor in model.state_dict().items():
        row = {
            "key": key,
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).removeprefix("paddle."),
            "trainable": key in trainable,
        }
        say(json.dumps(row))


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
