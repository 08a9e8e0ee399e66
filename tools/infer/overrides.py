"""Flags given by hand, applied to a pipeline spec: a new spec, and one log line for each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ppocr.pipeline.spec import OpSpec, PipelineSpec
from ppocr.postprocess import POSTPROCESSES
from ppocr.text.charset import Charset
from ppocr.utils.exits import UsageError
from ppocr.utils.logs import get_logger
from tools.infer.arguments import Arguments
from tools.infer.flags import FLAGS, Flag

# giving a side length to a page resize that works another way replaces that way
OTHER_RESIZES = ("image_shape", "keep_ratio", "resize_long")
DEFAULT_LIMITS = {"limit_side_len": 736, "limit_type": "min"}


def with_flags(spec: PipelineSpec, source: str, *, stage: str, given: Arguments) -> PipelineSpec:
    """Return the spec with every flag of this stage that was given; ``source`` is where it is from.

    A UsageError says when a flag cannot be obeyed by the exported graph.
    """
    for name, value in given.given.items():
        flag = FLAGS[name]
        if flag.destination == "spec" and flag.stage == stage:
            spec = _applied(spec, flag, value, source)
    return spec


def _applied(spec: PipelineSpec, flag: Flag, value: Any, source: str) -> PipelineSpec:
    place = flag.place.partition(":")[2]
    part, _, rest = place.partition(".")
    return PARTS[part](spec, flag, rest, value, source)


def _pre(spec: PipelineSpec, flag: Flag, rest: str, value: Any, source: str) -> PipelineSpec:
    name, _, key = rest.partition(".")
    for number, op in enumerate(spec.pre):
        if op.name == name or (name == "*" and key in op.settings):
            changed = _set(op, flag, key, value, source)
            pre = (*spec.pre[:number], changed, *spec.pre[number + 1 :])
            _check_shape(spec, flag, key, value)
            return replace(spec, pre=pre)
    steps = ", ".join(op.name for op in spec.pre)
    get_logger().info("--%s changes nothing: this model prepares images by %s", flag.name, steps)
    return spec


def _post(spec: PipelineSpec, flag: Flag, rest: str, value: Any, source: str) -> PipelineSpec:
    name, _, key = rest.partition(".")
    known = POSTPROCESSES.signature(spec.post.name).settings
    if name not in ("*", spec.post.name) or key not in known:
        get_logger().info(
            "--%s changes nothing: this model is decoded by %s", flag.name, spec.post.name
        )
        return spec
    return replace(spec, post=_set(spec.post, flag, key, value, source))


def _set(op: OpSpec, flag: Flag, key: str, value: Any, source: str) -> OpSpec:
    """Return the step with one setting changed, and say so if it differs."""
    settings = dict(op.settings)
    if key in DEFAULT_LIMITS:
        removed = {other: settings.pop(other) for other in OTHER_RESIZES if settings.get(other)}
        told = ", ".join(f"{other} {old}" for other, old in removed.items())
        before = told or settings.get(key, DEFAULT_LIMITS[key])
        settings.setdefault("limit_side_len", DEFAULT_LIMITS["limit_side_len"])
    else:
        before = settings.get(key, "the default")
    settings[key] = value
    if before != value:
        say_replaced(flag, value, before, source)
    return replace(op, settings=settings)


def _characters(spec: PipelineSpec, flag: Flag, _: str, value: Any, source: str) -> PipelineSpec:
    listed = Charset.read(value, use_space_char=False).characters
    if len(listed) != len(spec.characters):
        raise UsageError(
            f"--{flag.name} {value} has {len(listed)} characters, the exported model was trained "
            f"with {len(spec.characters)}: every text would be wrong"
        )
    if listed != spec.characters:
        differing = sum(one != other for one, other in zip(listed, spec.characters, strict=True))
        get_logger().warning(
            "--%s %s replaces the characters from %s; %d of %d differ: texts will be read "
            "with other characters than the model was trained with",
            flag.name,
            value,
            source,
            differing,
            len(listed),
        )
    return replace(spec, characters=tuple(listed))


def _specials(spec: PipelineSpec, flag: Flag, key: str, value: Any, source: str) -> PipelineSpec:
    before = spec.specials.get(key, False)
    if before == value:
        return spec
    if "classes" not in spec.specials:  # nobody knows: the network's classes will tell
        return replace(spec, specials={**spec.specials, key: value})
    raise UsageError(
        f"--{flag.name} {value}: the model was trained with {key} {before} ({source}), "
        "and changing it would shift its classes"
    )


def _check_shape(spec: PipelineSpec, flag: Flag, key: str, value: Any) -> None:
    """Raise if the graph cannot take an image of the shape asked for."""
    if key != "image_shape":
        return
    if len(value) != 3:
        raise UsageError(f"--{flag.name} takes channels, height and width, as in 3,48,320")
    for name, axis, wanted in zip(
        ("channels", "height", "width"), spec.inputs[0].shape[1:], value, strict=True
    ):
        if axis not in (-1, wanted):
            raise UsageError(
                f"--{flag.name} asks for {name} {wanted}, the exported model takes {axis}; "
                "leave the flag out, or train and export with that shape"
            )


def say_replaced(flag: Flag, value: Any, before: Any, source: str) -> None:
    """Log the line that makes an override visible."""
    get_logger().info("%s %s replaces %s from %s", flag.name, value, before, source)


PARTS: dict[str, Callable[[PipelineSpec, Flag, str, Any, str], PipelineSpec]] = {
    "pre": _pre,
    "post": _post,
    "characters": _characters,
    "specials": _specials,
}
