"""Honest counting of lines, and the original's way of counting on request."""

from __future__ import annotations

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from ppocr.config import ConfigError
from ppocr.metrics import build_metric
from ppocr.metrics.rec import RecMetric
from ppocr.postprocess import build_post_process
from ppocr.text.charset import Charset


def count(metric, *pairs: tuple[str, str]) -> dict:
    return metric([(text, 1.0) for text, _ in pairs], {"text": [truth for _, truth in pairs]})


def test_all_right_is_one_and_the_originals_figure_is_a_little_less():
    assert count(RecMetric(), ("ab", "ab")) == {"acc": 1.0, "norm_edit_dis": 1.0}
    assert count(RecMetric(smoothing=1e-5), ("ab", "ab"))["acc"] < 1


def test_a_character_the_dictionary_lacks_is_a_mistake():
    """The original decodes the truth from its label, where the character is already lost."""
    pair = ("5", "5€")
    metric = RecMetric()
    metric.compare_with(Charset.of("0123456789"))
    assert count(metric, pair)["acc"] == 0.0
    assert "1 hold a character that the dictionary lacks" in metric.explain()
    original = RecMetric(unknown="delete")
    original.compare_with(Charset.of("0123456789"))
    assert count(original, pair)["acc"] == 1.0


def test_small_letters_and_direction_of_the_decoder_are_not_mistakes():
    metric = RecMetric()
    metric.compare_with(Charset.read(None))
    assert count(metric, ("hello", "Hello"))["acc"] == 1.0
    metric.compare_with(Charset.of("اب", reverse=True))
    assert count(metric, ("با", "اب"))["acc"] == 1.0


def test_the_decoder_tells_the_metric_how_to_compare():
    post = build_post_process({"name": "CTCLabelDecode"})
    assert count(build_metric({"name": "RecMetric"}, post), ("abc", "ABC"))["acc"] == 1.0
    assert count(build_metric({"name": "RecMetric"}), ("abc", "ABC"))["acc"] == 0.0


@pytest.mark.parametrize("ignore_space", [True, False])
def test_accuracy_with_and_without_spaces_is_always_told(ignore_space):
    metric = RecMetric(ignore_space=ignore_space)
    count(metric, ("a b", "ab"), ("ab", "ab"), ("x", "y"), ("x", "y"))
    figures = metric.get_metric()
    assert figures["acc_with_space"] == 0.25
    assert figures["acc_without_space"] == 0.5
    assert figures["acc"] == (0.5 if ignore_space else 0.25)


def test_the_filter_keeps_latin_letters_and_digits():
    metric = RecMetric(is_filter=True)
    assert count(metric, ("A-b 9", "aB9!"))["acc"] == 1.0


def test_batches_add_up():
    whole, parts = RecMetric(), RecMetric()
    pairs = [("kitten", "sitting"), ("a", "a"), ("", "xyz"), ("abc", "abd")]
    count(whole, *pairs)
    for pair in pairs:
        count(parts, pair)
    assert parts.get_metric() == pytest.approx(whole.get_metric())


def test_nothing_counted_is_zero_and_explained():
    metric = RecMetric()
    assert metric.get_metric()["acc"] == 0.0
    assert "no sample" in metric.explain()


def test_zero_is_explained_after_reading_too():
    metric = RecMetric()
    count(metric, ("", "ab"), ("", "cd"))
    assert "every result is empty" in metric.explain()
    metric.get_metric()
    assert "every result is empty" in metric.explain()
    count(metric, ("xx", "ab"))
    assert "read 'xx' for 'ab'" in metric.explain()


def test_results_and_truths_of_different_number_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        RecMetric()([("a", 1.0)], {"text": ["a", "b"]})


def test_distillation_counts_each_network_and_key_decides():
    section = {"name": "DistillationMetric", "key": "Student", "base_metric_name": "RecMetric"}
    metric = build_metric(section)
    results = {"Student": [("a", 1.0)], "Teacher": [("b", 1.0)]}
    metric(results, {"text": ["a"]})
    assert "Teacher: 0 of 1 lines" in metric.explain()
    figures = metric.get_metric()
    assert (figures["acc"], figures["Teacher_acc"]) == (1.0, 0.0)
    assert (metric.main_indicator, metric.reads) == ("acc", ("text",))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"base_metric_name": "Det"}, "base_metric_name is one of"),
        ({"base_metric_name": "DetMetric", "ignore_space": True}, "no setting ignore_space"),
    ],
)
def test_distillation_refuses_what_its_base_does_not_know(extra, words):
    with pytest.raises(ConfigError, match=words):
        build_metric({"name": "DistillationMetric", "key": "Student", **extra})


def test_classes_are_compared_by_name():
    metric = build_metric({"name": "ClsMetric"})
    assert metric([("0", 0.9), (180, 0.8)], {"text": ["180", "180"]}) == {"acc": 0.5}
    assert metric.get_metric() == {"acc": 0.5}
    assert metric.explain() == "1 of 2 images are classified right"


def test_parts_counted_apart_give_the_same_figures_to_the_last_bit():
    random = np.random.default_rng(3)
    letters = np.array(list("abc "))
    words = ["".join(random.choice(letters, random.integers(0, 30))) for _ in range(400)]
    pairs = list(zip(words, random.permutation(words).tolist(), strict=True))
    whole = RecMetric()
    count(whole, *pairs)
    wanted = whole.get_metric()
    assert 0 < wanted["norm_edit_dis"] < 1
    for parts in (2, 3, 7):
        together = RecMetric()
        for number in reversed(range(parts)):
            part = RecMetric()
            count(part, *pairs[number::parts])
            together.merge(part.state())
        assert together.get_metric() == wanted
    bare = [(text.replace(" ", ""), truth.replace(" ", "")) for text, truth in pairs]
    mean = np.mean([Levenshtein.normalized_similarity(*pair) for pair in bare])
    assert wanted["norm_edit_dis"] == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("truth", ["ab", ""])
def test_a_line_that_could_not_be_read_is_wrong_whatever_its_text(truth):
    metric = RecMetric()
    count(metric, ("ab", "ab"), ("c", "c"), ("", ""))
    metric.miss({"text": [truth]})
    figures = metric.get_metric()
    assert figures == dict.fromkeys(figures, 0.75)
    assert len(figures) == 4
