"""The one-batch check: a network that cannot learn one batch by heart will not learn the rest.

The same batch is trained on again and again. If the loss does not fall far enough, what the batch,
the gradients and the course of the loss look like usually says why.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import numpy as np
import paddle
from tqdm import tqdm

from ppocr.metrics import build_metric
from ppocr.training import resume
from ppocr.training.rehearsal import rehearsed
from ppocr.training.settings import Settings
from ppocr.training.setup import Run
from ppocr.training.step import IMAGE
from ppocr.utils import dist
from ppocr.utils.exits import DataError, UsageError

WARM_STEPS = 10  # the highest rate of a schedule is not what random weights should meet first
USUAL_STEPS = 200  # in fewer a loss that has moved may have had no time for the rest
SETTLING = 50  # passes after which batch statistics have forgotten (momentum 0.9)
LAST = 5  # steps whose median is the loss at the end
GOALS = {"det": 0.5, "rec": 0.1, "cls": 0.2}  # part of the first loss that is far enough
GOAL_OF_TRAINED = 0.8  # weights that know much already have less to learn
# a network that gives blanks only has lost most of a high first loss and cannot read yet
CTC_PER_CHARACTER = 0.1  # nats
READ = 0.9  # part of the lines that read right: then a small first loss does not matter


@dataclass(frozen=True, slots=True)
class Course:
    """What was seen: losses by step, the one that is low enough, the rate, steps skipped and
    parameters without a gradient.
    """

    losses: list[float]
    enough: float
    rate: float
    skipped: int
    without_gradient: list[str]
    parameters: int

    @property
    def first(self) -> float:
        """The loss before anything was learnt."""
        return self.losses[0]

    @property
    def last(self) -> float:
        """The loss at the end."""
        return median(self.losses[-LAST:])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the batch was learnt, and the lines that say so and what is suspicious."""

    passed: bool
    lines: list[str]


def sanity(settings: Settings, steps: int) -> Verdict:
    """Return the verdict after at most ``steps`` steps on the first batch of training.

    The rate is the highest of the schedule. Ten steps in a row that are not finite are a Diverged,
    as in training.
    """
    if steps < WARM_STEPS:
        raise UsageError(f"--sanity needs at least {WARM_STEPS} steps, not {steps}")
    if dist.world_size() > 1:
        raise UsageError("--sanity is for one process: start it without the launcher")
    general = settings.general
    optimizer = settings.config["Optimizer"]
    rate = max(resume.rates(optimizer, general.epoch_num, general.epoch_num))
    weights = resume.checkpoint_to_resume(general, settings.folder) or general.pretrained_model
    begin = {"checkpoints": None, "pretrained_model": weights, "accumulate_steps": 1}
    with rehearsed(_at_constant_rate(settings, rate), begin) as run:
        batch = next(iter(run.loader.epoch(0)), None)
        if batch is None:
            raise DataError(f"the first batch is empty: {run.loader.reset().summary()}")
        kind = str(run.settings.config["Architecture"].get("model_type"))
        goal = GOAL_OF_TRAINED if weights else GOALS.get(kind, GOALS["det"])
        course = _trained(run, batch, steps, goal, _bound(run, batch))
        outputs, results = _read_back(run, batch)
        return _judged(course, batch, _about_batch(run, batch, outputs), results)


def _at_constant_rate(settings: Settings, rate: float) -> Settings:
    """Return the settings with a plain number as the learning rate."""
    config = copy(settings.config)
    config["Optimizer"] = copy(config["Optimizer"])
    config["Optimizer"]["lr"] = {"name": "Const", "learning_rate": rate}
    return replace(settings, config=config)


def _trained(run: Run, batch: Mapping[str, Any], steps: int, goal: float, bound: float) -> Course:
    """Return the course of the loss; it ends early when the goal is reached."""
    top = float(run.optimizer.get_lr())  # scaled to the batch, if the config asks for that
    losses: list[float] = []
    skipped = 0
    reached, hooks = _watch_gradients(run)
    names = [key for key, one in run.model.named_parameters() if one.trainable]
    for number in tqdm(range(steps), desc="one batch", disable=not sys.stderr.isatty()):
        run.optimizer.set_lr(top * min(1.0, (number + 1) / WARM_STEPS))
        losses.append(run.step(batch)["loss"])
        skipped += run.step.skipped
        for hook in hooks:
            hook.remove()
        hooks = []
        if number >= WARM_STEPS and median(losses[-LAST:]) <= min(goal * losses[0], bound):
            break
    return Course(
        losses,
        min(goal * losses[0], bound),
        top,
        skipped,
        [one for one in names if one not in reached],
        len(names),
    )


def _bound(run: Run, batch: Mapping[str, Any]) -> float:
    """Return what the loss must fall below whatever it was at first; CTC's is a sum over a line."""
    texts = batch.get("text") or []
    if not _is_ctc(run) or not any(texts):
        return math.inf
    return CTC_PER_CHARACTER * fmean(len(one) for one in texts)


def _is_ctc(run: Run) -> bool:
    return str((run.settings.config.get("PostProcess") or {}).get("name")).startswith("CTC")


def _watch_gradients(run: Run) -> tuple[set[str], list[Any]]:
    """Return the set that will hold the parameters that get a gradient, and hooks to remove."""
    reached: set[str] = set()

    def watched(key: str) -> Any:
        def seen(gradient: Any) -> None:
            if float(gradient.astype("float32").abs().max()) > 0:
                reached.add(key)

        return seen

    named = run.model.named_parameters()
    return reached, [one.register_hook(watched(key)) for key, one in named if one.trainable]


