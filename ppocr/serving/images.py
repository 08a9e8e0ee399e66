"""Pages of image files: photographs, multi-page TIFF, the first frame of GIF, PDF.

Whatever a file holds is decoded by the function that training and evaluation use, so transparency,
EXIF rotation and bit depth mean the same everywhere. A file that cannot be read is noted and
skipped; the others go on. PDF needs ``pypdfium2`` or ``pymupdf``.

image_HWC: uint8, BGR.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ppocr.transforms.decode import DecodeImage
from ppocr.utils.exits import DataError
from ppocr.utils.files import read_bytes
from ppocr.utils.logs import get_logger

PDF_SCALE = 2.0  # 144 dots per inch: what a page of 72 points needs for small print
MAX_FILE_BYTES = 512 << 20
MAX_FRAME_PIXELS = 1 << 26  # of a page of a TIFF file, which is held three times for a moment
PDF_SIDE_PX = 4096  # posters are not rendered larger than this
KEPT_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp"})  # a drawing keeps these, else .png
DIRECT_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})  # what a PNG can hold


@dataclass(frozen=True, slots=True)
class Page:
    """One image to read, and where it comes from. ``number`` is None unless a file has several."""

    path: Path
    image_HWC: np.ndarray = field(repr=False)  # noqa: N815 (uint8, BGR)
    number: int | None = None

    @property
    def name(self) -> str:
        """The name in result files: ``receipt.jpg``, ``scan.pdf_0``."""
        return f"{self.path.name}{self._suffix}"

    @property
    def full_name(self) -> str:
        """The name with its folder: ``pages/receipt.jpg``."""
        return f"{self.path}{self._suffix}"

    @property
    def stem(self) -> str:
        """The name without ending: ``receipt``, ``scan_0``."""
        return f"{self.path.stem}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return "" if self.number is None else f"_{self.number}"


@dataclass(frozen=True, slots=True)
class Names:
    """File names for what is made of pages; no two pages share one."""

    ambiguous: frozenset[str] = frozenset()  # stems that several files have

    @classmethod
    def of(cls, files: Iterable[Path]) -> Names:
        """Return the names for the pages of these files."""
        stems = Counter(file.stem for file in files)
        return cls(frozenset(stem for stem, count in stems.items() if count > 1))

    def drawing(self, page: Page) -> str:
        """Return ``receipt.jpg``, ``scan_0.png``: the ending stays if drawings can have it."""
        if page.number is None and page.path.suffix.lower() in KEPT_ENDINGS:
            return page.path.name
        return f"{self._stem(page)}.png"

    def crop(self, page: Page, number: int) -> str:
        """Return ``receipt_crop_7.png``; PNG, so that reading it again gives the same text."""
        return f"{self._stem(page)}_crop_{number}.png"

    def _stem(self, page: Page) -> str:
        return page.name if page.path.stem in self.ambiguous else page.stem


def read_pages(path: Path, page_num: int = 0, ignore_orientation: bool = False) -> Iterator[Page]:
    """Yield the pages of a file, only the first ``page_num`` of them unless that is 0.

    An animation (GIF, WebP, APNG) is one page: its first frame. A DataError says what is wrong.
    """
    content = read_bytes(path, MAX_FILE_BYTES)
    decode = DecodeImage("BGR", ignore_orientation=ignore_orientation)
    if content.startswith(b"%PDF-"):
        for number, image_HWC in enumerate(_pdf_pages(path.name, content, page_num)):
            yield Page(path, image_HWC, number)
    elif content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        yield from _tiff_pages(path, content, page_num, decode)
    elif content[:4] == b"GIF8":
        with _opened(content) as animation:
            yield Page(path, _frame(animation, 0, decode))
    else:
        yield Page(path, _decoded(content, decode))


def _decoded(content: bytes, decode: DecodeImage) -> np.ndarray:
    return decode({"image": content})["image"]


def _tiff_pages(path: Path, content: bytes, page_num: int, decode: DecodeImage) -> Iterator[Page]:
    with _opened(content) as scan:
        count = getattr(scan, "n_frames", 1)
        if count == 1:
            yield Page(path, _decoded(content, decode))
            return
        for number in range(_wanted(count, page_num)):
            yield Page(path, _frame(scan, number, decode), number)


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise DataError(f"it cannot be decoded ({error})") from error


def _frame(image: Image.Image, number: int, decode: DecodeImage) -> np.ndarray:
    """Return one frame through the common decoder, by way of a lossless PNG."""
    buffer = io.BytesIO()
    try:
        image.seek(number)
        if image.width * image.height > MAX_FRAME_PIXELS:  # told before memory is taken
            raise DataError(f"frame {number} has {image.width} x {image.height} pixels")
        upright = ImageOps.exif_transpose(image)
        kept = upright if upright.mode in DIRECT_MODES else upright.convert("RGB")
        kept.save(buffer, "PNG", compress_level=0)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise DataError(f"frame {number} cannot be decoded ({error})") from error
    return _decoded(buffer.getvalue(), decode)


def _pdf_pages(name: str, content: bytes, page_num: int) -> Iterator[np.ndarray]:
    renderers = (("pypdfium2", _render_pdfium), ("pymupdf", partial(_render_mupdf, name)))
    for module, renderer in renderers:
        if importlib.util.find_spec(module) is not None:
            return renderer(content, page_num)
    raise DataError("reading PDF needs one more package: pip install pypdfium2")


def _render_pdfium(content: bytes, page_num: int) -> Iterator[np.ndarray]:
    pdfium = importlib.import_module("pypdfium2")
    try:
        document = pdfium.PdfDocument(content)
        for number in range(_wanted(len(document), page_num)):
            page = document[number]
            rendered = page.render(scale=_pdf_scale(page.get_size()), rev_byteorder=False)
            yield np.ascontiguousarray(rendered.to_numpy()[..., :3])
    except pdfium.PdfiumError as error:
        raise DataError(f"the PDF cannot be read ({error})") from error


def _render_mupdf(name: str, content: bytes, page_num: int) -> Iterator[np.ndarray]:
    mupdf = importlib.import_module("pymupdf")
    try:
        document = mupdf.open(stream=content, filetype="pdf")
        if document.needs_pass:
            raise DataError("the PDF cannot be read (it needs a password)")
        if document.is_repaired:  # what was lost is white
            get_logger().warning("%s is damaged: what cannot be recovered of it is blank", name)
        for number in range(_wanted(document.page_count, page_num)):
            page = document[number]
            scale = _pdf_scale((page.rect.width, page.rect.height))
            drawn = page.get_pixmap(matrix=mupdf.Matrix(scale, scale), alpha=False)
            pixels = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3)
            yield np.ascontiguousarray(pixels[..., ::-1])
    except (mupdf.FileDataError, mupdf.EmptyFileError, RuntimeError, ValueError) as error:
        raise DataError(f"the PDF cannot be read ({error})") from error


def _pdf_scale(size: Sequence[float]) -> float:
    return min(PDF_SCALE, PDF_SIDE_PX / max(*size, 1.0))


def _wanted(count: int, page_num: int) -> int:
    return min(count, page_num) if page_num > 0 else count
