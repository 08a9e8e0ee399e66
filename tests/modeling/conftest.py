"""What tests of compiled loops share: were they used, and are the numbers Paddle's?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import paddle
import pytest
from paddle import Tensor

from ppocr.modeling.layers import eager

Numbers = list[np.ndarray]


@pytest.fixture
def handed_over(monkeypatch) -> list[str]:
    """The names of the compiled loops that ran, in order."""
    calls: list[str] = []
    original = eager.run

    def noted(kernel, *arguments):
        calls.append(kernel.plain.__name__)
        original(kernel, *arguments)

    monkeypatch.setattr(eager, "run", noted)
    return calls


@pytest.fixture
def switched_off(monkeypatch) -> Iterator[None]:
    """The process as the system has it."""
    monkeypatch.setenv("ONESPEC_RUNTIME", "off")
    eager.enabled.cache_clear()
    yield
    eager.enabled.cache_clear()


@pytest.fixture
def threads(monkeypatch) -> Callable[[int], None]:
    """Set how many threads share a loop, however small."""
    monkeypatch.setattr(eager, "WORTH_A_THREAD", 1)
    return lambda count: monkeypatch.setattr(eager, "threads", lambda: count)


def gradients(function: Callable[..., Tensor], *inputs: np.ndarray | Tensor) -> Numbers:
    """Return the result, then the gradients of the inputs, for an uneven loss."""
    tensors = [paddle.to_tensor(one, stop_gradient=False) for one in inputs]
    out = function(*tensors)
    weights = np.cos(np.arange(out.size, dtype=np.float32)).reshape(out.shape)
    (out * paddle.to_tensor(weights)).sum().backward()
    return [out.numpy(), *(one.grad.numpy() for one in tensors)]


def assert_same(found: Numbers, expected: Numbers, tolerance: float = 2e-6) -> None:
    """Equal but for the rounding of sums, which depends on the largest terms."""
    for place, (one, other) in enumerate(zip(found, expected, strict=True)):
        limit = tolerance * max(np.abs(other).max(), 1e-3)
        np.testing.assert_allclose(one, other, rtol=0, atol=limit, err_msg=f"number {place}")


def drawn(*shapes: tuple[int, ...], seed: int = 0) -> Numbers:
    """Return float32 arrays of noise."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]
