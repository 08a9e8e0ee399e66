"""Which images are the same, and which look the same.

The same: equal digests of the file. Alike: difference hashes (Neal Krawetz, "Kind of Like That",
2013) that differ in few of their bits: the image is reduced to a grid of gray values, and each
bit says whether a value is larger than its left neighbour. Re-encoding, scaling and a change of
brightness leave nearly all bits as they are.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from ppocr.transforms.header import Header

ROWS, COLUMNS = 8, 16  # 128 bits: lines of text differ from side to side more than up and down
MAX_BITS = 5  # as many may differ
FEW_BITS = 12  # a hash with fewer (or nearly all) bits set is of a flat image and says nothing
BANDS = 8
NEIGHBOURS = 8
LARGE_PX = 1_000_000
MOST_ROWS = 500_000


def digest(content: bytes) -> int:
    """Return 64 bits that stand for the content."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def look(content: bytes, header: Header | None) -> tuple[int, int]:
    """Return the difference hash of an encoded image as two 64-bit numbers; 0, 0 for none."""
    large = header is not None and header.width * header.height > LARGE_PX
    reduce = large and header is not None and header.kind == "jpeg"
    flags = cv2.IMREAD_REDUCED_GRAYSCALE_4 if reduce else cv2.IMREAD_GRAYSCALE
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        return 0, 0
    return (0, 0) if image is None else of_pixels(image)


def of_pixels(image_HW: np.ndarray) -> tuple[int, int]:
    """Return the difference hash of gray pixels."""
    small = cv2.resize(image_HW, (COLUMNS + 1, ROWS), interpolation=cv2.INTER_AREA)
    bits = small[:, 1:] > small[:, :-1]
    words = np.packbits(bits).view(np.uint64)
    return int(words[0]), int(words[1])


def groups(digests: np.ndarray) -> np.ndarray:
    """Return for each element the place of the first one equal to it (0 is equal to nothing)."""
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    found = first[inverse]
    return np.where(digests == 0, np.arange(len(digests)), found)


def alike(looks_N2: np.ndarray) -> np.ndarray:
    """Return pairs (i, j), i < j, of hashes that differ in at most MAX_BITS bits.

    Two such hashes agree in at least three of eight parts of 16 bits: candidates are neighbours
    in the order of each part. In a crowd of equal parts only the nearest eight are compared, so
    of many images that are all alike not every pair is listed, but each image is. Of more than
    MOST_ROWS hashes none are compared.
    """
    if not 2 <= len(looks_N2) <= MOST_ROWS:
        return np.zeros((0, 2), np.int64)
    bytes_NB = looks_N2.view(np.uint8).reshape(len(looks_N2), -1)
    ones = np.unpackbits(bytes_NB, axis=1).sum(axis=1)
    total = ROWS * COLUMNS
    usable = np.flatnonzero((ones >= FEW_BITS) & (ones <= total - FEW_BITS))
    if len(usable) < 2:
        return np.zeros((0, 2), np.int64)
    found = [_neighbours(bytes_NB[usable], band) for band in range(BANDS)]
    pairs = np.unique(np.concatenate(found), axis=0)
    return np.sort(usable[pairs], axis=1)


def _neighbours(bytes_NB: np.ndarray, band: int) -> np.ndarray:
    """Return the pairs that are close in the order that begins with one part of the hash."""
    turned = np.roll(bytes_NB, -2 * band, axis=1)
    order = np.lexsort(turned.T[::-1])
    ordered, pairs = turned[order], []
    for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        different = np.unpackbits(ordered[step:] ^ ordered[:-step], axis=1).sum(axis=1)
        close = np.flatnonzero(different <= MAX_BITS)
        pairs.append(np.stack([order[close], order[close + step]], axis=1))
    return np.sort(np.concatenate(pairs), axis=1)
