"""From a built network to a graph on disk: ``inference.json`` or the legacy ``inference.pdmodel``.

``paddle.jit.save`` returns normally on a full disk and leaves truncated weights behind, so what it
wrote is read back (see ``written.py``), and later run and compared (see ``run.py``), before
anything counts as exported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paddle
from paddle import nn

from ppocr.backends.base import GRAPH_STEM
from ppocr.export import written
from ppocr.pipeline.spec import TensorSpec
from ppocr.utils.exits import DataError, StorageError

IMAGE_INPUT = "x"  # what PaddleX, RapidOCR and Paddle Lite scripts call the image
UNAVAILABLE = "(Unavailable)"  # how paddle begins what it says of a file that cannot be opened
UNTRACEABLE = (TypeError, ValueError, RuntimeError, NotImplementedError, AttributeError)


class Graph(nn.Layer):
    """A network as it is exported: inputs and outputs in the order of the spec.

    Its Python code runs once and what it computes is recorded. With ``converted`` paddle first
    rewrites the source of every layer, so that sizes of tensors may decide in Python what is
    computed; few networks need that, and it takes ten times as long.
    """

    def __init__(self, model: Any, names: Sequence[str], converted: bool = False) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(names)
        self.converted = converted

    def forward(self, image: Any, *others: Any) -> Any:
        data = dict(zip(self.names[1:], others, strict=True)) if others else None
        if self.converted:
            return _ordered(self.model, self.model(image, data))
        return _recorded(self.model, image, data)


@paddle.jit.not_to_static
def _recorded(model: Any, image: Any, data: Any) -> Any:
    return model.as_outputs(model(image, data))


@paddle.jit.not_to_static
def _ordered(model: Any, prediction: Any) -> Any:
    """Left out of the tracing: it only sorts Python containers."""
    return model.as_outputs(prediction)


def save(model: Any, inputs: Sequence[TensorSpec], folder: Path, pir: bool = True) -> Path:
    """Write the evaluation graph of a network into ``folder`` and return the graph file.

    A DataError says that paddle cannot trace the network in this format, a StorageError that the
    files did not arrive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = folder / f"{GRAPH_STEM}{'.json' if pir else '.pdmodel'}"
    with _format(pir):
        try:
            try:
                _trace(model, inputs, graph, converted=False)
            except UNTRACEABLE as error:
                _demand_written(error, folder)
                _trace(model, inputs, graph, converted=True)
        except OSError as error:
            raise StorageError(f"cannot write into {folder}: {error}") from error
        except UNTRACEABLE as error:
            _demand_written(error, folder)
            raise DataError(_cannot_trace(pir, error)) from error
    (folder / f"{GRAPH_STEM}.pdiparams.info").unlink(missing_ok=True)  # a pickle nobody reads
    return graph


def _trace(model: Any, inputs: Sequence[TensorSpec], path: Path, converted: bool) -> None:
    graph = Graph(model, [one.name for one in inputs], converted)
    graph.eval()
    traced = paddle.jit.to_static(graph, input_spec=_input_specs(inputs), full_graph=True)
    paddle.jit.save(traced, str(path.with_suffix("")))
    for one in (path, path.with_suffix(".pdiparams")):
        _flush(one)
    # buffers that are not kept in checkpoints are part of the graph too
    written.demand_whole(path, {one.name: one for one in graph.to_static_state_dict().values()})


def _demand_written(error: Exception, folder: Path) -> None:
    """Raise a StorageError if it is the file, not the network, that paddle could not cope with."""
    if UNAVAILABLE in str(error):
        lines = [line.strip() for line in str(error).splitlines() if UNAVAILABLE in line]
        raise StorageError(f"cannot write into {folder}: {lines[0]}") from error


def _input_specs(inputs: Sequence[TensorSpec]) -> list[Any]:
    return [
        paddle.static.InputSpec(
            [None if size < 0 else size for size in one.shape],
            one.dtype,
            name=IMAGE_INPUT if index == 0 else one.name,
        )
        for index, one in enumerate(inputs)
    ]


@contextmanager
def _format(pir: bool) -> Iterator[None]:
    """Trace in the program representation of the wanted format; everything is put back."""
    was_pir = bool(paddle.get_flags("FLAGS_enable_pir_api")["FLAGS_enable_pir_api"])
    if was_pir == pir:
        yield
        return
    from paddle.pir_utils import _switch_to_old_ir_, _switch_to_pir_

    def switch(on: bool) -> None:
        paddle.set_flags({"FLAGS_enable_pir_api": on})
        (_switch_to_pir_ if on else _switch_to_old_ir_)()

    switch(pir)
    try:
        yield
    finally:
        switch(was_pir)


def _cannot_trace(pir: bool, error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = f"paddle {paddle.__version__} cannot export this network: {(lines or ['?'])[-1][:300]}"
    if not pir and not paddle.__version__.startswith(("3.0", "3.1")):
        text += ". The legacy format (export_with_pir: false) is complete up to paddle 3.1.1"
    return text


def _flush(path: Path) -> None:
    """Force a written file to the disk: only then is it known that there was room for it."""
    if not path.is_file() or path.stat().st_size == 0:
        raise StorageError(f"{path} was not written (is the disk full?)")
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
