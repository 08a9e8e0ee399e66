"""The kinds of trouble a row can be in: a name to count by, what it means, how to mend it.

Training says in a word why it refuses a sample; `diagnose` looks once more at the row and at
the folder around it, and tells apart what training need not tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
LFS_POINTER = b"version https://git-lfs"
LONGEST_NAME, LONGEST_PATH = 255, 4096  # bytes, on usual file systems
MOST_NEIGHBOURS = 5000  # a folder with more entries is not searched for similar names


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trouble. ``broken``: the sample cannot be used whatever the model."""

    name: str
    title: str
    fix: str
    broken: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a refused row: reason and detail of the refusal, and the row itself."""

    reason: str
    detail: str
    text: str = ""
    delimiter: str = "\t"
    root: Path | None = None
    content: bytes = b""


def _table(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS = _table(
    Kind(
        "spaces-for-tab",
        "spaces between path and label where a tab belongs",
        "replace the first run of spaces of the row by one tab, or set dataset.delimiter",
    ),
    Kind(
        "no-delimiter",
        "no tab between path and label",
        "write path<TAB>label, or set dataset.delimiter to what the file uses",
    ),
    Kind("no-path", "nothing before the tab", "put the image path before the tab"),
    Kind(
        "rows-glued",
        "two rows on one line",
        "break the line before the second path; a file without a final newline was appended to",
    ),
    Kind(
        "extra-delimiter",
        "more fields than path and label",
        "take the further tabs out of the label (a text cannot contain the delimiter)",
    ),
    Kind("path-list", "a list of paths that holds no names", "write the paths as a JSON list"),
    Kind(
        "not-utf8", "the row is not UTF-8", "convert the file: iconv -f GB18030 -t UTF-8 IN > OUT"
    ),
    Kind("nul-byte", "a NUL byte in the row", "the file is binary or damaged; write it again"),
    Kind("row-too-long", "a row of more than 4 MB", "look for a missing line break"),
    Kind(
        "outside-root",
        "the path leaves data_dir",
        "make paths relative to data_dir, or set dataset.allow_outside_root=true",
    ),
    Kind("other-ending", "the file is there with another ending", "correct the ending in the row"),
    Kind("other-case", "the file is there in other capitals", "correct the name in the row"),
    Kind("backslashes", "backslashes in the path", "write paths with forward slashes"),
    Kind(
        "folder-twice",
        "data_dir already ends in the folder that the path begins with",
        "set data_dir one folder higher, or take the folder out of the rows",
    ),
    Kind("edge-of-path", "spaces around the path", "take the spaces out of the row"),
    Kind("missing-file", "the image is not there", "copy the file, or take the row out"),
    Kind("not-a-file", "the path is a folder or a device", "name an image file in the row"),
    Kind("file-too-large", "the file is far too large for an image", "make it smaller"),
    Kind("empty-file", "the image file is empty", "copy the file again"),
    Kind("name-too-long", "the path is longer than a path can be", "look for a missing line break"),
    Kind("no-permission", "the file cannot be read", "give the user of the training the right to"),
    Kind("git-lfs-pointer", "a git-lfs pointer instead of the image", "run: git lfs pull"),
    Kind("web-page", "a web page instead of the image", "the download was answered with an error"),
    Kind("unreadable-image", "not an image, or damaged", "open it with a viewer and save it again"),
    Kind("truncated-image", "the end of the image file is missing", "copy the file again"),
    Kind(
        "too-many-pixels",
        "more pixels than one sample should have",
        "scale the image down, and its boxes with it",
    ),
    Kind(
        "huge-image",
        "so many pixels that this check does not decode them",
        "scale the image down, and its boxes with it: every worker needs memory for all of it",
        broken=False,
    ),
    Kind(
        "too-many-points",
        "more points than a page can have",
        "look for a region whose outline was traced pixel by pixel",
        broken=False,
    ),
    Kind("empty-text", "the label is empty", "write the text, or take the row out", broken=False),
    Kind(
        "text-too-long",
        "the text is longer than max_text_length",
        "raise Global.max_text_length",
        broken=False,
    ),
    Kind(
        "no-known-character",
        "no character of the text is in the dictionary",
        "use the dictionary of this language",
        broken=False,
    ),
    Kind(
        "unknown-characters",
        "characters that are not in the dictionary",
        "add them to the dictionary, or write them differently; the label loses them in silence",
        broken=False,
    ),
    Kind("python-not-json", "a Python literal instead of JSON", "write labels with json.dumps"),
    Kind("json-cut-short", "the JSON label ends in the middle", "write the row again"),
    Kind("json-too-deep", "the JSON label is nested without end", "write the row again"),
    Kind("not-json", "the label is not JSON", "a detection label is a JSON list of regions"),
    Kind("not-a-list", "the label is JSON but not a list", "put the regions into a list"),
    Kind("region-not-mapping", "a region is not a mapping", 'write {"transcription", "points"}'),
    Kind("region-without-key", "a region lacks a key", "give it transcription and points"),
    Kind("points-not-numbers", "points that are not numbers", "write points as [[x, y], ...]"),
    Kind("points-not-pairs", "points that are not pairs", "write points as [[x, y], ...]"),
    Kind("points-not-finite", "points that are not finite", "take NaN and Infinity out"),
    Kind("unknown-class", "a class that is not in label_list", "correct the label, or label_list"),
    Kind("lmdb-missing-key", "a key is missing in the LMDB", "write the LMDB again"),
    Kind("lmdb-corrupt", "the LMDB is damaged", "copy it again"),
    Kind("missing-entry", "an entry that no transform makes", "correct KeepKeys.keep_keys"),
    Kind(
        "transform-failed",
        "a transform of the config cannot take this sample",
        "look at the picture and its label; the reason is the error of the transform",
    ),
    # faults that training does not refuse
    Kind("too-few-points", "a box of fewer than three different points", "draw it again", False),
    Kind("flat-box", "a box without area", "draw it again, or take it out", False),
    Kind("crossed-box", "a polygon that crosses itself", "put its points in order", False),
    Kind("box-outside", "a box outside the image", "see whether image and label fit", False),
    Kind("box-twice", "the same box twice", "take one of them out", False),
    Kind(
        "exif-against-boxes",
        "boxes fit the stored pixels, not the picture as EXIF turns it",
        "set DecodeImage.ignore_orientation=true, or turn the pixels and drop the EXIF tag",
        False,
    ),
    Kind("control-character", "an invisible character in the text", "take it out", False),
    Kind("space-at-edge", "the text begins or ends with a space", "take the space out", False),
)


def diagnose(evidence: Evidence) -> str:
    """Return the name of the kind that a refusal belongs to."""
    judge = _JUDGES.get(evidence.reason.replace(" ", "_"))
    if judge is None:
        return "transform-failed"
    return judge if isinstance(judge, str) else judge(evidence)


def _malformed(evidence: Evidence) -> str:
    detail, text = evidence.detail, evidence.text
    if "no path before" in detail:
        return "no-path"
    if "list of paths" in detail:
        return "path-list"
    if "fields, expected" in detail:
        further = text.split(evidence.delimiter)[1:]
        ends = tuple(ending + " " for ending in IMAGE_ENDINGS)
        glued = any(f"{field.lower()} ".endswith(ends) for field in further)
        return "rows-glued" if glued else "extra-delimiter"
    # one space is enough when what stands before it is an image
    spaced = re.match(r"\S+\.(\w{3,4})( +)\S", text) or re.search(r"\S {2,}\S", text)
    return "spaces-for-tab" if spaced else "no-delimiter"


def _encoding(evidence: Evidence) -> str:
    return "nul-byte" if "NUL byte" in evidence.detail else "not-utf8"


def _missing(evidence: Evidence) -> str:
    """Return why a file is missing, as far as its neighbours tell."""
    name = evidence.text.partition(evidence.delimiter)[0]
    if evidence.root is None:
        return "missing-file"
    if "\\" in name:
        return "backslashes"
    if name != name.strip() and (evidence.root / name.strip()).is_file():
        return "edge-of-path"
    first, _, rest = name.partition("/")
    if rest and first == evidence.root.name and (evidence.root / rest).is_file():
        return "folder-twice"
    return _similar(evidence.root / name)


def _unopened(evidence: Evidence) -> str:
    name = evidence.text.partition(evidence.delimiter)[0]
    longest = max(len(part.encode()) for part in name.split("/"))
    too_long = longest > LONGEST_NAME or len(name) > LONGEST_PATH
    return "name-too-long" if too_long else "no-permission"


def _similar(wanted: Path) -> str:
    try:
        if any(wanted.with_suffix(one).is_file() for one in (*IMAGE_ENDINGS, ".JPG", ".PNG")):
            return "other-ending"
        for number, found in enumerate(wanted.parent.iterdir()):
            if number > MOST_NEIGHBOURS:
                break
            if found.name.lower() == wanted.name.lower():
                return "other-case"
    except (OSError, ValueError):
        return "missing-file"
    return "missing-file"


def _pixels(evidence: Evidence) -> str:
    start = evidence.content[:256].lstrip().lower()
    if start.startswith(LFS_POINTER):
        return "git-lfs-pointer"
    if start.startswith((b"<!doctype html", b"<html")):
        return "web-page"
    return "unreadable-image"


def _label(evidence: Evidence) -> str:
    detail = evidence.detail
    for words, kind in _LABEL_WORDS:
        if words in detail:
            return kind
    label = evidence.text.partition(evidence.delimiter)[2].strip()
    if label.startswith(("[{'", "{'", "[('")):
        return "python-not-json"
    if label.startswith("[") and not label.endswith("]"):
        return "json-cut-short"
    return "not-json"


_LABEL_WORDS = (
    ("nested too deep", "json-too-deep"),
    ("should be a list", "not-a-list"),
    ("is not a mapping", "region-not-mapping"),
    ("has no '", "region-without-key"),
    ("are not numbers", "points-not-numbers"),
    ("are not a list of", "points-not-pairs"),
    ("not finite", "points-not-finite"),
)

_JUDGES: dict[str, str | Callable[[Evidence], str]] = {
    "malformed_row": _malformed,
    "encoding": _encoding,
    "row_too_long": "row-too-long",
    "outside_data_dir": "outside-root",
    "missing_file": _missing,
    "not_a_file": "not-a-file",
    "file_too_large": "file-too-large",
    "empty_file": "empty-file",
    "unreadable_file": _unopened,
    "unreadable": _pixels,
    "truncated": "truncated-image",
    "too_large": "too-many-pixels",
    "huge_image": "huge-image",
    "too_many_points": "too-many-points",
    "empty": "empty-text",
    "too_long": "text-too-long",
    "only_unknown": "no-known-character",
    "unknown_characters": "unknown-characters",
    "bad_label": _label,
    "unknown_class": "unknown-class",
    "missing_key": "lmdb-missing-key",
    "corrupt_LMDB": "lmdb-corrupt",
    "missing_entry": "missing-entry",
}
