"""Number formats of training: float32, or automatic mixed precision on accelerators.

The only place that knows ``auto_cast``, the loss scaler and ``decorate``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import paddle
from paddle.utils import unique_name

from ppocr.config.general import General
from ppocr.utils.logs import get_logger

# with half precision a fixed scale of 1 loses small gradients: the scaler finds its own
_FIRST_SCALE = 1024.0


class Precision:
    """Forward in the wanted precision, backward with a scaled loss, a step that may be refused."""

    def __init__(self, general: General, device: str) -> None:
        wanted = general.use_amp
        self.enabled = wanted and not device.startswith("cpu")
        if wanted and not self.enabled:
            get_logger().warning("use_amp has no effect on the CPU: training in float32")
        self.level, self.dtype = general.amp_level, general.amp_dtype
        self.black = list(general.amp_custom_black_list) or None
        self.white = list(general.amp_custom_white_list) or None
        self.scaler = self._scaler(general) if self.enabled else None
        outside = unique_name.switch()
        self._names = unique_name.switch(*outside)

    @staticmethod
    def _scaler(general: General) -> Any:
        half = general.amp_dtype == "float16"
        fixed = general.scale_loss != 1.0 and not general.use_dynamic_loss_scaling
        scale = general.scale_loss if general.scale_loss != 1.0 else _FIRST_SCALE
        return paddle.amp.GradScaler(
            enable=half, init_loss_scaling=scale, use_dynamic_loss_scaling=not fixed
        )

    def prepare(self, model: Any, optimizer: Any) -> tuple[Any, Any]:
        """Return model and optimizer ready for O2, where weights themselves are half precision."""
        if self.enabled and self.level == "O2":
            return paddle.amp.decorate(
                models=model,
                optimizers=optimizer,
                level="O2",
                dtype=self.dtype,
                master_weight=True,
            )
        return model, optimizer

    def forward(self) -> AbstractContextManager[Any]:
        """Return the context in which the forward pass runs."""
        if not self.enabled:
            return nullcontext()
        return paddle.amp.auto_cast(
            custom_black_list=self.black,
            custom_white_list=self.white,
            level=self.level,
            dtype=self.dtype,
        )

    def backward(self, loss: paddle.Tensor) -> None:
        """Compute the gradients of ``loss``."""
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def update(self, optimizer: Any) -> None:
        """Let the optimizer step; a scaler leaves it out when a gradient is not finite.

        The optimizer names its state with a running number on its first step. A counter of its own
        makes the names the same in every process, whatever else was built before.
        """
        outside = unique_name.switch(*self._names)
        try:
            if self.scaler is None:
                optimizer.step()
                return
            self.scaler.step(optimizer)
            self.scaler.update()
        finally:
            unique_name.switch(*outside)

    def state(self) -> dict[str, Any]:
        """Return the scaler's state as plain values."""
        if self.scaler is None:
            return {}
        return {
            key: value.item() if hasattr(value, "item") else value
            for key, value in self.scaler.state_dict().items()
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over a scaler's state."""
        if self.scaler is not None and state:
            self.scaler.load_state_dict(state)
