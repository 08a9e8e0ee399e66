"""The predict commands, run as users run them, on small exported models."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.utils import exits
from ppocr.utils.files import REPOSITORY
from tests.serving import graphs

WATCH = (
    "import runpy, sys\n"
    "sys.argv = sys.argv[1:]\n"
    "try:\n"
    "    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    "finally:\n"
    "    if 'paddle' in sys.modules:\n"
    "        raise SystemExit('paddle was imported')\n"
)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folder with ``det`` and ``rec``, exported."""
    folder = tmp_path_factory.mktemp("models")
    graphs.detector(folder / "det")
    graphs.recogniser(folder / "rec")
    return folder


@pytest.fixture
def pages(tmp_path):
    """Folder with three pages, one of them named in Chinese."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png", "收据.png")):
        done, encoded = cv2.imencode(".png", graphs.page(number))
        assert done
        (folder / name).write_bytes(encoded.tobytes())
    return folder


@pytest.fixture
def run(capsys):
    """Runs a command in this process and returns what it printed."""

    def command(name: str, *words, expect: int = 0) -> str:
        module = import_module(f"tools.infer.predict_{name}")
        try:
            status = exits.run(module.main, [str(word) for word in words])
        except SystemExit as left:  # --help, and what argparse finds wrong
            status = left.code
        printed = capsys.readouterr()
        assert status == expect, printed.out + printed.err
        return printed.out + printed.err

    return command


def run_apart(name: str, *words, watched: bool = False) -> str:
    """Return what a command printed in a process of its own, where paddle may not be imported."""
    script = [str(REPOSITORY / "tools" / "infer" / f"predict_{name}.py")]
    start = ["-c", WATCH] if watched else []
    done = subprocess.run(
        [sys.executable, *start, *script, *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def system_rows(folder: Path) -> dict[str, list[dict]]:
    lines = (folder / "system_results.txt").read_text(encoding="utf-8").splitlines()
    return {name: json.loads(row) for name, row in (line.split("\t") for line in lines)}


def test_system_without_paddle(models, pages, tmp_path):
    out = tmp_path / "out"
    said = run_apart(
        "system",
        *("--image_dir", pages, "--draw_img_save_dir", out, "--drop_score", "0"),
        *("--det_model_dir", models / "det", "--rec_model_dir", models / "rec"),
        watched=True,
    )
    rows = system_rows(out)
    assert list(rows) == ["a.png", "b.png", "收据.png"]
    assert [len(row) for row in rows.values()] == [8, 8, 8]
    first = rows["a.png"][0]
    assert set(first) == {"transcription", "points", "score"}
    (left, top), _, (right, bottom), _ = first["points"]
    assert 0 <= left <= 20 < 180 <= right <= 200
    assert 0 <= top <= 34 < 54 <= bottom <= 70
    drawing = cv2.imread(str(out / "a.png"))
    assert drawing.shape == (280, 840, 3)
    for wanted in (
        r"dt_boxes num : 8, elapsed : \d",
        r"rec_res num  : 8, elapsed : \d",
        re.escape(f"{first['transcription']}, {first['score']:.3f}"),
        r"The visualized image saved in .*a\.png",
        r"The predict total time is \d",
    ):
        assert re.search(wanted, said), wanted


def test_stages_alone_give_what_the_system_gives(run, models, pages, tmp_path):
    """Boxes of predict_det and texts of predict_rec over the saved crops are the system's own."""
    out, crops = tmp_path / "out", tmp_path / "crops"
    both = ("--det_model_dir", models / "det", "--rec_model_dir", models / "rec")
    run(
        "system",
        *("--image_dir", pages, "--draw_img_save_dir", out, *both, "--drop_score", 0),
        *("--save_crop_res", "True", "--crop_res_save_dir", crops),
    )
    rows = system_rows(out)
    run("det", "--image_dir", pages, "--draw_img_save_dir", out, *both)
    for line in (out / "det_results.txt").read_text(encoding="utf-8").splitlines():
        name, boxes = line.split("\t")
        assert json.loads(boxes) == [line["points"] for line in rows[name]]
        assert (out / f"det_res_{name}").is_file()
    said = run("rec", "--image_dir", crops, *both)
    read = dict(re.findall(r"Predicts of .*?([^/\\]+\.png):\('(.*)', [\d.e-]+\)", said))
    wanted = {
        f"{Path(name).stem}_crop_{number}.png": line["transcription"]
        for name, row in rows.items()
        for number, line in enumerate(row)
    }
    assert read == wanted
    assert len(set(read.values())) > 4


def test_several_processes_give_the_same_file(models, pages, tmp_path):
    words = ["--image_dir", pages, "--drop_score", 0]
    words += ["--det_model_dir", models / "det", "--rec_model_dir", models / "rec"]
    said = {}
    for out, more in (("one", ()), ("two", ("--use_mp", "True", "--total_process_num", 2))):
        said[out] = run_apart("system", *words, "--draw_img_save_dir", tmp_path / out, *more)
    first, second = (tmp_path / out / "system_results.txt" for out in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    told = [re.findall(r"dt_boxes num : \d+", text) for text in said.values()]
    assert told[0] == told[1]
    assert len(told[0]) == 3


def test_broken_files_are_counted_and_the_others_finished(run, models, pages, tmp_path):
    (pages / "b.png").write_bytes(b"broken")
    (pages / "c.gif").write_bytes(b"GIF89a")
    said = run(
        "det",
        *("--image_dir", pages, "--det_model_dir", models / "det"),
        *("--draw_img_save_dir", tmp_path),
        expect=65,
    )
    assert "error[65] 2 of 4 files gave no result" in said
    rows = (tmp_path / "det_results.txt").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[0] for row in rows] == ["a.png", "收据.png"]


