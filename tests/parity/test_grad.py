"""Gradients of every parameter against recorded norms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle
import pytest

from tests.parity.batches import CODECS, batch_of, is_known
from tests.parity.cases import (
    Case,
    directory,
    flatten,
    forward_cases,
    grad_cases,
    gradient_probe,
)
from tests.parity.networks import (
    SLACK,
    build,
    data_of,
    fill,
    image_of,
    without_dropout,
)

TOLERANCE = 1e-3
# where normalisation cancels what a weight does, its gradient is the rest of a difference:
# such a norm may be off by some times what it moves by when the input moves by a millionth
INPUT_NOISE = 1e-6
TIMES = 10


@pytest.mark.parametrize("case", grad_cases())
def test_gradients(case: Case) -> None:
    norms, terms = _norms(case, noise=0.0)
    tolerance = TOLERANCE * SLACK.get(case.name, 1.0)
    for path, recorded in case["terms"].items():
        limit = tolerance * max(abs(recorded), 1e-2)
        assert terms[path] == pytest.approx(recorded, abs=limit), path
    expected = {key: norm for key, norm, *_ in case["gradients"]}
    largest = max(norm or 0.0 for norm in expected.values())
    errors = {key: abs(norms[key] - (norm or 0.0)) for key, norm in expected.items()}
    limits = {key: tolerance * (norm or 0.0) + 1e-6 * largest for key, norm in expected.items()}
    suspects = [key for key in expected if errors[key] > limits[key]]
    assert not [key for key in suspects if expected[key] is None], "gradients that should not be"
    if suspects:
        moved, _ = _norms(case, noise=INPUT_NOISE)
        suspects = [
            key
            for key in suspects
            if errors[key] > limits[key] + TIMES * abs(norms[key] - moved[key])
        ]
    rows = [f"{key}: {norms[key]:.6g}, not {expected[key]:.6g}" for key in suspects]
    # a single draw may by chance move a norm too little to excuse it
    assert len(rows) <= len(expected) // 40, "\n".join(rows[:20])


def _norms(case: Case, noise: float) -> tuple[dict[str, float], dict[str, float]]:
    """Return the norm of every gradient, 0 where there is none, and the terms of the scalar."""
    model = build(case.name)
    fill(model, case)
    model.train()
    image = image_of(case)
    draw = np.random.RandomState(0).standard_normal(image.shape).astype(np.float32)
    image = image * (1 + noise * paddle.to_tensor(draw))
    with without_dropout(model):
        outputs = model(image, _data(case, model.reads))
    terms = {}
    for path, leaf in flatten(outputs).items():
        if path in case["terms"]:
            terms[path] = (leaf * paddle.to_tensor(gradient_probe(path, leaf.shape))).mean()
    sum(terms.values()).backward()
    norms = {}
    for key, tensor in model.state_dict().items():
        gradient = tensor.grad
        norms[key] = 0.0 if gradient is None else np.linalg.norm(gradient.numpy().astype("f8"))
    return norms, {path: term.item() for path, term in terms.items()}


def _data(case: Case, reads: Sequence[str]) -> dict[str, paddle.Tensor] | None:
    """Return the batch of the recording.

    It is stored with the forward case of the same input; where a directory lacks that, as one
    of held-back cases may, it follows from the two texts of all recordings.
    """
    if not reads:
        return None
    stored = Case(directory() / "forward" / f"{case.name}__a.json")
    return data_of(stored) if stored.json_path.exists() else batch_of(case.name, reads)


@pytest.mark.parametrize("case", forward_cases(config=is_known))
def test_labels_of_a_batch_follow_from_its_texts(case: Case) -> None:
    stored = case.part("data")
    names = [*sorted(set(CODECS) & set(stored)), "length"]
    for name, values in batch_of(case.name.split("__")[0], names).items():
        recorded = stored[name]
        ours = values.numpy()[: len(recorded)]
        np.testing.assert_array_equal(ours, recorded[..., : ours.shape[-1]], err_msg=name)
