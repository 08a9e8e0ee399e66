"""Differences between what two networks say.

Zhang et al., Deep Mutual Learning, 2018; Zhao et al., Decoupled Knowledge Distillation,
2022.
"""

from __future__ import annotations

from typing import Literal

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

TINY = 1e-10
Act = Literal["softmax", "sigmoid"]


class DMLLoss(nn.Layer):
    """Symmetric Kullback-Leibler divergence of two outputs of the same shape.

    ``act`` turns scores into probabilities first. With ``use_log`` the divergence is
    summed over all but the first axis and averaged over that; otherwise it is averaged
    over the axes 1 and 2, and stays one number per sample.
    """

    def __init__(self, act: Act | None = None, use_log: bool = False) -> None:
        super().__init__()
        self.act, self.use_log = act, use_log

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        if self.act is not None:
            one, other = _probabilities(one, self.act), _probabilities(other, self.act)
        if self.use_log:
            log_one, log_other = paddle.log(one), paddle.log(other)
            return (_divergence(log_one, other) + _divergence(log_other, one)) / 2.0
        eps = 1e-5
        there = other * paddle.log((other + eps) / (one + eps) + eps)
        back = one * paddle.log((one + eps) / (other + eps) + eps)
        return ((there + back) * 0.5).mean(axis=[1, 2])


class DKDLoss(nn.Layer):
    """Divergence of the right class against the rest, and of the other classes among them.

    ``alpha`` weighs the former, ``beta`` the latter. Logits are (N, classes), ``target``
    (N) the right classes.
    """

    def __init__(self, temperature: float = 1.0, alpha: float = 1.0, beta: float = 1.0) -> None:
        super().__init__()
        self.temperature, self.alpha, self.beta = temperature, alpha, beta

    def forward(self, student: Tensor, teacher: Tensor, target: Tensor) -> Tensor:
        right = F.one_hot(target, student.shape[-1]).astype(student.dtype)
        student, teacher = student / self.temperature, teacher / self.temperature
        two_student = _right_and_rest(F.softmax(student, axis=1), right)
        two_teacher = _right_and_rest(F.softmax(teacher, axis=1), right)
        target_part = _row_divergence(paddle.log(two_student), two_teacher).mean()
        others_student = F.log_softmax(student - 1000.0 * right, axis=1)
        others_teacher = F.softmax(teacher - 1000.0 * right, axis=1)
        others_part = _row_divergence(others_student, others_teacher).mean()
        both = self.alpha * target_part + self.beta * others_part
        return both * self.temperature**2


class CTCLogitsLoss(nn.Layer):
    """Divergence of how often two recognisers see each class in a line, wherever they see it.

    Logits are (N, T, classes). Probabilities are sharpened (temperature 0.5), those of
    the blank are turned round, and all are averaged over T.
    """

    temperature = 0.5

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        eps = 1e-6
        one, other = self._shares(student), self._shares(teacher)
        return (other * paddle.log((other + eps) / (one + eps) + eps)).sum() / one.shape[0]

    def _shares(self, logits_NTC: Tensor) -> Tensor:
        turned = paddle.concat([-logits_NTC[:, :, :1], logits_NTC[:, :, 1:]], axis=2)
        return F.softmax(turned / self.temperature, axis=-1).mean(axis=1)


def _probabilities(scores: Tensor, act: Act) -> Tensor:
    return (F.softmax(scores, axis=-1) if act == "softmax" else F.sigmoid(scores)) + TINY


def _divergence(log_of: Tensor, target: Tensor) -> Tensor:
    """Return the divergence from ``target``, summed, per entry of the first axis."""
    return (target * (paddle.log(target + TINY) - log_of)).sum() / log_of.shape[0]


def _row_divergence(log_of: Tensor, target: Tensor) -> Tensor:
    return (target * (paddle.log(target + TINY) - log_of)).sum(axis=1)


def _right_and_rest(probs: Tensor, right: Tensor) -> Tensor:
    kept = (probs * right).sum(axis=1, keepdim=True)
    return paddle.concat([kept, (probs * (1 - right)).sum(axis=1, keepdim=True)], axis=1)
