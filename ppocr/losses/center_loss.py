"""Pulls the features of each class towards a centre of their own.

Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import paddle
from paddle import Tensor, nn

from ppocr.utils import pickles
from ppocr.utils.exits import DataError

SMALLEST = 1e-12


class CenterLoss(nn.Layer):
    """{"loss_center": mean squared distance of each column's features to its class's centre}.

    Predictions are (features (N, T, feat_dim), logits (N, T, num_classes)), as a CTCHead
    with ``return_feats`` gives them; a column's class is the likeliest. Centres come from
    ``center_file_path``, a file of {class: vector}; without one they are random, which
    only regularises. Distances are float64.
    """

    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        num_classes: int = 6625,
        feat_dim: int = 96,
        center_file_path: str | None = None,
    ) -> None:
        super().__init__()
        self.feat_dim = feat_dim
        centers = np.random.default_rng(0).standard_normal((num_classes, feat_dim))
        if center_file_path:
            _fill(centers, center_file_path)
        self.register_buffer("centers", paddle.to_tensor(centers), persistable=False)

    def forward(self, predicts: Sequence[Tensor], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        features_NTC, logits_NTC = predicts
        features = features_NTC.reshape([-1, self.feat_dim]).astype("float64")
        classes = logits_NTC.argmax(axis=2).flatten()
        distance = (features - self.centers[classes]).square().sum(axis=1)
        return {"loss_center": distance.clip(min=SMALLEST).mean()}


def _fill(centers: np.ndarray, path: str) -> None:
    """Put the vectors of a file in their rows."""
    stored = pickles.read(path)
    if not isinstance(stored, Mapping):
        raise DataError(f"{path} holds no mapping from classes to vectors")
    for key, vector in stored.items():
        vector = np.asarray(vector, np.float64).reshape(-1)
        if not 0 <= int(key) < len(centers) or vector.size != centers.shape[1]:
            raise DataError(
                f"{path}: class {key} with {vector.size} numbers does not fit "
                f"num_classes {len(centers)}, feat_dim {centers.shape[1]}"
            )
        centers[int(key)] = vector
