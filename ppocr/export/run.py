"""Exporting from end to end: weights, graph, description, ONNX, proof; and the proof alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.backends.base import Options
from ppocr.backends.open import find_graph, is_installed, open_backend
from ppocr.export import images, onnx, parity, report, source, static
from ppocr.export.folder import GRAPHS, PARITY, publish, reject, workshop
from ppocr.export.remembered import Remembered
from ppocr.export.source import Source
from ppocr.pipeline import store
from ppocr.pipeline.runner import Runner
from ppocr.utils.exits import DataError, OutputError
from ppocr.utils.files import atomic_write, sha256
from ppocr.utils.logs import get_logger, say

FAILED = 1
PROBE_SIDE_PX = 64


def export(config: Mapping[str, Any], verify: bool = True) -> int:
    """Write the model of a config into ``Global.save_inference_dir``; return the exit status.

    The files appear there together, after the comparison with the checkpoint has succeeded. If it
    fails, they are left in a folder beside it, ``.rejected``, and the status is 1. Networks of a
    distillation get a folder each, and stand or fall alone.
    """
    statuses = [_export(found, verify) for found in source.load_each(config)]
    return max(statuses)


def _export(found: Source, verify: bool) -> int:
    target = target_of(found)
    with workshop(target) as place:
        graphs = write(found, place)
        if not verify:
            check_written(found, graphs[0])
            get_logger().warning("--no-verify: results were not compared with the checkpoint")
        else:
            reports = compare(found, graphs)
            leave(found, reports, place)
            if not all(one.ok for one in reports):
                kept = reject(place, target)
                say(f"NOT exported: {target} is as it was; the files are in {kept}")
                return FAILED
        publish(place, target)
    for line in report.how_to_use(found.spec, target, found.general.model_name):
        say(line)
    return 0


def write(found: Source, place: Path) -> list[Path]:
    """Write graph, description and, if asked for, .onnx into ``place``; return the graph files."""
    network, count = found.fused()
    if count:
        get_logger().info("%d layers of branches were fused", count)
    graph = static.save(network, found.spec.inputs, place, found.general.export_with_pir)
    weights = graph.with_suffix(".pdiparams")
    digests = {**found.digests, graph.name: sha256(graph), weights.name: sha256(weights)}
    graphs, name = [graph], found.general.model_name
    if found.general.export_onnx:
        carried = store.metadata(found.spec, found.digests, name)
        graphs.append(onnx.convert(graph, carried))
        digests[graphs[1].name] = sha256(graphs[1])
    store.write(place, found.spec, digests, name)
    return graphs


def compare(found: Source, graphs: Sequence[Path]) -> list[parity.Report]:
    """Return how each graph file compares with the checkpoint, having printed the tables."""
    pictures = images.collect(found.spec.task, found.general.infer_img)
    runner = Runner(found.spec, Remembered(found.runner.backend))
    reports = []
    for graph in graphs:
        if graph.suffix == ".onnx" and not is_installed("onnxruntime"):
            get_logger().warning("%s was not compared: pip install onnxruntime", graph.name)
            continue
        reports.append(parity.check(runner, graph, pictures, Options()))
        for line in reports[-1].table():
            say(line)
    return reports


def leave(found: Source, reports: Sequence[parity.Report], place: Path) -> None:
    """Write ``parity.json`` into ``place``."""
    content = {
        "ok": all(one.ok for one in reports),
        "checkpoint": {"path": str(found.weights), "sha256": found.digests["checkpoint"]},
        "models": [one.as_json() for one in reports],
    }
    with atomic_write(place / PARITY, "w") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")


def verify(config: Mapping[str, Any], path: str | Path) -> int:
    """Compare an existing export with the checkpoint of a config; return 0 if it is the same.

    ``path`` is the folder (every graph in it is compared) or one graph file. Where it has a
    folder for each network of a distillation, all that are asked for are compared.
    """
    each = source.load_each(config)
    place = Path(path)
    if all(found.name and (place / found.name).is_dir() for found in each):
        return max(_verify(found, place / found.name) for found in each)
    named = [found for found in each if found.name == place.name]
    return _verify((named or each)[0], place)


def _verify(found: Source, place: Path) -> int:
    if place.is_dir():
        graphs = [g for name in GRAPHS if (g := place / name).is_file()]
    else:
        graphs = []
    graphs = graphs or [find_graph(place)]
    reports = compare(found, graphs)
    try:
        leave(found, reports, graphs[0].parent)
    except OutputError as error:
        get_logger().warning("%s", error)
    wrong = [one for one in reports if not one.ok]
    for one in wrong:
        say(f"{one.graph} differs from {found.weights} first at: {one.first_difference}")
    return FAILED if wrong or not reports else 0


def check_written(found: Source, graph: Path) -> None:
    """Raise unless the graph on disk answers one small input as the network does."""
    generator = np.random.default_rng(0)
    feeds = [
        generator.standard_normal(
            [1 if i == 0 else _probe(n) for i, n in enumerate(one.shape)]
        ).astype(one.dtype)
        for one in found.spec.inputs
    ]
    expected = found.runner.backend.run(feeds)
    answered = open_backend(graph, Options()).run(feeds)
    for ours, theirs in zip(expected, answered, strict=False):
        limit = parity.RAW_TOLERANCE * max(1.0, float(np.abs(ours).max(initial=0.0)))
        if ours.shape != theirs.shape or not np.abs(ours - theirs).max(initial=0.0) <= limit:
            raise DataError(f"{graph.name}, read back, answers otherwise than the network")


def target_of(found: Source) -> Path:
    """Return the folder to export into."""
    given = found.general.save_inference_dir
    folder = Path(given) if given else Path(found.general.save_model_dir) / "inference"
    return folder / found.name


def _probe(size: int) -> int:
    return PROBE_SIDE_PX if size < 0 else size
