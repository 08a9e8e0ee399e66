"""Optimizers: what the section gives, and with ``recipe(model, learning_rate, decay)`` the thing.

A parameter's own learning-rate multiplier and penalty (ParamAttr) win over those here.
``clip_norm`` limits the norm of every gradient by itself, ``clip_norm_global`` the norm of
all together; given both, the first counts. ``lr_mult`` and ``layer_decay`` give parts of the
network rates of their own (see patterns.py); ``lr_for_batch`` is the number of samples per step
that the rates of ``lr`` are meant for.
"""

from __future__ import annotations

from typing import Any, ClassVar

import paddle
from paddle import nn, optimizer


class _Recipe:
    """What all optimizers share."""

    parts: ClassVar[dict[str, str]] = {"lr": "Schedule", "regularizer": "Regularizer"}
    lr: dict
    regularizer: dict | None
    weight_decay: float | None
    clip_norm: float | None
    clip_norm_global: float | None
    lr_mult: dict | None
    layer_decay: float | None
    lr_for_batch: int | None

    def common(self, model: nn.Layer, learning_rate: Any, decay: Any) -> dict[str, Any]:
        """Return the arguments that every optimizer of paddle takes."""
        return {
            "learning_rate": learning_rate,
            "parameters": [one for one in model.parameters() if one.trainable],
            "weight_decay": decay,
            "grad_clip": self.clip(),
        }

    def clip(self) -> Any:
        """Return how gradients are limited, or None."""
        if self.clip_norm is not None:
            return nn.ClipGradByNorm(self.clip_norm)
        if self.clip_norm_global is not None:
            return nn.ClipGradByGlobalNorm(self.clip_norm_global)
        return None


class Adam(_Recipe):
    """Adam (Kingma and Ba, 2015)."""

    def __init__(
        self,
        lr: dict,
        regularizer: dict | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        clip_norm_global: float | None = None,
        lr_mult: dict | None = None,
        layer_decay: float | None = None,
        lr_for_batch: int | None = None,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_mode: bool = False,
    ) -> None:
        self.lr, self.regularizer, self.weight_decay = lr, regularizer, weight_decay
        self.clip_norm, self.clip_norm_global = clip_norm, clip_norm_global
        self.lr_mult, self.layer_decay, self.lr_for_batch = lr_mult, layer_decay, lr_for_batch
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.lazy_mode = lazy_mode

    def __call__(self, model: nn.Layer, learning_rate: Any, decay: Any) -> optimizer.Adam:
        return optimizer.Adam(
            **self.common(model, learning_rate, decay),
            beta1=self.beta1,
            beta2=self.beta2,
            epsilon=self.epsilon,
            lazy_mode=self.lazy_mode,
        )


class AdamW(_Recipe):
    """Adam with decoupled decay (Loshchilov and Hutter, 2019).

    A parameter is not decayed when its key contains one of the words of
    ``no_weight_decay_name`` (separated by blanks), or, with
    ``one_dim_param_no_weight_decay``, when it has one axis.
    """

    def __init__(
        self,
        lr: dict,
        regularizer: dict | None = None,
        weight_decay: float = 0.01,
        clip_norm: float | None = None,
        clip_norm_global: float | None = None,
        lr_mult: dict | None = None,
        layer_decay: float | None = None,
        lr_for_batch: int | None = None,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        multi_precision: bool = False,
        no_weight_decay_name: str | None = None,
        one_dim_param_no_weight_decay: bool = False,
        lazy_mode: bool = False,
    ) -> None:
        self.lr, self.regularizer, self.weight_decay = lr, regularizer, weight_decay
        self.clip_norm, self.clip_norm_global = clip_norm, clip_norm_global
        self.lr_mult, self.layer_decay, self.lr_for_batch = lr_mult, layer_decay, lr_for_batch
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.multi_precision, self.lazy_mode = multi_precision, lazy_mode
        self.words = (no_weight_decay_name or "").split()
        self.one_dim_param_no_weight_decay = one_dim_param_no_weight_decay

    def __call__(self, model: nn.Layer, learning_rate: Any, decay: Any) -> optimizer.AdamW:
        spared = {
            parameter.name
            for key, parameter in model.named_parameters()
            if self.spares(key, parameter)
        }
        return optimizer.AdamW(
            **self.common(model, learning_rate, decay),
            beta1=self.beta1,
            beta2=self.beta2,
            epsilon=self.epsilon,
            multi_precision=self.multi_precision,
            lazy_mode=self.lazy_mode,
            apply_decay_param_fun=lambda name: name not in spared,
        )

    def spares(self, key: str, parameter: paddle.Tensor) -> bool:
        """Return whether a parameter is not decayed."""
        if self.one_dim_param_no_weight_decay and len(parameter.shape) == 1:
            return True
        return any(word in key for word in self.words)


