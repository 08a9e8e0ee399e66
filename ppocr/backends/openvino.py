"""OpenVINO. Reads .onnx, .xml and the legacy .pdmodel; needs no paddle."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ppocr.backends.base import Options, announce, check_feeds, load_engine
from ppocr.utils.exits import DataError, UsageError

DEVICES = {"cpu": "CPU", "gpu": "GPU", "npu": "NPU"}


class OpenVINO:
    """A graph compiled by OpenVINO; every thread has its own request."""

    def __init__(self, path: Path, options: Options) -> None:
        if path.suffix == ".json":
            raise UsageError(
                f"OpenVINO cannot read {path.name}: export with -o Global.export_with_pir=false "
                "(inference.pdmodel) or Global.export_onnx=true (inference.onnx)"
            )
        if options.precision == "int8":
            raise UsageError("OpenVINO runs a model in fp32 or fp16; int8 needs a quantised file")
        openvino = load_engine("openvino", "openvino")
        device = DEVICES.get(options.kind)
        if device is None:
            raise UsageError(f"OpenVINO has no device {options.device!r} (cpu, gpu, npu)")
        # left alone, it computes in bfloat16 where the CPU can
        config = {"INFERENCE_PRECISION_HINT": "f16" if options.precision == "fp16" else "f32"}
        if options.threads and device == "CPU":
            config["INFERENCE_NUM_THREADS"] = str(options.threads)
        try:
            self.model = openvino.Core().compile_model(str(path), device, config)
        except RuntimeError as error:
            raise DataError(f"{path} cannot be loaded: {_last_line(error)}") from error
        self._local = threading.local()
        version = openvino.__version__.partition("-")[0]
        announce("OpenVINO", version, options, path, threads=options.threads)

    def run(self, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the outputs in the order of the graph, as arrays of their own."""
        arrays = check_feeds(feeds, len(self.model.inputs))
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self.model.create_infer_request()
        try:
            request.infer(dict(enumerate(arrays)), share_inputs=True)
        except RuntimeError as error:
            raise DataError(f"OpenVINO cannot run this input: {_last_line(error)}") from error
        return [np.array(request.get_output_tensor(i).data) for i in range(len(self.model.outputs))]


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
