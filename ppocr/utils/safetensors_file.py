"""Weights in ``.safetensors``: arrays by name and a few texts, nothing that could be run.

The package ``safetensors`` is needed only here, so only those who use such a file install it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ppocr.utils.exits import DataError, UsageError
from ppocr.utils.files import atomic_write, read_bytes

TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "uint16",  # as paddle keeps it where numpy has no such type
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}
LENGTH_BYTES = 8  # the header's length stands before it, little-endian
NOTES = "__metadata__"


def read(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the arrays of a file by name, and its notes.

    A DataError says that the file is damaged or has a kind of number that is not known, a
    UsageError that the package is not installed.
    """
    try:
        import safetensors
    except ImportError as error:
        raise _not_installed(path) from error
    data = read_bytes(path)
    try:
        tensors = safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        raise DataError(f"{path} is damaged or no safetensors file ({error})") from error
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    notes = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length]).get(NOTES) or {}
    return {name: _array(path, name, one) for name, one in tensors}, notes


def write(
    path: str | Path, arrays: Mapping[str, np.ndarray], notes: Mapping[str, str] | None = None
) -> None:
    """Write arrays and notes; the file appears whole or not at all."""
    try:
        from safetensors import numpy as safetensors_numpy
    except ImportError as error:
        raise _not_installed(path) from error
    whole = {name: np.ascontiguousarray(one).reshape(one.shape) for name, one in arrays.items()}
    data = safetensors_numpy.save(whole, metadata=dict(notes or {}) or None)
    with atomic_write(path) as file:
        file.write(data)


def _array(path: str | Path, name: str, tensor: Mapping[str, object]) -> np.ndarray:
    kind = TYPES.get(str(tensor["dtype"]))
    if kind is None:
        raise DataError(f"{path}: {name} is of type {tensor['dtype']}, which is not known here")
    return np.frombuffer(tensor["data"], dtype=kind).reshape(tensor["shape"])  # type: ignore[call-overload]


def _not_installed(path: str | Path) -> UsageError:
    return UsageError(f"{path}: safetensors files need a package: pip install safetensors")
