"""Files as the documentation of each tool prints them: turned boxes, curves, escapes, EXIF.

Shapes and keys are those of the tools' own pages (CVAT for images 1.1, COCO as CVAT exports it,
Label Studio's OCR template, labelme 5, the tasks pages of the ICDAR competitions); names, numbers
and texts are made up.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.transforms.decode import decode_image
from ppocr.utils.exits import DataError
from tests.conversion.conftest import convert, det_rows, picture, rec_rows, skips, turned_by_exif

SIZE = (200, 120)
FLAT = [[40, 30], [120, 30], [120, 60], [40, 60]]
# FLAT turned clockwise by 90 degrees around its centre (80, 45): text that runs downwards
DOWN = [[95, 5], [95, 85], [65, 85], [65, 5]]
CURVE = [[10, 80], [60, 70], [110, 80], [110, 100], [60, 90], [10, 100]]

CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>4</id><name>till</name><size>1</size><mode>annotation</mode>
    <labels><label><name>text</name><type>any</type>
      <attributes><attribute><name>text</name><mutable>False</mutable>
        <input_type>text</input_type><default_value></default_value><values></values>
      </attribute></attributes></label></labels>
  </task><dumped>2024-05-01 10:00:00.000000+00:00</dumped></meta>
  <image id="0" name="scan 1.jpg" width="200" height="120">
    <tag label="receipt" source="manual"></tag>
    <box label="text" source="manual" occluded="0" xtl="40.00" ytl="30.00" xbr="120.00"
         ybr="60.00" rotation="90.00" z_order="0">
      <attribute name="text">Größe &lt;3 &quot;价格&quot;, 5</attribute>
    </box>
    <polygon label="text" source="manual" occluded="0"
             points="10.00,80.00;60.00,70.00;110.00,80.00;110.00,100.00;60.00,90.00;10.00,100.00"
             z_order="1"><attribute name="text">arc</attribute></polygon>
    <box label="text" occluded="1" xtl="150" ytl="10" xbr="190" ybr="30" z_order="0">
      <attribute name="text">###</attribute></box>
    <mask label="text" rle="3, 5, 7" left="1" top="1" width="5" height="3" z_order="0"></mask>
    <skeleton label="s" z_order="0"><points label="1" points="1.0,1.0" outside="0"></points>
    </skeleton>
  </image>
</annotations>
"""


def _label_studio(root: Path) -> Path:
    """Results as the OCR template gives them: outline, label and transcription share an id."""
    size = {"original_width": 200, "original_height": 120, "image_rotation": 0}
    # the anchor of a turned rectangle is the corner that was the upper left one
    turned = {"x": 47.5, "y": 5 / 1.2, "width": 40, "height": 25, "rotation": 90}
    curve = {"points": [[x / 2, y / 1.2] for x, y in CURVE], "closed": True}
    plain = {"x": 75, "y": 10 / 1.2, "width": 20, "height": 20 / 1.2, "rotation": 0}
    common = {"to_name": "image", "origin": "manual", **size}
    results = [
        result
        for name, kind, value, text in (
            ("bb1", "rectangle", turned, 'Größe <3 "价格", 5'),
            ("bb2", "polygon", curve, "arc"),
            ("bb3", "rectangle", plain, "###"),
        )
        for result in (
            {"id": name, "type": kind, "from_name": "bbox", "value": value, **common},
            {"id": name, "type": "labels", "from_name": "label", **common}
            | {"value": {**value, "labels": ["Text"]}},
            {"id": name, "type": "textarea", "from_name": "transcription", **common}
            | {"value": {**value, "text": [text]}, "meta": {}},
        )
    ]
    task = {
        "id": 1,
        "data": {"ocr": "/data/local-files/?d=till/scan%201.jpg"},
        "annotations": [
            {"id": 7, "result": results, "was_cancelled": False, "ground_truth": False}
            | {"created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-01T10:00:00Z"}
        ],
        "predictions": [{"result": [], "model_version": "x"}],
        "meta": {},
    }
    picture(root / "till/scan 1.jpg", *SIZE)
    (root / "export.json").write_text(json.dumps([task]))
    return root / "export.json"


