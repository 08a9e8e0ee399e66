"""A list of augmenters from the config, applied to image and polygons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ppocr.config import ConfigError, Problem, Section, as_section
from ppocr.config.errors import NOWHERE
from ppocr.transforms import AUGMENTERS
from ppocr.transforms.base import Compose, Sample

DEFAULT_AUGMENTERS = (
    {"type": "Fliplr", "args": {"p": 0.5}},
    {"type": "Affine", "args": {"rotate": [-10, 10]}},
    {"type": "Resize", "args": {"size": [0.5, 3.0]}},
)


class IaaAugment:
    """Applies ``augmenter_args``, a list of {type: Name, args: {...}}, one after the other.

    An entry may also be a list [Name, value, ...] with the arguments in order. Names and
    arguments are those of imgaug; a list [low, high] is a range. Polygons move with the
    image. Without a list: mirrored half of the time, rotated by up to 10 degrees, scaled by
    0.5 to 3. Movements are carried out as one warp.
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ()
    touches: ClassVar[str] = "pixels"
    parts: ClassVar[dict[str, str]] = {"augmenter_args": "Augmenter"}

    def __init__(self, augmenter_args: Sequence[Any] | None = None) -> None:
        given = DEFAULT_AUGMENTERS if augmenter_args is None else augmenter_args
        problems: list[Problem] = []
        steps: list[Any] = []
        for entry in given:
            try:
                steps.append(AUGMENTERS.build(augmenter_section(entry)))
            except ConfigError as error:
                problems.extend(error.problems)
        if problems:
            raise ConfigError(problems)
        self.steps = tuple(steps)
        self._all = Compose(self.steps)

    def __call__(self, sample: Sample) -> Sample:
        return self._all(sample)


def augmenter_section(entry: Any) -> Section:
    """Return {type, args} or [Name, value, ...] as a section with a name."""
    if isinstance(entry, Mapping) and isinstance(entry.get("type"), str):
        place = getattr(entry, "place", NOWHERE)
        args = as_section(entry.get("args") or {}, place)
        section = Section({**args, "name": entry["type"]}, args.place)
        section.places = {**args.places, "name": place}
        section.origins, section.lenient = dict(args.origins), args.lenient
        unknown = sorted(str(key) for key in set(entry) - {"type", "args"})
        if unknown:
            text = f"an augmenter has 'type' and 'args', not '{unknown[0]}'"
            raise ConfigError(Problem(place, text))
        return section
    if isinstance(entry, Sequence) and not isinstance(entry, str) and entry:
        names = AUGMENTERS.signature(str(entry[0])).settings
        return Section({"name": str(entry[0]), **dict(zip(names, entry[1:], strict=False))})
    if isinstance(entry, str):
        return Section({"name": entry})
    raise ConfigError(f"an augmenter is {{type: Name, args: {{...}}}}, not {entry!r:.60}")
