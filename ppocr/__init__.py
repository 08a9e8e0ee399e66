"""Train, evaluate, export and run OCR models on PaddlePaddle, from one config file."""

from __future__ import annotations

import os

# OpenCV reads this once, when it is loaded: the limit for formats whose header we do not read
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "150000000")

__version__ = "0.1.0"
