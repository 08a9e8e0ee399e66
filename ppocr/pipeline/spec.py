"""The pipeline spec: everything between an image file and a result, except the weights.

It is made once from a config, carried by training and evaluation, written into every export and
read back by predict. Nothing else may decide how an image is prepared or an output is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from ppocr.utils.exits import UsageError

BatchPolicy = Literal["fixed", "own", "single"]
# which lines share a batch where nothing else decides it; others: one image at a time
POLICY: Mapping[str, BatchPolicy] = {"rec": "own", "cls": "fixed"}
# what is done to the boxes of a detector when predicting, see geometry/box.py
BOX_FILTER: Mapping[str, Any] = {"min_side_px": 3, "order": "angle"}


@dataclass(frozen=True, slots=True)
class OpSpec:
    """One step, as it would stand in a config. Its settings are plain values."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", plain(self.settings))

    def entry(self) -> dict[str, dict[str, Any]]:
        """Return the step as an entry of a transforms list: ``{name: settings}``."""
        return {self.name: plain(self.settings)}

    def section(self) -> dict[str, Any]:
        """Return the step as a section with a name: ``{"name": name, ...settings}``."""
        return {"name": self.name, **plain(self.settings)}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One array the network takes. -1 is an axis that may vary."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(size) for size in self.shape))


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """How images become network inputs, and network outputs results.

    ``pre`` runs in order on one image, ``post`` on one batch of outputs. ``inputs`` and
    ``outputs`` are in the order of the exported graph. ``batch`` is the policy by which lines
    share a batch: ``fixed`` (all of the shape trained with), ``own`` (a line wider than that keeps
    its own width, only equal widths share a batch) or ``single``. ``characters`` are the lines of
    the dictionary; what the codec adds to them follows from ``specials``: ``use_space_char``,
    ``reverse``, ``classes`` (how many the network tells apart) and, for detection,
    ``box_filter`` (what is done to boxes after the post-process when predicting).
    """

    task: str
    pre: tuple[OpSpec, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[str, ...]
    post: OpSpec
    batch: BatchPolicy
    characters: tuple[str, ...] = ()
    specials: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("pre", "inputs", "outputs", "characters"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "specials", plain(self.specials))

    def op(self, name: str) -> OpSpec | None:
        """Return the step of that name, or None."""
        return next((op for op in self.pre if op.name == name), None)

    def with_op(self, name: str, settings: Mapping[str, Any], keep: bool = True) -> PipelineSpec:
        """Return a spec whose step ``name`` has these settings (``keep``: beside its others)."""
        old = self.op(name)
        if old is None:
            steps = ", ".join(op.name for op in self.pre)
            raise UsageError(f"this model has no step {name} (it has {steps})")
        new = OpSpec(name, {**(old.settings if keep else {}), **settings})
        return replace(self, pre=tuple(new if op is old else op for op in self.pre))

    def with_post(self, **settings: Any) -> PipelineSpec:
        """Return a spec with other settings of the post-process."""
        return replace(self, post=OpSpec(self.post.name, {**self.post.settings, **settings}))

    def with_batch(self, policy: BatchPolicy) -> PipelineSpec:
        """Return a spec with another batch policy."""
        return replace(self, batch=policy)


def plain(value: Any) -> Any:
    """Return a copy made of dicts, lists and scalars only, so that equal specs compare equal."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        return value.item()
    return value


def differences(ours: PipelineSpec, theirs: PipelineSpec) -> list[tuple[str, str]]:
    """Return (field, sentence) for everything in which two specs differ."""
    found = []
    for one in fields(PipelineSpec):
        left, right = getattr(ours, one.name), getattr(theirs, one.name)
        if left == right:
            continue
        tell = _TELL.get(one.name, _tell_values)
        found += [(one.name, sentence) for sentence in tell(one.name, left, right)]
    return found


def _tell_values(name: str, left: Any, right: Any) -> list[str]:
    return [f"{name}: {left} and {right}"]


def _tell_ops(name: str, left: tuple[OpSpec, ...], right: tuple[OpSpec, ...]) -> list[str]:
    names = [op.name for op in left], [op.name for op in right]
    if names[0] != names[1]:
        return [f"steps: {', '.join(names[0])} and {', '.join(names[1])}"]
    told = []
    for one, other in zip(left, right, strict=True):
        told += _tell_settings(one.name, one.settings, other.settings)
    return told


def _tell_op(name: str, left: OpSpec, right: OpSpec) -> list[str]:
    if left.name != right.name:
        return [f"post-process: {left.name} and {right.name}"]
    return _tell_settings(left.name, left.settings, right.settings)


def _tell_settings(name: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    keys = [key for key in {**left, **right} if left.get(key, _NO) != right.get(key, _NO)]
    return [f"{name}.{key}: {left.get(key, _NO)} and {right.get(key, _NO)}" for key in keys]


def _tell_characters(name: str, left: tuple[str, ...], right: tuple[str, ...]) -> list[str]:
    longest = max(len(left), len(right))
    padded = [(*one, *[_NO] * (longest - len(one))) for one in (left, right)]
    first = next(i for i in range(longest) if padded[0][i] != padded[1][i])
    one, other = padded[0][first], padded[1][first]
    return [
        f"dictionary: {len(left)} and {len(right)} characters, "
        f"the first that differs is number {first + 1}: {one!r} and {other!r}"
    ]


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


_NO = _Nothing()
_TELL = {
    "pre": _tell_ops,
    "post": _tell_op,
    "characters": _tell_characters,
    "specials": lambda name, left, right: _tell_settings(name, left, right),
}
