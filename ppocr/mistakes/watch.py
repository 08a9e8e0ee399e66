"""Which report belongs to an evaluation."""

from __future__ import annotations

from typing import Any

from ppocr.metrics.cls import ClsMetric
from ppocr.metrics.det import DetMetric
from ppocr.metrics.each_model import DistillationMetric
from ppocr.metrics.rec import RecMetric
from ppocr.mistakes.found import Watch
from ppocr.mistakes.lines import Lines
from ppocr.mistakes.pages import Pages
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils.exits import UsageError


def watch_for(metric: Any, spec: PipelineSpec) -> Watch:
    """Return what watches an evaluation with this metric.

    A UsageError says that no report is made of it.
    """
    base = metric.base if isinstance(metric, DistillationMetric) else type(metric)
    if issubclass(base, DetMetric):
        return Pages(metric)
    if issubclass(base, (RecMetric, ClsMetric)):
        return Lines(metric, _trained_proportion(spec))
    raise UsageError(f"--report knows detectors, recognisers and classifiers, not {base.__name__}")


def _trained_proportion(spec: PipelineSpec) -> float:
    """Return width / height of the shape that lines are brought to; 0.0 where it is free."""
    height, width = spec.inputs[0].shape[-2:]
    if width <= 0:
        for op in spec.pre:
            shape = op.settings.get("image_shape") or op.settings.get("rec_image_shape")
            if isinstance(shape, list | tuple) and len(shape) == 3:
                height, width = shape[1:]
    return width / height if width > 0 and height > 0 else 0.0
