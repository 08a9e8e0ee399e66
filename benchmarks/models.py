"""Every config of the line: parameters, size, MACs and CPU latency of its export, and what of it
was compared with the original. Writes the table of docs/models.md.

    python benchmarks/models.py                              # sizes and MACs of what has none yet
    python benchmarks/models.py --latency                    # and times; nothing else should run
    python benchmarks/models.py configs/rec/PP-OCRv4 --again --latency

Every config is built with random weights in a process of its own, exported as inference.json and
inference.onnx, and run at the shape that the table states. A dictionary that is not part of the
project is replaced by as many characters. Results are kept in output/benchmarks/models.json as
they come: a run that was broken off goes on where it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import datetime
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from benchmarks import models_table, stand_in
from ppocr.pipeline.spec import PipelineSpec
from ppocr.utils import exits, files, runtime
from ppocr.utils.logs import get_logger, say

CONFIGS = files.REPOSITORY / "configs"
DOCUMENT = files.REPOSITORY / "docs" / "models.md"
KEPT = files.REPOSITORY / "output" / "benchmarks" / "models.json"
TASKS = ("det", "rec", "cls")
PAGE_PX = (640, 640)
WARM_RUNS = 3
BYTES = 4  # of a number in the export
STATISTICS = ("_mean", "_variance")  # of batches: kept, not learnt
ENGINES = {"paddle": "inference.json", "onnxruntime": "inference.onnx"}


def main(argv: Sequence[str]) -> int:
    """Return 0 when every config could be measured, else 1."""
    given = _parser().parse_args(argv)
    if given.child:
        say(json.dumps(measure(given.child, given.latency, given.threads, given.runs)))
        return 0
    paths = _configs(given.paths)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    missing = [p for p in paths if given.again or _lacks(kept.get(_name(p)), given.latency)]
    failed = []
    for path in tqdm(missing, desc="configs", unit="config", disable=not sys.stderr.isatty()):
        try:
            found = _child(path, given)
        except exits.OcrError as error:
            failed.append(path)
            get_logger().error("%s", error)
            continue
        kept[_name(path)] = {**kept.get(_name(path), {}), **found}
        _keep(kept)
    rows = {_name(path): kept[_name(path)] for path in _configs([]) if _name(path) in kept}
    places = [path.resolve() for path in given.golden]
    told = {name: models_table.compared(files.REPOSITORY / name, places) for name in rows}
    models_table.write(DOCUMENT, rows, told)
    say(f"{DOCUMENT.relative_to(files.REPOSITORY)}: {len(rows)} configs, {len(failed)} failed")
    return 1 if failed else 0


def measure(path: Path, latency: bool, threads: int, runs: int) -> dict[str, Any]:
    """Return the figures of one config, measured in this process."""
    runtime.prepare(announce=False)
    with runtime.quiet_paddle_import():
        import paddle

        from benchmarks import macs
        from ppocr.export import onnx, static
        from ppocr.modeling import build_model
        from ppocr.modeling.fuse import fuse
        from ppocr.pipeline.derive import derive, wire
        from ppocr.pipeline.networks import key_network, network_config

    paddle.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = stand_in.config(path, place)
        whole = build_model(wire(config)["Architecture"])
        root = wire(network_config(config, key_network(config)))
        spec = derive(root)
        model = build_model(root["Architecture"])
        model.eval()
        fuse(model)
        graph = static.save(model, spec.inputs, place)
        converted = onnx.convert(graph, {})
        feeds = _feeds(spec)
        weights = graph.with_suffix(".pdiparams").stat().st_size
        found = {
            "parameters": _parameters(whole),
            "exported": weights // BYTES,
            "paddle_bytes": graph.stat().st_size + weights,
            "onnx_bytes": converted.stat().st_size,
            "input": list(feeds[0].shape),
            "macs": macs.count(converted, feeds),
            "measured": _today(),
        }
        if latency:
            found["latency"] = _latencies(place, feeds, threads, runs)
    return found


def _parameters(model: Any) -> int:
    """Return how many numbers are learnt, frozen networks included; shared ones count once."""
    learnt = {
        id(tensor): int(tensor.size)
        for key, tensor in model.named_parameters()
        if key.rpartition(".")[2] not in STATISTICS
    }
    return sum(learnt.values())


def _latencies(place: Path, feeds: Sequence[Any], threads: int, runs: int) -> dict[str, Any]:
    """Return the median milliseconds of one run in each engine, and how they were taken."""
    from ppocr.backends.base import Options
    from ppocr.backends.open import open_backend

    found: dict[str, Any] = {"threads": threads, "runs": runs, "measured": _today()}
    for engine, name in ENGINES.items():
        backend = open_backend(place / name, Options(threads=threads), engine)
        times = []
        for _ in range(WARM_RUNS + runs):
            begun = time.perf_counter()
            backend.run(feeds)
            times.append(time.perf_counter() - begun)
        found[engine] = 1000 * statistics.median(times[WARM_RUNS:])
    return found


def _feeds(spec: PipelineSpec) -> list[Any]:
    """Return one image of noise at the size that the table is about."""
    import numpy as np

    first, *others = spec.inputs
    if others:
        raise exits.InternalError(f"inputs without a rule: {', '.join(one.name for one in others)}")
    sizes = PAGE_PX if spec.task == "det" else _line(spec)
    shape = [1, first.shape[1], *sizes]
    for axis, fixed in enumerate(first.shape):
        if axis and fixed > 0:
            shape[axis] = fixed
    return [np.random.default_rng(0).standard_normal(shape).astype(np.float32)]


def _line(spec: PipelineSpec) -> tuple[int, int]:
    """Return height and width that lines are brought to."""
    shapes = [op.settings.get("image_shape") for op in spec.pre]
    *_, height, width = next((shape for shape in shapes if shape), spec.inputs[0].shape)
    return int(height), int(width)


def _child(path: Path, given: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", __file__, "--child", str(path)]
    command += ["--threads", str(given.threads), "--runs", str(given.runs)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(given.threads)}
    done = subprocess.run(
        command + ["--latency"] * given.latency,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise exits.InternalError(f"{_name(path)}: ended with {done.returncode}: {last}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _configs(paths: Sequence[Path]) -> list[Path]:
    """Return the configs at these places, all of the line if there are none."""
    places = [path.resolve() for path in paths] or [CONFIGS / task for task in TASKS]
    found = [[place] if place.is_file() else sorted(place.rglob("*.yml")) for place in places]
    empty = [str(path) for path, listed in zip(places, found, strict=True) if not listed]
    if empty:
        raise exits.MissingInput(f"no config in {', '.join(empty)}")
    return [path for listed in found for path in listed]


def _name(path: Path) -> str:
    return str(path.relative_to(files.REPOSITORY))


def _lacks(row: Mapping[str, Any] | None, latency: bool) -> bool:
    return row is None or (latency and "latency" not in row)


def _keep(kept: Mapping[str, Any]) -> None:
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic_write(KEPT, "w") as file:
        json.dump(kept, file, indent=1)


def _today() -> str:
    return datetime.date.today().isoformat()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, help="configs or folders; default: all")
    parser.add_argument("--latency", action="store_true", help="measure times as well")
    parser.add_argument("--again", action="store_true", help="measure what is already known too")
    parser.add_argument("--threads", type=int, default=2, help="of both engines (default 2)")
    parser.add_argument("--runs", type=int, default=15, help="timed runs; the median counts")
    parser.add_argument(
        "--golden",
        nargs="+",
        type=Path,
        default=[files.REPOSITORY / "tests" / "golden"],
        help="directories of recorded cases, for what was compared with the original",
    )
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
