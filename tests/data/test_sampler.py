"""Batches are a pure function of seed, epoch and rank."""

from __future__ import annotations

import numpy as np
import pytest

from ppocr.data.multi_scale import SHAPE, MultiScaleSampler
from ppocr.data.sampler import BatchSampler, Share


def positions(sampler, epoch: int = 0) -> list[int]:
    return [one for request in sampler.epoch(epoch) for one in request.positions]


def test_every_position_comes_once_and_every_epoch_differs():
    sampler = BatchSampler(103, 8, shuffle=True, seed=5)
    first, second = positions(sampler, 0), positions(sampler, 1)
    assert sorted(first) == sorted(second) == list(range(103))
    assert first != second
    assert len(list(sampler.epoch(0))) == len(sampler) == 13


def test_the_same_seed_and_epoch_give_the_same_order_in_any_object():
    assert positions(BatchSampler(50, 7, True, seed=3), 9) == positions(
        BatchSampler(50, 7, True, seed=3), 9
    )
    assert positions(BatchSampler(50, 7, True, seed=3)) != positions(
        BatchSampler(50, 7, True, seed=4)
    )


def test_without_shuffle_the_order_is_the_files():
    assert positions(BatchSampler(5, 2)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("drop_last", [True, False])
def test_ranks_share_training_equally(drop_last):
    samplers = [
        BatchSampler(103, 8, True, drop_last, seed=1, share=Share(rank, 4)) for rank in range(4)
    ]
    parts = [positions(sampler) for sampler in samplers]
    assert len({len(sampler) for sampler in samplers}) == 1
    assert len({len(part) for part in parts}) == 1
    together = [one for part in parts for one in part]
    assert len(together) - len(set(together)) == (0 if drop_last else 1)
    assert len(set(together)) == (96 if drop_last else 103)


def test_ranks_share_evaluation_exactly():
    whole = [one.positions for one in BatchSampler(103, 8).epoch(0)]
    for world in (2, 4, 20):
        samplers = [BatchSampler(103, 8, share=Share(r, world), equal=False) for r in range(world)]
        parts = [[one.positions for one in sampler.epoch(0)] for sampler in samplers]
        assert [len(part) for part in parts] == [len(sampler) for sampler in samplers]
        assert sorted(one for part in parts for one in part) == whole  # the batches of one process


def test_fewer_samples_than_ranks():
    parts = [positions(BatchSampler(2, 1, True, share=Share(rank, 3))) for rank in range(3)]
    assert [len(part) for part in parts] == [1, 1, 1]


def multi(**settings) -> MultiScaleSampler:
    given = {"scales": [[320, 32], [320, 48], [320, 64]], "count": 500, "first_bs": 32}
    return MultiScaleSampler(**{**given, "fix_bs": False, "seed": 2, **settings})


def test_batches_of_several_shapes_cover_every_sample_once():
    sampler = multi()
    requests = list(sampler.epoch(0))
    assert sorted(positions(sampler)) == list(range(500))
    assert len({request.extras[SHAPE] for request in requests}) == 3
    for request in requests:
        width, height = request.extras[SHAPE]
        assert len(request.positions) * width * height <= 32 * 320 * 32


def test_batches_of_several_shapes_are_fresh_in_each_epoch_and_as_many():
    sampler = multi()
    first = {frozenset(request.positions) for request in sampler.epoch(0)}
    second = {frozenset(request.positions) for request in sampler.epoch(1)}
    assert len(first & second) < len(first) / 4
    assert len(list(sampler.epoch(0))) == len(list(sampler.epoch(1))) == len(sampler)


def test_a_fixed_batch_size_stays():
    sizes = {len(request.positions) for request in multi(fix_bs=True, count=320).epoch(0)}
    assert sizes == {32}


def test_known_proportions_decide_the_width():
    proportions = np.linspace(1, 20, 500, dtype=np.float32)
    for request in multi(proportions=proportions, max_w=480).epoch(0):
        width, height = request.extras[SHAPE]
        widest = proportions[list(request.positions)].max() * height
        assert width % 8 == 0
        assert width == 480 or width >= widest
        assert width <= 480
