"""Tell the direction of images of single text lines with an exported classifier.

    python tools/infer/predict_cls.py --image_dir crops/ --cls_model_dir inference/cls/mv3
    python tools/infer/predict_cls.py --image_dir line.png --cls_model_dir cls.onnx

Logs one line for each image: Predicts of <file>:[label, score].

predict_system.py --use_angle_cls True turns crops whose label contains 180 and whose score is above
--cls_thresh before they are read. Exit status: 0 all files read, 65 some not.
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
    given = parse(argv, __doc__ or "", stages=("cls",))
    runtime.prepare()
    from tools.infer.predict import predict

    return predict("cls", given)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
