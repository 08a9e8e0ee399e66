"""What the predict commands share: flags, models, files, results.

A model comes with its description (``inference.yml`` or the texts inside the ``.onnx``), which
decides how images are prepared and outputs decoded. Flags given by hand replace single
values.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ppocr.backends.base import Options
from ppocr.backends.open import ALIASES, find_graph
from ppocr.pipeline.opening import open_runner, read_spec
from ppocr.pipeline.runner import Runner
from ppocr.serving import jobs, report
from ppocr.serving.fonts import FontChain
from ppocr.serving.images import Names, Page, read_pages
from ppocr.serving.jobs import Drawings, Job
from ppocr.serving.system import TextSystem
from ppocr.serving.work import Totals, work
from ppocr.utils import logs, runtime
from ppocr.utils.checkpoints import PARAMS
from ppocr.utils.exits import MissingInput, UsageError
from ppocr.utils.files import find_images
from tools.infer.arguments import Arguments, parse
from tools.infer.flags import FLAGS
from tools.infer.overrides import with_flags

DEVICES = {"use_gpu": "gpu", "use_xpu": "xpu", "use_npu": "npu", "use_mlu": "mlu", "use_gcu": "gcu"}


@dataclass(frozen=True, slots=True)
class Command:
    """One predict command: the job it does, and the result file it writes."""

    make: Callable[[Arguments, Mapping[str, Runner], Names], Job]
    results: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Builds the job of a command from its flags; every process builds its own."""

    command: str
    argv: tuple[str, ...]
    stages: tuple[str, ...]
    threads: int
    names: Names

    def __call__(self) -> Job:
        given = parse(self.argv, "", self.stages)
        runners = {stage: _runner(stage, given, self.threads) for stage in _used(given)}
        return COMMANDS[self.command].make(given, runners, self.names)


def predict(name: str, given: Arguments) -> int:
    """Run a predict command and return its exit status.

    A DataError (65) at the end counts the files that gave no result; the others are finished.
    """
    began = time.perf_counter()
    logs.setup(log_file=given["save_log_path"])
    given.say_ignored()
    if given["use_tensorrt"] and not any(given[flag] for flag in DEVICES):
        logs.get_logger().info("--use_tensorrt changes nothing without --use_gpu True")
    files = _files(given)
    processes = _processes(given, len(files))
    recipe = Recipe(name, given.argv, given.stages, _threads(given, processes), Names.of(files))
    totals = _work(recipe, given, files, processes)
    logger = logs.get_logger()
    if given["benchmark"]:
        for line in totals.table().splitlines():
            logger.info("%s", line)
    logger.info("The predict total time is %s", time.perf_counter() - began)
    totals.demand_all()
    return 0


def _work(recipe: Recipe, given: Arguments, files: Sequence[Path], processes: int) -> Totals:
    """Return the totals; models are opened first, so that a mistake leaves old results alone."""
    make: Callable[[], Job] = recipe
    if processes > 1:
        os.environ["OMP_NUM_THREADS"] = str(recipe.threads)  # read when a worker starts
        _say_overrides(given)
    else:
        make = partial(_same, recipe())
    run = partial(work, make, files, processes=processes, talk=given["show_log"])
    name = COMMANDS[recipe.command].results
    if not name:
        return run()
    with report.ResultFile(_folder(given) / _share_name(name, given)) as results:
        totals = run(results=results)
    logs.get_logger().info("results are in %s", results.path)
    return totals


def _same(job: Job) -> Job:
    return job


def _files(given: Arguments) -> list[Path]:
    """Return the image files, or this process's share of them."""
    if not given["image_dir"]:
        raise UsageError("--image_dir says which image, PDF or folder to read")
    found = find_images(given["image_dir"])
    share, shares = given["process_id"], given["total_process_num"]
    if given["use_mp"] or "process_id" not in given.given:
        return found
    if not 0 <= share < shares:
        raise UsageError(f"--process_id goes from 0 to {shares - 1} (--total_process_num {shares})")
    return found[share::shares]


def _share_name(name: str, given: Arguments) -> str:
    """Return the name of the result file; shares taken by hand do not overwrite each other's."""
    if given["use_mp"] or "process_id" not in given.given:
        return name
    stem, _, ending = name.rpartition(".")
    return f"{stem}_{given['process_id']}.{ending}"


def _processes(given: Arguments, files: int) -> int:
    return max(1, min(given["total_process_num"], files)) if given["use_mp"] else 1


def _used(given: Arguments) -> list[str]:
    """Return the stages that need a model; among others the classifier has to be asked for."""
    if len(given.stages) == 1:
        return list(given.stages)
    return [stage for stage in given.stages if stage != "cls" or given.turns]


