"""Each format as its documentation describes it, read into what training reads."""

from __future__ import annotations

import json

import pytest

from ppocr.utils.exits import DataError
from tests.conversion.conftest import convert, det_rows, picture, rec_rows, skips

QUAD = [[10, 10], [110, 10], [110, 40], [10, 40]]


def test_icdar_2015_pages(root):
    picture(root / "img_1.jpg")
    (root / "gt_img_1.txt").write_text(
        "\ufeff10,10,110,10,110,40,10,40,Hello, World\r\n10,60,90,60,90,80,10,80,###\r\n"
        "10,60,90,60,90,80\r\n1,1,1,1,1,1,1,1,flat\r\n",
        encoding="utf-8",
    )
    out = root.parent / "out"
    convert("icdar2015", "ppocr", root, out)
    first, second = det_rows(out)["images/img_1.jpg"]
    assert first == {"transcription": "Hello, World", "points": QUAD}
    assert second["transcription"] == "###"
    assert rec_rows(out) == {"crops/img_1.jpg/0001.png": "Hello, World"}
    found = {(reason, place.rpartition("/")[2]) for reason, place, _ in skips(out)}
    assert ("malformed row", "gt_img_1.txt:3") in found
    assert ("bad points", "gt_img_1.txt:4") in found
    assert ("ignored region", "gt_img_1.txt:1") in found


def test_icdar_2015_words(root):
    picture(root / "word_1.png", 80, 32)
    (root / "gt.txt").write_text('word_1.png, "say \\"hi\\", you"\n', encoding="utf-8")
    convert("icdar2015", "ppocr", root / "gt.txt", root.parent / "out")
    assert rec_rows(root.parent / "out") == {"lines/word_1.png": 'say "hi", you'}


def test_icdar_2019_art(root):
    picture(root / "train/gt_0.jpg")
    polygon = [[10, 20], [40, 10], [70, 20], [70, 50], [40, 40], [10, 50]]
    regions = [
        {"transcription": "arc", "points": polygon, "language": "Latin", "illegibility": False},
        {"transcription": "gone", "points": QUAD, "language": "Latin", "illegibility": True},
    ]
    (root / "train_labels.json").write_text(json.dumps({"gt_0": regions, "gt_9": []}))
    out = root.parent / "out"
    convert("icdar2019", "ppocr", root / "train_labels.json", out)
    arc, gone = det_rows(out)["images/train/gt_0.jpg"]
    assert arc["points"] == polygon
    assert arc["language"] == "Latin"
    assert (gone["transcription"], gone["ignored_text"]) == ("###", "gone")
    assert list(rec_rows(out).values()) == ["arc"]
    assert ("missing image", f"{root}/train_labels.json:gt_9") in {row[:2] for row in skips(out)}


def test_icdar_2019_mlt_and_sroie(root):
    picture(root / "tr_img_00001.jpg")
    (root / "tr_img_00001.txt").write_text("10,10,110,10,110,40,10,40,Latin,A, B\n")
    picture(root / "X51.jpg")
    (root / "X51.txt").write_text("10,10,110,10,110,40,10,40,TOTAL, 5.00\n")
    convert("icdar2019", "ppocr", root, root.parent / "out")
    rows = det_rows(root.parent / "out")
    assert rows["images/tr_img_00001.jpg"][0]["transcription"] == "A, B"
    assert rows["images/tr_img_00001.jpg"][0]["language"] == "Latin"
    assert rows["images/X51.jpg"][0]["transcription"] == "TOTAL, 5.00"