def _coco(root: Path) -> Path:
    """Boxes, polygons and the angle beside the box, as CVAT writes COCO 1.0."""
    common = {"image_id": 1, "category_id": 1, "area": 2400.0, "iscrowd": 0}
    marks = {"occluded": False}
    flat = [float(value) for point in CURVE for value in point]
    found = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {"contributor": "", "date_created": "", "version": "", "year": ""},
        "categories": [{"id": 1, "name": "text", "supercategory": ""}],
        "images": [{"id": 1, "width": 200, "height": 120, "file_name": "scan 1.jpg"}
                   | {"license": 0, "flickr_url": "", "coco_url": "", "date_captured": 0}],
        "annotations": [
            {"id": 1, "segmentation": [], "bbox": [40.0, 30.0, 80.0, 30.0], **common}
            | {"attributes": {"text": 'Größe <3 "价格", 5', "rotation": 90.0, **marks}},
            {"id": 2, "segmentation": [flat], "bbox": [10.0, 70.0, 100.0, 30.0], **common}
            | {"attributes": {"text": "arc", **marks}},
            {"id": 3, "segmentation": [], "bbox": [150.0, 10.0, 40.0, 20.0], **common}
            | {"attributes": {"text": "###", "rotation": 0.0, **marks}},
        ],
    }  # fmt: skip
    picture(root / "images/scan 1.jpg", *SIZE)
    (root / "annotations").mkdir()
    path = root / "annotations/instances_default.json"
    path.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return path


def _labelme(root: Path) -> Path:
    rest = {"group_id": None, "flags": {}, "mask": None}
    found = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [
            {"label": "text", "description": 'Größe <3 "价格", 5', **rest}
            | {"shape_type": "oriented_rectangle", "points": [[float(v) for v in p] for p in DOWN]},
            {"label": "text", "description": "arc", "points": CURVE, **rest}
            | {"shape_type": "polygon"},
            {"label": "text", "description": "###", "points": [[190, 30], [150, 10]], **rest}
            | {"shape_type": "rectangle"},
            {"label": "text", "description": "", "points": [[5, 5], [9, 9]], **rest}
            | {"shape_type": "circle"},
        ],
        "imagePath": "scan 1.jpg",
        "imageData": None,
        "imageHeight": 120,
        "imageWidth": 200,
    }
    picture(root / "scan 1.jpg", *SIZE)
    path = root / "scan 1.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2), encoding="utf-8")
    return path


def _cvat(root: Path) -> Path:
    picture(root / "images/scan 1.jpg", *SIZE)
    (root / "annotations.xml").write_text(CVAT, encoding="utf-8")
    return root / "annotations.xml"


MAKERS = {"cvat": _cvat, "coco": _coco, "label-studio": _label_studio, "labelme": _labelme}


@pytest.mark.parametrize("source", MAKERS)
def test_turned_curved_ignored_and_escaped(source: str, root):
    given = MAKERS[source](root)
    out = root.parent / "out"
    convert(source, "ppocr", given, out, "--images", str(root))
    ((name, regions),) = det_rows(out).items()
    assert name.endswith("scan 1.jpg")
    turned, curve, ignored = regions
    assert turned["transcription"] == 'Größe <3 "价格", 5'
    np.testing.assert_allclose(turned["points"], _as_drawn(source), atol=0.01)
    assert curve["transcription"] == "arc"
    np.testing.assert_allclose(curve["points"], CURVE, atol=0.01)
    assert ignored["transcription"] == "###"
    assert list(rec_rows(out).values()) == ['Größe <3 "价格", 5', "arc"]
    assert {reason for reason, *_ in skips(out)} <= {"ignored region", "not an outline"}


def _as_drawn(source: str) -> list[list[float]]:
    """Return the turned box: labelme does not say where the text of one begins."""
    return [DOWN[3], *DOWN[:3]] if source == "labelme" else DOWN


def test_the_word_that_runs_down_is_cut_as_it_is_read(root):
    convert("cvat", "ppocr", _cvat(root), root.parent / "out", "--images", str(root))
    page_HWC = decode_image((root / "images/scan 1.jpg").read_bytes())
    (name, *_) = rec_rows(root.parent / "out")
    crop_HWC = cv2.imread(str(root.parent / "out" / name))
    upright_HWC = np.rot90(page_HWC[5:85, 65:95])  # what ran down runs to the right
    assert crop_HWC.shape == upright_HWC.shape == (30, 80, 3)
    inner = (slice(3, -3), slice(3, -3))
    standing, on_its_head = (
        np.abs(crop_HWC[inner].astype(int) - other[inner]).mean()
        for other in (upright_HWC, upright_HWC[::-1, ::-1])
    )
    assert standing < 0.4 * on_its_head, "the same but for the part of a pixel"


