"""A second set that must not get worse while a model is fine-tuned on other data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ppocr.config import Section, as_section, signatures
from ppocr.config.errors import ConfigError, demand
from ppocr.config.schema import match
from ppocr.pipeline import fixed
from ppocr.pipeline.fixed import Retention as Options
from ppocr.training.hooks import Hook
from ppocr.training.state import TrainState
from ppocr.utils.logs import get_logger

KEY = "retention"
ACTIONS = ("warn", "stop")
Evaluation = Callable[[int], dict[str, Any] | None]


class Retention(Hook):
    """Evaluates both sets: callable like an evaluator, with ``retention_...`` among its figures.

    What the second set gave when the run began is measured before the first step and kept with
    the run; ``retention_drop`` is how much has been lost since. Beyond ``max_drop`` a warning is
    given, or the run is stopped. Stands after the hook that evaluates.
    """

    def __init__(
        self,
        state: TrainState,
        evaluate: Evaluation,
        retained: Evaluation,
        indicator: str,
        options: Options,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.state, self.evaluate, self.retained = state, evaluate, retained
        self.indicator, self.options, self.close = indicator, options, close
        self._over = ""

    def __call__(self, epoch: int) -> dict[str, Any] | None:
        """Return the figures of the evaluation set with those of the second; None if broken off."""
        found = self.evaluate(epoch)
        kept = self.retained(epoch) if found is not None else None
        if found is None or kept is None:
            return None
        figures = {f"retention_{self.indicator}": kept[self.indicator]}
        first = self.state.extra.get(KEY)
        if first is not None:
            figures["retention_drop"] = first[self.indicator] - kept[self.indicator]
            self._judge(first, float(kept[self.indicator]))
        return {**found, **figures, "retention_evaluated": kept["evaluated"]}

    def start(self, state: TrainState) -> None:
        if KEY in state.extra:
            return
        found = self.retained(state.epoch)
        if found is None:
            get_logger().warning("retention: broken off before the first figure was known")
            return
        state.extra[KEY] = {self.indicator: float(found[self.indicator]), "step": state.step}
        get_logger().info(
            "retention: %s is %s at step %d, on %d samples",
            self.indicator,
            found[self.indicator],
            state.step,
            found["evaluated"],
        )

    def stepped(self, state: TrainState, batch: Mapping[str, Any], news: dict[str, Any]) -> None:
        self._stop_if_over(state)

    def epoch_done(self, state: TrainState) -> None:
        self._stop_if_over(state)

    def stop(self, state: TrainState) -> None:
        self.close()

    def _judge(self, first: Mapping[str, Any], now: float) -> None:
        lost = first[self.indicator] - now
        self._over = ""
        if lost <= self.options.max_drop:
            return
        self._over = (
            f"retention: {self.indicator} fell from {first[self.indicator]:.4f} at step "
            f"{first['step']} to {now:.4f}, more than max_drop = {self.options.max_drop:g}"
        )
        then = "the run is stopped" if self.options.action == "stop" else "training goes on"
        remedy = "mix some of the old data in, or lower the learning rate"
        get_logger().warning("%s: %s; %s", self._over, then, remedy)

    def _stop_if_over(self, state: TrainState) -> None:
        """All ranks have the same figures at the same step, so they stop together."""
        evaluated_now = state.extra.get("evaluated") == state.step
        if self._over and self.options.action == "stop" and evaluated_now:
            state.stop_reason = self._over


def options(config: Mapping[str, Any]) -> Options | None:
    """Return the typed section ``Eval.retention``; None if there is none."""
    section = as_section(config["Eval"]).get(KEY)
    if section is None:
        return None
    result = match(signatures.need(fixed.__name__, Options.__name__), as_section(section))
    demand(result.problems)
    found = Options(**result.arguments)
    if found.action not in ACTIONS:
        raise ConfigError(f"Eval.retention.action is one of {', '.join(ACTIONS)}: {found.action}")
    if found.max_drop < 0:
        raise ConfigError(f"Eval.retention.max_drop may not be negative: {found.max_drop}")
    return found


def section_of(config: Mapping[str, Any], options: Options) -> Section:
    """Return the config whose Eval section reads the second set, prepared like the first."""
    valid = as_section(config["Eval"])
    dataset = {**valid["dataset"], "data_dir": options.data_dir}
    dataset.pop("ratio_list", None)
    if options.label_file_list is not None:
        dataset["label_file_list"] = options.label_file_list
    changed = {key: value for key, value in valid.items() if key != KEY}
    return as_section({**config, "Eval": {**changed, "dataset": dataset}})