def test_coco_instances(root):
    picture(root / "a.jpg")
    found = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 200, "height": 120}],
        "annotations": [
            {"image_id": 7, "bbox": [10, 10, 100, 30], "attributes": {"text": "box"}},
            # begins at the lower right corner and runs the other way
            {"image_id": 7, "segmentation": [[110, 40, 110, 10, 10, 10, 10, 40]], "text": "turn"},
            {"image_id": 7, "segmentation": {"counts": "x", "size": [1, 1]}, "bbox": [1, 1, 9, 9]},
            {"image_id": 7, "bbox": [10, 10, 100, 30], "iscrowd": 1, "text": "many"},
            {"image_id": 7, "bbox": [10, 10, "wide", 30]},
            {"image_id": 8, "bbox": [10, 10, 100, 30]},
        ],
    }
    (root / "ann.json").write_text(json.dumps(found))
    out = root.parent / "out"
    convert("coco", "ppocr", root / "ann.json", out)
    box, turned, mask, crowd = det_rows(out)["images/a.jpg"]
    assert box == {"transcription": "box", "points": QUAD}
    assert turned["points"] == QUAD
    assert mask["transcription"] == ""
    assert crowd["transcription"] == "###"
    assert sorted(rec_rows(out).values()) == ["box", "turn"]
    reasons = {(reason, place.rpartition(":")[2]) for reason, place, _ in skips(out)}
    assert ("bad points", "annotations[4]") in reasons
    assert ("missing image", "annotations[5]") in reasons


def test_coco_text(root):
    picture(root / "a.jpg")
    annotation = {"image_id": 1, "polygon": [10, 10, 110, 10, 110, 40, 10, 40]}
    found = {
        "imgs": {"1": {"id": 1, "file_name": "a.jpg"}},
        "anns": {
            "5": {**annotation, "utf8_string": "read", "legibility": "legible"},
            "6": {**annotation, "utf8_string": "", "legibility": "illegible"},
        },
    }
    (root / "cocotext.json").write_text(json.dumps(found))
    convert("coco", "ppocr", root / "cocotext.json", root.parent / "out")
    texts = [one["transcription"] for one in det_rows(root.parent / "out")["images/a.jpg"]]
    assert texts == ["read", "###"]


def test_labelme(root):
    picture(root / "images/a.jpg")
    found = {
        "imagePath": "..\\images\\a.jpg",
        "imageData": None,
        "shapes": [
            {"label": "text", "description": "one", "points": QUAD, "shape_type": "polygon"},
            {"label": "t", "description": "two", "points": [[110, 40], [10, 10]]}
            | {"shape_type": "rectangle", "flags": {"difficult": True}},
            {"label": "t", "description": "x", "points": [[1, 1], [5, 5]], "shape_type": "line"},
        ],
    }
    (root / "json").mkdir()
    (root / "json/a.json").write_text(json.dumps(found))
    out = root.parent / "out"
    convert("labelme", "ppocr", root / "json", out, "--images", str(root))
    one, two = det_rows(out)["images/images/a.jpg"]
    assert one == {"transcription": "one", "points": QUAD}
    assert (two["transcription"], two["points"]) == ("###", QUAD)
    assert [row[0] for row in skips(out)] == ["not an outline", "ignored region"]


def test_label_studio(root):
    picture(root / "page 1.jpg")
    size = {"original_width": 200, "original_height": 120}
    box = {"x": 5, "y": 10, "width": 50, "height": 25, "rotation": 0}
    results = [
        {"id": "a", "type": "rectangle", "value": box, **size},
        {"id": "a", "type": "textarea", "value": {**box, "text": ["hello"]}, **size},
        {"id": "b", "type": "rectangle", "value": {**box, "rotation": 90}, **size},
        {"id": "b", "type": "textarea", "value": {"text": "down"}, **size},
        {"id": "c", "type": "polygon", "value": {"points": [[0, 0], [50, 0], [50, 50]]}, **size},
    ]
    task = {
        "data": {"ocr": "/data/upload/3/0123abcd-page%201.jpg"},
        "annotations": [
            {"result": [], "updated_at": "2024-01-01"},
            {"result": results, "updated_at": "2024-02-01"},
            {"result": [], "updated_at": "2024-03-01", "was_cancelled": True},
        ],
    }
    (root / "export.json").write_text(json.dumps([task, {"data": {"ocr": "x.jpg"}}]))
    out = root.parent / "out"
    convert("label-studio", "ppocr", root / "export.json", out)
    flat, turned, polygon = det_rows(out)["images/page 1.jpg"]
    assert flat == {"transcription": "hello", "points": [[10, 12], [110, 12], [110, 42], [10, 42]]}
    # turned clockwise around its upper left corner: what was to the right is now below
    assert turned["points"] == [[10, 12], [10, 112], [-20, 112], [-20, 12]]
    assert polygon["points"] == [[0, 0], [100, 0], [100, 60]]
    assert {row[0] for row in skips(out)} == {"another annotation", "bad label", "no text"}


