"""Batch normalisation under the parameter names that official checkpoints use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, Tensor, nn
from paddle.autograd import PyLayer

from ppocr.modeling.layers import eager

Activation = Literal["relu", "hardswish"]
KINDS = {None: 0, "relu": 1, "hardswish": 2}  # as norm_kernels counts them
PASSES = 8  # operations per value, about


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


def norm_act(norm: nn.Layer, x_NCHW: Tensor, act: Activation | None = None) -> Tensor:
    """Return the activation, if one is named, of x_NCHW normalised by the layer.

    While training on a CPU one compiled node does both (see :mod:`eager`); it differs from
    Paddle's operators by rounding only. ``norm`` may be any layer: one without a kernel is called.
    """
    if _has_kernel(norm, x_NCHW):
        return _NormAct.apply(x_NCHW, norm.weight, norm.bias, norm, act)
    x_NCHW = norm(x_NCHW)
    return x_NCHW if act is None else getattr(F, act)(x_NCHW)


def norm_sum(norms: Sequence[nn.Layer], maps: Sequence[Tensor]) -> Tensor:
    """Return the sum of the maps (N, C, H, W), each normalised by the layer of its own."""
    if _have_kernels(norms, maps):
        pairs = [one for norm in norms for one in (norm.weight, norm.bias)]
        return _NormSum.apply(tuple(norms), *maps, *pairs)
    out = norms[0](maps[0])
    for place in range(1, len(norms)):  # tracing cannot unroll a zip
        out = out + norms[place](maps[place])
    return out


@paddle.jit.not_to_static
def _have_kernels(norms: Sequence[nn.Layer], maps: Sequence[Tensor]) -> bool:
    return all(_has_kernel(norm, one) for norm, one in zip(norms, maps, strict=True))


@paddle.jit.not_to_static
def _has_kernel(norm: nn.Layer, x: Tensor) -> bool:
    """Return whether the layer, in this state, is what the kernels compute."""
    return (
        type(norm) in (BatchNorm, nn.BatchNorm2D)
        and norm.training
        and not norm._use_global_stats
        and norm._data_format == "NCHW"
        and norm.weight is not None
        and norm.bias is not None
        and not (norm._forward_pre_hooks or norm._forward_post_hooks)
        and x.ndim == 4
        and eager.is_eager_cpu(x, norm.weight, norm.bias, norm._mean, norm._variance)
    )


class _NormAct(PyLayer):
    """Statistics, normalisation and activation as one node of the graph."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: nn.Layer, act: Activation | None
    ) -> Tensor:
        x = x.contiguous()
        out = paddle.empty_like(x)
        ctx.kind = KINDS[act]
        ctx.statistics = _measured(norm, x)
        _normalize(_kernels().forward_kernel(ctx.kind), x, ctx.statistics, norm, out)
        ctx.save_for_backward(x, weight, bias)
        ctx.wanted = [not one.stop_gradient for one in (x, weight, bias)]
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias = ctx.saved_tensor()
        found = _gradients(ctx.kind, x, ctx.statistics, weight, bias, grad.contiguous())
        return tuple(one if wanted else None for one, wanted in zip(found, ctx.wanted, strict=True))


class _NormSum(PyLayer):
    """Several normalised maps and their sum as one node of the graph."""

    @staticmethod
    def forward(ctx: Any, norms: tuple[nn.Layer, ...], *tensors: Tensor) -> Tensor:
        maps = [one.contiguous() for one in tensors[: len(norms)]]
        out = paddle.empty_like(maps[0])
        ctx.statistics = [_measured(norm, x) for norm, x in zip(norms, maps, strict=True)]
        for place, (norm, x) in enumerate(zip(norms, maps, strict=True)):
            kernel = _kernels().forward_kernel(0, place > 0)
            _normalize(kernel, x, ctx.statistics[place], norm, out)
        ctx.save_for_backward(*maps, *tensors[len(norms) :])
        ctx.wanted = [not one.stop_gradient for one in tensors]
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensor()
        count = len(ctx.statistics)
        maps, pairs = saved[:count], saved[count:]
        grad = grad.contiguous()
        of_maps, of_pairs = [], []
        for place, x in enumerate(maps):
            weight, bias = pairs[2 * place : 2 * place + 2]
            dx, *others = _gradients(0, x, ctx.statistics[place], weight, bias, grad)
            of_maps.append(dx)
            of_pairs += others
        found = [*of_maps, *of_pairs]
        return tuple(one if wanted else None for one, wanted in zip(found, ctx.wanted, strict=True))


def _measured(norm: nn.Layer, x: Tensor) -> np.ndarray:
    """Return mean and one over the deviation (2, C) of x, and move the layer's running figures."""
    channels = x.shape[1]
    statistics = np.empty((2, channels), np.float32)
    planes = _planes(x)
    arrays = [planes, statistics, eager.array(norm._mean), eager.array(norm._variance)]
    numbers = np.float32(norm._momentum), np.float32(norm._epsilon)
    eager.run(_kernels().measure, [*arrays, *numbers], channels, PASSES * planes.size)
    return statistics


def _normalize(kernel: Any, x: Tensor, statistics: np.ndarray, norm: Any, out: Tensor) -> None:
    planes = _planes(x)
    arrays = [planes, statistics, eager.array(norm.weight), eager.array(norm.bias), _planes(out)]
    eager.run(kernel, arrays, planes.shape[1], PASSES * planes.size)


def _gradients(
    kind: int, x: Tensor, statistics: np.ndarray, weight: Tensor, bias: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of x, weight and bias."""
    found = paddle.empty_like(x), paddle.empty_like(weight), paddle.empty_like(bias)
    planes = _planes(x)
    before = [planes, statistics, eager.array(weight), eager.array(bias), _planes(grad)]
    after = [_planes(found[0]), eager.array(found[1]), eager.array(found[2])]
    kernel = _kernels().backward_kernel(kind)
    eager.run(kernel, [*before, *after], planes.shape[1], 2 * PASSES * planes.size)
    return found


def _planes(x: Tensor) -> np.ndarray:
    """Return x_NCHW as an array (N, C, H * W)."""
    count, channels, height, width = x.shape
    return eager.array(x, (count, channels, height * width))


@lru_cache(maxsize=1)
def _kernels() -> ModuleType:
    """Return the module of compiled loops; it is imported when one is needed."""
    from ppocr.modeling.layers import norm_kernels

    return norm_kernels
