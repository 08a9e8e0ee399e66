"""Export a checkpoint, and prove that the export gives the same boxes and texts.

    python tools/export_model.py -c configs/det/det_mv3_db.yml \\
        -o Global.pretrained_model=output/det/best_accuracy Global.save_inference_dir=inference/det
    python tools/export_model.py --verify inference/det -c ... -o Global.pretrained_model=...

Writes Global.save_inference_dir: inference.json and inference.pdiparams (with
Global.export_with_pir=false the older inference.pdmodel, which Paddle Lite and OpenVINO read),
inference.yml with the whole pipeline from image to result, inference.onnx with
Global.export_onnx=true, and parity.json with what was compared. Of a distillation, the network that
the Metric's key names gets a folder of its own there, or those of Global.export_networks.

Then both are run on the images of Global.infer_img and on generated ones of awkward sizes: decoded
image, input tensor, raw output, boxes or text. If anything differs, the first stage that does is
named, the folder stays as it was and the exit status is 1. --verify compares an export that exists.

Exit status: 0 exported and the same; 1 it differs; 65 the weights do not cover the model; 66 there
are no weights; 73 the folder is not writable; 74 disk full; 78 something is wrong with the config.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
from collections.abc import Sequence

from ppocr.utils import exits, logs, runtime
from tools.program import add_runtime, with_config


def main(argv: Sequence[str]) -> int:
    """Return 0 when the exported model gives what the checkpoint gives."""
    given = parser().parse_args(argv)
    runtime.prepare(enabled=not given.no_runtime)
    logs.setup()
    from ppocr.config import load

    config = load(given.config, given.opt)
    with runtime.quiet_paddle_import():
        from ppocr.export import run

    if given.verify is not None:
        return run.verify(config, given.verify)
    return run.export(config, verify=not given.no_verify)


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    found = with_config(__doc__, "the config the model was trained by")
    found.add_argument(
        "--verify",
        metavar="DIR",
        help="compare the export in this folder (or one graph file) with the checkpoint; nothing "
        "is exported",
    )
    found.add_argument(
        "--no-verify",
        action="store_true",
        help="export without comparing results (the graph is still read back once)",
    )
    add_runtime(found)
    return found


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
