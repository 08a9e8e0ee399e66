"""Mixing sources in every batch: the parts are exact, the order is a function of seed and epoch."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.config.errors import ConfigError
from ppocr.data import build_dataloader
from ppocr.data.mixed import MixedSampler
from ppocr.data.mixture import Mixture, apportion
from ppocr.data.multi_scale import SHAPE, MultiScaleSampler
from ppocr.data.sampler import Share
from ppocr.data.shares import grouped, whole_weights
from ppocr.data.source import Span
from ppocr.utils.exits import DataError
from tests.data.sets import lines, rec_config
from tests.data.test_lmdb import environment


def spans(*sizes: int) -> list[Span]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [
        Span(f"/data/part{number}/rows.txt", *pair)
        for number, pair in enumerate(zip(ends[:-1], ends[1:], strict=True))
    ]


def mixed(weights=(1, 3), sizes=(320, 5000), batch_size=64, **settings) -> MixedSampler:
    return MixedSampler(weights, batch_size, sources=spans(*sizes), **{"seed": 3, **settings})


def batches(sampler, epoch: int = 0) -> list[list[int]]:
    return [list(request.positions) for request in sampler.epoch(epoch)]


def first_part(batch: list[int], size: int) -> int:
    return sum(position < size for position in batch)


@pytest.mark.parametrize("drop_last", [True, False])
def test_every_batch_is_composed_as_the_weights_say(drop_last):
    sampler = mixed(drop_last=drop_last)
    found = batches(sampler)
    assert len(found) == len(sampler) == 20
    assert {(len(batch), first_part(batch, 320)) for batch in found} == {(64, 16)}
    assert sorted(p for batch in found for p in batch if p < 320) == list(range(320))
    assert sampler.count == 20 * 64


def test_what_does_not_come_out_even_is_made_up_for():
    parts = [first_part(batch, 300) for batch in batches(mixed((1, 2), (300, 900), 10))]
    assert set(parts) == {3, 4}
    assert sum(parts) == 300
    for number in range(1, len(parts)):
        assert abs(sum(parts[:number]) - number * 10 / 3) < 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=5),
    st.lists(st.integers(1, 70), min_size=1, max_size=40),
    st.booleans(),
)
def test_no_group_is_a_whole_sample_away_from_its_share(weights, sizes, alike):
    sizes = sizes[:1] * len(sizes) if alike else sizes
    parts = apportion(sizes, weights)
    assert (parts >= 0).all()
    assert parts.sum(axis=1).tolist() == sizes
    for done, totals in zip(np.cumsum(sizes), np.cumsum(parts, axis=0), strict=True):
        for weight, total in zip(weights, totals, strict=True):
            assert abs(Fraction(int(done) * weight, sum(weights)) - int(total)) < 1


def test_the_others_go_on_where_they_were_until_all_have_been_used():
    sampler = mixed((1, 1), (100, 1000), 20)
    seen: Counter[int] = Counter()
    for epoch in range(10):
        other = [p for batch in batches(sampler, epoch) for p in batch if p >= 100]
        assert len(set(other)) == len(other) == 100
        seen.update(other)
    assert seen == Counter(range(100, 1100))
    again = [p for batch in batches(sampler, 10) for p in batch if p >= 100]
    first = [p for batch in batches(sampler, 0) for p in batch if p >= 100]
    assert again != first


def test_a_small_source_comes_again_and_again_each_time_in_another_order():
    sampler = mixed((1, 1), (400, 7), 16)
    few = Counter(p for batch in batches(sampler) for p in batch if p >= 400)
    assert set(few) == set(range(400, 407))
    assert max(few.values()) - min(few.values()) <= 1
    first_eight = {frozenset(Counter(batch[:8]).items()) for batch in batches(sampler)}
    assert len(first_eight) > 20


def test_batches_are_a_pure_function_of_seed_epoch_and_number():
    sampler = mixed()
    third = batches(sampler, 3)
    batches(sampler, 0)
    assert batches(mixed(), 3) == third == batches(sampler, 3)
    assert batches(mixed(seed=4), 3) != third
    assert batches(sampler, 4) != third


@pytest.mark.parametrize("world", [2, 3])
def test_ranks_share_the_batches(world):
    alone = batches(mixed((1, 3), (600, 5000)), 1)
    ranks = [
        batches(mixed((1, 3), (600, 5000), share=Share(rank, world)), 1) for rank in range(world)
    ]
    assert len({len(one) for one in ranks}) == 1
    for number, batch in enumerate(alone):
        assert first_part(ranks[number % world][number // world], 600) == first_part(batch, 600)
    main = Counter(p for one in ranks for batch in one for p in batch if p < 600)
    assert set(main) == set(range(600))
    assert sum(main.values()) - 600 < world * 16 + 16


def test_without_shuffle_sources_are_taken_in_order():
    found = batches(mixed((1, 1), (4, 6), 4, shuffle=False))
    assert found == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert batches(mixed((1, 1), (4, 6), 4, shuffle=False), 1)[0] == [0, 1, 8, 9]


@pytest.mark.parametrize(
    ("epoch", "count"), [("first", 20), ("shortest", 20), ("longest", 105)], ids=str
)
def test_an_epoch_is_one_pass_over_the_source_that_is_named(epoch, count):
    sampler = mixed(epoch=epoch)
    assert len(sampler) == count
    if epoch == "longest":
        assert {p for batch in batches(sampler) for p in batch if p >= 320} == set(range(320, 5320))


def test_files_of_one_folder_are_one_source():
    names = ["/d/real/a.txt", "/d/real/b.txt", "/d/synth/c.txt", "/d/synth/d.txt"]
    sources = [Span(name, 10 * n, 10 * n + 10) for n, name in enumerate(names)]
    mixture = Mixture({"synth": 3, "real": 1}, sources)
    assert [(one.name, one.members) for one in mixture.groups] == [
        ("synth", (2, 3)),
        ("real", (0, 1)),
    ]
    mixture.plan([8] * 5)
    assert mixture.main == 0
    drawn = np.concatenate([mixture.batch(0, number) for number in range(5)])
    assert (drawn >= 20).sum() == 30
    assert mixture.of_sources() == [5, 5, 15, 15]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1, 2, 3], "3 values for 2 sources"),
        ([1], "1 values for 2 sources"),
        ([1, 0], r"the weight of /d/synth.txt is 0; it must be above 0"),
        ([1, -2], "above 0"),
        ([1, float("nan")], "above 0"),
        ({"real.txt": 1}, "the source /d/synth.txt has no weight"),
        ({"real.txt": 1, "synth.txt": 2, "other": 1}, "weights names other"),
        ({"d": 1, "synth.txt": 2}, "belongs to d and synth.txt"),
        ({"d": 1}, "from two on"),
    ],
)
def test_weights_that_do_not_fit_say_why(weights, said):
    with pytest.raises(ValueError, match=said):
        grouped(weights, ["/d/real.txt", "/d/synth.txt"])


def test_weights_become_whole_numbers():
    assert whole_weights([1.0, 3.0]) == [1, 3]
    assert whole_weights([0.25, 0.5, 1e-2]) == [25, 50, 1]
    with pytest.raises(ValueError, match="too far apart"):
        whole_weights([1.0, 1e-9])


def test_a_source_without_samples_is_an_error():
    with pytest.raises(ValueError, match="part1/rows.txt has no samples"):
        mixed(sizes=(10, 0))


def several_shapes(**settings) -> MultiScaleSampler:
    given = {"scales": [[320, 32], [320, 48], [320, 64]], "count": 5320, "first_bs": 32}
    given |= {"fix_bs": False, "seed": 2, "weights": [1, 3], "sources": spans(320, 5000)}
    return MultiScaleSampler(**{**given, **settings})


def test_batches_of_several_shapes_are_mixed_too():
    sampler = several_shapes()
    requests = list(sampler.epoch(2))
    assert len({request.extras[SHAPE] for request in requests}) == 3
    for request in requests:
        part = first_part(list(request.positions), 320)
        assert abs(part - len(request.positions) / 4) < 2
    main = [p for request in requests for p in request.positions if p < 320]
    assert sorted(main) == list(range(320))
    assert sampler.count == 1280
    assert [one.positions for one in several_shapes().epoch(2)] == [
        one.positions for one in requests
    ]


def test_lines_are_not_put_together_by_source_and_by_width():
    with pytest.raises(ValueError, match="ds_width"):
        several_shapes(proportions=np.ones(5320, np.float32))


# --- through the loader ---


def two_files(folder, weights, real: int = 8, made: int = 24, **loader):
    config = rec_config(lines(folder / "real", real), batch_size_per_card=8, **loader)
    synthetic = lines(folder / "synth", made)
    dataset = config["Train"]["dataset"]
    files = [*dataset["label_file_list"], str(synthetic)]
    dataset = {**dataset, "data_dir": str(folder), "label_file_list": files}
    for path in map(Path, files):
        rows = path.read_text().splitlines()
        path.write_text("".join(f"{path.parent.name}/{row}\n" for row in rows))
    config["Train"] = {
        **config["Train"],
        "dataset": dataset,
        "sampler": {"name": "MixedSampler", "weights": weights},
    }
    return config


def composition(batch) -> tuple[int, int]:
    real = sum("/real/" in place for place in batch["place"])
    return real, len(batch["place"]) - real


@pytest.mark.parametrize("weights", [[1, 3], {"real": 1, "synth": 3}])
def test_the_loader_mixes_files(tmp_path, weights):
    loader = build_dataloader(two_files(tmp_path, weights), "Train")
    found = list(loader.epoch(0))
    assert [composition(batch) for batch in found] == [(2, 6)] * 4
    assert loader.count == 32
    rest = [batch["place"] for batch in loader.epoch(0, start=2)]
    assert rest == [batch["place"] for batch in found[2:]]


def test_bad_rows_are_replaced_by_rows_of_their_own_source(tmp_path):
    config = two_files(tmp_path, [1, 1])
    for number in range(6):
        (tmp_path / "real" / f"{number}.png").unlink()
    config["Global"]["max_bad_ratio"] = 0.9
    loader = build_dataloader(config, "Train")
    assert [composition(batch) for batch in loader.epoch(0)] == [(4, 4)] * 2
    assert loader.tally.reasons["missing file"] >= 6


def test_workers_and_ranks_give_the_same_mixture(tmp_path):
    alone = [
        one["place"] for one in build_dataloader(two_files(tmp_path, [1, 3]), "Train").epoch(1)
    ]
    loader = build_dataloader(two_files(tmp_path, [1, 3], num_workers=2), "Train")
    try:
        assert [batch["place"] for batch in loader.epoch(1)] == alone
    finally:
        loader.close()


def test_ratios_say_what_there_is_to_draw_from(tmp_path):
    config = two_files(tmp_path, [1, 1])
    config["Train"]["dataset"]["ratio_list"] = [1.0, 0.5]
    loader = build_dataloader(config, "Train")
    other = {p for batch in loader.epoch(0) for p in batch["place"] if "/synth/" in p}
    assert len(other) == 8
    assert loader.fetcher.source.count(True) == 8 + 12


def test_databases_are_mixed_in_the_order_of_their_names(tmp_path):
    environment(tmp_path / "b", ["synthetic"] * 30)
    environment(tmp_path / "a", ["real"] * 10)
    config = rec_config(lines(tmp_path / "spare", 1))
    transforms = [{"CTCLabelEncode": None}, {"KeepKeys": {"keep_keys": ["label"]}}]
    config["Train"]["dataset"] = {
        "name": "LMDBDataSet", "data_dir": str(tmp_path), "transforms": transforms,
    }  # fmt: skip
    config["Train"]["sampler"] = {"name": "MixedSampler", "weights": [1, 1]}
    loader = build_dataloader(config, "Train")
    for batch in loader.epoch(0):
        assert Counter(batch["text"]) == {"real": 2, "synthetic": 2}
    assert len(loader) == 5


def test_less_than_one_batch_is_said(tmp_path):
    config = two_files(tmp_path, [1, 3], real=1, drop_last=True)
    with pytest.raises(DataError, match="a pass over .* makes 4 samples, fewer than one batch"):
        build_dataloader(config, "Train")


def test_weights_that_do_not_fit_are_errors_of_the_config(tmp_path):
    with pytest.raises(ConfigError, match="MixedSampler: weights has 3 values for 2 sources"):
        build_dataloader(two_files(tmp_path, [1, 2, 3]), "Train")
