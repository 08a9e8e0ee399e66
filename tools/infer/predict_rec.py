"""Read images of single text lines with an exported recogniser.

    python tools/infer/predict_rec.py --image_dir crops/ --rec_model_dir inference/rec
    python tools/infer/predict_rec.py --image_dir line.png --rec_model_dir rec.onnx

Logs one line for each image: Predicts of <file>:(text, score).

Lines that are wider than the model's base width keep their own width; only equal widths share a
batch, so a text never depends on the images beside it. Exit status: 0 all files read, 65 some not.
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
    given = parse(argv, __doc__ or "", stages=("rec",))
    runtime.prepare()
    from tools.infer.predict import predict

    return predict("rec", given)


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
