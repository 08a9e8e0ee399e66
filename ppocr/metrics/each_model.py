"""A metric for each of several named networks: distillation under its old name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, Literal

from ppocr.metrics.cls import ClsMetric
from ppocr.metrics.det import DetMetric
from ppocr.metrics.rec import RecMetric
from ppocr.text.charset import Charset

BASES = {"RecMetric": RecMetric, "DetMetric": DetMetric, "ClsMetric": ClsMetric}


class DistillationMetric:
    """The base metric for each named network; the figures of `key` decide which is best.

    Figures of the other networks are prefixed by their names: `Teacher_acc`.
    """

    reads: tuple[str, ...] = ()  # those of the base metric, once that is known

    def __init__(
        self,
        key: str | None = None,
        base_metric_name: str = "RecMetric",
        main_indicator: str | None = None,
        ignore_space: bool | None = None,
        is_filter: bool | None = None,
        unknown: Literal["count", "delete"] | None = None,
        smoothing: float | None = None,
    ) -> None:
        if base_metric_name not in BASES:
            raise ValueError(f"base_metric_name is one of {', '.join(BASES)}")
        self.key = key
        self._base = BASES[base_metric_name]
        given = {
            "main_indicator": main_indicator,
            "ignore_space": ignore_space,
            "is_filter": is_filter,
            "unknown": unknown,
            "smoothing": smoothing,
        }
        self._settings = {name: value for name, value in given.items() if value is not None}
        strange = set(self._settings) - set(signature(self._base).parameters)
        if strange:
            raise ValueError(f"{base_metric_name} has no setting {', '.join(sorted(strange))}")
        example = self._base(**self._settings)
        self.main_indicator = example.main_indicator
        self.reads = example.reads
        self._charset: Charset | None = None
        self.reset()

    def compare_with(self, charset: Charset) -> None:
        """Compare true texts in the case and direction in which this set is decoded."""
        self._charset = charset

    @property
    def base(self) -> type:
        """The class of the metric that each network has."""
        return self._base

    def of(self, result: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the base metric and the result of the network that decides, of one sample."""
        name = next(iter(result)) if self.key is None or self.key not in result else self.key
        return self._new(), result[name]

    def __call__(
        self,
        results: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
        batch: Mapping[str, Any],
    ) -> dict[str, float]:
        """Count a batch of results, lists by network or networks by sample; return its figures."""
        figures = {}
        if not isinstance(results, Mapping):
            results = {name: [one[name] for one in results] for name in (results or [{}])[0]}
        for name, one in results.items():
            figures.update(self._named(name, self._metric(name)(one, batch)))
        return figures

    def miss(self, batch: Mapping[str, Any]) -> None:
        """Count samples that could not be read, for each network that was seen."""
        for metric in self._metrics.values():
            metric.miss(batch)

    def state(self) -> dict[str, Any]:
        """Return everything counted by network, for the `merge` of another process."""
        return {name: metric.state() for name, metric in self._metrics.items()}

    def merge(self, state: Mapping[str, Any]) -> None:
        """Add what another process counted on other samples."""
        for name, one in state.items():
            self._metric(name).merge(one)

    def get_metric(self) -> dict[str, float]:
        """Return the figures of everything counted, and begin again."""
        figures: dict[str, float] = {}
        for name, metric in self._metrics.items():
            figures.update(self._named(name, metric.get_metric()))
        return figures

    def reset(self) -> None:
        """Forget everything counted."""
        self._metrics: dict[str, Any] = {}

    def explain(self) -> str:
        """Return in words what was counted last, by network."""
        return "; ".join(f"{name}: {metric.explain()}" for name, metric in self._metrics.items())

    def _metric(self, name: str) -> Any:
        """Return the metric of a network, a new one when it is seen for the first time."""
        if name not in self._metrics:
            self._metrics[name] = self._new()
        return self._metrics[name]

    def _new(self) -> Any:
        metric = self._base(**self._settings)
        if self._charset is not None and isinstance(metric, RecMetric):
            metric.compare_with(self._charset)
        return metric

    def _named(self, name: str, figures: Mapping[str, float]) -> dict[str, float]:
        if name == self.key:
            return dict(figures)
        return {f"{name}_{figure}": value for figure, value in figures.items()}
