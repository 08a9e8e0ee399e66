"""How good results are. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.config.registry import Registry

METRICS = Registry(
    "Metric",
    "ppocr.metrics",
    {
        "any": {
            "DetMetric": ".det",
            "RecMetric": ".rec",
            "ClsMetric": ".cls",
            "DistillationMetric": ".each_model",
        },
    },
)


def build_metric(config: Mapping[str, Any], post: Any = None) -> Any:
    """Return the metric that a section names.

    A post-process with a character set tells the metric of texts how a truth is compared:
    in the same case and direction as the decoder writes.
    """
    metric = METRICS.build(config)
    charset = getattr(post, "charset", None)
    if charset is not None and hasattr(metric, "compare_with"):
        metric.compare_with(charset)
    return metric
