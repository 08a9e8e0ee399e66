"""What every engine gives and takes: options in, one method out."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from ppocr.utils.exits import DataError, MissingInput, UsageError
from ppocr.utils.logs import get_logger

GRAPH_STEM = "inference"


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, never what to compute.

    ``device`` is ``cpu``, ``gpu:0``, ``xpu:0`` or ``npu:0``; ``threads`` 0 lets the engine
    choose; ``onednn`` None means on where it has been seen to give the same numbers.
    """

    device: str = "cpu"
    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    threads: int = 0
    onednn: bool | None = None
    tensorrt: bool = False
    gpu_memory_mb: int = 500
    min_subgraph_size: int = 15
    providers: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The device without its number: ``gpu``."""
        return self.device.partition(":")[0]

    @property
    def number(self) -> int:
        """The number of the device, 0 when none is given."""
        text = self.device.partition(":")[2]
        if not text:
            return 0
        if not text.isdigit():
            raise UsageError(f"device {self.device!r} should look like 'cpu' or 'gpu:0'")
        return int(text)


@runtime_checkable
class Backend(Protocol):
    """Arrays in, arrays out, both in the order of the pipeline spec. Safe to call from threads."""

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]: ...


def load_engine(module: str, package: str) -> ModuleType:
    """Return an engine's module; when it is not installed, one sentence says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingInput(
            f"this model needs the package '{package}', which cannot be imported here: "
            f"pip install {package} ({error})"
        ) from error


def announce(
    engine: str, version: str, options: Options, path: Path | None, *, threads: int, note: str = ""
) -> None:
    """Log the one line that says what runs, on what, how precisely and with how many threads."""
    shown = str(threads) if threads else "engine's choice"
    get_logger().info(
        "%s %s, device %s, precision %s, threads %s%s%s",
        engine,
        version,
        options.device,
        options.precision,
        shown,
        f", {note}" if note else "",
        f": {path}" if path is not None else "",
    )


def check_feeds(feeds: Sequence[np.ndarray], wanted: int) -> list[np.ndarray]:
    """Return the feeds as contiguous arrays; their number must be that of the graph's inputs."""
    if len(feeds) != wanted:
        raise DataError(f"the model takes {wanted} inputs, {len(feeds)} were given")
    return [np.ascontiguousarray(feed) for feed in feeds]
