"""Every file operation of a save or an export fails once; what is left is judged by its reader.

    python -m tests.faults.crash save                    each operation of one save, five faults
    python -m tests.faults.crash export --every 3        each third operation of an export
    python -m tests.faults.crash save --mutant in-place  a careless writer: this one must fail
    python -m tests.faults.crash save --mutant no-fsync

The process starts itself again with ``faultfs.c`` loaded in front of libc, loads paddle and
builds one tiny run; each case is a forked child that trains one more epoch (or exports) through
the hooks of a real run, with the fault armed. Exit status: 0 when every case left the old state
or the new one, and said so by its own exit status; 1 otherwise; 77 when there is no C compiler.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import tiny

KINDS = {"kill": 1, "half": 2, "full": 3, "once": 4, "power": 5}
LIBRARY = "FAULTS_LIBRARY"
NO_COMPILER = 77
SOURCE = Path(__file__).with_name("faultfs.c")
OLD, NEW, NONE = "old", "new", "none"


@dataclass
class Result:
    """What came of a campaign."""

    operations: int
    cases: int = 0
    left: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return it in one line."""
        left = ", ".join(f"{name} {number}" for name, number in sorted(self.left.items()))
        return (
            f"{self.operations} operations, {self.cases} cases ({left}), "
            f"{len(self.failures)} failures"
        )


@dataclass
class Target:
    """Something that writes below ``folder``; ``look`` says what a reader finds there."""

    folder: Path
    act: Callable[[], int | None]
    look: Callable[[], str]
    after: Callable[[], str] | None = None  # acts again without fault, and looks
    absent_is_fine: bool = False


def main(argv: list[str] | None = None) -> int:
    """Return 0 when no case failed."""
    given = parser().parse_args(argv)
    if LIBRARY not in os.environ:
        return _again(sys.argv[1:] if argv is None else argv)
    with tempfile.TemporaryDirectory() as place:
        make = {"save": saving, "export": exporting}[given.what]
        target = make(Path(place), given)
        result = campaign(target, given.kinds.split(","), given.every)
    for text in result.failures[:20]:
        sys.stdout.write(f"  {text}\n")
    sys.stdout.write(f"{given.what}{given.mutant and ' ' + given.mutant}: {result.line()}\n")
    if given.json:
        content = {"operations": result.operations, "cases": result.cases, "left": result.left}
        Path(given.json).write_text(json.dumps({**content, "failures": result.failures}))
    return 1 if result.failures else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of this program."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("what", choices=["save", "export"])
    found.add_argument("--kinds", default=",".join(KINDS), help="which faults, with commas")
    found.add_argument("--every", type=int, default=1, help="try each n-th operation only")
    found.add_argument("--mutant", choices=["", "in-place", "no-fsync"], default="")
    found.add_argument("--task", choices=tiny.TASKS, default="rec")
    found.add_argument("--all-names", action="store_true", help="best and iter_epoch_N as well")
    found.add_argument(
        "--fresh", action="store_true", help="export into a folder that is not there"
    )
    found.add_argument("--json", help="write the result there")
    return found


