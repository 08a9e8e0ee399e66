"""DB head with a second look at the probability map, of PP-OCRv4 and v5 server models.

PP-OCRv4 technical report, 2023, over Liao et al., Differentiable Binarization, 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from ppocr.modeling.heads.det_db_head import DBHead
from ppocr.modeling.layers.conv import Conv2D
from ppocr.modeling.layers.norm import BatchNorm, norm_act
from ppocr.modeling.layers.upsample import upsample_nearest


class PFHeadLocal(DBHead):
    """{"maps", "cbn_maps"}: mean of both probability maps, and the second, in evaluation.

    In training "maps" is (N, 3, H, W): second probability map, threshold and binary map;
    "distance_maps" is the second probability map and "cbn_maps" the binary one.
    """

    # what is decoded, and all that an export gives: others take its first output for the map
    outputs: ClassVar[tuple[str, ...]] = ("maps",)
    gives: ClassVar[tuple[str, ...]] = ("maps", "distance_maps", "cbn_maps")

    def __init__(
        self,
        in_channels: int,
        k: int = 50,
        mode: Literal["small", "large"] = "small",
        kernel_list: Sequence[int] = (3, 2, 2),
        fix_nan: bool = False,
    ) -> None:
        super().__init__(in_channels, k, kernel_list, fix_nan)
        width = in_channels // 4
        self.cbn_layer = LocalModule(width, width if mode == "large" else width // 2)

    def forward(self, x_NCHW: Tensor, targets: Any = None) -> dict[str, Tensor]:
        features = self.binarize.features(x_NCHW)
        base = F.sigmoid(self.binarize.conv3(features))
        local = F.sigmoid(self.cbn_layer(upsample_nearest(features), base))
        if not self.training:
            return {"maps": 0.5 * (base + local), "cbn_maps": local}
        threshold = self.thresh(x_NCHW)
        binary = self.step(base, threshold)
        maps = paddle.concat([local, threshold, binary], axis=1)
        return {"maps": maps, "distance_maps": local, "cbn_maps": binary}


class LocalModule(nn.Layer):
    """Logits (N, 1, H, W) of features and a first map of the same size."""

    def __init__(self, in_channels: int, mid_channels: int) -> None:
        super().__init__()
        self.last_3 = ConvBNLayer(in_channels + 1, mid_channels)
        self.last_1 = nn.Conv2D(mid_channels, 1, 1)

    def forward(self, x_NCHW: Tensor, first_map: Tensor) -> Tensor:
        return self.last_1(self.last_3(paddle.concat([first_map, x_NCHW], axis=1)))


class ConvBNLayer(nn.Layer):
    """3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = Conv2D(in_channels, out_channels, 3, padding=1, bias_attr=False)
        self.bn = BatchNorm(out_channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return norm_act(self.bn, self.conv(x_NCHW), "relu")
