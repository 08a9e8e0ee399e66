"""What infer_det, infer_rec and their like share: a config and a checkpoint in, results out.

The pipeline spec is derived from the config and the network runs as it is trained, with everything
that prediction does to results switched on; so results equal those of the exported model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ppocr.config.general import General
from ppocr.pipeline.derive import derive, wire
from ppocr.pipeline.networks import key_network, network_config
from ppocr.pipeline.runner import Runner
from ppocr.pipeline.trained_with import dictionaries
from ppocr.serving import jobs, report
from ppocr.serving.images import Names, read_pages
from ppocr.serving.jobs import Drawings, Job
from ppocr.serving.work import work
from ppocr.utils import logs, runtime
from ppocr.utils.exits import UsageError
from ppocr.utils.files import find_file, find_images, read_bytes

if TYPE_CHECKING:
    from ppocr.training.settings import Settings


def infer(task: str, config: str, overrides: Sequence[str]) -> int:
    """Run an infer command and return its exit status.

    A DataError (65) at the end counts the files that gave no result; the others are finished.
    """
    began = time.perf_counter()
    logs.setup()
    with runtime.quiet_paddle_import():
        from ppocr.training import settings as training
    settings = training.read(config, overrides)
    general = settings.general
    files = _files(general)
    runner = checkpoint_runner(settings, task)
    target = Path(general.save_res_path or settings.folder / f"predicts_{task}.txt")
    decode = runner.spec.op("DecodeImage")
    ignored = bool(decode and decode.settings.get("ignore_orientation", False))
    read = partial(read_pages, ignore_orientation=ignored)
    job = COMMANDS[task](runner, target, files, read)
    with report.ResultFile(target) as results:
        totals = work(lambda: job, files, results=results)
    seconds = time.perf_counter() - began
    logs.get_logger().info("%s images in %.1f s, results in %s", totals.pages, seconds, target)
    totals.demand_all()
    logs.get_logger().info("success!")
    return 0


def checkpoint_runner(settings: Settings, task: str) -> Runner:
    """Return a runner over the checkpoint that a config names; imports paddle.

    Of a distillation it is the network that the Metric's ``key`` names.
    A UsageError says that the model is of another kind or that no weights are named, a DataError
    that the weights do not cover the whole network.
    """
    with runtime.quiet_paddle_import():
        import paddle

        from ppocr.backends.dygraph import Dygraph
        from ppocr.modeling import build_model
        from ppocr.modeling.weights import load_weights

    name = key_network(settings.config)
    config = wire(network_config(settings.config, name))
    spec = derive(config)
    if spec.task != task:
        raise UsageError(f"this config trains a {spec.task} model; use tools/infer_{spec.task}.py")
    path = settings.general.checkpoints or settings.general.pretrained_model
    if not path:
        raise UsageError(
            "which weights? -o Global.pretrained_model=output/.../best_accuracy names them"
        )
    paddle.set_device(settings.device)
    model = build_model(config["Architecture"])
    others = dictionaries(config, path)
    load_weights(model, path, whole=True, dictionaries=others, network=name)
    model.eval()
    return Runner(spec, Dygraph(model, [one.name for one in spec.inputs]))


def _files(general: General) -> list[Path]:
    """Return the images that Global.infer_list lists, else those at Global.infer_img."""
    if general.infer_list:
        return _listed(general.infer_list, general.infer_img)
    if not general.infer_img:
        raise UsageError("which images? -o Global.infer_img=page.jpg names a file or a folder")
    return find_images(general.infer_img)


def _listed(path: str, folder: str | None) -> list[Path]:
    """Return the images of a list: one path in a line, as given or below ``folder``."""
    rows = read_bytes(find_file(path)).decode("utf-8-sig").splitlines()
    names = [row.split("\t")[0].strip() for row in rows if row.strip()]
    base = Path(folder) if folder and Path(folder).is_dir() else Path()
    return [Path(name) if Path(name).is_file() else base / name for name in names]


def _make_det(runner: Runner, target: Path, files: Sequence[Path], read: jobs.ReadFile) -> Job:
    drawings = Drawings(target.parent / "det_results", Names.of(files))
    return jobs.DetectPages(runner, jobs.infer_det_row, drawings, read)


def _make_rec(runner: Runner, _: Path, __: Sequence[Path], read: jobs.ReadFile) -> Job:
    return jobs.RecogniseLines(runner, jobs.infer_messages, read)


def _make_cls(runner: Runner, _: Path, __: Sequence[Path], read: jobs.ReadFile) -> Job:
    return jobs.RecogniseLines(runner, jobs.infer_messages, read, "cls")


COMMANDS: Mapping[str, Callable[[Runner, Path, Sequence[Path], jobs.ReadFile], Job]] = (
    MappingProxyType({"det": _make_det, "rec": _make_rec, "cls": _make_cls})
)
