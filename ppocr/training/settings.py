"""What training and evaluation read of a config before anything is built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from ppocr.config import Section, general, load
from ppocr.config.errors import ConfigError
from ppocr.config.general import General
from ppocr.pipeline import checks
from ppocr.pipeline.derive import wire
from ppocr.training import plans
from ppocr.utils import dist


@dataclass(slots=True)
class Settings:
    """A config that was checked and wired, and what it says of the run as a whole."""

    config: Section
    general: General
    parts: Any
    device: str

    @property
    def folder(self) -> Path:
        """Where the run writes."""
        return Path(self.general.save_model_dir)

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return general.seed(self.config)


def read(path: str | Path, overrides: Iterable[str] = ()) -> Settings:
    """Return the settings of a config; a ConfigError lists everything that is wrong with it."""
    config = load(path, overrides)
    report = checks.ensure(config)
    values = general.read(config)
    plans.evaluation_plan(values)
    plans.early_stop(values)
    return Settings(wire(config), values, report.parts, choose_device(values))


def choose_device(values: General) -> str:
    """Return ``cpu`` or ``gpu:0`` and the like; a ConfigError says why it cannot be had."""
    kinds = {
        "gpu": (values.use_gpu, paddle.is_compiled_with_cuda),
        "xpu": (values.use_xpu, paddle.is_compiled_with_xpu),
        "npu": (values.use_npu, lambda: paddle.is_compiled_with_custom_device("npu")),
        "mlu": (values.use_mlu, lambda: paddle.is_compiled_with_custom_device("mlu")),
        "gcu": (values.use_gcu, lambda: paddle.is_compiled_with_custom_device("gcu")),
    }
    wanted = [kind for kind, (given, _) in kinds.items() if given]
    if len(wanted) > 1:
        raise ConfigError(f"Global asks for several devices: {', '.join(wanted)}; choose one")
    if not wanted:
        return "cpu"
    kind = wanted[0]
    if not kinds[kind][1]():
        raise ConfigError(
            f"Global.use_{kind} is true, but this PaddlePaddle was built without {kind} support: "
            f"install the matching package, or train on the CPU with -o Global.use_{kind}=false"
        )
    return f"{kind}:{dist.device_index()}"
