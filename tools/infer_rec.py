"""Read images of single text lines with a checkpoint, as the exported model will.

    python tools/infer_rec.py -c configs/rec/rec_icdar15_train.yml \\
        -o Global.pretrained_model=output/rec/best_accuracy Global.infer_img=crops/

Prints text and score of each image and writes Global.save_res_path (file, tab, text, tab, score).
Texts are those of tools/infer/predict_rec.py with the export of the same checkpoint: lines wider
than the base width of the config keep their own.
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

    return infer("rec", given.config, given.opt)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
