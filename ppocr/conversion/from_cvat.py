"""CVAT: the XML of "CVAT for images 1.1", read element by element.

Facts (its documentation of the format): ``<image name width height>`` holds ``<box xtl ytl xbr ybr
rotation>`` (degrees clockwise around the centre) and ``<polygon points="x,y;x,y">``, each with
``<attribute name="...">`` children, one of which is the text. Declarations of entities, which can
make a small file expand to gigabytes or read other files, are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from ppocr.conversion.from_icdar import number
from ppocr.conversion.generic import is_marked, region, text_in
from ppocr.conversion.page import (
    MAX_POINTS,
    Item,
    Page,
    Picture,
    Point,
    Region,
    Skip,
    Source,
    is_ignored,
    points_of,
    rectangle,
    turned,
)
from ppocr.conversion.safe import Input
from ppocr.transforms.base import Rejected
from ppocr.utils.exits import DataError, MissingInput

SHAPES = frozenset({"box", "polygon", "polyline", "points", "cuboid", "ellipse", "mask"})
BLOCK_BYTES = 1 << 16
MAX_ATTRIBUTE = 1 << 20
MAX_ATTRIBUTES = 1000  # of one shape
MAX_SHAPES = 100_000  # of one image
MAX_TOKEN = 4 << 20
MAX_DEPTH = 100


def read(given: Input) -> Source:
    """Return one page per image of the file."""
    if not given.path.is_file():
        raise MissingInput(f"no such file: {given.path}")
    return Source(_items(given))


def _items(given: Input) -> Iterator[Item]:
    handler = _Handler(given)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = handler.refuse
    handler.line = lambda: parser.CurrentLineNumber
    done = 0
    with given.path.open("rb") as file:
        while True:
            block = file.read(BLOCK_BYTES)
            done += len(block)
            try:
                parser.Parse(block, not block)
            except expat.ExpatError as error:
                where = f"{given.path}:{error.lineno}"
                raise DataError(f"{where}: not XML: {expat.ErrorString(error.code)}") from None
            if done - max(0, parser.CurrentByteIndex) > MAX_TOKEN:
                where = f"{given.path}:{parser.CurrentLineNumber}"
                raise DataError(f"{where}: an element of more than {MAX_TOKEN} bytes")
            yield from handler.taken()
            if not block:
                return


class _Handler:
    """Collects the pages while the parser walks through the elements."""

    def __init__(self, given: Input) -> None:
        self.given = given
        self.line: Callable[[], int] = int
        self._done: list[Item] = []
        self._picture: Picture | None = None
        self._place = ""
        self._size: tuple[float, float] = (0, 0)
        self._regions: list[Region] = []
        self._skipped: list[Skip] = []
        self._shape: tuple[str, Mapping[str, str], str] | None = None
        self._attributes: dict[str, str] = {}
        self._attribute = ""
        self._depth = 0

    def taken(self) -> list[Item]:
        """Return the items that are complete, once."""
        done, self._done = self._done, []
        return done

    def refuse(self, *_: object) -> None:
        """Refuse a document type: only with one can entities be declared."""
        raise DataError(f"{self._here()}: a document type declaration; CVAT writes none")

    def start(self, name: str, values: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise DataError(f"{self._here()}: elements nested more than {MAX_DEPTH} deep")
        if name == "image":
            self._open_image(values)
        elif name in SHAPES and self._picture is not None:
            if len(self._regions) + len(self._skipped) >= MAX_SHAPES:
                raise DataError(f"{self._here()}: more than {MAX_SHAPES} shapes in one image")
            self._shape, self._attributes = (name, values, self._here()), {}
        elif name == "attribute" and self._shape is not None:
            if len(self._attributes) >= MAX_ATTRIBUTES:
                raise DataError(f"{self._here()}: more than {MAX_ATTRIBUTES} attributes")
            self._attribute = values.get("name", "")
            self._attributes[self._attribute] = ""
        elif name == "track":
            raise DataError(f"{self._here()}: a video task; export as CVAT for images")

    def text(self, data: str) -> None:
        if self._attribute:
            found = self._attributes[self._attribute] + data
            self._attributes[self._attribute] = found[:MAX_ATTRIBUTE]

    def end(self, name: str) -> None:
        self._depth -= 1
        if name == "attribute":
            self._attribute = ""
        elif self._shape is not None and name == self._shape[0]:
            self._close_shape(*self._shape)
            self._shape = None
        elif name == "image" and self._picture is not None:
            skipped = tuple(self._skipped)
            regions = tuple(self._regions)
            page = Page(self._picture, regions, self._place, skipped=skipped, size=self._size)
            self._done.append(page)
            self._picture = None

    def _open_image(self, values: Mapping[str, str]) -> None:
        self._place, self._picture = self._here(), None
        self._regions, self._skipped = [], []
        try:
            self._size = number(values.get("width", "0")), number(values.get("height", "0"))
            path = self.given.path
            self._picture = self.given.images.named(values.get("name", ""), path.parent)
        except Rejected as error:
            self._done.append(Skip.of(error, self._place))

    def _close_shape(self, kind: str, values: Mapping[str, str], place: str) -> None:
        found = self._attributes
        lowered = {name.lower(): value.strip() for name, value in found.items()}
        key = self.given.text_key
        text = found.get(key, "") if key else text_in(lowered, "") or ""
        marked = is_marked(lowered) or is_marked({values.get("label", "").lower(): True})
        try:
            self._regions.append(_region(kind, values, text.strip(), marked))
        except Rejected as error:
            self._skipped.append(Skip(error.reason, place, error.detail))

    def _here(self) -> str:
        return f"{self.given.path}:{self.line()}"


def _region(kind: str, values: Mapping[str, str], text: str, ignored: bool) -> Region:
    if kind == "polygon":
        if values.get("points", "").count(";") >= MAX_POINTS:
            raise Rejected("bad points", f"more than {MAX_POINTS} points")
        points = [_point(one) for one in values.get("points", "").split(";")]
        return region(points, text, ignored)
    if kind != "box":
        raise Rejected("not an outline", f"a {kind} encloses no text")
    left, top, right, bottom = (number(values.get(n, "")) for n in ("xtl", "ytl", "xbr", "ybr"))
    box = rectangle(left, top, right, bottom)
    degrees = number(values.get("rotation") or "0")
    if degrees:
        box = turned(box, ((left + right) / 2, (top + bottom) / 2), degrees)
    return Region(points_of(box), text, ignored or is_ignored(text))


def _point(text: str) -> Point:
    x, _, y = text.partition(",")
    return number(x), number(y)
