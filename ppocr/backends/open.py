"""Which engine runs which file."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from ppocr.backends import digests
from ppocr.backends.base import GRAPH_STEM, Backend, Options, load_engine
from ppocr.utils.exits import MissingInput, UsageError

# engine -> (module and class, endings it reads)
ENGINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "paddle": ("ppocr.backends.paddle:PaddleInference", (".json", ".pdmodel")),
    "onnxruntime": ("ppocr.backends.onnx:Onnx", (".onnx",)),
    "openvino": ("ppocr.backends.openvino:OpenVINO", (".onnx", ".pdmodel", ".xml")),
}
PACKAGES = {"paddle": "paddlepaddle", "onnxruntime": "onnxruntime", "openvino": "openvino"}
ALIASES = {"onnx": "onnxruntime", "ort": "onnxruntime", "paddle_inference": "paddle"}
WEIGHTS = {".json": ".pdiparams", ".pdmodel": ".pdiparams", ".xml": ".bin"}
ORDER = (".json", ".pdmodel", ".onnx", ".xml")  # of preference in a folder


def open_backend(path: str | Path, options: Options | None = None, engine: str = "auto") -> Backend:
    """Return the opened model of a folder or a graph file.

    ``auto`` takes the file it finds: ``inference.json``, ``.pdmodel``, ``.onnx`` or ``.xml`` in
    that order. Weights and graph are compared with the digests in ``inference.yml`` first: a
    DataError (65) says which file is not the exported one, a MissingInput (66) which is missing.
    """
    options = options or Options()
    chosen = engine_name(engine)
    graph = find_graph(path, chosen)
    if chosen == "auto":
        chosen = next(name for name, (_, endings) in ENGINES.items() if graph.suffix in endings)
    target, endings = ENGINES[chosen]
    if graph.suffix not in endings:
        raise UsageError(f"{chosen} reads {' and '.join(endings)}, not {graph.name}")
    digests.verify(files_of(graph), digests.recorded(graph.parent))
    module, _, name = target.partition(":")
    return getattr(load_engine(module, PACKAGES[chosen]), name)(graph, options)


def engine_name(given: str) -> str:
    """Return the name of an engine, or a UsageError that lists them; ``auto`` stays."""
    chosen = ALIASES.get(given, given)
    if chosen != "auto" and chosen not in ENGINES:
        raise UsageError(f"no engine called {given!r}; there are auto, {', '.join(ENGINES)}")
    return chosen


def find_graph(path: str | Path, engine: str = "auto") -> Path:
    """Return the graph file at ``path``: itself, ``path`` + ending, or the one in that folder."""
    given, engine = Path(path), engine_name(engine)
    endings = ORDER if engine == "auto" else ENGINES[engine][1]
    if given.is_file():
        if given.suffix not in ORDER:
            raise UsageError(f"{given} is not a model; endings are {', '.join(ORDER)}")
        return given
    if not given.is_dir():
        stem = next((given.with_name(given.name + one) for one in endings), given)
        for ending in endings:
            candidate = given.with_name(given.name + ending)
            if candidate.is_file():
                return candidate
        raise MissingInput(f"no such model: {given} (neither a folder, nor a file, nor {stem})")
    for stem in (GRAPH_STEM, "model"):
        for ending in sorted(endings, key=ORDER.index):
            if (given / f"{stem}{ending}").is_file():
                return given / f"{stem}{ending}"
    found = ", ".join(sorted(one.name for one in given.iterdir())[:10]) or "nothing"
    wanted = " or ".join(f"{GRAPH_STEM}{ending}" for ending in sorted(endings, key=ORDER.index))
    raise MissingInput(f"no {wanted} in {given} (it holds {found})")


def files_of(graph: Path) -> list[Path]:
    """Return every file that makes up a model: the graph, and its weights if they are apart."""
    weights = WEIGHTS.get(graph.suffix)
    return [graph, graph.with_suffix(weights)] if weights else [graph]


def is_installed(engine: str) -> bool:
    """Return whether the package of an engine can be found here, without importing it."""
    return (
        importlib.util.find_spec("paddle" if engine == "paddle" else PACKAGES[engine]) is not None
    )
