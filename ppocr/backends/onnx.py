"""onnxruntime. Needs no paddle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ppocr.backends.base import Options, announce, check_feeds, load_engine
from ppocr.utils.exits import DataError, UsageError
from ppocr.utils.logs import get_logger

PROVIDERS = {"gpu": "CUDAExecutionProvider", "npu": "CANNExecutionProvider"}


class Onnx:
    """An .onnx file in onnxruntime; a session may be used by many threads at once."""

    def __init__(self, path: Path, options: Options) -> None:
        if options.precision != "fp32":
            raise UsageError("an .onnx file runs in the precision it was written with (fp32)")
        runtime = load_engine("onnxruntime", "onnxruntime")
        settings = runtime.SessionOptions()
        settings.log_severity_level = 3
        if options.threads:
            settings.intra_op_num_threads = options.threads
        providers = self._providers(runtime, options)
        try:
            self.session = runtime.InferenceSession(str(path), settings, providers=providers)
        except _errors(runtime) as error:
            raise DataError(f"{path} cannot be loaded: {_first_line(error)}") from error
        self.inputs = [one.name for one in self.session.get_inputs()]
        self._failures = _errors(runtime)
        used = self.session.get_providers()[0].removesuffix("ExecutionProvider")
        announce(
            "onnxruntime", runtime.__version__, options, path, threads=options.threads, note=used
        )

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the outputs in the order of the graph."""
        arrays = check_feeds(feeds, len(self.inputs))
        try:
            return self.session.run(None, dict(zip(self.inputs, arrays, strict=True)))
        except self._failures as error:
            raise DataError(f"onnxruntime cannot run this input: {_first_line(error)}") from error

    @property
    def metadata(self) -> dict[str, str]:
        """The texts stored inside the file."""
        return dict(self.session.get_modelmeta().custom_metadata_map)

    @staticmethod
    def _providers(runtime, options: Options) -> list[str | tuple[str, dict]]:
        if options.providers:
            return [*options.providers]
        chosen: list[str | tuple[str, dict]] = ["CPUExecutionProvider"]
        wanted = PROVIDERS.get(options.kind)
        if wanted in runtime.get_available_providers():
            chosen.insert(0, (wanted, {"device_id": options.number}))
        elif options.kind != "cpu":
            get_logger().warning(
                "this onnxruntime has no provider for %s (it has %s): running on the CPU",
                options.device,
                ", ".join(runtime.get_available_providers()),
            )
        return chosen


def read_metadata(path: Path) -> dict[str, str]:
    """Return the texts stored inside an .onnx file, without optimising its graph."""
    runtime = load_engine("onnxruntime", "onnxruntime")
    settings = runtime.SessionOptions()
    settings.log_severity_level = 3
    settings.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except _errors(runtime) as error:
        raise DataError(f"{path} cannot be loaded: {_first_line(error)}") from error
    return dict(session.get_modelmeta().custom_metadata_map)


def _errors(runtime) -> tuple[type[Exception], ...]:
    """onnxruntime's own exceptions share no base class but Exception: list them."""
    state = runtime.capi.onnxruntime_pybind11_state
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile")
    more = ("NotImplemented", "RuntimeException", "EPFail", "ModelLoaded", "NoModel")
    found = [getattr(state, name) for name in names + more if hasattr(state, name)]
    return (*found, RuntimeError, ValueError)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
