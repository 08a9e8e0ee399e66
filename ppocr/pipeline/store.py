"""The pipeline spec on disk: ``inference.yml`` beside a graph, and the metadata of an .onnx file.

The file has one home for each value. ``PostProcess`` and its ``character_dict`` are what both
PaddleOCR 3.x and this toolkit read. ``PreProcess`` is the spelling PaddleOCR 3.x understands of
``Pipeline.pre``, which is complete; where the two say different things the file is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ppocr.backends.digests import DESCRIPTION
from ppocr.backends.onnx import read_metadata
from ppocr.pipeline import legacy, official
from ppocr.pipeline.spec import OpSpec, PipelineSpec, TensorSpec, plain
from ppocr.utils import files
from ppocr.utils.exits import DataError, MissingInput
from ppocr.utils.yaml_files import parse_yaml, read_yaml

VERSION = 1
METADATA_KEY = "ppocr.pipeline"
CHARACTERS_KEY = "character"
POLICIES = ("fixed", "own", "single")


@dataclass(frozen=True, slots=True)
class Stored:
    """A spec that was read, where from, and what is wrong with the file all the same."""

    spec: PipelineSpec
    source: str
    contradictions: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True  # False when it was made up from an official file without Pipeline


def write(
    folder: str | Path,
    spec: PipelineSpec,
    sha256: Mapping[str, str] | None = None,
    model_name: str | None = None,
) -> Path:
    """Write ``inference.yml`` into ``folder`` and return its path."""
    path = Path(folder) / DESCRIPTION
    with files.atomic_write(path, "w") as file:
        file.write(to_text(spec, sha256, model_name))
    return path


def to_text(
    spec: PipelineSpec, sha256: Mapping[str, str] | None = None, model_name: str | None = None
) -> str:
    """Return the text of ``inference.yml`` for a spec; ``sha256`` maps file names to digests."""
    spelled = official.transform_ops(spec)
    # an entry that says the same in both places is written once, and aliased: one home
    steps = [next((one for one in spelled if _says(one, op)), op.entry()) for op in spec.pre]
    pipeline: dict[str, Any] = {
        "version": VERSION,
        "task": spec.task,
        "batch": spec.batch,
        "pre": steps,
        "inputs": [
            {"name": one.name, "dtype": one.dtype, "shape": list(one.shape)} for one in spec.inputs
        ],
        "outputs": list(spec.outputs),
        "specials": plain(spec.specials),
    }
    if sha256:
        pipeline["sha256"] = dict(sha256)
    content: dict[str, Any] = {"Global": {"model_name": official.model_name(spec, model_name)}}
    hpi = official.hpi(spec)
    if hpi is not None:
        content["Hpi"] = hpi
    content["PreProcess"] = {"transform_ops": spelled}
    content["PostProcess"] = _quoted(official.post_process(spec))
    content["Pipeline"] = pipeline
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)


def _says(entry: Mapping[str, Any], op: OpSpec) -> bool:
    """Return whether an entry of ``PreProcess`` is this very step."""
    return op.name in entry and (entry[op.name] or {}) == op.settings


def metadata(
    spec: PipelineSpec, sha256: Mapping[str, str] | None = None, model_name: str | None = None
) -> dict[str, str]:
    """Return what an .onnx file carries: the same text, and the characters for RapidOCR."""
    found = {METADATA_KEY: to_text(spec, sha256, model_name)}
    if spec.characters:
        found[CHARACTERS_KEY] = "\n".join(spec.characters)
    return found


def read(path: str | Path) -> PipelineSpec:
    """Return the spec of an exported model: a folder, its ``inference.yml``, or a graph file.

    A DataError says where the file contradicts itself or what is missing in it, a MissingInput
    that there is no description at all (see :mod:`ppocr.pipeline.legacy`).
    """
    stored = inspect(path)
    if stored.contradictions:
        told = "; ".join(stored.contradictions)
        raise DataError(f"{stored.source} contradicts itself: {told}. Change both places, or none")
    return stored.spec


def inspect(path: str | Path) -> Stored:
    """Return the stored spec with what contradicts it, for those who report both."""
    found = describe(path)
    if found is None:
        raise MissingInput(f"{path} has no {DESCRIPTION} that says how images are prepared")
    content, source = found
    return from_content(content, source)


def has_description(path: str | Path) -> bool:
    """Return whether an exported model says how images are prepared."""
    return describe(path) is not None


def describe(path: str | Path) -> tuple[Any, str] | None:
    """Return the content of ``inference.yml`` or of the metadata of ``path``, and its name."""
    place = Path(path)
    beside = place / DESCRIPTION if place.is_dir() else place.with_name(DESCRIPTION)
    if place.suffix in (".yml", ".yaml"):
        return read_yaml(place), str(place)
    if beside.is_file():
        return read_yaml(beside), str(beside)
    graph = place
    if place.is_dir():
        graph = next(iter(sorted(place.glob("*.onnx"))), place)
    if graph.suffix == ".onnx" and graph.is_file():
        return in_metadata(graph, read_metadata(graph))
    return None


def in_metadata(graph: Path, carried: Mapping[str, str]) -> tuple[Any, str] | None:
    """Return the description in the texts inside an .onnx file and a name for it, None without."""
    text = carried.get(METADATA_KEY)
    if text is None:
        return None
    source = f"{graph} ({METADATA_KEY})"
    return parse_yaml(text, source), source


def from_content(content: Any, source: str) -> Stored:
    """Return the spec that the content of an ``inference.yml`` describes."""
    if not isinstance(content, Mapping):
        raise DataError(f"{source} is not a mapping of sections")
    pipeline = content.get("Pipeline")
    if pipeline is None:
        return Stored(legacy.from_official(content, source), source, complete=False)
    try:
        spec = _spec(content, pipeline)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{source}: the Pipeline section is damaged ({error!r})") from error
    if pipeline.get("version") != VERSION:
        raise DataError(
            f"{source}: Pipeline version {pipeline.get('version')} is not {VERSION}: "
            "this file was written by a newer release"
        )
    if spec.batch not in POLICIES:
        raise DataError(f"{source}: Pipeline.batch is {spec.batch!r}, not one of {POLICIES}")
    return Stored(
        spec, source, tuple(_contradictions(content, spec)), dict(pipeline.get("sha256") or {})
    )


def _spec(content: Mapping[str, Any], pipeline: Mapping[str, Any]) -> PipelineSpec:
    name, post = official.read_post(content["PostProcess"])
    characters = post.pop("character_dict", None) or ()
    return PipelineSpec(
        task=pipeline["task"],
        pre=tuple(_step(entry) for entry in pipeline["pre"]),
        inputs=tuple(
            TensorSpec(one["name"], one["dtype"], tuple(one["shape"])) for one in pipeline["inputs"]
        ),
        outputs=tuple(pipeline["outputs"]),
        post=OpSpec(str(name), post),
        batch=pipeline["batch"],
        characters=tuple(characters),
        specials=dict(pipeline.get("specials") or {}),
    )


def _step(entry: Mapping[str, Any]) -> OpSpec:
    ((name, settings),) = entry.items()
    return OpSpec(name, dict(settings or {}))


def _contradictions(content: Mapping[str, Any], spec: PipelineSpec) -> list[str]:
    """Return where ``PreProcess`` is not the spelling of ``Pipeline.pre``."""
    written = (content.get("PreProcess") or {}).get("transform_ops") or []
    expected = official.transform_ops(spec)
    names = [[name for one in entries for name in one] for entries in (written, expected)]
    if names[0] != names[1]:
        return [
            f"PreProcess has the steps {', '.join(names[0])}, Pipeline.pre {', '.join(names[1])}"
        ]
    told = []
    for one, other in zip(written, expected, strict=True):
        for name in one:
            there, here = one[name] or {}, other[name] or {}
            told += [
                f"{name}.{key} is {there.get(key)!r} by PreProcess, {here.get(key)!r} by Pipeline"
                for key in {**there, **here}
                if there.get(key) != here.get(key)
            ]
    return told


class _Quoted(str):
    """A text that is always quoted: a bare 1, yes or ~ would come back as another type."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Block mappings, one-line lists of numbers, quoted characters."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        """Return a list on one line if it holds numbers only."""
        short = all(isinstance(one, int | float) for one in sequence)
        return super().represent_sequence(tag, sequence, flow_style=short)


def _quoted(section: dict[str, Any]) -> dict[str, Any]:
    listed = section.get("character_dict")
    if listed is not None:
        section["character_dict"] = [_Quoted(one) for one in listed]
    return section


def _represent_quoted(dumper: yaml.SafeDumper, text: _Quoted) -> yaml.ScalarNode:
    plain_text = str(text)
    style = "'" if plain_text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", plain_text, style=style)


_Dumper.add_representer(_Quoted, _represent_quoted)
