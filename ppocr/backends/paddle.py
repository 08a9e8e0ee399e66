"""Paddle Inference: ``inference.json`` (PIR) and ``inference.pdmodel`` (legacy).

On CPUs oneDNN is four to twenty times faster than plain kernels, but some graphs crash or fail in
it (fused leaky_relu; interpolation attributes written by paddle 3.3). So it is switched on after a
small input has given the same numbers with and without it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.inference as inference

from ppocr.backends.base import Options, announce, check_feeds
from ppocr.utils.exits import DataError, UsageError
from ppocr.utils.logs import get_logger

# operators that end the process under oneDNN (when fused) instead of raising
CRASHING = ("leaky_relu",)
RELATIVE_TOLERANCE = 1e-3
ONEDNN_CACHE = 32  # shapes whose compiled kernels are kept; widths of text lines vary freely


class PaddleInference:
    """A predictor behind a lock: one predictor used by several threads mixes their answers."""

    def __init__(self, path: Path, options: Options) -> None:
        self.path, self.options = path, options
        _check_options(options)
        self._lock = threading.Lock()
        onednn = options.kind == "cpu" and options.onednn is not False
        if onednn and options.onednn is None:
            onednn = not crashing(path)
        self._unproved = onednn and options.onednn is None
        self.predictor = _open(path, options, onednn)
        self.inputs = list(self.predictor.get_input_names())
        announce(
            "Paddle Inference",
            paddle.__version__,
            options,
            path,
            threads=_threads(options) if options.kind == "cpu" else 0,
            note=f"oneDNN {'on' if onednn else 'off'}" if options.kind == "cpu" else "",
        )

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the outputs in the order of the graph."""
        arrays = check_feeds(feeds, len(self.inputs))
        with self._lock:
            if self._unproved:
                return self._prove(arrays)
            return _run(self.predictor, arrays)

    def _prove(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the answer without oneDNN, having gone on without it if it answers otherwise."""
        plain = _open(self.path, self.options, onednn=False)
        expected = _run(plain, arrays)
        self._unproved = False
        try:
            found = _run(self.predictor, arrays)
        except DataError as error:
            get_logger().warning("oneDNN off: it cannot run this graph (%s)", error)
        else:
            if all(map(_close, expected, found)):
                return found
            get_logger().warning("oneDNN off: it gives other numbers for this graph")
        self.predictor = plain
        return expected


def crashing(path: Path) -> list[str]:
    """Return the operators of a graph that may end the process under oneDNN."""
    graph = path.read_bytes()
    found = [name for name in CRASHING if _mark(path, name) in graph]
    if found:
        get_logger().info("oneDNN off: %s of this graph may crash in it", ", ".join(found))
    return found


def _mark(path: Path, operator: str) -> bytes:
    """Return the bytes by which a graph file says that it uses an operator."""
    if path.suffix == ".json":
        return f'.{operator}"'.encode()
    # field 3 (type) of an OpDesc; every pdmodel lists all names as field 1 of its version map
    return b"\x1a" + bytes([len(operator)]) + operator.encode()


def _open(path: Path, options: Options, onednn: bool) -> Any:
    config = inference.Config(str(path), str(path.with_suffix(".pdiparams")))
    config.disable_glog_info()
    if path.suffix == ".json":
        # all three or none: memory_optim alone looks for a pass that PIR does not have
        config.enable_new_ir(True)
        config.enable_new_executor()
    config.enable_memory_optim()
    if options.kind == "gpu":
        precision = inference.PrecisionType.Half if options.precision == "fp16" else None
        arguments = (options.gpu_memory_mb, options.number)
        config.enable_use_gpu(*arguments, *([precision] if precision is not None else []))
        if options.tensorrt:
            _enable_tensorrt(config, options)
    elif options.kind in ("xpu", "npu", "mlu", "gcu"):
        config.enable_custom_device(options.kind, options.number)
    else:
        config.disable_gpu()
        config.set_cpu_math_library_num_threads(_threads(options))
        if onednn:
            config.enable_mkldnn()
            config.set_mkldnn_cache_capacity(ONEDNN_CACHE)
        elif hasattr(config, "disable_mkldnn"):
            config.disable_mkldnn()
    try:
        return inference.create_predictor(config)
    except (RuntimeError, ValueError) as error:
        raise DataError(f"{path} cannot be loaded: {_gist(error)}") from error


def _enable_tensorrt(config: Any, options: Options) -> None:
    kinds = {
        "fp32": inference.PrecisionType.Float32,
        "fp16": inference.PrecisionType.Half,
        "int8": inference.PrecisionType.Int8,
    }
    config.enable_tensorrt_engine(
        workspace_size=1 << 30,
        max_batch_size=10,
        min_subgraph_size=options.min_subgraph_size,
        precision_mode=kinds[options.precision],
        use_static=False,
        use_calib_mode=False,
    )


def _check_options(options: Options) -> None:
    if options.kind not in ("cpu", "gpu", "xpu", "npu", "mlu", "gcu"):
        raise UsageError(f"unknown device {options.device!r}; use cpu, gpu:0, xpu:0 or npu:0")
    if options.kind == "gpu" and not paddle.is_compiled_with_cuda():
        raise UsageError("this paddlepaddle is built for the CPU: use_gpu needs paddlepaddle-gpu")
    if options.kind == "cpu" and options.precision != "fp32":
        raise UsageError(f"precision {options.precision} needs a GPU; on the CPU it is fp32")


def _threads(options: Options) -> int:
    if options.threads:
        return options.threads
    from ppocr.utils.runtime import usable_cores

    return usable_cores()


def _run(predictor: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    names = predictor.get_input_names()
    for name, array in zip(names, arrays, strict=True):
        handle = predictor.get_input_handle(name)
        handle.reshape(array.shape)
        handle.copy_from_cpu(array)
    try:
        predictor.run()
    except (RuntimeError, ValueError, NotImplementedError) as error:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise DataError(f"the model cannot run input {shapes}: {_gist(error)}") from error
    outputs = [predictor.get_output_handle(name) for name in predictor.get_output_names()]
    return [handle.copy_to_cpu() for handle in outputs]


def _close(expected: np.ndarray, found: np.ndarray) -> bool:
    if expected.shape != found.shape:
        return False
    limit = RELATIVE_TOLERANCE * max(float(np.abs(expected).max(initial=0.0)), 1e-3)
    return bool(np.abs(expected - found).max(initial=0.0) <= limit)


def _gist(error: Exception) -> str:
    """Return the line of a paddle error that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("(") or "Error:" in line]
    return (telling or lines or [type(error).__name__])[0][:300]
