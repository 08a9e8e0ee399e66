"""Nearest-neighbour enlargement in the form that suits where it runs."""

from __future__ import annotations

import paddle
from paddle import Tensor


def upsample_nearest(x_NCHW: Tensor, factor: int = 2) -> Tensor:
    """Return every pixel repeated ``factor`` times along both axes.

    Training broadcasts a view, which is faster in both directions than ``interpolate``.
    An exported graph joins copies instead: of all forms of nearest enlargement only
    concat and reshape run in Paddle Inference with and without oneDNN, in Paddle Lite,
    through paddle2onnx and in OpenVINO. The numbers are the same.
    """
    if paddle.in_dynamic_mode():
        count, channels, height, width = x_NCHW.shape
        spread = x_NCHW.reshape([count, channels, height, 1, width, 1])
        spread = spread.expand([count, channels, height, factor, width, factor])
        return spread.reshape([count, channels, height * factor, width * factor])
    channels = x_NCHW.shape[1]
    sizes = paddle.shape(x_NCHW)
    count, height, width = sizes[0], sizes[2], sizes[3]
    columns = paddle.concat([x_NCHW.reshape([count, channels, height, width, 1])] * factor, axis=4)
    rows = columns.reshape([count, channels, height, 1, width * factor])
    rows = paddle.concat([rows] * factor, axis=3)
    return rows.reshape([count, channels, height * factor, width * factor])
