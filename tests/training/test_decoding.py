"""Batches are judged in threads, and come out in order and the same."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from ppocr.training.decoding import Decoding


class Spec:
    inputs = (type("Input", (), {"name": "image"}),)


class Runner:
    """Answers with the mean of an image; the first batches take longest to decode."""

    spec = Spec()

    def __init__(self):
        self.threads = set()
        self.inferred_in = set()

    def infer(self, feeds):
        self.inferred_in.add(threading.get_ident())
        return {"out": feeds[0].mean(axis=(1, 2))}

    def decode(self, outputs, batch):
        self.threads.add(threading.get_ident())
        time.sleep(0.02 if outputs["out"][0] < 2 else 0.0)
        return [float(one) for one in outputs["out"]]


def batches(count, ragged=False):
    for n in range(count):
        shapes = [(2, 2), (2, 4), (2, 2)] if ragged else [(2, 2)] * 3
        images = [np.full(shape, n + k / 10, np.float32) for k, shape in enumerate(shapes)]
        yield {"image": images if ragged else np.stack(images), "n": [n] * 3}


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
def test_results_are_in_order(ragged, threads):
    runner = Runner()
    found = list(Decoding(runner, threads=threads)(batches(12, ragged)))
    assert [one.batch["n"][0] for one in found] == list(range(12))
    for n, one in enumerate(found):
        np.testing.assert_allclose(one.results, [n, n + 0.1, n + 0.2], rtol=1e-6)
    assert runner.inferred_in == {threading.get_ident()}
    assert threading.get_ident() not in runner.threads


def test_metric_and_twin_may_count_in_threads():
    class Metric:
        def count(self, results, batch):
            return sum(results)

    one = next(iter(Decoding(Runner(), Metric(), None)(batches(1))))
    assert one.counted == pytest.approx(0.3)
    assert one.counted_as_deployed is None


def test_an_error_of_a_thread_is_an_error():
    class Broken(Runner):
        def decode(self, outputs, batch):
            raise ValueError("no such map")

    with pytest.raises(ValueError, match="no such map"):
        list(Decoding(Broken())(batches(5)))


def test_outputs_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr("ppocr.training.decoding.WAITING_BYTES", 1)
    runner, ahead = Runner(), []

    def counted():
        for n, batch in enumerate(batches(10)):
            ahead.append(n)
            yield batch

    for done, _ in enumerate(Decoding(runner, threads=2)(counted())):
        assert len(ahead) - done <= 3
