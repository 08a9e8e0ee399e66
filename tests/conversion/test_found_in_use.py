"""What people really have: images that moved, copies in labels, regions that are no outlines."""

from __future__ import annotations

import base64
import json

from tests.conversion.conftest import convert, det_rows, picture, rec_rows, skips

QUAD = [[10, 10], [110, 10], [110, 40], [10, 40]]
SIZE = {"original_width": 200, "original_height": 120}


def labelme(text: str, **more) -> str:
    shape = {"label": text, "points": [[110, 40], [10, 10]], "shape_type": "rectangle"}
    return json.dumps({"shapes": [shape], **more})


def test_an_image_that_moved_is_found_by_its_name(root):
    picture(root / "a.jpg")
    for number, name in enumerate(("..\\imgs\\a.jpg", "/mnt/nas/a.jpg", "C:\\me\\a.jpg")):
        (root / "a.json").write_text(labelme("moved", imagePath=name))
        convert("labelme", "ppocr", root, root.parent / f"out{number}")
        assert list(det_rows(root.parent / f"out{number}")) == ["images/a.jpg"]


def test_labelme_without_its_image_gives_the_copy_in_the_file(root):
    content = picture(root / "sub/there.jpg").read_bytes()
    (root / "sub/there.jpg").unlink()
    for name, copy in (("sub/gone", base64.b64encode(content).decode()), ("sub/no", "no base64")):
        (root / f"{name}.json").write_text(labelme("copy", imagePath="x.jpg", imageData=copy))
    out = root.parent / "out"
    convert("labelme", "ppocr", root, out)
    assert det_rows(out) == {"images/sub/gone.jpg": [{"transcription": "copy", "points": QUAD}]}
    assert (out / "images/sub/gone.jpg").read_bytes() == content
    assert [row[0] for row in skips(out)] == ["missing image"]
    assert skips(out)[0][2].endswith("imageData is not base64")


def test_what_label_studio_has_beside_outlines_is_counted(root):
    picture(root / "a.jpg")
    box = {"x": 5, "y": 10, "width": 50, "height": 25, "rotation": 0}
    results = [
        {"id": "a", "type": "rectangle", "value": box, **SIZE},
        {"id": "a", "type": "textarea", "value": {"text": ["hello"]}, **SIZE},
        {"id": "b", "type": "brushlabels", "value": {"format": "rle", "rle": [1]}, **SIZE},
        {"id": "c", "type": "ellipse", "value": {"x": 1, "y": 1, "radiusX": 1}, **SIZE},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    task = {"data": {"image": "a.jpg"}, "annotations": [{"result": results}]}
    (root / "export.json").write_text(json.dumps([task]))
    out = root.parent / "out"
    convert("label-studio", "ppocr", root / "export.json", out)
    assert len(det_rows(out)["images/a.jpg"]) == 1
    places = [place.rpartition(":")[2] for reason, place, _ in skips(out)]
    assert places == ["[0].result[2]", "[0].result[3]"]


def test_coco_without_an_outline_gives_its_box(root):
    picture(root / "a.jpg")
    bare = {"image_id": 1, "bbox": [10, 10, 100, 30], "text": "x"}
    found = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{**bare, "segmentation": one} for one in ([], [[]], {"counts": "a"})],
    }
    (root / "a.json").write_text(json.dumps(found))
    convert("coco", "ppocr", root / "a.json", root.parent / "out")
    assert [one["points"] for one in det_rows(root.parent / "out")["images/a.jpg"]] == [QUAD] * 3


def test_icdar_2019_rects(root):
    flat = [number for point in QUAD for number in point]
    lines = [
        {"points": flat, "transcription": "金氏眼镜", "ignore": 0},
        {"points": flat, "transcription": "hidden", "ignore": 1},
    ]
    chars = [{"points": flat, "transcription": "金", "ignore": 0}]
    for number in (1, 2):
        picture(root / f"img/train_ReCTS_{number}.jpg")
        path = root / f"gt/train_ReCTS_{number}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"chars": chars, "lines": lines}))
    (root / "gt/other.json").write_text("{}")
    out = root.parent / "out"
    convert("icdar2019", "ppocr", root / "gt", out, "--images", str(root))
    assert len(det_rows(out)) == 2
    for regions in det_rows(out).values():
        assert [one["transcription"] for one in regions] == ["金氏眼镜", "###"]
        assert regions[0]["points"] == QUAD
    assert set(rec_rows(out).values()) == {"金氏眼镜"}
    assert [row[0] for row in skips(out)] == ["bad label", "ignored region", "ignored region"]
    convert("icdar2019", "ppocr", path, root.parent / "one", "--images", str(root))
    assert len(det_rows(root.parent / "one")) == 1
