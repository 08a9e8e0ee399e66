"""The only way from images to results: evaluation, tools, predict and the export check use it.

image_HWC: uint8, BGR. feeds: arrays of one sample, in the order of ``spec.inputs``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ppocr.backends.base import Backend
from ppocr.pipeline import batching, tasks
from ppocr.pipeline.derive import OWN_WIDTH, knows_own_width
from ppocr.pipeline.networks import nested
from ppocr.pipeline.spec import PipelineSpec
from ppocr.postprocess import POSTPROCESSES
from ppocr.transforms import create_operators
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError

DEFAULT_BATCH_SIZE = 6
DECODE = "DecodeImage"
DECODING = ("use_space_char", "reverse", "lower")  # specials that a decoder may ask for


@dataclass(frozen=True, slots=True)
class Prepared:
    """One image as the network takes it, and what decoding its output needs to know."""

    feeds: tuple[np.ndarray, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (0, 0)  # height and width of the image in pixels

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the feeds: inputs may share a batch when they are equal."""
        return tuple(feed.shape for feed in self.feeds)


class Runner:
    """Images in, results out: prepare, infer, decode, as the spec says and in no other way.

    ``as_deployed`` applies what only prediction does to results (``spec.specials.box_filter``).
    A result of several networks is {network: its result}.
    Nothing is kept between calls, so a runner may be used by several threads.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        backend: Backend,
        *,
        batch_size: int = DEFAULT_BATCH_SIZE,
        as_deployed: bool = True,
    ) -> None:
        self.spec, self.backend = spec, backend
        self.batch_size, self.as_deployed = batch_size, as_deployed
        self.ops = build_ops(spec)
        self.post = build_post(spec)
        self.networks = tuple(getattr(self.post, "model_names", ()))
        self.task = tasks.task_of(spec)

    def __call__(self, images: Sequence[np.ndarray | bytes]) -> list[Any]:
        """Return one result per image (decoded BGR, or the bytes of an image file), in order."""
        prepared = [self.prepare(image) for image in images]
        results: list[Any] = [None] * len(prepared)
        shapes = [one.shapes for one in prepared]
        for members in batching.groups(shapes, self.spec.batch, self.batch_size):
            group = [prepared[index] for index in members]
            for index, result in zip(members, self.run(group), strict=True):
                results[index] = result
        return results

    def run(self, group: Sequence[Prepared]) -> list[Any]:
        """Return the results of prepared images of equal shapes, as one batch."""
        return self.results(self.infer(stack(group)), group)

    def results(self, outputs: Mapping[str, np.ndarray], group: Sequence[Prepared]) -> list[Any]:
        """Return what the outputs of a batch of prepared images mean."""
        results = self.decode(outputs, self.collate(group))
        if not self.as_deployed:
            return results
        return [
            self._finished(result, one.size) for result, one in zip(results, group, strict=True)
        ]

    def prepare(self, image: np.ndarray | bytes) -> Prepared:
        """Return one image as the network takes it; a DataError says why it cannot be used."""
        return self.prepared(self.decoded(image))

    def prepared(self, sample: Mapping[str, Any]) -> Prepared:
        """Return a decoded sample as the network takes it: all steps after decoding."""
        sample = dict(sample)
        height, width = sample["image"].shape[:2]
        try:
            for op in self.ops[self._decode_steps :]:
                sample = op(sample)
        except Rejected as error:
            raise DataError(f"the image cannot be used: {error}") from error
        feeds = tuple(self._feed(sample, index) for index in range(len(self.spec.inputs)))
        meta = {name: sample[name] for name in self.post.reads if name in sample}
        return Prepared(feeds, meta, (int(height), int(width)))

    def decoded(self, image: np.ndarray | bytes) -> dict[str, Any]:
        """Return the sample after the decoding step: pixels in the channel order of the spec."""
        sample: dict[str, Any] = {"image": image}
        if isinstance(image, np.ndarray) and not (image.ndim == 3 and image.dtype == np.uint8):
            raise DataError(
                f"an image is uint8 of shape (H, W, 3), not {image.dtype} {image.shape}"
            )
        try:
            for op in self.ops[: self._decode_steps]:
                sample = op(sample)
        except Rejected as error:
            raise DataError(f"the image cannot be read: {error}") from error
        return sample

    def infer(self, feeds: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs of a batch by name; ``feeds`` are in the order of ``spec.inputs``."""
        outputs = self.backend.run(feeds)
        if len(outputs) < len(self.spec.outputs):
            raise DataError(
                f"the model gives {len(outputs)} outputs, its description names "
                f"{', '.join(self.spec.outputs)}"
            )
        return dict(zip(self.spec.outputs, outputs, strict=False))

    def decode(
        self, outputs: Mapping[str, np.ndarray], batch: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """Return one result per sample, as the post-process gives them: nothing is filtered."""
        outputs = nested(outputs)
        self._check_classes(outputs)
        results = self.post(outputs, batch)
        if not isinstance(results, Mapping):
            return results
        return [dict(zip(results, one, strict=True)) for one in zip(*results.values(), strict=True)]

    def finish(self, results: Sequence[Any], batch: Mapping[str, Any]) -> list[Any]:
        """Return results of :meth:`decode` as prediction would give them.

        ``batch["shape"]`` holds height and width of each image first, as DetResizeForTest
        leaves them.
        """
        shapes = batch.get("shape")
        sizes = (
            [(0, 0)] * len(results)
            if shapes is None
            else [(int(shape[0]), int(shape[1])) for shape in np.asarray(shapes)]
        )
        pairs = zip(results, sizes, strict=True)
        return [self._finished(result, size) for result, size in pairs]

    def collate(self, group: Sequence[Prepared]) -> dict[str, np.ndarray]:
        """Return what the post-process reads of the batch."""
        names = group[0].meta if group else {}
        return {name: np.stack([np.asarray(one.meta[name]) for one in group]) for name in names}

    def _finished(self, result: Any, size: tuple[int, int]) -> Any:
        if self.networks:
            return {name: self.task.finish(one, self.spec, size) for name, one in result.items()}
        return self.task.finish(result, self.spec, size)

    @property
    def _decode_steps(self) -> int:
        return 1 if self.spec.pre and self.spec.pre[0].name == DECODE else 0

    def _feed(self, sample: Mapping[str, Any], index: int) -> np.ndarray:
        wanted = self.spec.inputs[index]
        array = np.asarray(sample[wanted.name], dtype=wanted.dtype)
        axes = zip(array.shape, wanted.shape[1:], strict=False)
        if len(array.shape) + 1 != len(wanted.shape) or any(b not in (-1, a) for a, b in axes):
            raise DataError(
                f"{wanted.name} was prepared as {list(array.shape)}, the model takes "
                f"{list(wanted.shape[1:])} (-1: free)"
            )
        return array

    def _check_classes(self, outputs: Mapping[str, Any]) -> None:
        """A dictionary of another length moves every character: better no text than a wrong one."""
        codec = getattr(self.post, "codec", None)
        if codec is None or not outputs:
            return
        read = [outputs[name] for name in self.networks] or [outputs]
        for given in {next(iter(one.values())).shape[-1] for one in read} - {codec.num_classes}:
            raise DataError(
                f"the model tells {given} classes apart, the dictionary of {len(codec.charset)} "
                f"characters makes {codec.num_classes}: it is not the one the model was trained "
                "with (or use_space_char is different)"
            )


def stack(group: Sequence[Prepared]) -> list[np.ndarray]:
    """Return the batched feeds of prepared images of equal shapes."""
    return [np.stack(arrays) for arrays in zip(*(one.feeds for one in group), strict=True)]


def build_ops(spec: PipelineSpec) -> list[Any]:
    """Return the steps of a spec as callables, their widths as its batch policy says."""
    entries = []
    for op in spec.pre:
        own = {OWN_WIDTH: spec.batch == "own"} if knows_own_width(op) else {}
        entries.append({op.name: {**op.settings, **own}})
    return create_operators(entries)


def build_post(spec: PipelineSpec) -> Any:
    """Return the post-process of a spec, with the characters it carries."""
    offered: dict[str, Any] = {
        name: spec.specials[name] for name in DECODING if name in spec.specials
    }
    if spec.characters:
        offered["character_dict"] = list(spec.characters)
    return POSTPROCESSES.build(spec.post.section(), spec.task, offered)