def test_a_flag_given_by_hand_replaces_one_value_and_is_said(run, models, pages, tmp_path):
    words = ("--image_dir", pages, "--det_model_dir", models / "det")
    usual = run("det", *words, "--draw_img_save_dir", tmp_path / "usual")
    other = run(
        "det", *words, "--draw_img_save_dir", tmp_path / "other", "--det_db_unclip_ratio", "3.0"
    )
    assert "replaces" not in usual
    assert "det_db_unclip_ratio 3.0 replaces 1.5 from inference.yml" in other
    grown = [
        np.ptp(np.array(json.loads(row.split("\t")[1])[0]), axis=0).prod()
        for folder in ("usual", "other")
        for row in (tmp_path / folder / "det_results.txt").read_text(encoding="utf-8").splitlines()
    ]
    assert all(wide > narrow for narrow, wide in zip(grown[:3], grown[3:], strict=True))


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ((), 2, "--image_dir"),
        (("--image_dir", "nowhere"), 66, "nowhere"),
        (("--image_dir", "{pages}"), 2, "--det_model_dir"),
        (("--image_dir", "{pages}", "--det_model_dir", "{models}/rec"), 2, "rec model"),
        (("--image_dir", "{pages}", "--det_model_dir", "{pages}"), 66, "inference.json"),
        (("--image_dir", "{pages}", "--det_model_dir", "{run}"), 2, "tools/export_model.py"),
        (("--image_dir", "{pages}", "--det_model_dir", "{run}/latest"), 2, "tools/infer_det.py"),
        (("--det_db_tresh", "0.2"), 2, "did you mean --det_db_thresh"),
        (("--use_gpu", "perhaps"), 2, "True or False"),
    ],
)
def test_mistakes_are_told_in_one_line(run, models, pages, tmp_path, words, status, told):
    trained = tmp_path / "run"
    trained.mkdir()
    (trained / "latest.pdparams").touch()
    filled = [word.format(pages=pages, models=models, run=trained) for word in words]
    said = run("det", *filled, expect=status)
    assert told in said
    assert "Traceback" not in said


def test_help_shows_what_matters_here(run):
    said = run("det", "--help")
    assert "--det_db_unclip_ratio" in said
    assert "--rec_image_shape" not in said
    assert "not given: as exported" in said


def test_a_mistake_leaves_old_results_alone(run, models, pages, tmp_path):
    words = ("--image_dir", pages, "--draw_img_save_dir", tmp_path)
    run("det", *words, "--det_model_dir", models / "det")
    before = (tmp_path / "det_results.txt").read_bytes()
    run("det", *words, "--det_model_dir", models / "nowhere", expect=66)
    run("det", *words, "--det_model_dir", models / "det", "--precision", "fp16", expect=2)
    assert (tmp_path / "det_results.txt").read_bytes() == before


def test_an_export_of_others_is_read_by_flags_and_said(run, models, pages, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "inference.onnx").write_bytes((models / "det" / "inference.onnx").read_bytes())
    said = run(
        "det",
        *("--image_dir", pages, "--det_model_dir", bare, "--draw_img_save_dir", tmp_path),
        *("--det_limit_side_len", 320, "--det_db_box_thresh", 0.5),
    )
    assert "has no inference.yml" in said
    rows = (tmp_path / "det_results.txt").read_text(encoding="utf-8").splitlines()
    assert [len(json.loads(row.split("\t")[1])) for row in rows] == [8, 8, 8]


def test_shares_taken_by_hand_do_not_overwrite_each_other(run, models, pages, tmp_path):
    words = ("--image_dir", pages, "--det_model_dir", models / "det", "--total_process_num", 2)
    for share in (0, 1):
        run("det", *words, "--draw_img_save_dir", tmp_path, "--process_id", share)
    shares = [
        [row.split("\t")[0] for row in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(tmp_path.glob("det_results_*.txt"))
    ]
    assert shares == [["a.png", "收据.png"], ["b.png"]]
    run("det", *words, "--draw_img_save_dir", tmp_path, "--process_id", 2, expect=2)


def test_times_on_request(run, models, pages, tmp_path):
    said = run(
        "system",
        *("--image_dir", pages, "--draw_img_save_dir", tmp_path, "--benchmark", "True"),
        *("--det_model_dir", models / "det", "--rec_model_dir", models / "rec"),
        *("--show_log", "False", "--save_log_path", tmp_path / "log" / "predict.log"),
    )
    assert re.search(r"det +[\d.]+ +\d+%", said)
    assert "dt_boxes num" not in said
    assert "The predict total time" in (tmp_path / "log" / "predict.log").read_text()
