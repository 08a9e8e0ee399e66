"""Least and greatest values of settings, where a number beyond them makes no sense.

Types are stated by constructors; what a number may be is stated here, by the name of the setting
and of what takes it, or for all that take a setting of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY = ""  # whatever takes a setting of that name


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number may be; of a list each. ``count``: how many numbers the list has."""

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    count: int | None = None

    def holds(self, value: Any) -> bool:
        """Return whether a value keeps to it; what is neither number nor list does."""
        if isinstance(value, list | tuple):
            return self.count in (None, len(value)) and all(map(self.holds, value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        words = {
            "at least": self.least,
            "above": self.above,
            "at most": self.most,
            "below": self.below,
        }
        said = " and ".join(f"{word} {one:g}" for word, one in words.items() if one is not None)
        return said if self.count is None else f"{self.count} numbers, each {said}"


FROM_ZERO, FROM_ONE, POSITIVE = Bounds(least=0), Bounds(least=1), Bounds(above=0)
SHARE, DECAY = Bounds(least=0, most=1), Bounds(least=0, below=1)
SHAPE = Bounds(least=1, count=3)  # channels, height, width

BOUNDS: Mapping[tuple[str, str], Bounds] = {
    ("Global", "epoch_num"): FROM_ONE,
    ("Global", "print_batch_step"): FROM_ZERO,
    ("Global", "save_epoch_step"): FROM_ZERO,
    ("Global", "eval_batch_step"): FROM_ZERO,
    ("Global", "eval_batch_epoch"): FROM_ZERO,
    ("Global", "log_smooth_window"): FROM_ONE,
    ("Global", "calc_epoch_interval"): FROM_ONE,
    ("Global", "accumulate_steps"): FROM_ONE,
    ("Global", "seed"): Bounds(least=0, below=2**32),
    ("Global", "max_hours"): POSITIVE,
    ("Global", "max_bad_ratio"): SHARE,
    ("Global", "scale_loss"): POSITIVE,
    ("Global", "ema_decay"): DECAY,
    (ANY, "max_text_length"): FROM_ONE,
    (ANY, "batch_size_per_card"): FROM_ONE,
    (ANY, "num_workers"): FROM_ZERO,
    (ANY, "stall_s"): POSITIVE,
    (ANY, "rank_stall_s"): POSITIVE,
    (ANY, "learning_rate"): FROM_ZERO,
    (ANY, "max_lr"): FROM_ZERO,
    (ANY, "end_lr"): FROM_ZERO,
    (ANY, "warmup_epoch"): FROM_ZERO,
    ("Piecewise", "values"): FROM_ZERO,
    ("L1", "factor"): FROM_ZERO,
    ("L2", "factor"): FROM_ZERO,
    (ANY, "weight_decay"): FROM_ZERO,
    (ANY, "beta1"): DECAY,
    (ANY, "beta2"): DECAY,
    (ANY, "momentum"): FROM_ZERO,
    (ANY, "clip_norm"): POSITIVE,
    (ANY, "clip_norm_global"): POSITIVE,
    ("DBPostProcess", "thresh"): SHARE,
    ("DBPostProcess", "box_thresh"): SHARE,
    ("DBPostProcess", "unclip_ratio"): FROM_ZERO,
    ("DBPostProcess", "max_candidates"): FROM_ONE,
    ("DistillationDBPostProcess", "thresh"): SHARE,
    ("DistillationDBPostProcess", "box_thresh"): SHARE,
    ("DistillationDBPostProcess", "unclip_ratio"): FROM_ZERO,
    ("DetResizeForTest", "limit_side_len"): FROM_ONE,
    ("EastRandomCropData", "size"): FROM_ONE,
    ("MakeBorderMap", "shrink_ratio"): SHARE,
    ("MakeShrinkMap", "shrink_ratio"): SHARE,
    ("RecResizeImg", "image_shape"): SHAPE,
    ("SVTRRecResizeImg", "image_shape"): SHAPE,
    ("ClsResizeImg", "image_shape"): SHAPE,
}
PROBABILITY = ("prob", "_prob")  # endings of settings that are one, whatever takes them


def beyond(owner: str, key: str, value: Any) -> str:
    """Return what a number should be when it makes no sense, or an empty string."""
    found = BOUNDS.get((owner, key)) or BOUNDS.get((ANY, key))
    if found is None and (key == PROBABILITY[0] or key.endswith(PROBABILITY[1])):
        found = SHARE
    return "" if found is None or found.holds(value) else str(found)
