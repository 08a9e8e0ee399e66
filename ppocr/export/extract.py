"""One network out of a distillation: its weights, and the config that it has alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr.config import Section
from ppocr.config.explain import bare_yaml
from ppocr.export.folder import workshop
from ppocr.modeling import build_model
from ppocr.modeling.parts import below
from ppocr.modeling.weights import load_weights, read_params
from ppocr.pipeline.derive import wire
from ppocr.pipeline.networks import network_config
from ppocr.utils import pickles
from ppocr.utils.files import atomic_write
from ppocr.utils.logs import get_logger

WEIGHTS, CONFIG = ".pdparams", ".yml"
NOT_OF_IT = ("checkpoints", "resume", "export_networks")  # Global values of the distillation's run
UNEQUAL = 1e-6
TIMES = frozenset({"fps"})  # figures that differ from run to run


@dataclass(frozen=True, slots=True)
class Extracted:
    """A network's files: first in a folder of their own, in the end where they were asked for."""

    name: str
    place: Path
    target: Path

    @property
    def weights(self) -> Path:
        """The weights, while they are being checked."""
        return self.place / (self.target.stem + WEIGHTS)

    @property
    def config(self) -> Path:
        """The config, while it is being checked."""
        return self.place / (self.target.stem + CONFIG)

    def publish(self) -> None:
        """Move both files to where they were asked for, the config last."""
        for one in (self.weights, self.config):
            os.replace(one, self.target.with_suffix(one.suffix))


@contextmanager
def extracted(
    config: Mapping[str, Any], checkpoint: str, name: str, target: Path
) -> Iterator[Extracted]:
    """Yield the files of a network, beside ``target``; unless published they leave no trace.

    ``config`` is that of the distillation. A DataError says that the checkpoint does not hold
    the whole network, a ConfigError that there is none of that name.
    """
    alone = wire(network_config(config, name))
    network = build_model(alone["Architecture"])
    below(read_params(checkpoint), name, checkpoint)  # never what another file holds without names
    load_weights(network, checkpoint, whole=True, network=name)
    with workshop(target) as place:
        files = Extracted(name, place, target)
        state = network.state_dict()
        pickles.write(files.weights, state)
        get_logger().info("%s: %d arrays", name, len(state))
        with atomic_write(files.config, "w") as file:
            file.write(config_text(alone, name, target))
        yield files


def config_text(alone: Section, name: str, target: Path) -> str:
    """Return the config of a network that was taken out, which names its weights."""
    general = alone["Global"].without(*NOT_OF_IT)
    general["pretrained_model"] = str(target)
    general["save_model_dir"] = str(Path(general.get("save_model_dir") or "output") / name)
    if general.get("save_inference_dir"):
        general["save_inference_dir"] = str(Path(general["save_inference_dir"]) / name)
    whole = alone.without()
    whole["Global"] = general
    path = target.with_suffix(CONFIG)
    about = [
        f"{name}, taken out of a distillation by tools/extract_model.py: a model of its own.",
        "",
        f"  python tools/eval.py -c {path}",
        f"  python tools/export_model.py -c {path}",
        f"  python tools/train.py -c {path}        # fine-tune it alone",
    ]
    head = "".join(f"# {line}".rstrip() + "\n" for line in about)
    return f"{head}\n{bare_yaml(whole)}"


def compare(inside: Mapping[str, Any], alone: Mapping[str, Any]) -> list[str]:
    """Return in which figures two evaluations differ, times aside."""
    return [
        f"{name} is {inside.get(name)} inside and {alone.get(name)} alone"
        for name in dict.fromkeys([*inside, *alone])
        if name not in TIMES and not _equal(inside.get(name), alone.get(name))
    ]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= UNEQUAL
    return one == other
