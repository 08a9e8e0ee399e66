"""Rows I, L and Y: hostile images, LMDBs that lie, configs that try to do more than configure."""

from __future__ import annotations

import ast
import os
import resource
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import lmdb
import numpy as np
import pytest

from ppocr import config
from ppocr.config.errors import ConfigError
from ppocr.data.lmdb_set import LMDBDataSet
from ppocr.pipeline import checks
from ppocr.transforms.base import Rejected
from ppocr.transforms.decode import decode_image
from ppocr.utils.exits import DataError
from ppocr.utils.files import REPOSITORY
from tests.data.test_lmdb import environment
from tests.faults import tiny
from tests.transforms.images import encoded, page, with_exif

RNG = np.random.default_rng(0)


def bomb(side: int) -> bytes:
    """Return a valid PNG of one bit a pixel, some kilobytes for any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    head = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    packer = zlib.compressobj(9)
    line = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("side", [17_000, 20_000, 33_000])
def test_i1_a_bomb_is_refused_from_its_header(side):
    content = bomb(side)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    with pytest.raises(Rejected) as caught:
        decode_image(content)
    assert caught.value.reason == "too_large"
    assert time.process_time() - begun < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


def test_i2_transparency_is_treated_alike_everywhere():
    """It is dropped, as by every OpenCV pipeline: training, evaluation and prediction agree."""
    from ppocr.transforms import create_operators
    from ppocr.transforms.base import Compose

    image = np.dstack([page(40, 60), np.zeros((40, 60), np.uint8)])
    content = encoded(image)
    found = decode_image(content)
    np.testing.assert_array_equal(found, image[:, :, :3])
    ops = create_operators([{"DecodeImage": {"img_mode": "BGR"}}])
    np.testing.assert_array_equal(Compose(ops)({"image": content})["image"], found)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_i3_orientation_has_one_rule(orientation, ending):
    data = with_exif(encoded(page(40, 60), ending), orientation)
    found = decode_image(data)
    assert found.shape == ((60, 40, 3) if orientation >= 5 else (40, 60, 3))
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(found.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["gray", "16 bit", "palette", "cmyk", "la"])
def test_i4_kinds_of_pixels_keep_their_mean_colour(kind, tmp_path):
    image = np.full((20, 30, 3), (40, 80, 160), np.uint8)
    if kind == "16 bit":
        content = encoded(image.astype(np.uint16) * 257)
        wanted = (40, 80, 160)
    else:
        pillow = pytest.importorskip("PIL.Image")
        mode = {"gray": "L", "palette": "P", "cmyk": "CMYK", "la": "LA"}[kind]
        made = pillow.fromarray(image[:, :, ::-1]).convert(mode)
        path = tmp_path / ("x.tif" if kind == "cmyk" else "x.png")
        made.save(path)
        content = path.read_bytes()
        wanted = tuple(np.asarray(made.convert("RGB")).reshape(-1, 3).mean(0)[::-1])
    try:
        found = decode_image(content)
    except Rejected as reason:
        pytest.skip(f"this OpenCV cannot read {kind}: {reason.reason}, which is a reason code")
    assert found.dtype == np.uint8
    assert np.abs(found.reshape(-1, 3).mean(0) - wanted).max() <= 2


def test_i5_of_an_animation_the_first_frame_or_a_reason(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    frames = [pillow.new("RGB", (30, 20), colour) for colour in ("red", "blue")]
    for ending in (".gif", ".webp", ".tiff"):
        path = tmp_path / f"x{ending}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        try:
            found = decode_image(path.read_bytes())
        except Rejected as reason:
            assert reason.reason  # noqa: PT017 - either is right, a crash is not
        else:
            assert found[10, 10, 2] > 200 > found[10, 10, 0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize(
    "resize",
    [
        {"DetResizeForTest": {"limit_side_len": 96, "limit_type": "max"}},
        {"RecResizeImg": {"image_shape": [3, 32, 100]}},
        {"ClsResizeImg": {"image_shape": [3, 48, 192]}},
    ],
)
def test_i6_images_of_a_pixel_or_a_line_give_an_input(shape, resize):
    from ppocr.transforms import OPS, create_operators
    from ppocr.transforms.base import Compose

    name = next(iter(resize))
    if name not in OPS.names():
        pytest.skip(f"there is no {name}")
    ops = create_operators([{"DecodeImage": {"img_mode": "BGR"}}, resize])
    content = encoded(np.full((*shape, 3), 200, np.uint8))
    found = Compose(ops)({"image": content})["image"]
    assert min(found.shape[:2]) >= 1
    assert np.isfinite(np.asarray(found, np.float64)).all()


def test_i7_a_broken_file_in_a_folder_fails_alone(tmp_path):
    from tests.serving import graphs

    graphs.detector(tmp_path / "det")
    pages = tmp_path / "pages"
    pages.mkdir()
    cv2.imwrite(str(pages / "a.png"), graphs.page(1))
    (pages / "b.gif").write_bytes(b"GIF89a broken")
    cv2.imwrite(str(pages / "c.png"), graphs.page(2))
    done = tiny.tool(
        ["infer/predict_det.py", "--image_dir", pages, "--det_model_dir", tmp_path / "det"],
        cwd=tmp_path,
    )
    assert done.returncode == 65, done.stderr
    assert "b.gif" in done.stdout + done.stderr
    results = list(tmp_path.rglob("det_results.txt"))
    assert results
    assert len(results[0].read_text().splitlines()) == 2


TRUNCATED = (
    "import sys\n"
    "from ppocr.data.lmdb_set import LMDBDataSet\n"
    "from ppocr.utils import exits\n"
    "sys.exit(exits.run(lambda argv: LMDBDataSet(argv[0], []) and 0, sys.argv[1:]))\n"
)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_l1_an_lmdb_cut_short_does_not_kill_its_reader(tmp_path, part):
    data = environment(tmp_path / "a", ["text"] * 200) / "data.mdb"
    content = data.read_bytes()
    data.write_bytes(content[: int(len(content) * part)])
    words = [sys.executable, "-c", TRUNCATED, str(tmp_path)]
    done = subprocess.run(
        words, env=tiny.ENVIRONMENT, capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert done.returncode == 65, done.stderr
    assert "error[65]" in done.stderr


@pytest.mark.parametrize("count", ["1000", "10000000000", "many", "-3", ""])
def test_l2_a_count_that_the_keys_do_not_bear_out_is_refused(tmp_path, count):
    environment(tmp_path / "a", ["one", "two"], count or "0")
    if not count:
        with lmdb.open(str(tmp_path / "a"), map_size=1 << 24) as made, made.begin(write=True) as at:
            at.delete(b"num-samples")
    with pytest.raises(DataError, match="num-samples"):
        LMDBDataSet(str(tmp_path), [])


def test_l3_flipped_bytes_cost_samples_not_the_process(tmp_path):
    data = environment(tmp_path / "a", [f"text{n}" for n in range(60)]) / "data.mdb"
    content = data.read_bytes()
    rng = np.random.default_rng(5)
    script = (
        "import sys, numpy as np\n"
        "from ppocr.data.lmdb_set import LMDBDataSet\n"
        "from ppocr.transforms.base import Rejected\n"
        "from ppocr.utils.exits import OcrError\n"
        "try:\n"
        "    found = LMDBDataSet(sys.argv[1], [])\n"
        "except OcrError:\n"
        "    sys.exit(65)\n"
        "for row in range(found.total):\n"
        "    try:\n"
        "        found.read(row, np.random.default_rng(0))\n"
        "    except Rejected as reason:\n"
        "        print(reason.reason)\n"
    )
    for _ in range(4):
        damaged = bytearray(content)
        for _ in range(60):
            damaged[rng.integers(8192, len(content))] ^= 255
        data.write_bytes(damaged)
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env=tiny.ENVIRONMENT, capture_output=True, text=True, cwd=REPOSITORY, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 65), done.stderr[-500:]


def test_l4_an_environment_opened_before_a_fork_is_opened_anew(tmp_path):
    environment(tmp_path / "a", ["one", "two"])
    found = LMDBDataSet(str(tmp_path), [])
    assert found.read(0, RNG)["label"] == "one"

    def work() -> int:
        return 0 if found.read(1, RNG)["label"] == "two" else 1

    assert [tiny.in_child(work) for _ in range(3)] == [0, 0, 0]
    assert found.read(1, RNG)["label"] == "two"


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system"])
@pytest.mark.parametrize("where", ["file", "option"])
def test_y1_tags_that_make_objects_are_refused(rec, tmp_path, tag, where):
    canary = tmp_path / "canary"
    value = f"{tag} ['touch {canary}']"
    options = []
    if where == "file":
        rec.write_text(rec.read_text() + f"\nEvil: {value}\n")
    else:
        options = [f"Global.seed={value}"]
    with pytest.raises(ConfigError) as caught:
        config.load(rec, options)
    assert caught.value.exit_code == 78
    assert not canary.exists()


def test_y2_names_are_looked_up_never_evaluated(rec, tmp_path):
    canary = tmp_path / "canary"
    name = f"__import__('os').system('touch {canary}')"
    text = rec.read_text().replace("CTCLabelEncode", '"' + name + '"')
    assert name in text
    rec.write_text(text)
    with pytest.raises(ConfigError):
        checks.ensure(config.load(rec))
    assert not canary.exists()
    for path in [*(REPOSITORY / "ppocr").rglob("*.py"), *(REPOSITORY / "tools").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "id", "")
            assert called not in ("eval", "exec"), f"{path}:{node.lineno}"


def test_y3_a_bomb_of_aliases_is_refused_quickly(tmp_path):
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for old, new in zip("abcdefghi", "bcdefghij", strict=True):
        rows.append(f"{new}: &{new} [{','.join(['*' + old] * 9)}]")
    path = tmp_path / "bomb.yml"
    path.write_text("\n".join(rows))
    begun = time.process_time()
    with pytest.raises(ConfigError, match="too many values"):
        config.load(path)
    assert time.process_time() - begun < 2


def test_y4_typos_are_found_and_the_right_word_is_offered(rec):
    text = rec.read_text()
    words = ("epoch_num", "learning_rate", "batch_size_per_card", "encoder_type", "hidden_size")
    found = []
    for word in words:
        swapped, dropped = word[:2] + word[3] + word[2] + word[4:], word[:-2] + word[-1]
        for wrong in (dropped, swapped, word.replace("_", ""), word.title()):
            if wrong == word:
                continue
            rec.write_text(text.replace(f" {word}:", f" {wrong}:"))
            with pytest.raises(ConfigError) as caught:
                checks.ensure(config.load(rec))
            found.append(f"did you mean '{word}'?" in str(caught.value))
    assert np.mean(found) >= 0.95


def test_y5_a_key_twice_and_an_alias_of_nothing_are_told_with_their_lines(tmp_path):
    path = tmp_path / "x.yml"
    path.write_text("A:\n  k: 1\n  k: 3\n")
    _, notes = config.read(path)
    assert "'k' is written twice here, first in line 2" in notes[0].text
    path.write_text("A: 1\nB: *nowhere\n")
    with pytest.raises(ConfigError, match=r"x\.yml:2: .*alias \*nowhere stands for nothing"):
        config.load(path)


def test_y6_numbers_are_numbers_and_other_types_are_named(rec):
    assert config.load(rec, ["Optimizer.lr.learning_rate=1e-3"])["Optimizer"]["lr"][
        "learning_rate"
    ] == pytest.approx(1e-3)
    loaded = config.load(rec, ["Global.save_model_dir=a=b"])
    assert loaded["Global"]["save_model_dir"] == "a=b"
    with pytest.raises(ConfigError, match=r"epoch_num.*int"):
        checks.ensure(config.load(rec, ["Global.epoch_num=many"]))


def test_y7_every_config_that_ships_loads_and_checks():
    found = sorted((REPOSITORY / "configs").rglob("*.yml"))
    assert len(found) > 10
    for path in found:
        problems = problems_of(path)
        assert all(path.name in one for one in problems), problems


def test_y7_original_configs_load_or_say_what_is_unsupported(request):
    folder = request.config.getoption("--official") or os.environ.get("OFFICIAL_CONFIGS", "")
    if not folder:
        pytest.skip("needs --official DIR with the configs of PaddleOCR 2.x")
    paths = sorted(Path(folder).rglob("*.yml"))
    assert paths, f"no .yml below {folder}"
    assert all(problems_of(path) is not None for path in paths)


def problems_of(path: Path) -> list[str]:
    """Return what is said of a config; anything but a ConfigError is a defect."""
    try:
        checks.ensure(config.load(path))
    except ConfigError as error:
        return [str(one) for one in error.problems]
    return []
