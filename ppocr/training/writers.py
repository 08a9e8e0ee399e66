"""Where numbers go: metrics.jsonl always; VisualDL, TensorBoard and W&B when asked for."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from ppocr.config import plain
from ppocr.utils.exits import UsageError
from ppocr.utils.files import atomic_write
from ppocr.utils.logs import get_logger

GIVEN_TO_WANDB = ("project", "name", "id", "entity")


class Writer(Protocol):
    """Takes scalars of a step."""

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """One JSON object a line; lines after the step a run resumes from are dropped first.

    A line that cannot be written is said once and costs the run nothing else.
    """

    def __init__(self, path: Path, resumed_step: int = 0) -> None:
        self.path = path
        if path.is_file():
            self._drop_after(resumed_step)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._told = False

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Append one line and let it reach the file."""
        with self._tolerated():
            self._file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._tolerated():
            self._file.close()

    @contextmanager
    def _tolerated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not self._told:
                self._told = True
                get_logger().error("%s: %s; training goes on", self.path, error.strerror)

    def _drop_after(self, step: int) -> None:
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                known = json.loads(line)
            except ValueError:
                continue  # the half line of a run that was killed
            if isinstance(known, dict) and known.get("step", 0) <= step:
                kept.append(line + "\n")
        with atomic_write(self.path, "w") as file:
            file.writelines(kept)


class VisualDL:
    """Scalars for ``visualdl --logdir``."""

    def __init__(self, folder: Path) -> None:
        module = _optional("visualdl", "Global.use_visualdl")
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = module.LogWriter(logdir=str(folder))

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add every number as KIND/name."""
        for name, value in numbers(values).items():
            self._writer.add_scalar(tag=f"{kind.upper()}/{name}", value=value, step=step)

    def close(self) -> None:
        """Finish the log."""
        self._writer.close()


class TensorBoard:
    """Scalars for ``tensorboard --logdir``; what a resumed run repeats is hidden there."""

    def __init__(self, folder: Path, resumed_step: int = 0) -> None:
        module = _optional("tensorboardX", "Global.use_tensorboard")
        self._writer = module.SummaryWriter(
            logdir=str(folder), purge_step=resumed_step + 1 if resumed_step else None
        )

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add every number as KIND/name."""
        for name, value in numbers(values).items():
            self._writer.add_scalar(f"{kind.upper()}/{name}", value, step)
        self._writer.flush()

    def close(self) -> None:
        """Finish the log."""
        self._writer.close()


class Wandb:
    """Scalars for Weights & Biases; offline unless an API key is set."""

    def __init__(
        self, settings: Mapping[str, Any], config: Mapping[str, Any], folder: Path
    ) -> None:
        module = _optional("wandb", "use_wandb")
        if not os.environ.get("WANDB_API_KEY") and "WANDB_MODE" not in os.environ:
            get_logger().warning("WANDB_API_KEY is not set: wandb works offline (wandb sync later)")
            os.environ["WANDB_MODE"] = "offline"
        place = Path(settings.get("save_dir") or folder)
        place.mkdir(parents=True, exist_ok=True)  # where there is none it writes into /tmp
        noted = {**plain(config), **plain(settings.get("config") or {})}
        given = {key: value for key, value in settings.items() if key in GIVEN_TO_WANDB}
        self._run = module.init(dir=str(place), config=noted, resume="allow", **given)

    def write(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Log every number as KIND/name."""
        found = numbers(values)
        self._run.log({f"{kind.upper()}/{name}": value for name, value in found.items()}, step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the entries that are numbers."""
    return {
        key: float(value)
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _optional(package: str, wanted_by: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise UsageError(
            f"{wanted_by} needs the package {package}: pip install {package}"
        ) from error
