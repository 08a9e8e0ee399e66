"""Read whole pages: find the lines, put them in reading order, read them, draw both.

    python tools/infer/predict_system.py --image_dir pages/ --det_model_dir inference/det \\
        --rec_model_dir inference/rec
    python tools/infer/predict_system.py --image_dir a.pdf --page_num 2 --det_model_dir det.onnx \\
        --rec_model_dir rec.onnx --drop_score 0 --save_crop_res True --crop_res_save_dir crops

Writes system_results.txt (name, tab, [{transcription, points, score}]) and a drawing of each page
into --draw_img_save_dir: left the page with its boxes, right the texts where they stand.

Images are prepared and outputs decoded as the exported models say; a flag that is given replaces
one value and is logged. Long pages are not cut into slices. Exit status: 0 all read, 65 some not.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

from collections.abc import Sequence

from ppocr.utils import exits, runtime
from tools.infer.arguments import parse


def main(argv: Sequence[str]) -> int:
    """Return 0 when every file was read; a DataError (65) counts those that could not be."""
    given = parse(argv, __doc__ or "", stages=("det", "cls", "rec"))
    runtime.prepare()
    from tools.infer.predict import predict

    return predict("system", given)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
