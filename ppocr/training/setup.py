"""A config becomes a run, in the order of reading: spec, data, model, loss, optimizer, hooks."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import paddle

from ppocr.backends.dygraph import Dygraph
from ppocr.config.explain import as_yaml
from ppocr.data import build, build_dataloader
from ppocr.data.loader import Loader
from ppocr.losses import build_loss
from ppocr.metrics import build_metric
from ppocr.modeling import build_model
from ppocr.modeling.architectures.distillation import answering
from ppocr.modeling.weights import load_pretrained, load_weights
from ppocr.optimizer import build_optimizer
from ppocr.pipeline.derive import derive
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.trained_with import dictionaries, record
from ppocr.training import (
    checkpoint,
    events,
    freeze,
    hooks,
    observers,
    peers,
    plans,
    ranks,
    resume,
    retention,
    rng,
    stops,
    store,
    writers,
    zero,
)
from ppocr.training.average import Average
from ppocr.training.checkpoint import Checkpoints
from ppocr.training.evaluate import Evaluator
from ppocr.training.precision import Precision
from ppocr.training.settings import Settings
from ppocr.training.state import TrainState
from ppocr.training.step import TrainStep
from ppocr.training.trainer import Trainer
from ppocr.training.watch import Watchdog
from ppocr.utils import dist, logs
from ppocr.utils.exits import Preempted
from ppocr.utils.files import atomic_write


def train(settings: Settings) -> TrainState:
    """Return the final state of a training run; everything it leaves behind is in its folder.

    Preempted is raised after a run that was stopped from outside has saved itself.
    """
    with ExitStack() as stack:
        if dist.is_main():
            stack.enter_context(store.locked(settings.folder))
        log_file = hooks.log_path(settings.folder) if dist.is_main() else None
        logs.setup(log_file, rank=dist.rank())
        journal = events.Events(settings.folder / events.NAME if dist.is_main() else None)
        stack.enter_context(events.told(journal))
        ranks.begin(settings.device)
        stack.enter_context(peers.watched(settings.general.rank_stall_s, journal))
        run = Run(settings, journal)
        stack.callback(run.close)
        state = run.fit()
        journal.write("finished", progress(state))
    if state.stop_reason == hooks.PREEMPTED:
        raise Preempted(
            f"stopped {_where(state)}, checkpoint saved; "
            f"go on with -o Global.checkpoints={settings.folder / checkpoint.LATEST}"
        )
    if state.stop_reason:
        logs.get_logger().info("stopped %s: %s", _where(state), state.stop_reason)
    return state


def _where(state: TrainState) -> str:
    return f"in epoch {state.epoch + (1 if state.batch else 0)} after step {state.step}"


def progress(state: TrainState) -> dict[str, Any]:
    """Return where a run stands, for ``events.jsonl``."""
    return {
        "epoch": state.epoch,
        "step": state.step,
        "stopped": state.stop_reason,
        "best": state.best,
    }


class Run:
    """Everything a training run consists of."""

    def __init__(self, settings: Settings, journal: events.Events | None = None) -> None:
        self.settings, self.general = settings, settings.general
        self.events = journal or events.Events()
        config, device = settings.config, settings.device
        self.logger = logs.get_logger()
        ranks.begin(device)
        rng.seed_all(settings.seed)
        self._announce()
        # a processor normalises faster with tables, before the batch is made
        raw = not str(device).startswith("cpu")
        self.loader: Loader = build_dataloader(
            config, "Train", device, self.logger, settings.seed, raw_images=raw
        )
        self.valid: Loader = build_dataloader(config, "Eval", device, self.logger, settings.seed)
        self.spec = derive(config).with_batch("fixed")
        with paddle.utils.unique_name.guard():
            self.model = build_model(config["Architecture"])
            self.loss = build_loss(config["Loss"])
        self.frozen = freeze.freeze(self.model, self.general.freeze)
        self.optimizer, self.schedule = build_optimizer(
            config["Optimizer"],
            self.general.epoch_num,
            len(self.loader),
            self.model,
            self._samples_per_step(),
        )
        self.precision = Precision(self.general, device)
        self.state = self._begin()
        self._write_config()
        evaluated = answering(self.model, self.spec.outputs)
        self.runner = Runner(self.spec, Dygraph(evaluated), as_deployed=False)
        self.network = self._parallel()
        if dist.rank():
            rng.seed_all(settings.seed + dist.rank())  # dropout differs between ranks
        self.step = TrainStep(
            self.network, self.loss, self.optimizer, self.precision, self.general.accumulate_steps
        )

    def fit(self) -> TrainState:
        """Return the state after training."""
        self.model.train()
        trainer = Trainer(self.step, self.loader, self.state, standard_hooks(self))
        with without_norm_warning():
            return trainer.fit(self.general.epoch_num)

    def close(self) -> None:
        """End the loaders' processes."""
        self.loader.close()
        self.valid.close()

    def _announce(self) -> None:
        """Say what runs where."""
        settings = self.settings
        self.logger.info(
            "paddle %s, device %s, %d process(es), seed %d, output %s",
            paddle.__version__,
            settings.device,
            dist.world_size(),
            settings.seed,
            settings.folder,
        )
        self.events.write("started", {"process": os.getpid(), **resume.machine(self)})

    def _write_config(self) -> None:
        """Write config.yml, with the origin of every value, once it is clear that the run begins.

        A run that is refused leaves that of the run whose folder it is.
        """
        if dist.is_main():
            with atomic_write(self.settings.folder / "config.yml", "w") as file:
                file.write(as_yaml(self.settings.config, self.settings.parts))

    def _begin(self) -> TrainState:
        """Return where the run begins: resumed, with given weights, or from nothing."""
        values, partial = self.general, resume.partial(self.general.allow_partial)
        path = resume.checkpoint_to_resume(values, self.settings.folder)
        if path:
            if values.pretrained_model:
                self.logger.info("checkpoints is given, so pretrained_model is not loaded")
            return resume.load(path, self)
        # networks of a distillation first: what is given for all of them replaces theirs
        named = load_pretrained(self.model, partial, self._dictionaries)
        if values.pretrained_model:
            source = values.pretrained_model
            load_weights(self.model, source, partial, dictionaries=self._dictionaries(source))
        else:
            self._warn_of_random_teachers()
            if self.frozen:
                self.logger.warning(
                    "%d parameters are frozen (Global.freeze) and random: name trained weights, "
                    "-o Global.pretrained_model=...",
                    len(self.frozen),
                )
            if not named:
                self.logger.info("no weights given: training from random ones")
        return TrainState()

    def _warn_of_random_teachers(self) -> None:
        """Nobody learns from a frozen network that nobody has trained."""
        frozen = getattr(self.model, "frozen", set()) - set(getattr(self.model, "pretrained", {}))
        for name in sorted(frozen):
            self.logger.warning(
                "%s is frozen and has random weights: name trained ones, "
                "-o Architecture.Models.%s.pretrained=...",
                name,
                name,
            )

    def _samples_per_step(self) -> int:
        """Return how many samples an update of the weights sees, over all ranks."""
        loader = build.loader_settings(self.settings.config["Train"].get("loader"))
        return (
            loader.batch_size_per_card * dist.world_size() * max(1, self.general.accumulate_steps)
        )

    def _dictionaries(self, path: str) -> tuple[Sequence[str], Sequence[str]] | None:
        return dictionaries(self.settings.config, path)

    def _parallel(self) -> Any:
        """Return the network as the step calls it: prepared for precision and several ranks."""
        network, self.optimizer = self.precision.prepare(self.model, self.optimizer)
        if self.general.use_sync_bn and dist.world_size() > 1 and self.settings.device != "cpu":
            network = paddle.nn.SyncBatchNorm.convert_sync_batchnorm(network)
        if self.general.to_static:
            network = paddle.jit.to_static(network)
        if dist.world_size() > 1:
            network = paddle.DataParallel(
                network, find_unused_parameters=self.general.find_unused_parameters
            )
        return network


