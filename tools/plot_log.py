"""Draw loss, learning rate and metric of training runs to a PNG.

    python tools/plot_log.py output/det
    python tools/plot_log.py output/det output/det_2 --metric hmean --out compare.png

Reads metrics.jsonl of each folder and writes curves.png into the first (or --out). Smoothed lines
are drawn over the values themselves, which stay visible as pale ones; how they are smoothed stands
in the picture. A metric's best value is marked.

Exit status: 0 drawn; 2 there is no such metric; 65 a log holds nothing to draw; 66 there is no log;
73 the picture cannot be written.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from ppocr.config.errors import nearest
from ppocr.utils import exits, logs
from ppocr.utils.exits import DataError, MissingInput, UsageError
from ppocr.utils.files import atomic_write

LOG = "metrics.jsonl"
PICTURE = "curves.png"
SMOOTH = 5
# what a number is drawn for unless --metric says otherwise: the first that a log has
USUAL = ("hmean", "acc", "mean_iou", "norm_edit_dis")
NO_METRIC = frozenset({"step", "epoch", "kind", "fps", "evaluated", "rejected"})

Curve = tuple[list[int], list[float]]


@dataclass(slots=True)
class Log:
    """One run: its name and its rows, by kind."""

    name: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    broken: int = 0

    def curve(self, kind: str, key: str) -> Curve:
        """Return steps and finite values of one number."""
        points = [(row["step"], row[key]) for row in self.rows.get(kind, []) if _finite(row, key)]
        return [step for step, _ in points], [float(value) for _, value in points]


def main(argv: Sequence[str]) -> int:
    """Return 0 after the picture is written."""
    given = _parser().parse_args(argv)
    if given.smooth < 1:
        raise UsageError(f"--smooth is at least 1, not {given.smooth}")
    paths = [_log_of(Path(one)) for one in given.runs]
    runs = [read(path, name) for path, name in zip(paths, _names(paths), strict=True)]
    metric = _metric(runs, given.metric)
    out = Path(given.out) if given.out else paths[0].parent / PICTURE
    draw(runs, metric, given.smooth, out)
    for run in runs:
        logs.say(_summary(run, metric))
    logs.say(f"drawn: {out}")
    return 0


def read(path: Path, name: str) -> Log:
    """Return the rows of a log; half a line, as a killed run leaves it, is counted and left out."""
    if not path.is_file():
        raise MissingInput(f"{path}: there is no such log; give the folder of a run")
    found = Log(name)
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            found.rows.setdefault(str(row.get("kind", "")), []).append(row)
        else:
            found.broken += 1
    if not found.curve("train", "loss")[0] and not found.rows.get("eval"):
        raise DataError(f"{path}: no losses and no evaluations in it yet")
    return found


def smoothed(values: Sequence[float], window: int) -> list[float]:
    """Return the mean of up to ``window`` values around each, as many before it as after it.

    Nothing lags behind, as a running average would; towards both ends fewer values are taken.
    """
    found = []
    for place in range(len(values)):
        reach = min(window // 2, place, len(values) - 1 - place)
        found.append(fmean(values[place - reach : place + reach + 1]))
    return found


def draw(runs: Sequence[Log], metric: str, window: int, out: Path) -> None:
    """Write the picture: loss, learning rate, metric, one below the other over the same steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 9), dpi=110, layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    logarithmic = True
    for number, run in enumerate(runs):
        color = f"C{number % 10}"
        steps, losses = run.curve("train", "loss")
        logarithmic = logarithmic and all(value > 0 for value in losses)
        panels[0].plot(steps, losses, color=color, alpha=0.25, linewidth=1)
        panels[0].plot(steps, smoothed(losses, window), color=color, label=run.name)
        panels[1].plot(*run.curve("train", "lr"), color=color)
        if metric:
            _draw_metric(panels[2], run, metric, color)
    if logarithmic:
        panels[0].set_yscale("log")
    titles = (
        f"loss: mean of {window} values (pale: as logged)" if window > 1 else "loss",
        "learning rate",
        f"{metric}: evaluations (pale: training batches)" if metric else "no evaluation yet",
    )
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(title, loc="left", fontsize=10)
        panel.grid(alpha=0.3)
    panels[0].legend(fontsize=8)
    panels[2].set_xlabel("step")
    with atomic_write(out, "wb") as file:
        figure.savefig(file, format="png")


def _draw_metric(panel: Any, run: Log, metric: str, color: str) -> None:
    """Draw evaluations with points, the best one with its value; training batches pale."""
    panel.plot(*run.curve("train", metric), color=color, alpha=0.25, linewidth=1)
    steps, values = run.curve("eval", metric)
    panel.plot(steps, values, color=color, marker="o", markersize=3)
    if values:
        best = max(range(len(values)), key=values.__getitem__)
        panel.plot(steps[best], values[best], color=color, marker="*", markersize=12)
        panel.annotate(
            f"{values[best]:.4f}",
            (steps[best], values[best]),
            xytext=(0, -14),
            textcoords="offset points",
            fontsize=8,
            color=color,
            ha="center",
        )


def _metric(runs: Sequence[Log], wanted: str | None) -> str:
    """Return what to draw below: what is asked for, or the usual one that the logs have."""
    known = dict.fromkeys(
        key
        for run in runs
        for row in run.rows.get("eval", [])
        for key in row
        if key not in NO_METRIC and _finite(row, key)
    )
    if wanted is None:
        return next((name for name in (*USUAL, *known) if name in known), "")
    if wanted not in known:
        there = f" (there are {', '.join(known)})" if known else " (nothing was evaluated yet)"
        raise UsageError(f"no evaluation has {wanted!r}{nearest(wanted, known) or there}")
    return wanted


def _summary(run: Log, metric: str) -> str:
    steps, losses = run.curve("train", "loss")
    words = [f"{run.name}: {steps[-1] if steps else 0} steps"]
    if losses:
        words.append(f"loss {losses[0]:.4g} -> {losses[-1]:.4g}")
    where, values = run.curve("eval", metric)
    if values:
        best = max(range(len(values)), key=values.__getitem__)
        words.append(
            f"best {metric} {values[best]:.4f} at step {where[best]} ({len(values)} evaluations)"
        )
    if run.broken:
        words.append(f"{run.broken} lines cannot be read")
    return ", ".join(words)


def _log_of(path: Path) -> Path:
    return path / LOG if path.is_dir() or path.suffix != ".jsonl" else path


def _names(paths: Sequence[Path]) -> list[str]:
    """Return short names of the folders; those that are alike get the folder above as well."""
    short = [path.resolve().parent.name for path in paths]
    return [
        name if short.count(name) == 1 else "/".join(path.resolve().parts[-3:-1])
        for name, path in zip(short, paths, strict=True)
    ]


def _finite(row: dict[str, Any], key: str) -> bool:
    value = row.get(key)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("runs", nargs="+", metavar="RUN_DIR", help="folders with a metrics.jsonl")
    found.add_argument("--metric", help="which number of the evaluations to draw")
    found.add_argument(
        "--smooth",
        type=int,
        default=SMOOTH,
        metavar="N",
        help=f"draw the loss as the mean of N logged values, 1 for none ({SMOOTH})",
    )
    found.add_argument("--out", help=f"the picture ({PICTURE} in the first folder)")
    return found


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
