"""Drawing in processes: the same bytes in the same order, and only what is wanted."""

from __future__ import annotations

from ppocr.synthesis.plan import Plan
from ppocr.synthesis.studio import LINES_A_CHUNK, Studio
from tests.synthesis.drawing import settings

EFFECTS = [{name: {"probability": 0.5}} for name in ("Perspective", "Frame", "JpegCompression")]


def contents(workers: int, number: int = 70) -> list[bytes]:
    made = settings(Effects=EFFECTS, Global={"number": number, "workers": workers})
    with Studio(made) as studio:
        return [sample.drawn().content for sample in studio.samples(Plan(made))]


def test_the_number_of_processes_changes_nothing():
    assert contents(1) == contents(2)


def test_more_samples_begin_with_the_same_ones():
    assert contents(1, 40)[:30] == contents(1, 30)


def test_nothing_is_drawn_that_nobody_wants():
    made = settings(Global={"number": 10 * LINES_A_CHUNK, "workers": 1})
    drawn = []
    with Studio(made) as studio:
        once = studio.artist.draw
        studio.artist.draw = lambda job: drawn.append(job.index) or once(job)
        samples = list(studio.samples(Plan(made)))
        assert len(samples) == 10 * LINES_A_CHUNK
        assert not drawn
        samples[5 * LINES_A_CHUNK + 3].drawn()
        assert min(drawn) == 5 * LINES_A_CHUNK
        assert len(drawn) == LINES_A_CHUNK


def test_chunks_behind_a_wanted_one_are_begun_with_it():
    made = settings(Global={"number": 10 * LINES_A_CHUNK, "workers": 1})
    drawn = []
    with Studio(made) as studio:
        once = studio.artist.draw
        studio.artist.draw = lambda job: drawn.append(job.index) or once(job)
        first = next(studio.samples(Plan(made)))
        first.drawn()
        assert max(drawn) + 1 > 2 * LINES_A_CHUNK