def test_totaltext(root):
    picture(root / "img11.jpg")
    (root / "poly_gt_img11.txt").write_text(
        "x: [[ 10 60 110 110\n 60 10]], y: [[20 10 20 50 40 50]], ornt: [u'c'], "
        "transcriptions: [u'IT'S']\n"
        "x: [[10 50 50 10]], y: [[60 60 80 80]], ornt: [u'#'], transcriptions: [u'#']\n"
    )
    convert("totaltext", "ppocr", root, root.parent / "out")
    arc, nothing = det_rows(root.parent / "out")["images/img11.jpg"]
    assert arc["transcription"] == "IT'S"
    assert arc["points"] == [[10, 20], [60, 10], [110, 20], [110, 50], [60, 40], [10, 50]]
    assert nothing["transcription"] == "###"


def test_cvat(root):
    picture(root / "a.jpg")
    (root / "annotations.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>\n'
        '<image id="0" name="a.jpg" width="200" height="120">\n'
        '<box label="text" xtl="10" ytl="10" xbr="110" ybr="40" occluded="0">\n'
        '<attribute name="text">A &amp; B</attribute></box>\n'
        '<polygon label="ignore" points="10,60;110,60;110,80;10,80" occluded="0"></polygon>\n'
        '<points label="text" points="1,1"></points>\n'
        '<box label="text" xtl="50" ytl="10" xbr="150" ybr="30" rotation="90"></box>\n'
        '</image><image id="1" name="b.jpg" width="1" height="1"></image></annotations>\n'
    )
    out = root.parent / "out"
    convert("cvat", "ppocr", root / "annotations.xml", out)
    box, polygon, turned = det_rows(out)["images/a.jpg"]
    assert box == {"transcription": "A & B", "points": QUAD}
    assert polygon["transcription"] == "###"
    assert turned["points"] == [[110, -30], [110, 70], [90, 70], [90, -30]]
    found = {(reason, place.rpartition(":")[2]) for reason, place, _ in skips(out)}
    assert ("missing image", "8") in found
    assert ("not an outline", "6") in found


def test_ppocrlabel_takes_what_was_confirmed(root):
    project = root / "project"
    for name in "abc":
        picture(project / f"{name}.jpg", seed=ord(name))
    label = json.dumps([{"transcription": "x", "points": QUAD, "difficult": False}])
    hard = json.dumps([{"transcription": "y", "points": QUAD, "difficult": True}])
    (project / "Label.txt").write_text(f"old/a.jpg\t{label}\n")
    (project / "Cache.cach").write_text(
        f"old/a.jpg\t{hard}\nold/b.jpg\t{hard}\nold/c.jpg\t{label}\n"
    )
    (project / "fileState.txt").write_text("C:\\old\\a.jpg\t1\nC:\\old\\b.jpg\t1\n")
    out = root.parent / "out"
    convert("ppocrlabel", "ppocr", project, out)
    rows = det_rows(out)
    assert rows["images/a.jpg"] == [{"transcription": "x", "points": QUAD}]
    assert rows["images/b.jpg"][0] == {"transcription": "###", "points": QUAD, "ignored_text": "y"}
    assert ("not confirmed", f"{project}/Cache.cach:3") in {row[:2] for row in skips(out)}
    every = root.parent / "every"
    convert("ppocrlabel", "ppocr", project, every, "--unconfirmed", "use", "--difficult", "use")
    assert det_rows(every)["images/b.jpg"][0]["transcription"] == "y"
    assert "images/c.jpg" in det_rows(every)


def test_ppocrlabel_of_lines_only(root):
    picture(root / "crop_img/a_crop_0.jpg", 80, 32)
    (root / "rec_gt.txt").write_text("crop_img/a_crop_0.jpg\thello\n")
    convert("ppocrlabel", "ppocr", root, root.parent / "out")
    assert rec_rows(root.parent / "out") == {"lines/crop_img/a_crop_0.jpg": "hello"}


def test_nothing_usable_is_an_error(root):
    (root / "det.txt").write_text("gone.jpg\t[]\n")
    with pytest.raises(DataError, match="nothing in"):
        convert("ppocr", "ppocr", root / "det.txt", root.parent / "out")
