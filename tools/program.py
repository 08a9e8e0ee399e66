"""What the commands share: how a config, its settings and the process are chosen on a command line.

The original keeps the pieces of its train script in a module of this name; scripts that import
``ArgsParser``, ``load_config``, ``preprocess`` or ``train`` from it find them here.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

ORIGINAL = {  # loaded when asked for: the process is prepared before paddle is
    "load_config": ("ppocr.config", "load"),
    "preprocess": ("ppocr.training.settings", "read"),
    "train": ("ppocr.training.setup", "train"),
}


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return an empty parser whose help is the docstring of a command."""
    return argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def with_config(
    about: str | None, config: str = "the config, a .yml file"
) -> argparse.ArgumentParser:
    """Return a parser with ``-c`` and ``-o``; the latter's values are a flat list ``opt``."""
    found = parser(about)
    found.add_argument("-c", "--config", required=True, help=config)
    add_settings(found)
    return found


def add_settings(found: argparse.ArgumentParser) -> None:
    """Add ``-o``; it may be given several times, and its values are one flat list ``opt``."""
    found.add_argument(
        "-o",
        "--opt",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="settings that replace those of the config, such as Global.epoch_num=20 or "
        "Train.dataset.transforms[3].RecAug.tia_prob=0.2",
    )


def add_runtime(found: argparse.ArgumentParser) -> None:
    """Add ``--no_runtime`` for commands that prepare their process."""
    found.add_argument(
        "--no_runtime",
        action="store_true",
        help="leave allocator, OpenMP and thread count as the system has them",
    )


def running(about: str | None) -> argparse.ArgumentParser:
    """Return the parser of the commands that run a network: train, eval, infer."""
    found = with_config(about)
    found.add_argument(
        "-p",
        "--profiler_options",
        metavar="K=V;K=V",
        help="measure some steps: batch_range=[10,20];exit_on_finished=true",
    )
    add_runtime(found)
    return found


class ArgsParser(argparse.ArgumentParser):
    """The parser of train and eval: ``-c`` the config, ``-o`` settings that replace its own."""

    def __init__(self) -> None:
        super().__init__(
            parents=[running("")],
            conflict_handler="resolve",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )


def __getattr__(name: str) -> Any:
    """Return what the original's module offers under a name."""
    if name not in ORIGINAL:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module, attribute = ORIGINAL[name]
    return getattr(import_module(module), attribute)
