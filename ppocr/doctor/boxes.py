"""Boxes of one page: how large they are, how they stand to each other, what is wrong with them.

Array suffixes: _NP2 polygons, _N2 short and long side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import shapely

from ppocr.geometry.box import leaves
from ppocr.transforms.base import Sample
from ppocr.transforms.header import Header

FLAT_PX2 = 1.0
CLOSE = 0.75  # a gap between two boxes of a line, in heights, as between two words
MOST_COMPARED = 1500
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Page:
    """The regions of a page as the label encoder gives them."""

    polys: np.ndarray  # float32 (N, P, 2)
    ignored: np.ndarray  # bool (N,)
    texts: Sequence[str]


def measures(page: Page) -> dict[str, Any]:
    """Return the columns of one page: counts, sizes of the boxes, and how closely they stand."""
    cared = page.polys[~page.ignored] if len(page.polys) else page.polys
    texts = [text for text, ignored in zip(page.texts, page.ignored, strict=True) if not ignored]
    close, compared = crowding(cared)
    return {
        "boxes": len(page.polys),
        "ignored": int(np.sum(page.ignored)),
        "box_px": sides(cared),
        "texts": len(texts),
        "spaced": sum(" " in text.strip() for text in texts),
        "letters": sum(map(len, texts)),
        "close": close,
        "compared": compared,
    }


def sides(polys_NP2: np.ndarray) -> np.ndarray:
    """Return short and long side in pixels of the smallest rectangle around each, float32."""
    if not len(polys_NP2):
        return np.zeros((0, 2), np.float32)
    found = [cv2.minAreaRect(points)[1] for points in np.asarray(polys_NP2, np.float32)]
    return np.sort(np.asarray(found, np.float32), axis=1)


def seen(sample: Sample) -> np.ndarray:
    """Return short and long sides of the boxes as the network gets them, float32 (N, 2).

    Training moves polygons along with the pixels; evaluation keeps them and notes the scale.
    """
    polys = np.asarray(sample.get("polys", ()), np.float32)
    if polys.ndim != 3 or not len(polys):
        return np.zeros((0, 2), np.float32)
    shape = sample.get("shape")
    if shape is not None:
        polys = polys * np.array([shape[3], shape[2]], np.float32)
        return sides(polys[~np.asarray(sample["ignore_tags"], bool)])
    return sides(polys)


def crowding(polys_NP2: np.ndarray) -> tuple[int, int]:
    """Return how many boxes have a neighbour to the right as close as a word, and of how many."""
    if len(polys_NP2) < 2 or len(polys_NP2) > MOST_COMPARED:
        return 0, 0
    low, high = polys_NP2.min(axis=1), polys_NP2.max(axis=1)
    tall = np.maximum(high[:, 1] - low[:, 1], 1)
    shared = np.minimum(high[:, None, 1], high[None, :, 1]) - np.maximum(
        low[:, None, 1], low[None, :, 1]
    )
    in_line = shared > 0.5 * np.minimum(tall[:, None], tall[None, :])
    gap = (low[None, :, 0] - high[:, None, 0]) / tall[:, None]
    near = in_line & (gap > -0.3) & (gap < CLOSE)
    np.fill_diagonal(near, False)
    return int(near.any(axis=1).sum()), len(polys_NP2)


def faults(page: Page, header: Header | None, ignores_exif: bool) -> Iterator[tuple[str, str]]:
    """Yield kind and particulars of every sort of fault that boxes of the page have."""
    if not len(page.polys):
        return
    polys = page.polys.astype(np.float64)
    points = np.array([len(set(map(tuple, one))) for one in polys.tolist()])
    shapes = shapely.polygons(polys if polys.shape[1] > 2 else np.repeat(polys[:, :1], 4, axis=1))
    area = np.array([_extent(one) for one in polys])
    yield from _named("too-few-points", points < 3)
    enough = points >= 3
    flat = enough & (area < FLAT_PX2)
    yield from _named("flat-box", flat)
    crossed = enough & ~flat & ~shapely.is_valid(shapes)
    yield from _named("crossed-box", crossed)
    twice = np.ones(len(polys), bool)
    twice[np.unique(polys.reshape(len(polys), -1), axis=0, return_index=True)[1]] = False
    yield from _named("box-twice", twice)
    if header is not None:
        yield from _against(polys, header, ignores_exif)


def _extent(points_P2: np.ndarray) -> float:
    """Return the area of the smallest rectangle around the points."""
    wide, tall = cv2.minAreaRect(points_P2.astype(np.float32))[1]
    return wide * tall


def _against(
    polys_NP2: np.ndarray, header: Header, ignores_exif: bool
) -> Iterator[tuple[str, str]]:
    """Yield what does not fit between boxes and the size of the image."""
    stored, upright = (header.width, header.height), header.upright
    used, other = (stored, upright) if ignores_exif else (upright, stored)
    low, high = polys_NP2.min(axis=1), polys_NP2.max(axis=1)
    outside = leaves(low, high, used)
    if used != other and outside.any() and not leaves(low, high, other).any():
        yield (
            "exif-against-boxes",
            f"EXIF orientation {header.orientation}: the picture is {used[0]} x {used[1]}, "
            f"its boxes reach {high[:, 0].max():.0f} x {high[:, 1].max():.0f}",
        )
        return
    yield from _named("box-outside", outside, f"; the picture is {used[0]} x {used[1]}")


def _named(kind: str, which: np.ndarray, more: str = "") -> Iterator[tuple[str, str]]:
    numbers = np.flatnonzero(which) + 1
    if not len(numbers):
        return
    shown = ", ".join(map(str, numbers[:MOST_NAMED]))
    rest = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    yield kind, f"region {shown}{rest}{more}"
