"""Sections in the wrong place, or without a name, are told with what to do about them."""

from __future__ import annotations

import pytest

from ppocr.config import load
from ppocr.pipeline import checks
from ppocr.utils.files import REPOSITORY

TEXT = (REPOSITORY / "configs" / "quickstart" / "rec.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "Architecture:\n",
            "checkpoints: output/latest\n\nArchitecture:\n",
            "there is no section 'checkpoints'; it is a setting of Global: Global.checkpoints",
        ),
        (
            "Architecture:\n",
            "Backbone: {name: MobileNetV3}\n\nArchitecture:\n",
            "there is no section 'Backbone'; it belongs into Architecture",
        ),
        (
            "  lr:\n    name: Cosine\n    learning_rate: 0.002\n    warmup_epoch: 0.1\n",
            "  learning_rate: 0.002\n",
            "Adam has no setting 'learning_rate'; it belongs to Optimizer.lr",
        ),
        ("Metric:", "Metrics:", "there is no section 'Metrics'; did you mean 'Metric'?"),
        (
            "- RecResizeImg: {image_shape: [3, 32, 128]}",
            "- RecResizeImg:\n        image_shape: [3, 32, 128]",
            "the settings of RecResizeImg must be indented deeper than RecResizeImg",
        ),
        ("name: CTCLoss", "nme: CTCLoss", "Loss has no setting 'nme'; did you mean 'name'?"),
    ],
)
def test_what_is_told(tmp_path, old, new, told):
    assert old in TEXT
    path = tmp_path / "my.yml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    said = [str(one) for one in checks.check(load(path)).problems]
    assert any(told in one for one in said), said
