"""Which characters weights were trained with, where a config may have others by now.

Weights hold rows of classes and no characters. Where those were written down, in this order:
in the ``.states`` of the checkpoint, or the notes of the ``.safetensors``; in an ``inference.yml``
beside the weights; by ``Global.pretrained_character_dict_path``; by the ``config.yml`` of the run
that made them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ppocr.config as configs
from ppocr.backends.digests import DESCRIPTION
from ppocr.config.general import offers
from ppocr.config.section import as_section
from ppocr.pipeline.spec import PipelineSpec
from ppocr.postprocess import POSTPROCESSES
from ppocr.text.charset import Charset
from ppocr.utils import checkpoints, pickles, safetensors_file
from ppocr.utils.exits import OcrError
from ppocr.utils.logs import get_logger
from ppocr.utils.yaml_files import read_yaml

KEY = "dictionary"  # in .states: settings from which a decoder makes the very same classes
RUN_CONFIG = "config.yml"
GIVEN = "pretrained_character_dict_path"
Pair = tuple[tuple[str, ...], tuple[str, ...]]


def record(spec: PipelineSpec) -> dict[str, Any]:
    """Return what a checkpoint keeps of its characters, {} where a model has none."""
    if not spec.characters:
        return {}
    added = bool(spec.specials.get("use_space_char", False))
    return {KEY: {"character_dict": list(spec.characters), "use_space_char": added}}


def noted_with(params: Path) -> dict[str, Any]:
    """Return what ``record`` gave when these weights were saved, {} if that is not kept."""
    states = params.resolve().with_suffix(checkpoints.STATES)
    kept: Any = {}
    if params.suffix == checkpoints.SAFETENSORS:
        _, notes = safetensors_file.read(params)
        with contextlib.suppress(ValueError, RecursionError):  # another program's note, not ours
            kept = {KEY: json.loads(notes.get(KEY, "null"))}
    elif states.is_file():
        kept = pickles.read(states)
    kept = kept.get(KEY) if isinstance(kept, Mapping) else None
    is_whole = isinstance(kept, Mapping) and {"character_dict", "use_space_char"} <= kept.keys()
    return {KEY: kept} if is_whole else {}


def dictionaries(config: Mapping[str, Any], path: str | Path) -> Pair | None:
    """Return the characters of the weights at ``path`` and those of a config where they differ.

    None means that they are the same, that the model has no characters, or that nothing is
    known about those of the weights. An added space counts as a character.
    """
    now = charset(config)
    if now is None:
        return None
    found = checkpoints.find(path, weights_only=True)
    general = config.get("Global") or {}
    for source, known in _known(found, path, general.get(GIVEN), now.space_added):
        if known.characters == now.characters:
            return None
        get_logger().info(
            "%s was trained with %d characters (%s), the config has %d",
            found.params,
            len(known),
            source,
            len(now),
        )
        return known.characters, now.characters
    return None


def charset(config: Mapping[str, Any]) -> Charset | None:
    """Return the characters that the decoder of a config knows, None where it decodes no text."""
    section = config.get("PostProcess")
    if not isinstance(section, Mapping) or not section.get("name"):
        return None
    model_type = (config.get("Architecture") or {}).get("model_type")
    post = POSTPROCESSES.build(as_section(section), str(model_type), offers(config))
    return getattr(post, "charset", None)


def _known(
    found: checkpoints.Found, path: str | Path, given: str | None, space_added: bool
) -> Iterator[tuple[str, Charset]]:
    """Yield what is known of the characters of weights, the surest first, with its source."""
    if noted := noted_with(found.params):
        kept = noted[KEY]
        yield "kept with it", Charset.of(kept["character_dict"], bool(kept["use_space_char"]))
    folders = list(dict.fromkeys((checkpoints.strip(path).parent, found.params.parent)))
    for folder in folders:
        if (folder / DESCRIPTION).is_file() and (noted := _described(folder / DESCRIPTION)):
            yield DESCRIPTION, noted
    if given:
        yield f"Global.{GIVEN}", Charset.read(given, space_added)
    for folder in folders:
        if (folder / RUN_CONFIG).is_file() and (noted := _configured(folder / RUN_CONFIG)):
            yield RUN_CONFIG, noted


def _described(path: Path) -> Charset | None:
    """Return the characters of an ``inference.yml``, ours or an official one."""
    content = read_yaml(path)
    post = content.get("PostProcess") if isinstance(content, Mapping) else None
    lines = post.get("character_dict") if isinstance(post, Mapping) else None
    if not isinstance(lines, list):
        return None
    specials = (content.get("Pipeline") or {}).get("specials") or {}
    return Charset.of(map(str, lines), bool(specials.get("use_space_char", False)))


def _configured(path: Path) -> Charset | None:
    """Return the characters that a run's config leads to, if its dictionary is still there."""
    try:
        return charset(configs.load(path))
    except OcrError as error:
        get_logger().warning("%s does not say which characters were trained: %s", path, error)
        return None
