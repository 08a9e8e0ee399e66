"""Image files of every kind become the same pixels that training sees, or a clear sentence."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from ppocr.serving import images
from ppocr.serving.images import Names, Page, read_pages
from ppocr.transforms.decode import DecodeImage
from ppocr.utils.exits import DataError


@pytest.fixture
def picture() -> np.ndarray:
    """A small BGR image in which every corner has another colour."""
    image_HWC = np.zeros((40, 60, 3), np.uint8)
    image_HWC[:20, :30] = (255, 0, 0)
    image_HWC[:20, 30:] = (0, 255, 0)
    image_HWC[20:, :30] = (0, 0, 255)
    image_HWC[20:, 30:] = (255, 255, 255)
    return image_HWC


def pages(path: Path, **how) -> list[Page]:
    return list(read_pages(path, **how))


def save(picture: np.ndarray, path: Path, **how) -> Path:
    Image.fromarray(picture[..., ::-1]).save(path, **how)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "webp"])
def test_lossless_formats_keep_every_pixel(tmp_path, picture, ending):
    how = {"lossless": True} if ending == "webp" else {}
    (page,) = pages(save(picture, tmp_path / f"a.{ending}", **how))
    np.testing.assert_array_equal(page.image_HWC, picture)
    assert page.number is None
    assert page.name == f"a.{ending}"


def test_jpeg_is_decoded_as_in_training(tmp_path, picture):
    path = save(picture, tmp_path / "a.jpg", quality=80)
    (page,) = pages(path)
    trained = DecodeImage("BGR")({"image": path.read_bytes()})["image"]
    np.testing.assert_array_equal(page.image_HWC, trained)


@pytest.mark.parametrize("name", ["图像 é.png", "with space.png", "名前.jpg"])
def test_names_in_any_script(tmp_path, picture, name):
    (page,) = pages(save(picture, tmp_path / name))
    assert page.image_HWC.shape == picture.shape
    assert page.name == name


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1"])
def test_every_colour_mode_gives_three_channels(tmp_path, picture, mode):
    path = tmp_path / "a.png"
    Image.fromarray(picture[..., ::-1]).convert(mode).save(path)
    (page,) = pages(path)
    assert page.image_HWC.shape == (40, 60, 3)
    assert page.image_HWC.dtype == np.uint8


def test_orientation_of_the_camera_is_applied_unless_the_model_ignores_it(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to look at it
    path = save(picture, tmp_path / "a.jpg", exif=exif, quality=95)
    assert pages(path)[0].image_HWC.shape == (60, 40, 3)
    assert pages(path, ignore_orientation=True)[0].image_HWC.shape == (40, 60, 3)


def test_orientation_of_scans(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    sheet = Image.fromarray(picture[..., ::-1])
    sheet.save(tmp_path / "a.tif", exif=exif, save_all=True, append_images=[sheet])
    upright = np.rot90(picture, -1)
    np.testing.assert_array_equal(pages(tmp_path / "a.tif")[0].image_HWC, upright)


def test_every_page_of_a_scan(tmp_path, picture):
    sheets = [Image.fromarray(np.roll(picture, shift, axis=1)[..., ::-1]) for shift in (0, 7, 9)]
    path = tmp_path / "scan.tif"
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    found = pages(path)
    assert [page.name for page in found] == ["scan.tif_0", "scan.tif_1", "scan.tif_2"]
    np.testing.assert_array_equal(found[2].image_HWC, np.roll(picture, 9, axis=1))
    assert [page.number for page in pages(path, page_num=2)] == [0, 1]


def test_an_animation_is_one_page_its_first_frame(tmp_path, picture):
    frames = [Image.fromarray(np.roll(picture, shift, axis=0)[..., ::-1]) for shift in (0, 5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    (page,) = pages(tmp_path / "a.gif")
    np.testing.assert_array_equal(page.image_HWC, picture)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("empty.png", lambda content: b""),
        ("junk.jpg", lambda content: b"not an image at all"),
        ("half.png", _cut),
        ("half.gif", _cut),
        ("half.tif", _cut),
        ("half.jpg", _cut),
    ],
)
def test_broken_files_say_so(tmp_path, picture, name, damage):
    noise = np.random.default_rng(0).integers(0, 255, picture.shape, np.uint8)
    path = save(noise, tmp_path / name.replace("empty", "full").replace("junk", "fine"))
    broken = tmp_path / f"broken_{name}"
    broken.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError) as caught:
        pages(broken)
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_pdf_without_a_reader_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    with pytest.raises(DataError, match="pip install pypdfium2"):
        pages(tmp_path / "a.pdf")


@pytest.mark.parametrize("package", ["pypdfium2", "pymupdf"])
def test_pdf_pages(tmp_path, picture, monkeypatch, package):
    pytest.importorskip(package)
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: name == package or None)
    sheets = [Image.fromarray(np.full((100, 80, 3), shade, np.uint8)) for shade in (255, 90)]
    sheets[0].save(tmp_path / "a.pdf", save_all=True, append_images=sheets[1:])
    first, second = pages(tmp_path / "a.pdf")
    assert (first.name, second.stem) == ("a.pdf_0", "a_1")
    assert first.image_HWC.shape[0] == 200  # 144 dots per inch for a page of 72
    assert abs(int(second.image_HWC[100, 80, 0]) - 90) <= 2
    assert len(pages(tmp_path / "a.pdf", page_num=1)) == 1


def mupdf_that_opens(monkeypatch, **facts):
    """Put a pymupdf in place whose documents have one white page, and these facts."""
    pixmap = SimpleNamespace(samples=b"\xff" * 12, height=2, width=2)
    page = SimpleNamespace(rect=SimpleNamespace(width=1, height=1), get_pixmap=lambda **_: pixmap)
    facts = {"needs_pass": False, "is_repaired": False, "page_count": 1, **facts}
    document = type("Document", (), {**facts, "__getitem__": lambda *_: page})
    played = SimpleNamespace(
        open=lambda **_: document(),
        Matrix=lambda *_: None,
        FileDataError=type("FileDataError", (RuntimeError,), {}),
        EmptyFileError=type("EmptyFileError", (RuntimeError,), {}),
    )
    monkeypatch.setitem(sys.modules, "pymupdf", played)
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: name == "pymupdf" or None)


def locked(_document):
    raise ValueError("document closed or encrypted")  # what pymupdf says of any question then


def test_a_pdf_with_a_password_is_told(tmp_path, monkeypatch):
    mupdf_that_opens(monkeypatch, needs_pass=True, page_count=property(locked))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    with pytest.raises(DataError, match="password"):
        pages(tmp_path / "a.pdf")


def test_a_pdf_that_was_repaired_is_told_because_lost_pages_are_white(
    tmp_path, monkeypatch, caplog
):
    mupdf_that_opens(monkeypatch, is_repaired=True)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n")
    monkeypatch.setattr(images.get_logger(), "propagate", True)
    assert len(pages(tmp_path / "a.pdf")) == 1
    assert "a.pdf is damaged" in caplog.text


def test_no_two_pages_share_a_file_name():
    files = [Path("in/a.jpg"), Path("in/a.gif"), Path("in/b.pdf"), Path("in/c.png")]
    names = Names.of(files)
    empty = np.zeros((1, 1, 3), np.uint8)
    made = [Page(files[0], empty), Page(files[1], empty), Page(files[2], empty, 0)]
    assert [names.drawing(page) for page in made] == ["a.jpg", "a.gif.png", "b_0.png"]
    assert [names.crop(page, 3) for page in made] == [
        "a.jpg_crop_3.png",
        "a.gif_crop_3.png",
        "b_0_crop_3.png",
    ]


def test_pixels_pass_through_png_unchanged(picture):
    """Frames reach the common decoder as PNG: nothing may change on the way."""
    buffer = io.BytesIO()
    Image.fromarray(picture[..., ::-1]).save(buffer, "TIFF")
    with Image.open(buffer) as frame:
        image_HWC = images._frame(frame, 0, DecodeImage("BGR"))
    np.testing.assert_array_equal(image_HWC, picture)
    done, encoded = cv2.imencode(".png", picture)
    assert done
    np.testing.assert_array_equal(
        DecodeImage("BGR")({"image": encoded.tobytes()})["image"], picture
    )
