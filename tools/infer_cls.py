"""Tell the direction of images of single text lines with a checkpoint.

    python tools/infer_cls.py -c configs/cls/cls_mv3.yml \\
        -o Global.pretrained_model=output/cls/mv3/best_accuracy Global.infer_img=crops/

Prints label and score of each image and writes Global.save_res_path (file, tab, label, tab, score).
They are those of tools/infer/predict_cls.py with the export of the same checkpoint.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

from collections.abc import Sequence

from ppocr.utils import exits, runtime
from tools.program import running


def main(argv: Sequence[str]) -> int:
    """Return 0 when every file was read; a DataError (65) counts those that could not be."""
    given = running(__doc__).parse_args(argv)
    runtime.prepare(enabled=not given.no_runtime)
    from tools.infer.infer import infer

    return infer("cls", given.config, given.opt)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
