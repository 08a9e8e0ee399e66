"""Sections whose keys do not depend on a name: Train and Eval, the profiler, Weights & Biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """What Train and Eval consist of."""

    dataset: dict[str, Any]
    loader: dict[str, Any]
    sampler: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilerOptions:
    """What to measure; the keys are those of the original's ``-p``."""

    batch_range: list[int] | None = None
    state: str = "All"
    sorted_key: str = "total"
    tracer_option: str = "Default"
    profile_path: str = "/tmp/profile"
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