@contextmanager
def without_norm_warning() -> Iterator[None]:
    """Inside this block no BatchNorm that trains complains about a setting nobody chose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When training, we now always track")
        yield


def standard_hooks(run: Run) -> list[hooks.Hook]:
    """Return the hooks; the order here is the order in which things happen."""
    values = run.general
    outlets = _writers(run) if dist.is_main() else []
    checkpoints = _checkpoints(run) if dist.is_main() else None
    metric = build_metric(run.settings.config["Metric"], run.runner.post)
    signals = stops.Signals()
    watchdog = Watchdog(values.stall_s, run.events)
    alive = _both(watchdog.beat, signals.seen)
    evaluate = _evaluator(run, run.valid, metric, alive)
    retained = _retention(run, evaluate, alive)
    schedule = hooks.Schedule(run.schedule)
    average = (
        Average(run.model, values.ema_decay, values.ema_decay_type) if values.use_ema else None
    )
    memory = hooks.Memory(run.step, average)
    found: list[hooks.Hook] = [memory, watchdog, signals, schedule]
    if average is not None:
        found.append(hooks.Averaging(average))
    if values.cal_metric_during_train:
        own = build_metric(run.settings.config["Metric"], run.runner.post)
        every = max(1, values.print_batch_step)
        found.append(
            hooks.TrainMetrics(
                run.step, _decode_training(run), own, every, values.calc_epoch_interval
            )
        )
    found.append(
        hooks.Log(
            run.optimizer,
            outlets,
            values.epoch_num,
            len(run.loader),
            values.print_batch_step,
            values.log_smooth_window,
            observers.memory_report(values.print_mem_info, run.settings.device),
            run.events,
        )
    )
    found += _observers(run)
    if values.max_hours:
        found.append(stops.TimeLimit(values.max_hours))
    found.append(
        hooks.Evaluate(
            retained or evaluate,
            metric.main_indicator,
            plans.evaluation_plan(values),
            checkpoints,
            outlets,
            memory,
            plans.early_stop(values),
        )
    )
    if retained is not None:
        found.append(retained)
    found.append(hooks.DataReport(run.loader, run.events))
    if checkpoints is not None:
        found.append(hooks.SaveLatest(checkpoints, values.save_epoch_step, memory))
    return found


def _checkpoints(run: Run) -> Checkpoints:
    """Return what saves the run; with every checkpoint goes what its characters are."""
    values = run.general
    return Checkpoints(
        run.settings.folder,
        run.model,
        run.optimizer,
        values.keep_checkpoints or checkpoint.KEEP,
        resume.fingerprint(run),
        record(run.spec),
        run.events,
        go_on=values.on_save_error == "warn",
    )


def _evaluator(run: Run, loader: Loader, metric: Any, alive: Callable[[], bool]) -> Evaluator:
    """Return what evaluates the run's model on a set."""
    return Evaluator(
        run.runner,
        loader,
        metric,
        run.model,
        stopping=alive,
        shrink_ratio=zero.learnt_ratio(run.settings.config),
        unreadable=run.general.eval_unreadable,
    )


