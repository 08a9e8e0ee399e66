"""The random state of a process as plain values, so that a resumed run draws what would have come.

Paddle's generator is stored as device, seed, offset and the text of its Mersenne twister; the
sample order and augmentation need no state, they follow from (seed, epoch, index).
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import paddle


def seed_all(seed: int) -> None:
    """Seed python, numpy and paddle."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    paddle.seed(seed)


def capture() -> dict[str, Any]:
    """Return the state of all generators as plain values."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(words), gauss],
        "numpy": [
            str(name),
            np.asarray(keys).tolist(),
            int(position),
            int(has_gauss),
            float(cached),
        ],
        "paddle": [_packed(state) for state in paddle.get_rng_state()],
    }


def restore(state: dict[str, Any]) -> None:
    """Set all generators to a captured state; another kind of device keeps its own."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), position, has_gauss, cached))
    current = paddle.get_rng_state()
    saved = state["paddle"]
    same_device = [s[0] for s in saved] == [_packed(one)[0] for one in current]
    if same_device:
        paddle.set_rng_state(
            [_unpacked(type(one), s) for one, s in zip(current, saved, strict=True)]
        )


def _packed(state: Any) -> list[Any]:
    device, seed, offset, twister = state.__getstate__()
    text = twister if isinstance(twister, str) else bytes(twister).decode("ascii")
    return [int(device), int(seed), int(offset), text]


def _unpacked(kind: type, packed: list[Any]) -> Any:
    device, seed, offset, text = packed
    state = kind.__new__(kind)
    state.__setstate__((device, seed, offset, list(text.encode("ascii"))))
    return state
