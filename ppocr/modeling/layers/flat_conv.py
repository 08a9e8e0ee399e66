"""Convolution of maps that may be one row high, as those of text lines are near the head."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.layers.conv import pair


class Conv2D(nn.Conv2D):
    """``paddle.nn.Conv2D``; of a map of one row only the middle row of each filter is used.

    The rows above and below meet padding alone: a filter of 3 rows takes a third of the time, with
    the same result and gradients (zero for the rows left out). Tracing takes Paddle's own
    operator, so that an exported graph is what it always was. The name is Paddle's because those
    of parameters follow it.
    """

    def forward(self, x_NCHW: Tensor) -> Tensor:
        """Return the filtered features, NCHW."""
        rows = self.weight.shape[2]
        if not (paddle.in_dynamic_mode() and x_NCHW.shape[2] == 1 and self._keeps_height(rows)):
            return nn.Conv2D.forward(self, x_NCHW)  # super() does not survive tracing
        middle = rows // 2
        return F.conv2d(
            x_NCHW,
            self.weight[:, :, middle : middle + 1],
            self.bias,
            stride=self._stride,
            padding=[0, pair(self._padding)[1]],
            dilation=self._dilation,
            groups=self._groups,
        )

    def _keeps_height(self, rows: int) -> bool:
        """Return whether the middle row of a filter of several rows stands on each row of a map."""
        plain = self._data_format == "NCHW" and self._padding_mode == "zeros"
        if not plain or rows == 1 or isinstance(self._padding, str):
            return False
        padding, dilation = pair(self._padding), pair(self._dilation)
        return rows % 2 == 1 and len(padding) == 2 and padding[0] == rows // 2 * dilation[0]
