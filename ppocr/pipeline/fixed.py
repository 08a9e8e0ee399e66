"""Sections whose keys do not depend on a name: Train and Eval, the profiler, Weights & Biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """What Train consists of."""

    dataset: dict[str, Any]
    loader: dict[str, Any]
    sampler: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What Eval consists of: as Train, and perhaps a second set."""

    dataset: dict[str, Any]
    loader: dict[str, Any]
    sampler: dict[str, Any] | None = None
    retention: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A second set, prepared like that of Eval, that fine-tuning must not make worse."""

    data_dir: str
    label_file_list: list[str] | str | None = None
    max_drop: float = 0.02  # of the main indicator, since the run began
    action: str = "warn"  # or "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLoss:
    """What a loss in a list has beside its own settings."""

    weight: float = 1.0
    name: str | None = None  # in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class OneNetwork:
    """What a network of a distillation has beside its own settings."""

    pretrained: str | Literal[False] | None = None
    freeze_params: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilerOptions:
    """What to measure; the keys are those of the original's ``-p`` that it reads."""

    batch_range: list[int] | None = None
    exit_on_finished: bool = True
    timer_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WandbOptions:
    """Where a run is reported to when Global.use_wandb is true."""

    project: str | None = None
    name: str | None = None
    id: str | None = None
    entity: str | None = None
    save_dir: str | None = None
    config: dict[str, Any] | None = None
