"""Images to results, over an engine that answers by simple arithmetic."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ppocr.geometry.box import side_lengths
from ppocr.pipeline.batching import groups
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.spec import TensorSpec
from ppocr.utils.exits import DataError
from tests.pipeline.test_store import DET, REC


class Columns:
    """Reads a class off the brightness of every eighth column; remembers batch shapes."""

    def __init__(self, classes: int) -> None:
        self.classes, self.shapes = classes, []

    def run(self, feeds):
        self.shapes.append(feeds[0].shape)
        bright_NT = feeds[0].mean(axis=(1, 2))[:, ::8] * 0.5 + 0.5
        ids = (bright_NT * (self.classes - 1)).round().astype(int)
        return [np.eye(self.classes, dtype=np.float32)[ids]]


class Dark:
    """A map that is 1 where the page is dark."""

    def run(self, feeds):
        return [(feeds[0].mean(axis=1, keepdims=True) < 0).astype(np.float32)]


def line(width: int, seed: int, height: int = 48) -> np.ndarray:
    generator = np.random.default_rng(seed)
    columns = generator.integers(0, 256, size=(1, max(1, width // 16), 3), dtype=np.uint8)
    return cv2.resize(columns, (width, height), interpolation=cv2.INTER_NEAREST)


def recogniser(spec=REC, **settings) -> Runner:
    return Runner(spec, Columns(spec.specials["classes"]), **settings)


def test_groups_hold_equal_shapes_only_and_every_index_once():
    shapes = ["a", "b", "a", "a", "c", "b"]
    assert list(groups(shapes, "own", 2)) == [[0, 2], [1, 5], [3], [4]]
    assert list(groups(shapes, "fixed", 10)) == [[0, 2, 3], [1, 5], [4]]
    assert list(groups(shapes, "single", 10)) == [[0], [1], [2], [3], [4], [5]]
    assert list(groups([], "own", 4)) == []


def test_the_text_of_a_line_does_not_depend_on_its_neighbours():
    images = [line(width, width) for width in (60, 321, 320, 700, 333, 60, 1200, 321, 90, 30)]
    runner = recogniser(batch_size=4)
    alone = [runner([image])[0] for image in images]
    assert len({text for text, _ in alone}) > 5
    assert runner(images) == alone
    assert recogniser(batch_size=3)(images[::-1]) == alone[::-1]


def test_wide_lines_keep_their_width_or_are_squeezed_as_the_spec_says():
    images = [line(60, 1), line(700, 2)]
    own, fixed = recogniser(), recogniser(REC.with_batch("fixed"))
    own(images)
    fixed(images)
    assert own.backend.shapes == [(1, 3, 48, 320), (1, 3, 48, 700)]
    assert fixed.backend.shapes == [(2, 3, 48, 320)]


def test_bytes_and_pixels_are_the_same_image():
    image = line(200, 3)
    _, data = cv2.imencode(".png", image)
    runner = recogniser()
    assert runner([data.tobytes()]) == runner([image])


def test_a_dictionary_that_does_not_fit_is_refused():
    short = replace(REC, characters=REC.characters[:-1])
    with pytest.raises(DataError, match="tells 15 classes apart, the dictionary of 13"):
        recogniser(short)([line(60, 1)])


def test_an_image_that_the_graph_cannot_take_is_refused():
    other = replace(REC, inputs=(TensorSpec("image", "float32", (-1, 3, 32, -1)),))
    with pytest.raises(DataError, match=r"prepared as \[3, 48, 320\], the model takes \[3, 32"):
        recogniser(other)([line(60, 1)])
    with pytest.raises(DataError, match="uint8"):
        recogniser()([np.zeros((10, 10, 3), np.float32)])
    with pytest.raises(DataError, match="cannot be read"):
        recogniser()([b"not an image"])


def page() -> np.ndarray:
    image = np.full((320, 480, 3), 255, np.uint8)
    cv2.rectangle(image, (60, 60), (260, 90), (0, 0, 0), -1)
    cv2.rectangle(image, (470, 200), (479, 300), (0, 0, 0), -1)
    return image


def test_deployment_orders_clips_and_filters_and_evaluation_does_not():
    spec = DET.with_post(box_thresh=0.5)
    deployed, raw = Runner(spec, Dark()), Runner(spec, Dark(), as_deployed=False)
    (ours,), (theirs,) = deployed([page()]), raw([page()])
    assert len(ours["points"]) == len(theirs["points"]) == 2
    assert max(np.asarray(one)[:, 0].max() for one in ours["points"]) <= 479
    assert max(np.asarray(one)[:, 0].max() for one in theirs["points"]) == 480
    prepared = deployed.prepare(page())
    feeds = [prepared.feeds[0][None]]
    batch = deployed.collate([prepared])
    results = deployed.decode(deployed.infer(feeds), batch)
    (again,) = deployed.finish(results, batch)
    assert all(map(np.array_equal, again["points"], ours["points"]))
    (same,) = Runner(replace(spec, specials={}), Dark())([page()])
    assert all(map(np.array_equal, same["points"], theirs["points"]))


def test_the_least_side_of_a_box_is_that_of_the_description():
    spec = DET.with_post(box_thresh=0.5)
    (result,) = Runner(spec, Dark())([page()])
    sides = [side_lengths(np.asarray(one)[None]).min() for one in result["points"]]
    least = int(min(sides))
    for wanted, kept in ((least - 1, 2), (least, 1), (1000, 0)):
        other = replace(spec, specials={"box_filter": {"min_side_px": wanted}})
        (found,) = Runner(other, Dark())([page()])
        assert len(found["points"]) == len(found["scores"]) == kept


def test_task_rows_and_drawing():
    runner = Runner(DET.with_post(box_thresh=0.5), Dark())
    (result,) = runner([page()])
    assert runner.task.row(result).startswith("[[[")
    drawn = runner.task.draw(page(), result)
    assert (drawn == (0, 0, 255)).all(axis=2).any()
    assert recogniser().task.row(("text", 0.5)) == "text\t0.50000"