def _threads(given: Arguments, processes: int) -> int:
    """Return the threads of one model, 0 to let the engine choose; processes share the cores."""
    if given["cpu_threads"] or processes == 1:
        return given["cpu_threads"]
    return max(1, runtime.usable_cores() // processes)


def _model(stage: str, given: Arguments) -> Path:
    path = given[f"{stage}_model_dir"]
    if not path:
        asked = ", which --use_angle_cls needs" if stage == "cls" and len(given.stages) > 1 else ""
        raise UsageError(f"--{stage}_model_dir says where the exported model is{asked}")
    try:
        find_graph(path, _engine(given))
    except (MissingInput, UsageError) as error:
        if _is_trained(Path(path)):
            raise UsageError(
                f"--{stage}_model_dir {path}: these are weights of a training; "
                "tools/export_model.py makes a model of them, "
                f"tools/infer_{stage}.py predicts with them as they are"
            ) from error
        raise
    return Path(path)


def _is_trained(path: Path) -> bool:
    """Return whether there are the weights of a checkpoint at a path, or in that folder."""
    if path.is_dir():
        return any(path.glob(f"*{PARAMS}"))
    return path.suffix == PARAMS or path.with_name(path.name + PARAMS).is_file()


def _runner(stage: str, given: Arguments, threads: int) -> Runner:
    """Return the runner of one stage: the model as exported, with the flags that were given."""
    batch_size = given[f"{stage}_batch_num"] if f"{stage}_batch_num" in FLAGS else 1
    with runtime.quiet_paddle_import():
        runner = open_runner(
            _model(stage, given),
            _options(given, threads),
            _engine(given),
            task=stage,
            flags=given.given,
            change=partial(with_flags, stage=stage, given=given),
            batch_size=max(1, batch_size),
        )
    if given["warmup"]:
        runner([np.full((64, 320, 3), 255, np.uint8)])
    return runner


def _say_overrides(given: Arguments) -> None:
    """Log what the flags replace: the workers, who replace it, are silent."""
    for stage in _used(given):
        graph = find_graph(_model(stage, given), _engine(given))
        spec, source = read_spec(graph, stage, given.given)
        with_flags(spec, source, stage=stage, given=given)


def _engine(given: Arguments) -> str:
    """Return the name the backends know the engine by."""
    if not given["use_onnx"]:
        name = str(given["engine"])
        return ALIASES.get(name, name)
    if given["engine"] not in ("auto", "onnx"):
        raise UsageError(f"--use_onnx and --engine {given['engine']} contradict each other")
    return ALIASES["onnx"]


def _options(given: Arguments, threads: int) -> Options:
    wanted = [device for flag, device in DEVICES.items() if given[flag]]
    if len(wanted) > 1:
        raise UsageError(
            f"only one kind of device can be used at a time, not {' and '.join(wanted)}"
        )
    return Options(
        device=f"{wanted[0]}:{given['gpu_id']}" if wanted else "cpu",
        precision=given["precision"],
        threads=threads,
        onednn=given["enable_mkldnn"],
        tensorrt=given["use_tensorrt"],
        gpu_memory_mb=given["gpu_mem"],
        min_subgraph_size=given["min_subgraph_size"],
        providers=tuple(given["onnx_providers"] or ()),
    )


def _folder(given: Arguments) -> Path:
    return Path(given["draw_img_save_dir"])


def _reading(given: Arguments, runner: Runner) -> Callable[[Path], Iterator[Page]]:
    """Return how files are read: rotation by EXIF is what the model's own decoding step says."""
    decode = runner.spec.op("DecodeImage")
    ignored = bool(decode and decode.settings.get("ignore_orientation", False))
    return partial(read_pages, page_num=given["page_num"], ignore_orientation=ignored)


def _make_det(given: Arguments, runners: Mapping[str, Runner], names: Names) -> Job:
    drawings = Drawings(_folder(given), names, "det_res_")
    reading = _reading(given, runners["det"])
    return jobs.DetectPages(runners["det"], jobs.predict_det_row, drawings, reading)


def _make_rec(given: Arguments, runners: Mapping[str, Runner], _: Names) -> Job:
    reading = _reading(given, runners["rec"])
    return jobs.RecogniseLines(runners["rec"], jobs.predict_rec_messages, reading)


def _make_cls(given: Arguments, runners: Mapping[str, Runner], _: Names) -> Job:
    reading = _reading(given, runners["cls"])
    return jobs.RecogniseLines(runners["cls"], jobs.predict_cls_messages, reading, "cls")


def open_system(given: Arguments) -> tuple[TextSystem, Callable[[Path], Iterator[Page]]]:
    """Return what reads a whole page, and how a file becomes pages, for the flags given."""
    runners = {stage: _runner(stage, given, _threads(given, 1)) for stage in _used(given)}
    return _system(given, runners), _reading(given, runners["det"])


def _system(given: Arguments, runners: Mapping[str, Runner]) -> TextSystem:
    return TextSystem(
        runners["det"],
        runners["rec"],
        runners.get("cls"),
        drop_score=given["drop_score"],
        cls_thresh=given["cls_thresh"],
        box_type=runners["det"].spec.post.settings.get("box_type", "quad"),
    )


def _make_system(given: Arguments, runners: Mapping[str, Runner], names: Names) -> Job:
    return jobs.ReadPages(
        _system(given, runners),
        Drawings(_folder(given), names),
        FontChain(given["vis_font_path"]),
        Path(given["crop_res_save_dir"]) if given["save_crop_res"] else None,
        _reading(given, runners["det"]),
    )


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "det": Command(_make_det, "det_results.txt"),
        "rec": Command(_make_rec),
        "cls": Command(_make_cls),
        "system": Command(_make_system, "system_results.txt"),
    }
)