def _retention(
    run: Run, evaluate: Evaluator, alive: Callable[[], bool]
) -> retention.Retention | None:
    """Return what watches the second set of ``Eval.retention``, if there is one."""
    config, settings = run.settings.config, run.settings
    wanted = retention.options(config)
    if wanted is None:
        return None
    section = retention.section_of(config, wanted)
    loader = build_dataloader(section, "Eval", settings.device, run.logger, settings.seed)
    metric = build_metric(config["Metric"], run.runner.post)
    second = _evaluator(run, loader, metric, alive)
    indicator = metric.main_indicator
    return retention.Retention(run.state, evaluate, second, indicator, wanted, loader.close)


def _both(beat: Callable[[], None], seen: Callable[[], bool]) -> Callable[[], bool]:
    """Return what an evaluation asks after each batch: it is alive, and may have to stop."""

    def asked() -> bool:
        beat()
        return seen()

    return asked


def _observers(run: Run) -> list[hooks.Hook]:
    """Return what only looks on: a bar in a terminal, the profiler when it is asked for."""
    found: list[hooks.Hook] = []
    if dist.is_main() and sys.stdout.isatty():
        found.append(observers.Bar(len(run.loader)))
    options = run.settings.config.get("profiler_options")
    if options:
        found.append(observers.Profile(observers.profiler_options(options)))
    return found


def _decode_training(run: Run) -> Any:
    """Return what turns predictions of a training step into results."""

    def decode(predictions: Any, batch: Mapping[str, Any]) -> list[Any]:
        tensors = answering(run.model, run.spec.outputs).as_outputs(predictions)
        arrays = [tensor.astype("float32").numpy() for tensor in tensors]
        return run.runner.decode(dict(zip(run.spec.outputs, arrays, strict=False)), batch)

    return decode


def _writers(run: Run) -> list[Any]:
    values, folder = run.general, run.settings.folder
    outlets: list[Any] = [writers.JsonLines(folder / "metrics.jsonl", run.state.step)]
    if values.use_visualdl:
        outlets.append(writers.VisualDL(folder / "vdl"))
    if values.use_tensorboard:
        outlets.append(writers.TensorBoard(folder / "tensorboard", run.state.step))
    section = run.settings.config.get("wandb")
    if values.use_wandb or section:
        outlets.append(writers.Wandb(section or {}, run.settings.config, folder))
    return outlets
