"""Parts of a network that stay as they are: ``Global.freeze``.

Their parameters are not trained. Where all parameters of a layer are frozen, its batch statistics
and its dropout rest as well: a feature extractor that still counts new averages is another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from ppocr.modeling.layers.attention import DropPath
from ppocr.optimizer.patterns import demand_matches, matching
from ppocr.utils.logs import get_logger

# not LSTM and GRU: accelerators have no gradient for them outside of training
RESTLESS = (
    *(nn.layer.norm._BatchNormBase, nn.Dropout, nn.Dropout2D, nn.Dropout3D, nn.AlphaDropout),
    DropPath,
)


def freeze(model: nn.Layer, patterns: Sequence[str]) -> list[str]:
    """Return the keys that are frozen from now on; patterns as in ppocr/optimizer/patterns.py."""
    if not patterns:
        return []
    named = dict(model.named_parameters())
    demand_matches(list(named), patterns, "Global.freeze")
    learning = {key: one for key, one in named.items() if one.trainable}
    matched = {key for key in named if any(matching([key], pattern) for pattern in patterns)}
    frozen = [key for key in learning if key in matched]
    for key in frozen:
        named[key].trainable = False
    still = resting(model, {id(named[key]) for key in matched}, set(map(id, learning.values())))

    def rest(layer: Any, inputs: Any) -> None:
        for one in still:  # train() of whatever holds them has woken them up
            one.training = False

    model.register_forward_pre_hook(rest)
    total = sum(int(one.size) for one in learning.values())
    kept = sum(int(learning[key].size) for key in frozen)
    get_logger().info(
        "frozen: %d of %d parameters, %.1f %% of their numbers; %d layers with statistics or "
        "dropout rest",
        len(frozen),
        len(learning),
        100 * kept / max(1, total),
        len(still),
    )
    return frozen


def resting(model: nn.Layer, frozen: set[int], learning: set[int]) -> list[nn.Layer]:
    """Return the layers that would change or vary something within frozen parts.

    ``frozen`` and ``learning`` are identities of parameters: those that a pattern means, and those
    that learnt before. Batch statistics are parameters to paddle that never learn.
    """
    found: dict[int, nn.Layer] = {}
    for layer in [model, *model.sublayers()]:
        own = set(map(id, layer.parameters()))
        deciding = own & learning or own
        if deciding and deciding <= frozen:
            inside = layer.sublayers(include_self=True)
            found.update({id(one): one for one in inside if isinstance(one, RESTLESS)})
    return list(found.values())