def _read_back(
    run: Run, batch: Mapping[str, Any]
) -> tuple[Mapping[str, np.ndarray], list[str] | None]:
    """Return the outputs for the batch in evaluation mode, and the texts if it is of lines."""
    names = [one.name for one in run.spec.inputs]
    if run.settings.config["Architecture"].get("model_type") != "rec" or "text" not in batch:
        return {}, None
    if any(not isinstance(batch.get(name), np.ndarray) for name in names):
        return {}, None
    tensors = run.step.tensors(batch)
    extra = {name: tensors[name] for name in run.step.model_reads}
    with paddle.no_grad():  # batch statistics are those of weights long gone: let them settle
        for _ in range(SETTLING):
            run.network(*([tensors[IMAGE], extra] if extra else [tensors[IMAGE]]))
    run.model.eval()
    outputs = run.runner.infer([tensors[name].numpy() for name in names])
    results = run.runner.decode(outputs, batch)
    metric = build_metric(run.settings.config["Metric"], run.runner.post)
    if hasattr(metric, "of"):  # of several networks the one that decides
        results = [metric.of(one)[1] for one in results]
    return outputs, [str(one[0]) for one in results]


def _about_batch(
    run: Run, batch: Mapping[str, Any], outputs: Mapping[str, np.ndarray]
) -> list[str]:
    """Return what is suspicious about the batch itself."""
    found = []
    images = np.asarray(batch["image"], np.float32)
    flat = int((images.reshape(len(images), -1).std(axis=1) == 0).sum())
    if flat:
        found.append(f"{flat} of {len(images)} images have one colour only")
    if "shrink_map" in batch and not np.asarray(batch["shrink_map"]).any():
        found.append("there is no text in the batch: every target map is empty")
    texts = [str(one) for one in batch.get("text", [])]
    empty = sum(not one for one in texts)
    if empty:
        found.append(f"{empty} of {len(texts)} labels are empty")
    if _is_ctc(run) and outputs:
        columns = next(iter(outputs.values())).shape[1]
        long = [one for one in texts if len(one) + _repeats(one) > columns]
        if long:
            found.append(
                f"{len(long)} of {len(texts)} labels are longer than the {columns} columns that "
                f"the network gives for this width, such as {long[0]!r}: a wider image_shape, or "
                "a smaller stride along the line"
            )
    return found


def _repeats(text: str) -> int:
    """Return how many characters equal the one before: CTC needs a column between them."""
    return sum(one == other for one, other in pairwise(text))


def _judged(
    course: Course,
    batch: Mapping[str, Any],
    about: Sequence[str],
    read: Sequence[str] | None,
) -> Verdict:
    right = None
    if read is not None:
        right = sum(one == text for one, text in zip(read, batch["text"], strict=True))
    learnt = course.first > 0 and course.last <= course.enough
    if right is not None and right >= READ * len(batch["text"]):
        learnt = True
    lines = [
        f"sanity: one batch of {len(batch['image'])} samples, {len(course.losses)} steps at rate "
        f"{course.rate:g}: loss {course.first:.4g} -> {course.last:.4g} "
        f"({100 * course.last / max(course.first, 1e-12):.0f} % of the first; "
        f"{course.enough:.4g} is low enough)"
    ]
    if right is not None:
        lines.append(f"in evaluation mode {right} of {len(batch['text'])} lines read right")
    lines.append("learnt: the loss and the gradients work" if learnt else "NOT learnt")
    if learnt and right == 0:
        about = [
            *about,
            "the loss is low, and evaluation mode reads nothing right: what the network does there "
            "is not what it was trained to do",
        ]
    course_and_results = [] if learnt else [*_about_course(course), *_about_results(read)]
    lines += [f"suspicious: {one}" for one in (*about, *course_and_results)]
    return Verdict(learnt, lines)


def _about_course(course: Course) -> list[str]:
    """Return what is suspicious about losses and gradients."""
    found = []
    lost = course.without_gradient
    if lost:
        found.append(
            f"no gradient reaches {len(lost)} of {course.parameters} parameters, such as {lost[0]}"
        )
    if course.skipped:
        found.append(f"{course.skipped} steps were not finite and changed nothing")
    if course.first == 0:
        return [*found, "the loss is 0 from the beginning: nothing in the batch can be learnt"]
    half = median(course.losses[len(course.losses) // 2 :][:LAST])
    if max(course.losses[WARM_STEPS:], default=0.0) > 1.5 * course.first:
        found.append(
            f"the loss rose: the rate of {course.rate:g} is too high, or gradients need "
            "Optimizer.clip_norm_global; try a tenth"
        )
    elif course.last > 0.98 * course.first:
        found.append(
            f"the loss did not move: the rate of {course.rate:g} may be too low, much of the "
            "network frozen, or the targets have nothing to do with the images"
        )
    elif course.last < 0.9 * half or (
        course.last < 0.9 * course.first and len(course.losses) < USUAL_STEPS
    ):
        found.append("the loss was still falling: try more steps (--sanity N) or a higher rate")
    else:
        found.append(
            f"the loss stands still at {course.last:.4g}: labels that contradict each other, "
            "strong dropout, or a network too small"
        )
    return found


def _about_results(read: Sequence[str] | None) -> list[str]:
    if not read:
        return []
    empty = sum(not one for one in read)
    if empty == len(read):
        return ["the network gives blanks only: it has not yet begun to read (see above)"]
    if len(set(read)) == 1 and len(read) > 1:
        return [f"the network reads {read[0]!r} in every image: it does not look at them"]
    return []
