"""Labels of detection: JSON rows to polygons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ppocr.geometry.polygon import pad_polygons
from ppocr.transforms.base import Rejected, Sample

FAR_PX = 1 << 20  # no image is as wide, and beyond it whole numbers of targets overflow
IGNORED_TEXTS = frozenset({"*", "###"})


class DetLabelEncode:
    """Reads ``label`` (JSON list of {transcription, points}).

    Adds ``polys`` float32 (N, P, 2), ``texts`` (N strings) and ``ignore_tags`` bool (N);
    transcriptions "*" and "###" are ignored regions. Polygons with fewer points than the
    longest repeat their last one. An empty list is a valid picture without text. What cannot
    be read is Rejected ("bad_label").
    """

    needs_label: ClassVar[bool] = True
    adds: ClassVar[tuple[str, ...]] = ("polys", "texts", "ignore_tags")
    touches: ClassVar[str] = "nothing"

    def __call__(self, sample: Sample) -> Sample:
        regions = parse_regions(sample["label"])
        texts = [str(region["transcription"]) for region in regions]
        sample["polys"] = _polygons(regions)
        sample["texts"] = texts
        sample["ignore_tags"] = np.array([text in IGNORED_TEXTS for text in texts], dtype=bool)
        return sample


def parse_regions(label: Any) -> list[Mapping[str, Any]]:
    """Return the regions of a detection label; Rejected says which part of it is wrong."""
    if isinstance(label, (str, bytes)):
        try:
            label = json.loads(label)
        except ValueError as error:
            raise Rejected("bad_label", f"not JSON: {error}") from error
        except RecursionError as error:
            raise Rejected("bad_label", "JSON nested too deep") from error
    if not isinstance(label, Sequence):
        raise Rejected("bad_label", f"should be a list of regions, is {type(label).__name__}")
    for number, region in enumerate(label, start=1):
        # a plain dict first: asking an abstract class takes as long as parsing the region
        if not isinstance(region, dict) and not isinstance(region, Mapping):
            raise Rejected("bad_label", f"region {number} is not a mapping")
        for key in ("transcription", "points"):
            if key not in region:
                raise Rejected("bad_label", f"region {number} has no '{key}'")
    return list(label)


def _polygons(regions: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Return the points of all regions, float32 (N, P, 2)."""
    with np.errstate(over="ignore"):  # what is too large becomes infinite and is refused below
        try:
            # the usual case: as many points everywhere, converted in one go
            polys = np.array([region["points"] for region in regions], dtype=np.float32)
        except (TypeError, ValueError, OverflowError):
            polys = pad_polygons([_points(region["points"]) for region in regions])
        if polys.ndim != 3 or polys.shape[2] != 2:
            polys = pad_polygons([_points(region["points"]) for region in regions])
    if not np.isfinite(polys).all():
        raise Rejected("bad_label", "points are not finite")
    if np.abs(polys).max(initial=0) > FAR_PX:
        raise Rejected("bad_label", f"points lie more than {FAR_PX} pixels away")
    return polys


def _points(points: Any) -> np.ndarray:
    try:
        array = np.array(points, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise Rejected("bad_label", f"points {str(points)[:60]} are not numbers") from error
    if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0:
        raise Rejected("bad_label", f"points {str(points)[:60]} are not a list of [x, y]")
    return array
