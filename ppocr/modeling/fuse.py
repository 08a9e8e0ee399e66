"""Before an export: layers that training needs in parts become one.

A layer that can be fused has a method ``fuse()``; what it does must not change what the
layer computes in evaluation, apart from rounding.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from paddle import nn
from paddle.utils import unique_name


@runtime_checkable
class Fusable(Protocol):
    """A layer that can join its branches into one for inference."""

    def fuse(self) -> None:
        """Replace the branches by one layer; calling it again changes nothing."""


def fuse(model: nn.Layer) -> int:
    """Return how many layers of the network were fused in place."""
    layers = [one for one in model.sublayers(include_self=True) if isinstance(one, Fusable)]
    # in an exported graph every parameter needs a name of its own, the new ones too
    with unique_name.guard("fused_"):
        for layer in layers:
            layer.fuse()
    return len(layers)
