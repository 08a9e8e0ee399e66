"""Pages and lines drawn from nothing: data to try the toolkit with, and to train on.

Everything is a function of a seed, so the same command gives the same files. ``TEXTS``,
``BACKGROUNDS``, ``EFFECTS`` and ``LAYOUTS`` are the tables of names that a config of
tools/synthesize.py may use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr.config import Registry

TEXTS = Registry(
    "Text",
    "ppocr.synthesis",
    {
        "any": {
            "Corpus": ".texts",
            "Invented": ".texts",
            "Patterns": ".texts",
            "RandomCharacters": ".texts",
        }
    },
)

BACKGROUNDS = Registry(
    "Background",
    "ppocr.synthesis",
    {
        "any": {
            "Gradient": ".backgrounds",
            "Paper": ".backgrounds",
            "Photos": ".photos",
            "Plain": ".backgrounds",
            "Ruled": ".backgrounds",
            "Texture": ".backgrounds",
        }
    },
)

EFFECTS = Registry(
    "Effect",
    "ppocr.synthesis",
    {
        "any": {
            # on the ink, before it is on the paper
            "FadedInk": ".ink",
            "Frame": ".ink",
            "StrikeThrough": ".ink",
            "Thicken": ".ink",
            "Thin": ".ink",
            "Underline": ".ink",
            # moving everything
            "Curve": ".bending",
            "Perspective": ".bending",
            "Rotation": ".bending",
            "Slant": ".bending",
            # on the finished picture
            "LowResolution": ".camera",
            "Shadow": ".camera",
            "UnevenLight": ".camera",
            "Add": "ppocr.transforms.augment_color",
            "AdditiveGaussianNoise": "ppocr.transforms.augment_color",
            "AverageBlur": "ppocr.transforms.augment_color",
            "ColorJitter": "ppocr.transforms.augment_color",
            "GammaContrast": "ppocr.transforms.augment_color",
            "GaussianBlur": "ppocr.transforms.augment_color",
            "Grayscale": "ppocr.transforms.augment_color",
            "Invert": "ppocr.transforms.augment_color",
            "JpegCompression": "ppocr.transforms.augment_color",
            "LinearContrast": "ppocr.transforms.augment_color",
            "MedianBlur": "ppocr.transforms.augment_color",
            "MotionBlur": "ppocr.transforms.augment_color",
            "Multiply": "ppocr.transforms.augment_color",
        }
    },
)

LAYOUTS = Registry("Layout", "ppocr.synthesis", {"any": {"Lines": ".lines", "Pages": ".pages"}})


def is_synthesis(root: Mapping[str, Any]) -> bool:
    """Return whether a config describes data to draw, not a training."""
    return "Layout" in root and "Architecture" not in root
