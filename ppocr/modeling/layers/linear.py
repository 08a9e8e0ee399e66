"""Linear layers to very many classes, whose bias costs more on a CPU than their product."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from ppocr.modeling.layers import eager


class Linear(nn.Linear):
    """``paddle.nn.Linear``; the bias is one more row of the weight for eager tensors on a CPU.

    Paddle adds it in a second walk over all scores and its gradient in a third, both far slower
    than the product itself. float32 only. The name is Paddle's because those of parameters follow
    it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores, (..., out_features)."""
        if self.bias is None or not eager.is_eager_cpu(x, self.weight, self.bias):
            return nn.Linear.forward(self, x)  # super() does not survive tracing
        rows = paddle.concat([self.weight, self.bias.unsqueeze(0)], axis=0)
        ones = paddle.ones([*x.shape[:-1], 1])
        return paddle.matmul(paddle.concat([x, ones], axis=-1), rows)
