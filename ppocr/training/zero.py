"""Why nothing is right: what the network says about the first samples of an evaluation set."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from ppocr.data.loader import Loader
from ppocr.geometry.polygon import pad_polygons, short_side, shrink_distances
from ppocr.pipeline.runner import Runner
from ppocr.postprocess.det_db import MIN_SIDE_PX, DBPostProcess
from ppocr.text.ctc import BLANK, CTCCodec
from ppocr.training.decoding import Decoding
from ppocr.transforms import OPS, op_section
from ppocr.transforms.target_db import ratio_at

LOOKED_AT = 16  # samples, and at most so many batches
TARGETS = "MakeShrinkMap"  # the operator that shrinks the regions a detector of DB's kind learns
Ratio = Callable[[int], float]


def usual_ratio(epoch: int) -> float:
    """Return what regions are shrunk by where no config says it."""
    return OPS.build({"name": TARGETS}).shrink_ratio


def learnt_ratio(config: Mapping[str, Any]) -> Ratio:
    """Return a function of the epoch: what the regions in Train are shrunk by."""
    section = (config.get("Train") or {}).get("dataset") or {}
    for entry in section.get("transforms") or []:
        if isinstance(entry, Mapping) and TARGETS in entry:
            made = OPS.build(op_section(entry))
            return partial(ratio_at, made.shrink_ratio, made.total_epoch)
    return usual_ratio


def why(
    runner: Runner, loader: Loader, epoch: int = 0, shrink_ratio: float | None = None
) -> list[str]:
    """Return sentences about the outputs of the first samples; [] for other kinds of models."""
    batches = list(_first(loader, epoch))
    if runner.networks or not batches:
        return []
    outputs = [part.outputs for batch in batches for part in Decoding(runner).infer(batch)]
    if isinstance(runner.post, DBPostProcess):
        maps = [map_HW for one in outputs for map_HW in one["maps"][:, 0]]
        ratio = usual_ratio(epoch) if shrink_ratio is None else shrink_ratio
        return [_of_maps(maps, runner.post), *_of_sizes(batches, ratio)]
    codec = getattr(runner.post, "codec", None)
    if isinstance(codec, CTCCodec):
        probabilities = [next(iter(one.values())) for one in outputs]
        return [_of_steps(probabilities), *_of_labels(batches, codec, probabilities)]
    return []


def _first(loader: Loader, epoch: int) -> Iterator[Mapping[str, Any]]:
    seen = 0
    for request in islice(loader.sampler.epoch(epoch), LOOKED_AT):
        batch = loader.fetcher(request).batch
        if batch is not None:
            yield batch
            seen += len(batch["image"])
        if seen >= LOOKED_AT:
            return


def _of_maps(maps: Sequence[np.ndarray], post: DBPostProcess) -> str:
    """Return how far the maps and the scores of their regions are from the thresholds."""
    highest = max(float(one.max()) for one in maps)
    said = f"the maps of the first {len(maps)} images reach {highest:.3f}"
    if highest <= post.thresh:
        return f"{said}, no pixel is above thresh = {post.thresh:g}"
    anything = copy.copy(post)
    anything.box_thresh = 0.0
    scores = [score for one in maps for score in anything.one(one, one.shape)["scores"]]
    if not scores:
        return f"{said}, but every region above thresh = {post.thresh:g} is less than 3 px wide"
    good = sum(score >= post.box_thresh for score in scores)
    return (
        f"{said}; {len(scores)} regions are above thresh = {post.thresh:g}, {good} of them above "
        f"box_thresh = {post.box_thresh:g} (the best has {max(scores):.3f})"
    )


def _of_sizes(batches: Sequence[Mapping[str, Any]], ratio: float) -> list[str]:
    """Return how many texts are too small to be found, shrunk as the network learns them."""
    total = small = 0
    for batch in batches:
        shapes = batch.get("shape")
        for number, polygons in enumerate(batch.get("polys", [])):
            if not len(polygons):
                continue
            zoom = 1.0 if shapes is None else float(min(np.asarray(shapes[number])[2:4]))
            points = pad_polygons([np.asarray(one, np.float64) for one in polygons]) * zoom
            high = np.array([short_side(one) for one in points])
            left = high - 2 * shrink_distances(points, ratio)
            total += len(points)
            small += int((left < MIN_SIDE_PX).sum())
    if not small:
        return []
    return [
        f"{small} of their {total} texts, shrunk as they are learnt, are less than "
        f"{MIN_SIDE_PX} px high on the network's input and cannot be found: raise limit_side_len"
    ]


def _of_steps(probabilities: Sequence[np.ndarray]) -> str:
    """Return how often the network says that there is no character."""
    blank = np.concatenate([one.argmax(axis=-1).reshape(-1) == BLANK for one in probabilities])
    best = max(float(one[..., BLANK + 1 :].max()) for one in probabilities)
    return (
        f"{blank.mean():.1%} of the time steps of the first samples are blank, the surest "
        f"character has {best:.3f}"
    )


def _of_labels(
    batches: Sequence[Mapping[str, Any]], codec: CTCCodec, probabilities: Sequence[np.ndarray]
) -> list[str]:
    """Return how many labels cannot be written in as many steps."""
    steps = min(one.shape[1] for one in probabilities)
    labels = [str(text) for batch in batches for text in batch["text"]]
    ids = [codec.encode(text).ids for text in labels]
    needed = [len(one) + int((one[1:] == one[:-1]).sum()) for one in ids]
    long = sum(one > steps for one in needed)
    if not long:
        return []
    return [
        f"{long} of {len(labels)} labels need more than the {steps} time steps there are (up to "
        f"{max(needed)}): widen the image_shape"
    ]
