"""Evaluating a checkpoint: the same decoding as in training, and once more as it is deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ppocr.backends.dygraph import Dygraph
from ppocr.data import build_dataloader
from ppocr.metrics import build_metric
from ppocr.modeling import build_model
from ppocr.modeling.architectures.distillation import answering
from ppocr.modeling.weights import load_weights
from ppocr.pipeline.derive import derive
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.spec import PipelineSpec
from ppocr.pipeline.trained_with import dictionaries
from ppocr.training import checkpoint, peers, ranks, zero
from ppocr.training.evaluate import AsDeployed, Evaluator, Watch
from ppocr.training.events import Events
from ppocr.training.resume import partial
from ppocr.training.settings import Settings
from ppocr.training.state import BEST
from ppocr.utils import dist, logs, pickles
from ppocr.utils.exits import MissingInput, UsageError


def evaluate(
    settings: Settings, watcher: Callable[[Any, PipelineSpec], Watch] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metrics stored in the checkpoint and those measured now.

    The checkpoint is ``Global.checkpoints``, else ``Global.pretrained_model``; a MissingInput says
    that neither is given. ``watcher`` is given metric and spec, and returns what is shown every
    result.
    """
    logs.setup(rank=dist.rank())
    values = settings.general
    path = values.checkpoints or values.pretrained_model
    if not path:
        raise MissingInput(
            "which weights? give -o Global.checkpoints=output/.../best_accuracy "
            "(or Global.pretrained_model)"
        )
    ranks.begin(settings.device)
    if watcher is not None and dist.world_size() > 1:
        raise UsageError("--report is for one process: start it without the launcher")
    with peers.watched(values.rank_stall_s, Events()):
        return _measured(settings, path, watcher)


def _measured(
    settings: Settings, path: str, watcher: Callable[[Any, PipelineSpec], Watch] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metrics stored in the checkpoint at ``path`` and those measured now."""
    values, config = settings.general, settings.config
    logger = logs.get_logger()
    loader = build_dataloader(config, "Eval", settings.device, logger, settings.seed)
    model = build_model(config["Architecture"])
    found = checkpoint.find(path)
    others = dictionaries(config, path)
    load_weights(model, found.params, partial(values.allow_partial), True, others)
    model.eval()
    spec = derive(config)
    network = Dygraph(answering(model, spec.outputs))
    fixed = Runner(spec.with_batch("fixed"), network, as_deployed=False)
    metric = build_metric(config["Metric"], fixed.post)
    watch = watcher(metric, spec) if watcher else None
    twin = AsDeployed(Runner(spec, network), build_metric(config["Metric"], fixed.post))
    ratio = zero.learnt_ratio(config)
    try:
        evaluate = Evaluator(
            fixed,
            loader,
            metric,
            model,
            twin,
            watch=watch,
            shrink_ratio=ratio,
            unreadable=values.eval_unreadable,
        )
        measured = evaluate() or {}
    finally:
        loader.close()
    return stored_metrics(found.states), measured


def stored_metrics(states: Path | None) -> dict[str, Any]:
    """Return the best metrics that a ``.states`` file remembers, {} if there is none."""
    if states is None:
        return {}
    return dict(pickles.read(states).get(BEST) or {})
