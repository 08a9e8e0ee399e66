"""Checkpoint files read without running what is in them, and written as plain types.

``.pdparams``, ``.pdopt`` and ``.states`` are pickles, and unpickling runs whatever a file
names. Genuine ones name a handful of harmless constructors; everything else is refused.
Files of paddle 2 and 3, numpy 1 and 2, pickle protocols 2 to 4, and those that programs
wrote under Python 2 are read.
"""

from __future__ import annotations

import codecs
import collections
import io
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ppocr.utils import strangers
from ppocr.utils.exits import DataError
from ppocr.utils.files import atomic_write, read_bytes

PROTOCOL = 4  # what paddle writes; from here on arrays may be longer than 4 GB
NAMES = "StructuredToParameterName@@"  # entry: state key -> paddle's automatic name
PIECES = "UnpackBigParamInfor@@"  # entry: which arrays were cut up, for protocols 2 and 3
PIECE_BYTES = 2**30 - 1


def _empty_bytes() -> bytes:
    """Return b'' as protocol 2 asks for it; ``bytes`` itself would take a size to allocate."""
    return b""


_array: Any = np.zeros(0).__reduce__()[0]
_scalar: Any = np.float64(0.0).__reduce__()[0]

_ALLOWED: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _array,
    ("numpy._core.multiarray", "_reconstruct"): _array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("_codecs", "encode"): codecs.encode,
    ("builtins", "tuple"): tuple,  # how paddle writes a tensor inside a list: (name, array)
    ("builtins", "set"): set,
    ("builtins", "bytes"): _empty_bytes,
    ("__builtin__", "bytes"): _empty_bytes,
    ("__builtin__", "tuple"): tuple,
    ("__builtin__", "set"): set,
}


def read(path: str | Path) -> Any:
    """Return what a checkpoint file holds: dicts, lists, numbers, texts and numpy arrays.

    Tensors are arrays, arrays that were cut up are whole again, and the entry with
    paddle's automatic names is left out. A DataError says that the file is damaged, is
    no checkpoint, or names something that a genuine one does not contain.
    """
    return loads(read_bytes(path), str(path))


def read_names(path: str | Path) -> dict[str, str]:
    """Return which automatic name each tensor of a weights file had, as paddle noted it."""
    value = _loaded(read_bytes(path), str(path))
    names = value.get(NAMES) if isinstance(value, dict) else None
    return {str(key): str(name) for key, name in names.items()} if isinstance(names, dict) else {}


def loads(data: bytes, place: str = "data") -> Any:
    """Return what the bytes of a checkpoint hold; ``place`` is for messages."""
    value = _loaded(data, place)
    try:
        return _tidy(value)
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{place} is damaged: its parts do not fit together ({error})") from error


def _loaded(data: bytes, place: str) -> Any:
    kind = strangers.kind_of(data, place)
    if kind:
        raise DataError(f"{place} is no checkpoint: it is {kind}")
    try:
        value = _Reader(io.BytesIO(data), encoding="latin1").load()
    except _Refused as error:
        raise DataError(f"{place}: {error}") from error
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError) as error:
        raise DataError(f"{place} is damaged or no checkpoint ({error or 'ends early'})") from error
    except (ValueError, TypeError, AttributeError, MemoryError, OverflowError) as error:
        raise DataError(f"{place} is damaged or no checkpoint ({error})") from error
    if isinstance(value, int) and value == strangers.TORCH_MAGIC:
        raise DataError(f"{place} is no checkpoint: it is {strangers.NEEDS_CONVERSION}")
    return value


def write(path: str | Path, value: Any, protocol: int = PROTOCOL) -> None:
    """Write ``value`` so that this reader, and ``paddle.load``, get it back.

    Tensors become numpy arrays; a mapping of tensors also notes their automatic names, as
    ``paddle.save`` does. The file appears whole or not at all.
    """
    plain = _plain(value)
    if isinstance(value, Mapping):
        names = {key: one.name for key, one in value.items() if _is_tensor(one)}
        if names:
            plain[NAMES] = names
        if protocol < PROTOCOL:
            plain = _cut(plain)
    with atomic_write(path) as file:
        pickle.dump(plain, file, protocol=protocol)


class _Refused(Exception):
    """A file names something that is not on the list."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            text = f"refused {module}.{name}: genuine checkpoints do not contain that"
            raise _Refused(text) from None

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused(f"refused a reference to {str(pid)[:40]!r} outside the file")


def _tidy(value: Any) -> Any:
    """Join arrays that were cut up and unwrap tensors that paddle stored as (name, array)."""
    if isinstance(value, dict):
        value = {key: _tidy(one) for key, one in value.items() if key != NAMES}
        return _join(value) if PIECES in value else value
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    if isinstance(value, tuple):
        if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], np.ndarray):
            return value[1]
        return tuple(_tidy(one) for one in value)
    return value


def _join(value: dict[Any, Any]) -> dict[Any, Any]:
    for key, note in value.pop(PIECES).items():
        pieces = [value.pop(name) for name in note["slices"]]
        value[key] = np.concatenate(pieces).reshape(note["OriginShape"])
    return value


def _cut(value: dict[Any, Any]) -> dict[Any, Any]:
    """Cut arrays that protocols below 4 cannot hold, in the way that ``paddle.load`` joins."""
    notes: dict[Any, Any] = {}
    cut: dict[Any, Any] = {}
    for key, one in value.items():
        if not isinstance(one, np.ndarray) or one.nbytes <= PIECE_BYTES:
            cut[key] = one
            continue
        flat = one.flatten()
        step = PIECE_BYTES // one.itemsize
        names = [f"{key}@@.{index}" for index in range(-(-flat.size // step))]
        notes[key] = {"OriginShape": one.shape, "slices": names}
        for index, name in enumerate(names):
            cut[name] = flat[index * step : (index + 1) * step]
    if notes:
        cut[PIECES] = notes
    return cut


def _is_tensor(value: Any) -> bool:
    """Tell a paddle tensor without importing paddle."""
    return hasattr(value, "numpy") and hasattr(value, "stop_gradient")


def _plain(value: Any) -> Any:
    if _is_tensor(value):
        return value.numpy()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    return value
