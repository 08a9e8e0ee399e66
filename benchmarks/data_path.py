"""Milliseconds of CPU that one training sample costs before it reaches the network.

    python benchmarks/data_path.py                                    # pages made up here
    python benchmarks/data_path.py --det_labels data/det_train.txt --rec_labels data/rec_train.txt
    python benchmarks/data_path.py --against-naive --megapixels 35 --per-op

Detection: decode, labels, flip, rotation, scaling by 0.5 to 3, random crop of 640, border and
shrink maps, batch. Recognition: decode, RecAug, CTC labels, 3 x 48 x 320, normalised batch. With
--device cpu (the default) detection images are normalised here, as in training on a processor;
with --device gpu they stay uint8, as the loader leaves them to a device that normalises them. One
thread; the figure is the CPU time of this process, so other programs on the machine disturb it
little. --against-naive runs a plain chain (every step on the whole picture) on the same samples
with the same draws in the same run; it always normalises. --megapixels enlarges pages to scans
of that size. Label files have one row per image: path, tab, label; paths are relative to the
folder of the label file unless --data_dir says otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.utils import runtime

runtime.prepare(announce=False)

import json

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks import naive_path
from ppocr.transforms import create_operators
from ppocr.transforms.base import Compose, advance
from ppocr.transforms.decode import decode_image
from ppocr.transforms.normalize import finish, unfinished
from ppocr.utils.exits import MissingInput, run
from ppocr.utils.logs import say

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
DET_KEYS = ["image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"]
REC_BATCH, MAX_TEXT = 32, 80
Sample = dict[str, Any]


@dataclass
class Row:
    """One line of the table."""

    name: str
    count: int
    ours_ms: float
    naive_ms: float | None = None
    parts: dict[str, float] = field(default_factory=dict)


def main(argv: Sequence[str]) -> int:
    """Print one table."""
    options = _parse(argv)
    cv2.setNumThreads(0)
    det, rec = _samples(options)
    rows = [_det(f"det, crops of {options.size}", det, options, options.number)]
    if options.megapixels:
        scans = _enlarged(det, options.megapixels, min(options.scans, len(det)))
        name = f"det, scans of {options.megapixels:g} megapixels"
        rows.append(_det(name, scans, options, max(len(scans), options.number // 5)))
    rows.append(_rec("rec, RecAug, 3 x 48 x 320", rec, options))
    _print(rows, options)
    return 0


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--det_labels", help="detection label file; without it pages are made up")
    parser.add_argument("--rec_labels", help="recognition label file; without it crops of pages")
    parser.add_argument("--data_dir", help="where image paths start; default: beside the labels")
    parser.add_argument("--number", type=int, default=300, help="detection samples to measure")
    parser.add_argument("--lines", type=int, default=3000, help="recognition samples to measure")
    parser.add_argument("--size", type=int, default=640, help="side of a detection crop in pixels")
    parser.add_argument(
        "--megapixels", type=float, default=35.0, help="size of large scans; 0 leaves them out"
    )
    parser.add_argument("--scans", type=int, default=6, help="how many different large scans")
    parser.add_argument(
        "--device",
        choices=("gpu", "cpu"),
        default="cpu",
        help="who normalises detection images: the device, or the data path",
    )
    parser.add_argument(
        "--against-naive", action="store_true", help="also run a plain chain on the same samples"
    )
    parser.add_argument("--per-op", action="store_true", help="also show where the time goes")
    return parser.parse_args(argv)


# --- what is measured ---


def det_operators(size: int) -> list[Any]:
    """Return the training operations of DB with the settings of most official configs."""
    return create_operators(
        [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"DetLabelEncode": None},
            {
                "IaaAugment": {
                    "augmenter_args": [
                        {"type": "Fliplr", "args": {"p": 0.5}},
                        {"type": "Affine", "args": {"rotate": [-10, 10]}},
                        {"type": "Resize", "args": {"size": [0.5, 3.0]}},
                    ]
                }
            },
            {"EastRandomCropData": {"size": [size, size], "max_tries": 50, "keep_ratio": True}},
            {"MakeBorderMap": {"shrink_ratio": 0.4, "thresh_min": 0.3, "thresh_max": 0.7}},
            {"MakeShrinkMap": {"shrink_ratio": 0.4, "min_text_size": 8}},
            {"NormalizeImage": {"scale": "1./255.", "mean": MEAN, "std": STD, "order": "hwc"}},
            {"ToCHWImage": None},
            {"KeepKeys": {"keep_keys": DET_KEYS}},
        ]
    )


def rec_operators() -> list[Any]:
    """Return the training operations of a CTC recogniser."""
    return create_operators(
        [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"RecAug": None},
            {"CTCLabelEncode": None},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
            {"KeepKeys": {"keep_keys": ["image", "label", "length", "valid_ratio"]}},
        ],
        {"max_text_length": MAX_TEXT, "character_dict_path": "ppocr/utils/en_dict.txt"},
    )


def _det(name: str, samples: list[Sample], options: argparse.Namespace, number: int) -> Row:
    ops = det_operators(options.size)
    chain = Compose(ops, defer=True)

    batched = unfinished if options.device == "gpu" else finish

    def ours(sample: Sample) -> None:
        batched([chain(sample)])

    row = Row(name, number, _cpu_ms(ours, samples, number, name))
    if options.against_naive:
        encode, crop = chain.ops[1], next(op for op in chain.ops if hasattr(op, "choose"))
        statistics = {"mean": MEAN, "std": STD}
        plain = naive_path.det_chain(encode, crop.choose, options.size, statistics)
        fewer = max(len(samples), number // 5)
        row.naive_ms = _cpu_ms(plain, samples, fewer, f"{name}, naive")
    if options.per_op:
        row.parts = _per_op(chain, samples, number, batched)
    return row


def _rec(name: str, samples: list[Sample], options: argparse.Namespace) -> Row:
    chain = Compose(rec_operators(), defer=True)
    waiting: list[Sample] = []

    def ours(sample: Sample) -> None:
        waiting.append(chain(sample))
        if len(waiting) == REC_BATCH:
            finish(waiting)
            waiting.clear()

    row = Row(name, options.lines, _cpu_ms(ours, samples, options.lines, name))
    if options.per_op:
        row.parts = _per_op(chain, samples, options.lines, finish)
    return row


def _cpu_ms(act: Callable[[Sample], Any], samples: list[Sample], number: int, name: str) -> float:
    """Return the mean CPU milliseconds of one sample; a few go before to warm up."""
    for key in range(min(3, number)):
        act(_keyed(samples, key))
    spent = 0.0
    for key in tqdm(range(number), desc=name, unit="sample", file=sys.stderr, leave=False):
        sample = _keyed(samples, key)
        began = time.process_time()
        act(sample)
        spent += time.process_time() - began
    return 1e3 * spent / number


def _per_op(
    chain: Compose, samples: list[Sample], number: int, batched: Callable[[list[Sample]], Any]
) -> dict[str, float]:
    """Return mean CPU milliseconds by operation; "decode + warp" is where pixels are made."""
    spent: dict[str, float] = defaultdict(float)
    clock = time.process_time
    for key in range(number):
        sample, view = dict(_keyed(samples, key)), None
        for op, mode in zip(chain.ops, chain.modes, strict=True):
            began = clock()
            if mode == "open":
                view = op.open(sample)
            elif mode == "move" and view is not None:
                view = advance(op, sample, view)
            else:
                if view is not None and mode != "beside":
                    sample["image"], view = view.render(), None
                    spent["decode + warp"] += clock() - began
                    began = clock()
                sample = op.deferred(sample) if mode == "defer" else op(sample)
            spent[type(op).__name__] += clock() - began
        began = clock()
        batched([sample])
        spent["batch"] += clock() - began
    return {name: 1e3 * seconds / number for name, seconds in spent.items()}


def _keyed(samples: list[Sample], key: int) -> Sample:
    return {**samples[key % len(samples)], "rng": np.random.default_rng(key), "index": key}


# --- what it is measured on ---


def _samples(options: argparse.Namespace) -> tuple[list[Sample], list[Sample]]:
    pages = [_page(seed) for seed in range(12)] if not options.det_labels else []
    det = _read(options.det_labels, options.data_dir, 100) if options.det_labels else pages
    if options.rec_labels:
        return det, _read(options.rec_labels, options.data_dir, 1500)
    return det, _lines(det)


def _read(label_file: str, data_dir: str | None, limit: int) -> list[Sample]:
    path = Path(label_file)
    if not path.is_file():
        raise MissingInput(f"no such label file: {path}")
    folder = Path(data_dir) if data_dir else path.parent
    samples = []
    for row in path.read_text(encoding="utf-8").splitlines()[:limit]:
        image, _, label = row.partition("\t")
        samples.append({"image": (folder / image).read_bytes(), "label": label})
    if not samples:
        raise MissingInput(f"{path} has no rows")
    return samples


def _page(seed: int) -> Sample:
    """Return a made-up scan of a receipt: 1682 x 812 pixels, some 50 lines of text."""
    rng = np.random.default_rng(seed)
    height, width = 1682, 812
    image = np.full((height, width, 3), 240, dtype=np.uint8)
    regions = []
    for y in range(60, height - 60, 31):
        x, size = int(rng.integers(40, 200)), float(rng.uniform(0.6, 0.9))
        letters = rng.choice(list("ABCDEFGHKLMNPRSTUX0123456789 "), int(rng.integers(5, 30)))
        text = "".join(letters).strip() or "A"
        (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
        cv2.putText(image, text, (x, y + tall), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 2)
        right, bottom = min(x + wide, width - 2), y + tall + 4
        box = [[x, y - 3], [right, y - 3], [right, bottom], [x, bottom]]
        regions.append({"transcription": text, "points": box})
    noise = rng.integers(0, 14, image.shape, dtype=np.uint8)
    return {"image": _jpeg(cv2.subtract(image, noise)), "label": json.dumps(regions)}


def _lines(pages: list[Sample]) -> list[Sample]:
    """Return the text lines of some pages as samples of recognition."""
    found = []
    for page in pages[:12]:
        image = decode_image(page["image"])
        for region in json.loads(page["label"]):
            points = np.array(region["points"], dtype=int)
            (x0, y0), (x1, y1) = np.maximum(points.min(axis=0), 0), points.max(axis=0)
            crop, text = image[y0:y1, x0:x1], region["transcription"]
            if crop.size and 0 < len(text) <= MAX_TEXT and text not in ("###", "*"):
                found.append({"image": _jpeg(np.ascontiguousarray(crop)), "label": text})
    if not found:
        raise MissingInput("the pages hold no lines to recognise; give --rec_labels")
    return found


def _enlarged(samples: list[Sample], megapixels: float, count: int) -> list[Sample]:
    """Return pages and their labels enlarged to scans of so many megapixels."""
    found = []
    for sample in samples[:count]:
        image = decode_image(sample["image"])
        factor = (megapixels * 1e6 / (image.shape[0] * image.shape[1])) ** 0.5
        large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        regions = json.loads(sample["label"])
        for region in regions:
            region["points"] = [[x * factor, y * factor] for x, y in region["points"]]
        found.append({"image": _jpeg(large), "label": json.dumps(regions)})
    return found


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _print(rows: list[Row], options: argparse.Namespace) -> None:
    naive = options.against_naive
    say(
        f"{'CPU ms per sample':34}{'samples':>9}{'ours':>9}" + (f"{'naive':>9}{'ratio':>8}" * naive)
    )
    for row in rows:
        line = f"{row.name:34}{row.count:9}{row.ours_ms:9.2f}"
        if row.naive_ms is not None:
            line += f"{row.naive_ms:9.2f}{row.naive_ms / row.ours_ms:8.1f}"
        say(line)
        for name, spent in row.parts.items():
            say(f"  {name:32}{'':9}{spent:9.2f}")


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:]))
