"""A section of a config becomes a loader."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from typing import Any

from ppocr.config import as_section, general, signatures
from ppocr.config.errors import ConfigError, demand
from ppocr.config.schema import match
from ppocr.data import COLLATES, DATASETS, SAMPLERS, settings
from ppocr.data.fetch import Fetcher
from ppocr.data.loader import Loader
from ppocr.data.sampler import BatchSampler, Share
from ppocr.data.settings import LoaderSettings
from ppocr.data.source import Source
from ppocr.transforms import create_operators
from ppocr.utils import dist
from ppocr.utils.exits import DataError
from ppocr.utils.logs import get_logger
from ppocr.utils.runtime import processors

TRAIN = "Train"
STACK = "Stack"


def build_loader(
    config: Mapping[str, Any],
    mode: str,
    logger: Logger | None = None,
    seed: int | None = None,
    raw_images: bool = False,
) -> Loader:
    """Return the loader of section ``mode``; anything but "Train" is evaluated in order.

    ``raw_images`` leaves normalisation to whoever takes the batches, see `collate.Stack`.
    """
    config = as_section(config)
    logger = logger or get_logger()
    training = mode == TRAIN
    section = as_section(config[mode])
    given = loader_settings(section.get("loader"))
    source: Source = DATASETS.build(section["dataset"])
    ops = _operators(source, general.offers(config), training)
    seed = general.seed(config) if seed is None else seed
    fetcher = Fetcher(source, ops, _collate(given, raw_images), training, seed)
    for line in source.describe():
        logger.info("%s data: %s", mode, line)
    if not len(fetcher):
        raise DataError(f"{mode}.dataset has no samples: {'; '.join(source.describe())}")
    sampler = sampler_of(section, fetcher, given, training, seed)
    _demand_batches(sampler, fetcher, given, mode)
    for line in mixture_of(sampler):
        logger.info("%s data: %s", mode, line)
    loader = Loader(
        fetcher,
        sampler,
        num_workers=usable_workers(given.num_workers, logger),
        use_shared_memory=given.use_shared_memory,
        max_bad_ratio=general.bad_ratio(config),
        stall_s=given.stall_s,
    )
    loader.probe()
    logger.info("%s data: %d samples, %d batches an epoch", mode, loader.count, len(loader))
    return loader


def loader_settings(section: Mapping[str, Any] | None) -> LoaderSettings:
    """Return the typed ``loader`` section, or a ConfigError that lists what does not fit."""
    signature = signatures.need(settings.__name__, LoaderSettings.__name__)
    result = match(signature, as_section(section))
    demand(result.problems)
    found = LoaderSettings(**result.arguments)
    if found.batch_size_per_card < 1:
        raise ConfigError(
            f"batch_size_per_card must be at least 1, not {found.batch_size_per_card}"
        )
    return found


def usable_workers(wanted: int, logger: Logger) -> int:
    """Return how many workers to start: no more than there are cores to run them."""
    cores = processors()
    if wanted > cores:
        logger.info("num_workers: %d instead of %d, one per core", cores, wanted)
    return max(0, min(wanted, cores))


def _operators(source: Source, offered: Mapping[str, Any], training: bool) -> list[Any]:
    ops = create_operators(list(source.transforms), dict(offered))
    return source.with_ops(ops, training)


def _collate(given: LoaderSettings, raw_images: bool) -> Any:
    name = given.collate_fn or STACK
    computed = {"raw_images": raw_images} if name == STACK else None
    return COLLATES.build(name, computed=computed)


def _demand_batches(sampler: Any, fetcher: Fetcher, given: LoaderSettings, mode: str) -> None:
    """Raise a DataError that says why when there is not enough for one batch."""
    if len(sampler) or not fetcher.training:  # a rank may have nothing to evaluate
        return
    files = "; ".join(fetcher.source.describe())
    what = f"{mode}.dataset has {sampler.count // dist.world_size()} samples per card"
    mixture = getattr(sampler, "mixture", None)
    if mixture is not None:
        main = mixture.groups[mixture.main].name
        what = f"{mode}.sampler: a pass over {main} makes {mixture.samples} samples"
    raise DataError(
        f"{what}, fewer than one batch of {given.batch_size_per_card}, and drop_last is true: make "
        f"batch_size_per_card smaller or drop_last false ({files})"
    )


def mixture_of(sampler: Any) -> list[str]:
    """Return one line for each group of sources that a sampler mixes, none if it does not."""
    mixture = getattr(sampler, "mixture", None)
    return [] if mixture is None else list(mixture.describe())


def sampler_of(
    section: Mapping[str, Any],
    fetcher: Fetcher,
    given: LoaderSettings,
    training: bool,
    seed: int,
) -> Any:
    """Return what says which samples go into which batch."""
    share = Share(dist.rank(), dist.world_size())
    if section.get("sampler") and training:
        computed = {
            "count": len(fetcher),
            "seed": seed,
            "share": share,
            "shuffle": given.shuffle,
            "drop_last": given.drop_last,
            "proportions": _proportions(fetcher, training),
            "batch_size": given.batch_size_per_card,
            "sources": fetcher.source.spans(training),
        }
        return SAMPLERS.build(section["sampler"], computed=computed)
    return BatchSampler(
        len(fetcher),
        given.batch_size_per_card,
        shuffle=given.shuffle,
        drop_last=given.drop_last and training,
        seed=seed,
        share=share,
        equal=training,
    )


def _proportions(fetcher: Fetcher, training: bool) -> Any:
    """Return the proportions by position; they need every row exactly once per epoch."""
    found = fetcher.source.proportions()
    if found is None:
        return None
    if any(ratio != 1 for ratio in fetcher.source.ratios) and training:
        raise ConfigError("ds_width needs ratio_list to be 1: rows and positions must agree")
    return found
