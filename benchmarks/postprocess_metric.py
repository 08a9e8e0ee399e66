"""Milliseconds per image of DBPostProcess and DetMetric, beside the plain serial way.

    python benchmarks/postprocess_metric.py --boxes 50 500 --repeats 5

Both sides run in the same process on the same made-up images, one thread, and their results
are compared before anything is printed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks import scenes, serial
from ppocr.metrics.det import compare
from ppocr.postprocess.det_db import DBPostProcess
from ppocr.utils.exits import InternalError, run
from ppocr.utils.logs import say

SIDE_PX = 1280


def main(argv: Sequence[str]) -> int:
    """Print one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--boxes", type=int, nargs="+", default=[50, 500], help="boxes per image")
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the median counts")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    rows = []
    with tqdm(total=2 * len(options.boxes), unit="case", file=sys.stderr) as bar:
        for count in options.boxes:
            for measure in (_post_process, _metric):
                bar.set_description(f"{measure.__name__[1:]} {count}")
                rows.append(measure(count, options.repeats))
                bar.update()
    say(f"{'':24}{'boxes':>7}{'serial ms':>12}{'ours ms':>10}{'ratio':>8}")
    for name, count, plain_ms, ours_ms in rows:
        say(f"{name:24}{count:7}{plain_ms:12.2f}{ours_ms:10.2f}{plain_ms / ours_ms:8.1f}")
    return 0


def _post_process(count: int, repeats: int) -> tuple[str, int, float, float]:
    map_HW = scenes.probability_map(count, seed=count, side_px=SIDE_PX)
    post = DBPostProcess(thresh=0.3, box_thresh=0.6, unclip_ratio=1.5)
    hw = (SIDE_PX * 1.5, SIDE_PX * 1.5)
    plain, plain_ms = _timed(lambda: serial.db_quads(map_HW, hw), repeats)
    ours, ours_ms = _timed(lambda: post.one(map_HW, hw), repeats)
    if not np.array_equal(plain["points"], ours["points"]) or plain["scores"] != ours["scores"]:
        raise InternalError("the boxes differ from those of the serial way")
    return "DBPostProcess", len(ours["scores"]), plain_ms, ours_ms


def _metric(count: int, repeats: int) -> tuple[str, int, float, float]:
    truths = scenes.boxes(count, seed=count, side_px=SIDE_PX)
    shift = np.random.default_rng(count).integers(-6, 7, size=(count, 1, 2))
    found, ignored = truths + shift, np.arange(count) % 10 == 0
    plain, plain_ms = _timed(lambda: serial.det_counts(found, truths, ignored), 1)
    ours, ours_ms = _timed(lambda: compare(found, truths, ignored), repeats)
    if plain != (ours.truths, ours.detections, ours.matched):
        raise InternalError("the counts differ from those of the serial way")
    return f"DetMetric ({count} x {count})", count, plain_ms, ours_ms


def _timed(work: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Return what the work gives and its median time in milliseconds."""
    times = []
    result = None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - start) * 1e3)
    return result, statistics.median(times)


if __name__ == "__main__":
    sys.exit(run(main, sys.argv[1:]))
