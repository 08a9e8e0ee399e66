"""Gradients of every parameter against recorded norms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
import pytest

from tests.parity.cases import Case, directory, flatten, grad_cases, gradient_probe
from tests.parity.networks import build, data_of, fill, image_of, without_dropout

TOLERANCE = 1e-3


@pytest.mark.parametrize("case", grad_cases())
def test_gradients(case: Case) -> None:
    model = build(case.name)
    fill(model, case)
    model.train()
    with without_dropout(model):
        outputs = model(image_of(case), _data(case, model.reads))
    total = paddle.zeros([])
    for path, leaf in flatten(outputs).items():
        if path in case["terms"]:
            probe = paddle.to_tensor(gradient_probe(path, leaf.shape))
            term = (leaf * probe).mean()
            limit = 1e-3 * max(abs(case["terms"][path]), 1e-2)
            assert term.item() == pytest.approx(case["terms"][path], abs=limit), path
            total = total + term
    total.backward()
    _compare(case, model)


def _data(case: Case, reads: Sequence[str]) -> dict[str, paddle.Tensor] | None:
    """Return the batch of the recording, which is stored with the forward case of its input."""
    if not reads:
        return None
    stored = Case(directory() / "forward" / f"{case.name}__a.json")
    if not stored.json_path.exists():
        pytest.skip(f"the batch is in forward/{stored.name}, which this directory lacks")
    return data_of(stored)


def _compare(case: Case, model: paddle.nn.Layer) -> None:
    state = model.state_dict()
    largest = max((row[1] or 0.0) for row in case["gradients"])
    problems = []
    for key, norm, *_ in case["gradients"]:
        gradient = state[key].grad
        ours = None if gradient is None else float(np.linalg.norm(gradient.numpy().astype("f8")))
        if norm is None:
            if ours:
                problems.append(f"{key}: {ours:.4g}, not without a gradient")
        elif ours is None or abs(ours - norm) > TOLERANCE * norm + 1e-6 * largest:
            problems.append(f"{key}: {ours}, not {norm:.6g}")
    assert not problems, "\n".join(problems[:20])
