"""Data sets, batches and the loader: from label files to the arrays a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from typing import TYPE_CHECKING, Any

from ppocr.config.registry import Registry

if TYPE_CHECKING:
    from ppocr.data.loader import Loader

DATASETS = Registry(
    "Dataset",
    __name__,
    {
        "any": {
            "SimpleDataSet": ".simple",
            "LMDBDataSet": ".lmdb_set",
            "MultiScaleDataSet": ".multi_scale",
            # the names that PaddleX gives to the same formats
            "TextDetDataset": ".simple:SimpleDataSet",
            "TextRecDataset": ".simple:SimpleDataSet",
            "MSTextRecDataset": ".multi_scale:MultiScaleDataSet",
        }
    },
)

SAMPLERS = Registry(
    "Sampler",
    __name__,
    {"any": {"MixedSampler": ".mixed", "MultiScaleSampler": ".multi_scale"}},
    computed=(
        "batch_size",
        "count",
        "drop_last",
        "proportions",
        "seed",
        "share",
        "shuffle",
        "sources",
    ),
)

COLLATES = Registry("Collate", __name__, {"any": {"Stack": ".collate"}}, computed=("raw_images",))


def build_dataloader(
    config: Mapping[str, Any],
    mode: str,
    device: Any = None,
    logger: Logger | None = None,
    seed: int | None = None,
    raw_images: bool = False,
) -> Loader:
    """Return the loader of section ``mode`` ("Train" or "Eval") of a config.

    With ``raw_images`` the images of a batch may be uint8 NHWC, with the `Normalization` they
    still need as ``normalize``; `ppocr.training.step.TrainStep` does it on the device.

    ``device`` is taken for compatibility: batches are numpy arrays wherever the model runs. A
    DataError says why when the set is empty, too small for one batch, or nothing of it is usable.
    """
    from ppocr.data.build import build_loader

    return build_loader(config, mode, logger, seed, raw_images)
