"""The networks of our configs with official names have the official parameters.

Compared with the recorded manifests (``--golden DIR``, models/<name of the config>.json): every
key in order, with its shape, its type, and whether it is trained. A weight file of the original
therefore loads, and what it froze is frozen.
"""

from __future__ import annotations

import json
from pathlib import Path

import paddle
import pytest

from ppocr.config import load
from ppocr.modeling import build_model
from ppocr.pipeline.derive import wire

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(path for path in (ROOT / "configs").rglob("*.yml") if path.parent.name != "synth")
Row = tuple[str, list[int], str, str]
# what a file of the original lacks to run at all, see docs/differences.md
MENDED = {"ch_PP-OCRv4_rec_distill": {"Teacher.backbone.last_conv.weight"}}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_parameters_are_the_official_ones(path, request, tmp_path):
    manifest = Path(request.config.getoption("--golden")) / "models" / f"{path.stem}.json"
    if not manifest.is_file():
        pytest.skip(f"no recorded manifest for {path.stem}")
    recorded = json.loads(manifest.read_text(encoding="utf-8"))
    model = build_model(wire(_with_dictionary(path, recorded, tmp_path))["Architecture"])
    theirs = [tuple(row[:4]) for row in recorded["train"]]
    added = MENDED.get(path.stem, set())
    ours = [row(key, one) for key, one in model.state_dict().items()]
    assert [one for one in ours if one[0] not in added] == theirs
    assert len(ours) == len(theirs) + len(added)


def row(key: str, tensor: paddle.Tensor) -> Row:
    """Return what a manifest records of a tensor: T is trained, F not, B is a buffer."""
    flag = "B"
    if hasattr(tensor, "optimize_attr"):
        flag = "F" if tensor.stop_gradient else "T"
    return key, list(tensor.shape), str(tensor.dtype).removeprefix("paddle."), flag


def _with_dictionary(path: Path, recorded, tmp_path: Path):
    """Return the config; a dictionary that is not part of the project is replaced by its size."""
    config = load(path)
    named = config["Global"].get("character_dict_path")
    if named is None or (ROOT / named).is_file():
        return config
    lines = recorded["channels"]["character_len"] - 1 - bool(config["Global"]["use_space_char"])
    stand_in = tmp_path / "dict.txt"
    stand_in.write_text("".join(f"{chr(0x4E00 + i)}\n" for i in range(lines)), encoding="utf-8")
    return load(path, [f"Global.character_dict_path={stand_in}"])
