"""From the path of an exported model to something that reads images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ppocr.backends.base import Backend, Options
from ppocr.backends.open import find_graph, open_backend
from ppocr.pipeline import legacy, store
from ppocr.pipeline.runner import DEFAULT_BATCH_SIZE, Runner
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils.exits import UsageError

Change = Callable[[PipelineSpec, str], PipelineSpec]


def open_runner(
    path: str | Path,
    options: Options | None = None,
    engine: str = "auto",
    *,
    task: str | None = None,
    flags: Mapping[str, Any] | None = None,
    change: Change | None = None,
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Runner:
    """Return a runner over an exported model, prepared as the model was exported.

    ``task`` is what the caller expects: another kind of model is a UsageError. It and ``flags``
    (the original's names, None: not given) are all there is for exports without any description.
    ``change`` gets the spec and the name of its source, and returns what is to be used instead.
    """
    graph = find_graph(path, engine)
    described = store.has_description(graph)
    spec, source = read_spec(graph, task, flags or {})
    if task is not None and spec.task != task:
        raise UsageError(f"{path} is a {spec.task} model ({source}), a {task} model is needed here")
    if change is not None:
        spec = change(spec, source)
    backend: Backend = open_backend(graph, options, engine)
    settled = legacy.settle(spec, backend, described)
    return Runner(settled, backend, batch_size=batch_size)


def read_spec(graph: Path, task: str | None, flags: Mapping[str, Any]) -> tuple[PipelineSpec, str]:
    """Return the spec of a graph file and where it came from."""
    if store.has_description(graph):
        spec = store.read(graph)
        return spec, store.DESCRIPTION
    return legacy.from_flags(task or "", flags, str(graph)), "the original's defaults"
