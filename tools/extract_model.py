"""Take one network out of a distillation checkpoint, and prove that it is the same alone.

    python tools/extract_model.py -c cml.yml --checkpoint output/cml/best_accuracy \\
        --name Student --output student.pdparams
    python tools/extract_model.py -c cml.yml --checkpoint output/cml/best_accuracy \\
        --all --output networks/

Writes the weights without the network's name in front, and beside them student.yml: the config
that the network has alone (architecture, loss, post-process, metric, the same data), for
tools/train.py, eval.py, infer_*.py and export_model.py. Then the network is evaluated on the Eval
data twice, inside the distillation and alone. If any figure differs, or the checkpoint does not
hold all of the network, nothing is written.

Exit status: 0 taken out and the same; 1 it differs; 2 wrong use; 65 the checkpoint does not hold
the network; 66 a file is missing; 73 the folder is not writable; 78 something is wrong with the
config, such as a network that it does not have.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ppocr.utils import exits, logs, runtime
from tools.program import add_runtime, with_config

if TYPE_CHECKING:
    from ppocr.export.extract import Extracted

FAILED = 1
ENDING = ".pdparams"


def main(argv: Sequence[str]) -> int:
    """Return 0 when every network that was asked for is out, and the same as inside."""
    given = parser().parse_args(argv)
    runtime.prepare(enabled=not given.no_runtime)
    logs.setup()
    with runtime.quiet_paddle_import():
        from ppocr.training import settings
    overrides = given.opt
    distillation = settings.read(given.config, overrides)
    checkpoint = checkpoint_of(given, distillation.general)
    names = names_of(given, distillation.config)
    statuses = [
        extract(given, overrides, distillation.config, checkpoint, name, target)
        for name, target in targets(given.output, names, checkpoint).items()
    ]
    return max(statuses)


def extract(
    given: argparse.Namespace,
    overrides: Sequence[str],
    config: Any,
    checkpoint: str,
    name: str,
    target: Path,
) -> int:
    """Write the files of one network and return 0, or leave nothing and return 1."""
    from ppocr.export.extract import compare, extracted

    with extracted(config, checkpoint, name, target) as files:
        if given.no_eval:
            logs.get_logger().warning("--no-eval: %s was not evaluated", name)
            figures = "not evaluated"
        else:
            inside, alone = evaluations(given.config, overrides, checkpoint, files)
            different = compare(inside, alone)
            if different:
                logs.say(f"NOT written: {name} differs: {'; '.join(different)}")
                return FAILED
            figures = spelled(alone)
        files.publish()
    logs.say(f"{name}: {target} and {target.with_suffix('.yml')}, {figures}")
    return 0


def evaluations(
    config: str, overrides: Sequence[str], checkpoint: str, files: Extracted
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of a network inside its distillation and alone."""
    from ppocr.training import evaluation, settings

    only = [
        f"PostProcess.model_name=[{files.name}]",
        f"Metric.key={files.name}",
        f"Global.checkpoints={checkpoint}",
    ]
    logs.get_logger().info("%s inside:", files.name)
    _, inside = evaluation.evaluate(settings.read(config, [*overrides, *only]))
    logs.get_logger().info("%s alone:", files.name)
    own = [f"Global.pretrained_model={files.weights}"]
    _, alone = evaluation.evaluate(settings.read(files.config, own))
    return inside, alone


def checkpoint_of(given: argparse.Namespace, general: Any) -> str:
    """Return the checkpoint that was named, by flag or by the config."""
    found = given.checkpoint or general.checkpoints or general.pretrained_model
    if not found:
        raise exits.UsageError("which checkpoint? --checkpoint output/.../best_accuracy names it")
    return str(found)


def names_of(given: argparse.Namespace, config: Any) -> list[str]:
    """Return the networks that were asked for; the one of the Metric's key if none was named."""
    from ppocr.pipeline.networks import demand_known, is_distillation, key_network, networks

    if not is_distillation(config):
        raise exits.UsageError(f"{given.config} describes one network: nothing to take out of it")
    known = list(networks(config["Architecture"]))
    if given.all:
        return known
    named = given.name or [key_network(config)]
    return demand_known(list(dict.fromkeys(named)), known, config.where("Architecture"))


def targets(output: str | None, names: Sequence[str], checkpoint: str) -> dict[str, Path]:
    """Return the weights file to write for each network.

    ``output`` is a file, or for several networks (and where it is a folder) the folder of
    student.pdparams and its like; without it they go beside the checkpoint.
    """
    folder = Path(output) if output else Path(checkpoint).parent
    if output and (len(names) == 1 and not folder.is_dir() and not output.endswith("/")):
        return {names[0]: folder if folder.suffix == ENDING else Path(output + ENDING)}
    if folder.suffix == ENDING:
        raise exits.UsageError(f"--output is a folder for several networks, not {output}")
    return {name: folder / f"{name.lower()}{ENDING}" for name in names}


def spelled(figures: dict[str, Any]) -> str:
    """Return the figures of an evaluation on one line, times left out."""
    return ", ".join(
        f"{name} {value:.6f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in figures.items()
        if name != "fps"
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = with_config(__doc__, "the config of the distillation; with -o also for what is written")
    found.add_argument("--checkpoint", help="its weights; otherwise those that Global names")
    found.add_argument(
        "--name",
        action="append",
        help="the network to take out, may be given again; otherwise that of the Metric's key",
    )
    found.add_argument("--all", action="store_true", help="take out every network")
    found.add_argument(
        "--output", help="the file to write; for several networks a folder. Beside the checkpoint"
    )
    found.add_argument(
        "--no-eval", action="store_true", help="do not compare the network with the one inside"
    )
    add_runtime(found)
    return found


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
