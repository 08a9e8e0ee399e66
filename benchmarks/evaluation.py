"""Evaluation of a detector from network outputs to figures, beside the plain serial loop.

    python benchmarks/evaluation.py --images 200 --boxes 500

Runs the evaluator of `tools/eval.py` with a stand-in for the network that hands out made-up maps,
so that what is measured is what evaluation adds to the network: post-processing, matching of
polygons, and both figures (`hmean` and `hmean_as_deployed`). The serial loop does one image after
another and every pair of polygons through shapely, for `hmean` alone; it is run on
`--serial-images` of them, because all would take an hour, and its time per image counts. The
figures of these images are compared before anything is printed.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks import scenes, serial
from ppocr.data.tally import Tally
from ppocr.metrics.det import Counts, DetMetric
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.spec import OpSpec, PipelineSpec, TensorSpec
from ppocr.training.evaluate import AsDeployed, Evaluator
from ppocr.utils.exits import InternalError, run
from ppocr.utils.logs import say

SCENES = 8  # different pages; more of them would only take memory
IGNORED_EVERY = 10
THRESHOLDS = {"thresh": 0.3, "box_thresh": 0.6, "unclip_ratio": 1.5}


class Pages:
    """Stands for loader and network: feed number n is answered with map n."""

    def __init__(self, images: int, boxes: int, side_px: int) -> None:
        self.images, self.side_px = images, side_px
        self.maps = [scenes.probability_map(boxes, n, side_px) for n in range(SCENES)]
        self.truths = [grown(scenes.boxes(boxes, n, side_px), n) for n in range(SCENES)]
        self.ignored = np.arange(boxes) % IGNORED_EVERY == 0

    def __len__(self) -> int:
        return self.images

    def first(self, images: int) -> Pages:
        """Return the same with fewer images."""
        part = copy.copy(self)
        part.images = images
        return part

    def reset(self) -> Tally:
        """Return that nothing was left out."""
        return Tally()

    def epoch(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield batches of one image, as detectors are evaluated."""
        shape = np.array([[self.side_px, self.side_px, 1.0, 1.0]])
        for image in range(self.images):
            yield {
                "image": np.full((1, 1, 1, 1), image % SCENES, np.float32),
                "polys": [self.truths[image % SCENES]],
                "ignore_tags": [self.ignored],
                "shape": shape,
            }

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the maps of a batch."""
        return [np.stack([self.maps[int(one)][None] for one in feeds[0].reshape(-1)])]


def main(argv: Sequence[str]) -> int:
    """Print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--boxes", type=int, default=500, help="boxes per image")
    parser.add_argument("--side", type=int, default=1280, help="side of the maps in pixels")
    parser.add_argument("--serial-images", type=int, default=2, help="images of the serial loop")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    pages = Pages(options.images, options.boxes, options.side)
    figures, wall_s, cpu_s = ours(pages)
    serial_images = max(1, min(options.serial_images, SCENES, options.images))
    plain, plain_wall_s, plain_cpu_s = plainly(pages, serial_images)
    check(pages, plain)
    say(
        f"{options.images} images of {options.boxes} boxes, maps of {options.side} x {options.side}"
    )
    say(f"hmean {figures['hmean']:.6f}, hmean_as_deployed {figures['hmean_as_deployed']:.6f}")
    say(f"{'':22}{'ms per image':>14}{'CPU ms':>10}{'all images':>14}")
    for name, one_s, one_cpu_s in (
        ("serial loop", plain_wall_s, plain_cpu_s),
        ("Evaluator", wall_s / options.images, cpu_s / options.images),
    ):
        all_s = one_s * options.images
        say(f"{name:22}{1e3 * one_s:14.1f}{1e3 * one_cpu_s:10.1f}{all_s:12.1f} s")
    say(
        f"times faster: {plain_wall_s * options.images / wall_s:.1f}, "
        f"{plain_cpu_s * options.images / cpu_s:.1f} in CPU time"
    )
    return 0


def ours(pages: Pages) -> tuple[dict[str, Any], float, float]:
    """Return the figures of all images, and the seconds and CPU seconds they take."""
    spec = PipelineSpec(
        task="det",
        pre=(),
        inputs=(TensorSpec("image", "float32", (-1, 1, 1, 1)),),
        outputs=("maps",),
        post=OpSpec("DBPostProcess", dict(THRESHOLDS)),
        batch="fixed",
        specials={"box_filter": {"min_side_px": 3, "order": "angle"}},
    )
    runner = Runner(spec, pages, as_deployed=False)
    twin = AsDeployed(Runner(spec, pages), DetMetric())
    evaluate = Evaluator(runner, pages, DetMetric(), twin=twin)
    begun, cpu = time.perf_counter(), time.process_time()
    figures = evaluate() or {}
    return figures, time.perf_counter() - begun, time.process_time() - cpu


def plainly(pages: Pages, images: int) -> tuple[list[tuple[int, int, int]], float, float]:
    """Return (truths, detections, matched) of the first images, seconds and CPU seconds for one."""
    counts = []
    begun, cpu = time.perf_counter(), time.process_time()
    for image in tqdm(range(images), desc="serial loop", leave=False):
        hw = (float(pages.side_px), float(pages.side_px))
        found = serial.db_quads(pages.maps[image], hw, **THRESHOLDS)
        counts.append(serial.det_counts(found["points"], pages.truths[image], pages.ignored))
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    return counts, wall_s / images, cpu_s / images


def check(pages: Pages, plain: Sequence[tuple[int, int, int]]) -> None:
    """Raise an InternalError unless both ways give the same figures for the first images."""
    found, *_ = ours(pages.first(len(plain)))
    truths, detections, matched = (sum(column) for column in zip(*plain, strict=True))
    for name, value in Counts(truths, detections, matched).figures().items():
        if found[name] != value:
            raise InternalError(f"{name} is {found[name]}, {value} by the serial loop")


def grown(quads_N42: np.ndarray, seed: int) -> np.ndarray:
    """Return texts whose shrunk regions these boxes are, about a tenth of them somewhere else."""
    random = np.random.default_rng(seed)
    texts = []
    for quad in quads_N42:
        centre, (wide, high), angle = cv2.minAreaRect(quad)
        more = THRESHOLDS["unclip_ratio"] * wide * high / (wide + high)
        moved = high * random.uniform(-0.5, 0.5) * (random.random() < 0.2)
        size = (wide + more, high + more)
        texts.append(cv2.boxPoints(((centre[0] + moved, centre[1] + moved), size, angle)))
    return np.round(texts).astype(np.float32)


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:]))
