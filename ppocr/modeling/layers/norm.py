"""Batch normalisation under the parameter names that official checkpoints use."""

from __future__ import annotations

from paddle import ParamAttr, nn


class BatchNorm(nn.BatchNorm2D):
    """Normalised x_NCHW of the same shape.

    The class name decides paddle's automatic parameter names (``batch_norm_0.w_0``), and
    those key the optimizer state in ``.pdopt`` files. Deriving from BatchNorm2D keeps that
    name and lets ``SyncBatchNorm.convert_sync_batchnorm`` recognise the layer, which it
    does not do for ``paddle.nn.BatchNorm``. ``name`` prefixes the names of the running
    statistics.
    """

    def __init__(
        self,
        num_features: int,
        weight_attr: ParamAttr | None = None,
        bias_attr: ParamAttr | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(num_features, weight_attr=weight_attr, bias_attr=bias_attr, name=name)