def test_competitions_as_their_pages_say(root):
    """Everything after the last comma of the numbers is text: commas, quotes and all."""
    picture(root / "img_2.jpg", *SIZE)
    (root / "gt_img_2.txt").write_bytes(
        '\ufeff40,30,120,30,120,60,40,60,"5,00", net\r\n'
        "10,80,60,80,60,100,10,100,价格\r\n150,10,190,10,190,30,150,30,###\r\n".encode()
    )
    out = root.parent / "2015"
    convert("icdar2015", "ppocr", root, out)
    texts = [one["transcription"] for one in det_rows(out)["images/img_2.jpg"]]
    assert texts == ['"5,00", net', "价格", "###"]

    multilingual = root.parent / "mlt"
    picture(multilingual / "tr_img_00003.jpg", *SIZE)
    (multilingual / "gt_tr_img_00003.txt").write_text(
        "40,30,120,30,120,60,40,60,Symbols,$5,00\n10,80,60,80,60,100,10,100,Bangla,দাম\n"
        "150,10,190,10,190,30,150,30,None,###\n",
        encoding="utf-8",
    )
    convert("icdar2019", "ppocr", multilingual, root.parent / "2019")
    regions = det_rows(root.parent / "2019")["images/tr_img_00003.jpg"]
    assert [(one["language"], one["transcription"]) for one in regions] == [
        ("Symbols", "$5,00"),
        ("Bangla", "দাম"),
        ("None", "###"),
    ]


def test_words_of_2015_escape_quotes_and_backslashes(root):
    for number in (1, 2):
        picture(root / f"word_{number}.png", 80, 32, seed=number)
    (root / "gt.txt").write_text(
        '\ufeffword_1.png, "JOINT,"\nword_2.png, "\\"A\\\\B\\""\n', encoding="utf-8"
    )
    convert("icdar2015", "ppocr", root / "gt.txt", root.parent / "out")
    assert list(rec_rows(root.parent / "out").values()) == ["JOINT,", '"A\\B"']


def test_total_text_as_python_2_wrote_it(root):
    picture(root / "img61.jpg", *SIZE)
    (root / "poly_gt_img61.txt").write_text(
        "x: [[ 10  60 110 110  60  10]], y: [[ 80  70  80 100  90 100]], ornt: [u'c'], "
        "transcriptions: [u'CAF\\xc9']\n"
        "x: [[40 120 120 40]], y: [[30 30 60 60]], ornt: [u'h'], transcriptions: [u\"JOE'S\"]\n"
        "x: [[150 190 190 150]], y: [[10 10 30 30]], ornt: [u'#'], transcriptions: [u'#']\n"
    )
    convert("totaltext", "ppocr", root, root.parent / "out")
    first, second, third = det_rows(root.parent / "out")["images/img61.jpg"]
    assert (first["transcription"], first["points"]) == ("CAFÉ", CURVE)
    assert (second["transcription"], third["transcription"]) == ("JOE'S", "###")


@pytest.mark.parametrize("source", MAKERS)
def test_labels_of_an_image_of_another_size_are_not_taken(source: str, root):
    given = MAKERS[source](root)
    (path,) = root.rglob("*.jpg")
    picture(path, 400, 240)
    out = root.parent / "out"
    with pytest.raises(DataError, match="nothing in"):
        convert(source, "ppocr", given, out, "--images", str(root))
    ((reason, _, detail),) = [row for row in skips(out) if row[0] != "not an outline"]
    assert reason == "image of another size"
    assert "labelled at 200 x 120 pixels, the file has 400 x 240" in detail


def _label(text: str, left: int, top: int, right: int, bottom: int) -> str:
    points = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return json.dumps([{"transcription": text, "points": points}])


def test_a_page_that_exif_turns(root):
    """Boxes are of the picture as one looks at it, and so are the lines that are cut."""
    label = _label("tall", 10, 100, 90, 130)
    turned_by_exif(root / "a.jpg", *SIZE)  # looked at it is 120 wide and 200 high
    (root / "Label.txt").write_text(f"{root.name}/a.jpg\t{label}\n")
    out = root.parent / "out"
    convert("ppocrlabel", "ppocr", root, out)
    page_HWC = decode_image((root / "a.jpg").read_bytes())
    assert page_HWC.shape == (200, 120, 3)
    (name,) = rec_rows(out)
    np.testing.assert_array_equal(cv2.imread(str(out / name)), page_HWC[100:130, 10:90])
    assert (out / "images/a.jpg").read_bytes() == (root / "a.jpg").read_bytes()


def test_boxes_on_the_stored_pixels_of_a_turned_page_are_refused(root):
    for name in "ab":
        turned_by_exif(root / f"{name}.jpg", *SIZE)
    wide, good = _label("wide", 130, 10, 190, 40), _label("fine", 10, 10, 50, 30)
    (root / "det.txt").write_text(f"a.jpg\t{wide}\nb.jpg\t{good}\n")
    out = root.parent / "out"
    convert("ppocr", "ppocr", root / "det.txt", out)
    assert list(rec_rows(out).values()) == ["fine"]
    ((reason, place, detail),) = skips(out)
    assert (reason, place) == ("EXIF against boxes", f"{root / 'det.txt'}:1")
    assert "boxes fit the 200 x 120 stored pixels" in detail