def build(folder: Path) -> Path | None:
    """Return the library of ``faultfs.c``, None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    library = folder / "faultfs.so"
    words = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(words, check=True, capture_output=True)
    return library


def _again(argv: list[str]) -> int:
    """Run this program with the library in front of libc."""
    with tempfile.TemporaryDirectory() as place:
        library = build(Path(place))
        if library is None:
            sys.stderr.write("no C compiler: faults cannot be put in\n")
            return NO_COMPILER
        environment = {**tiny.ENVIRONMENT, LIBRARY: str(library), "LD_PRELOAD": str(library)}
        words = [sys.executable, "-m", "tests.faults.crash", *argv]
        return subprocess.run(words, env=environment, cwd=tiny.ROOT, check=False).returncode


def campaign(target: Target, kinds: list[str], every: int = 1) -> Result:
    """Return what every fault at every operation leaves."""
    library = ctypes.CDLL(os.environ[LIBRARY])
    keep = target.folder.with_name("before")
    shutil.copytree(target.folder, keep, symlinks=True)
    result = Result(_operations(library, target, keep))
    for kind, at in _cases(kinds, result.operations, every):
        _restore(target.folder, keep)

        def work(kind: str = kind, at: int = at) -> int | None:
            library.faults_arm(str(target.folder).encode(), KINDS[kind], at)
            return target.act()

        status = tiny.in_child(work)
        left = target.look()
        problem = judged(kind, status, left, target.absent_is_fine)
        if not problem and target.after is not None:
            problem = target.after()
        result.cases += 1
        result.left[f"{kind}: {left if left in (OLD, NEW, NONE) else 'broken'}"] += 1
        if problem:
            result.failures.append(f"{kind} at {at} of {result.operations}: {problem}")
    return result


def judged(kind: str, status: int, left: str, absent_is_fine: bool) -> str:
    """Return what is wrong with a case, '' if nothing is."""
    if left not in (OLD, NEW) and not (left == NONE and absent_is_fine):
        return f"{left} (exit status {status})"
    if kind in ("kill", "half", "power"):
        return "" if status in (-9, 0) else f"exit status {status} instead of being killed"
    if status == 0 and left != NEW:
        return f"exit status 0, but what is there is {left}"
    return "" if status in (0, 74) else f"exit status {status}, neither 0 nor 74"


def _cases(kinds: list[str], operations: int, every: int) -> Iterator[tuple[str, int]]:
    for shift, kind in enumerate(kinds):
        for at in range(1 + shift % every, operations + 1, every):
            yield kind, at


def _restore(folder: Path, keep: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(keep, folder, symlinks=True)


def _operations(library: Any, target: Target, keep: Path) -> int:
    count = target.folder.with_name("count")

    def work() -> int | None:
        library.faults_arm(str(target.folder).encode(), 0, 0)
        status = target.act()
        count.write_text(str(library.faults_count()))
        return status

    log = target.folder.with_name("log")
    assert tiny.in_child(work, log) == 0, log.read_text()
    assert target.look() == NEW
    _restore(target.folder, keep)
    return int(count.read_text())


def saving(place: Path, given: argparse.Namespace) -> Target:
    """Return one more epoch of a real run, which has saved one epoch already."""
    from ppocr.training import events, settings, setup
    from ppocr.training.trainer import Trainer
    from ppocr.utils import checkpoints, exits, logs

    path, folder = tiny.config(place, given.task, 4), place / "run"
    more = [] if given.all_names else ["Global.save_epoch_step=100"]
    every = "[0,1]" if given.all_names else "[0,1000]"
    options = ["Global.epoch_num=9", f"Global.eval_batch_step={every}", *more]
    folder.mkdir()
    logs.setup(folder / "train.log")
    run = setup.Run(settings.read(path, options), events.Events(folder / events.NAME))
    mutate(given.mutant)
    run.model.train()
    trainer = Trainer(run.step, run.loader, run.state, setup.standard_hooks(run))
    trainer._tell("start")

    def epoch() -> int:
        def one(_: Any) -> int:
            trainer._epoch()
            run.state.epoch, run.state.batch = run.state.epoch + 1, 0
            trainer._tell("epoch_done")
            return 0

        return exits.run(one, [])

    assert epoch() == 0
    names = ["latest", *(["best_accuracy"] if given.all_names else [])]
    old = _versions(folder, names)

    def look() -> str:
        try:
            found = [checkpoints.find(folder / name) for name in names]
            versions = [_version(one) for one in found]
            shown = [_version(_shown(folder, name)) for name in names]
        except exits.OcrError as error:
            return f"no checkpoint: {error}"
        new = _steps_of(versions) | _steps_of(shown)
        if not new <= {old["step"], old["step"] + 1}:
            return f"steps {sorted(new)}"
        return NEW if versions[0][0] == old["step"] + 1 else OLD

    def after() -> str:
        log = place / "after"
        if tiny.in_child(epoch, log) != 0:
            return "the next save fails: " + log.read_text()[-300:]
        left = list((folder / "ckpts").glob(".tmp-*"))
        return f"the next save leaves {left[0].name}" if left else ""

    return Target(folder, epoch, look, after)


def _versions(folder: Path, names: list[str]) -> dict[str, int]:
    from ppocr.utils import checkpoints

    return {"step": _version(checkpoints.find(folder / names[0]))[0]}


def _shown(folder: Path, name: str) -> Any:
    from ppocr.utils import checkpoints

    return checkpoints.Found(*(folder / (name + ending) for ending in checkpoints.ENDINGS))


def _version(found: Any) -> tuple[int, str]:
    """Return the step of a checkpoint; all three files have to be of that step."""
    from ppocr.utils import pickles
    from ppocr.utils.exits import DataError

    step = pickles.read(found.states)["global_step"]
    rate = pickles.read(found.optimizer)["LR_Scheduler"]["last_epoch"]
    if rate != step:
        raise DataError(f"optimizer of step {rate}, progress of step {step}")
    digest = hashlib.sha256()
    for key, array in sorted(pickles.read(found.params).items()):
        digest.update(key.encode() + array.tobytes())
    return step, digest.hexdigest()


def _steps_of(versions: list[tuple[int, str]]) -> set[int]:
    return {step for step, _ in versions}


def mutate(mutant: str) -> None:
    """Put a fault into the writer itself: the campaign has to find it."""
    from ppocr.training import checkpoint, store

    if mutant == "no-fsync":
        store._sync_file = store._sync_folder = lambda path: None
    if mutant == "in-place":

        def save(root, name, writers, meta, keep=2, aliases=None):
            for file, write in writers.items():
                write(root / file)
            return root

        checkpoint.store.save = save


def exporting(place: Path, given: argparse.Namespace) -> Target:
    """Return an export over an earlier one (or into no folder) of another checkpoint."""
    from ppocr.config import load
    from ppocr.export import run as export
    from ppocr.utils import exits, logs

    path, root = tiny.config(place, given.task, 4), place / "out"
    assert (
        tiny.in_child(lambda: tiny.train(path, "Global.epoch_num=2", "Global.save_epoch_step=1"))
        == 0
    )
    logs.setup()
    target = root / "inference"
    root.mkdir()

    def exported(epoch: int) -> int:
        overrides = [
            f"Global.pretrained_model={place}/run/iter_epoch_{epoch}",
            f"Global.save_inference_dir={target}",
        ]
        return exits.run(lambda _: export.export(load(path, overrides), verify=False), [])

    digests = {}
    for epoch in (2, 1):
        log = place / "log"
        assert tiny.in_child(lambda epoch=epoch: exported(epoch), log) == 0, log.read_text()
        digests[epoch] = _export_digest(target)
    assert digests[1] != digests[2]
    if given.fresh:
        shutil.rmtree(target)

    def look() -> str:
        from ppocr.backends.open import find_graph

        try:
            find_graph(target)
        except exits.OcrError:
            return NONE
        digest = _export_digest(target)
        return next(
            (name for name, epoch in ((OLD, 1), (NEW, 2)) if digest == digests[epoch]), digest
        )

    return Target(root, lambda: exported(2), look, absent_is_fine=given.fresh)


def _export_digest(folder: Path) -> str:
    """Return a digest of what prediction reads: the graph, the weights and the description."""
    digest = hashlib.sha256()
    for name in ("inference.json", "inference.pdiparams", "inference.yml"):
        file = folder / name
        digest.update(file.read_bytes() if file.is_file() else b"none")
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
