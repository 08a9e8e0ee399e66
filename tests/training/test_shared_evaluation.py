"""Two processes evaluate together: the figures are those of one, to the last bit."""

from __future__ import annotations

import json
import os
from pathlib import Path

import paddle
import pytest

from ppocr.config.errors import ConfigError
from ppocr.data.tally import Tally
from ppocr.metrics.each_model import DistillationMetric
from ppocr.metrics.rec import RecMetric
from ppocr.training import evaluation, setup
from ppocr.training import settings as settings_of
from ppocr.training.evaluate import Evaluator, Part
from ppocr.transforms.base import Compose
from ppocr.utils import exits
from ppocr.utils.exits import DataError, InternalError, UsageError
from tests.faults import tiny
from tests.faults.trouble import Trouble
from tests.training import jobs

TAKES = ("fps",)  # what is different each time


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(params=tiny.TASKS)
def random(request, tmp_path) -> list:
    """Return what `settings_of.read` takes for a network of random weights and 11 samples."""
    path = tiny.config(tmp_path, request.param, 11)
    labels = tmp_path / "data" / "rows.txt"
    text = labels.read_text()
    labels.write_text(text.replace("\tone", "\tö n e").replace("\ttwo", "\tlonger than ten"))
    weights = tmp_path / "random.pdparams"
    run = setup.Run(settings_of.read(path, [f"Global.save_model_dir={tmp_path}/random"]))
    paddle.save(run.model.state_dict(), str(weights))
    run.close()
    more = ["Eval.loader.batch_size_per_card=4"] if request.param == "rec" else []
    return [path, [f"Global.pretrained_model={weights}", *more]]


def alone(given: list) -> dict:
    """Return the figures of one process."""
    return without_time(evaluation.evaluate(settings_of.read(*given))[1])


def without_time(figures: dict) -> dict:
    return {name: value for name, value in figures.items() if name not in TAKES}


def together(given: list, folder: Path, world: int = 2) -> tuple[list[int], list[dict]]:
    """Return exit statuses and figures of several processes."""

    def work() -> int:
        def one(_: list[str]) -> int:
            figures = evaluation.evaluate(settings_of.read(*given))[1]
            rank = os.environ["PADDLE_TRAINER_ID"]
            (folder / f"figures-{rank}.json").write_text(json.dumps(figures))
            return 0

        return exits.run(one, [])

    statuses = jobs.finished(jobs.begun(work, folder, world), folder)
    notes = [folder / f"figures-{rank}.json" for rank in range(world)]
    return statuses, [json.loads(note.read_text()) for note in notes if note.is_file()]


@pytest.mark.parametrize("world", [2, 4])
def test_the_figures_are_those_of_one_process(random, tmp_path, world):
    wanted = alone(random)
    assert wanted["evaluated"] == 11
    statuses, found = together(random, tmp_path, world)
    assert statuses == [0] * world, jobs.log(tmp_path, 0).read_text()
    assert [without_time(one) for one in found] == [wanted] * world
    said = jobs.log(tmp_path, 0).read_text()
    if "acc" in wanted:
        assert 0 < wanted["norm_edit_dis"] < 1
        assert "4 of 11 samples are outside the model's limits" in said
    assert "outside" not in jobs.log(tmp_path, 1).read_text()  # the first speaks for all


def test_what_cannot_be_read_ends_all_of_them_with_the_words_of_one(random, tmp_path):
    (tmp_path / "data" / "5.png").write_bytes(b"no image")
    with pytest.raises(DataError) as caught:
        alone(random)
    assert "1 of 11 samples" in str(caught.value)
    statuses, _ = together(random, tmp_path)
    assert statuses == [65, 65]
    for rank in range(2):
        assert f"error[65] {caught.value}" in jobs.log(tmp_path, rank).read_text()


def test_a_process_that_fails_ends_the_others_with_its_reason(random, tmp_path, monkeypatch):
    build = evaluation.build_dataloader

    def troubled(*given):
        loader = build(*given)
        loader.fetcher._chain = Compose([Trouble("raise"), *loader.fetcher.ops], defer=True)
        return loader

    monkeypatch.setattr(evaluation, "build_dataloader", troubled)
    statuses, _ = together(random, tmp_path)
    assert statuses == [70, 70]
    said = [jobs.log(tmp_path, rank).read_text() for rank in range(2)]
    for one in said:
        assert "rows.txt:6: sample 5 of epoch 1 cannot be made: ValueError: of this sample" in one
    assert sum("error[70] rank " in one for one in said) == 1


def test_a_sample_counted_twice_is_a_defect():
    class Loader:
        count = 3

    def part(*positions: int) -> Part:
        return Part(None, None, Tally(), len(positions), list(positions), 0, 0.0, False)

    evaluator = Evaluator(None, Loader(), RecMetric())
    evaluator._demand_whole([part(0, 1), part(2)])
    for others in (part(1), part()):
        with pytest.raises(InternalError, match="of 3 samples"):
            evaluator._demand_whole([part(0, 1), others])


def test_a_metric_that_cannot_be_shared_is_refused(monkeypatch):
    class Own:
        main_indicator = "acc"

    Evaluator(None, None, Own())
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    with pytest.raises(ConfigError, match=r"Own .*state\(\) and merge"):
        Evaluator(None, None, Own())


def test_a_report_is_made_by_one_process(random, monkeypatch):
    monkeypatch.setattr(evaluation.ranks, "begin", lambda device: None)
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    with pytest.raises(UsageError, match="without the launcher"):
        evaluation.evaluate(settings_of.read(*random), lambda metric, spec: None)


def test_networks_of_a_distillation_are_added_up_by_name():
    whole, first, second = (DistillationMetric(key="Student") for _ in range(3))
    batches = [
        ([{"Student": ("ab", 1.0), "Teacher": ("ab", 1.0)}], {"text": ["ab"]}),
        ([{"Student": ("x", 1.0), "Teacher": ("abc", 1.0)}], {"text": ["abc"]}),
    ]
    for metric, given in [(whole, batches), (first, batches[:1]), (second, batches[1:])]:
        for results, batch in given:
            metric(results, batch)
    states = [first.state(), second.state()]
    third = DistillationMetric(key="Student")
    for state in states:
        third.merge(state)
    assert third.get_metric() == whole.get_metric()
