"""The original's module of shared pieces, under its names, for scripts that import them."""

from __future__ import annotations

import argparse

from ppocr.config import load as load_config
from ppocr.training.settings import read as preprocess
from ppocr.training.setup import train
from tools.train import parser


class ArgsParser(argparse.ArgumentParser):
    """The parser of train and eval: ``-c`` the config, ``-o`` settings that replace its own."""

    def __init__(self) -> None:
        super().__init__(
            parents=[parser("")],
            conflict_handler="resolve",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )


__all__ = ["ArgsParser", "load_config", "preprocess", "train"]
