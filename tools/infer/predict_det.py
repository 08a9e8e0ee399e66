"""Find text boxes with an exported detector.

    python tools/infer/predict_det.py --image_dir pages/ --det_model_dir inference/det
    python tools/infer/predict_det.py --image_dir a.jpg --det_model_dir det.onnx --det_db_thresh 0.2

Writes det_results.txt (name, tab, [[[x, y], ...], ...]) and det_res_<name> into
--draw_img_save_dir.
Boxes come in reading order: ordered, clipped to the page, those 3 px thin or thinner left out.

Images are prepared and outputs decoded as the exported model says; a flag that is given replaces
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
    given = parse(argv, __doc__ or "", stages=("det",))
    runtime.prepare()
    from tools.infer.predict import predict

    return predict("det", given)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