class Momentum(_Recipe):
    """Stochastic gradient descent with momentum."""

    def __init__(
        self,
        lr: dict,
        regularizer: dict | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        clip_norm_global: float | None = None,
        lr_mult: dict | None = None,
        layer_decay: float | None = None,
        lr_for_batch: int | None = None,
        momentum: float = 0.9,
    ) -> None:
        self.lr, self.regularizer, self.weight_decay = lr, regularizer, weight_decay
        self.clip_norm, self.clip_norm_global = clip_norm, clip_norm_global
        self.lr_mult, self.layer_decay, self.lr_for_batch = lr_mult, layer_decay, lr_for_batch
        self.momentum = momentum

    def __call__(self, model: nn.Layer, learning_rate: Any, decay: Any) -> optimizer.Momentum:
        return optimizer.Momentum(
            **self.common(model, learning_rate, decay), momentum=self.momentum
        )


class RMSProp(_Recipe):
    """RMSProp (Hinton, lecture 6e, 2012)."""

    def __init__(
        self,
        lr: dict,
        regularizer: dict | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        clip_norm_global: float | None = None,
        lr_mult: dict | None = None,
        layer_decay: float | None = None,
        lr_for_batch: int | None = None,
        momentum: float = 0.0,
        rho: float = 0.95,
        epsilon: float = 1e-6,
    ) -> None:
        self.lr, self.regularizer, self.weight_decay = lr, regularizer, weight_decay
        self.clip_norm, self.clip_norm_global = clip_norm, clip_norm_global
        self.lr_mult, self.layer_decay, self.lr_for_batch = lr_mult, layer_decay, lr_for_batch
        self.momentum, self.rho, self.epsilon = momentum, rho, epsilon

    def __call__(self, model: nn.Layer, learning_rate: Any, decay: Any) -> optimizer.RMSProp:
        return optimizer.RMSProp(
            **self.common(model, learning_rate, decay),
            momentum=self.momentum,
            rho=self.rho,
            epsilon=self.epsilon,
        )


class Adadelta(_Recipe):
    """Adadelta (Zeiler, 2012)."""

    def __init__(
        self,
        lr: dict,
        regularizer: dict | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        clip_norm_global: float | None = None,
        lr_mult: dict | None = None,
        layer_decay: float | None = None,
        lr_for_batch: int | None = None,
        epsilon: float = 1e-8,
        rho: float = 0.95,
    ) -> None:
        self.lr, self.regularizer, self.weight_decay = lr, regularizer, weight_decay
        self.clip_norm, self.clip_norm_global = clip_norm, clip_norm_global
        self.lr_mult, self.layer_decay, self.lr_for_batch = lr_mult, layer_decay, lr_for_batch
        self.epsilon, self.rho = epsilon, rho

    def __call__(self, model: nn.Layer, learning_rate: Any, decay: Any) -> optimizer.Adadelta:
        return optimizer.Adadelta(
            **self.common(model, learning_rate, decay), epsilon=self.epsilon, rho=self.rho
        )
