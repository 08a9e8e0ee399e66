"""Find text boxes with a checkpoint, as the exported model will.

    python tools/infer_det.py -c configs/det/det_mv3_db.yml \\
        -o Global.pretrained_model=output/det/best_accuracy Global.infer_img=pages/

Writes Global.save_res_path (file, tab, [{transcription, points, score}]) and a drawing of each page
into det_results/ beside it. Boxes and their order are those of tools/infer/predict_det.py with the
export of the same checkpoint. Long pages are not cut into slices.
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

    return infer("det", given.config, given.opt)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
