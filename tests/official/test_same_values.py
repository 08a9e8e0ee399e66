"""Our configs under official names say what the official ones of ``--official DIR`` say.

Where they differ on purpose stands below with its reason, and for users in docs/differences.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from ppocr import config
from ppocr.config import forgiven
from ppocr.config.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
OURS = {path.name: path for path in sorted((ROOT / "configs").rglob("*.yml"))}
NOTHING = (None, "", {}, [])
# (file, key): why ours says something else; both may hold wildcards
ON_PURPOSE: Mapping[tuple[str, str], str] = {
    ("*", "Global.infer_img"): "names an image that is not part of this project",
    ("*", "Global.save_res_path"): "goes to the folder of the run",
    ("*", "Global.save_inference_dir"): "a folder of its own, or below that of the run",
    ("*", "Global.model_name"): "what PaddleX calls the network, written into the export",
    ("*_det_d[mi]*.yml", "Global.pretrained_model"): "backbone weights do not fit three networks; "
    "each names its own",
    ("*", "*.DistillationDBLoss.name"): "repeats what the loss is called",
    ("*", "*.RecConAug.max_text_length"): "is offered by Global.max_text_length",
    ("*", "Global.d2s_train_image_shape"): "nothing reads it: shapes follow from the data",
    ("*", "Train.loader.num_sections"): "nothing reads it",
    (
        "rec_icdar15_train.yml",
        "*.use_shared_memory",
    ): "the loader sees by itself whether there is any",
    ("en_PP-OCRv4_rec.yml", "Global.save_model_dir"): "a folder of its own",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "theirs" in metafunc.fixturenames:
        folder = metafunc.config.getoption("--official")
        found = sorted(Path(folder).rglob("*.yml")) if folder else []
        named = [path for path in found if path.name in OURS]
        metafunc.parametrize("theirs", named, ids=[path.name for path in named])


def test_values_are_the_official_ones(theirs):
    try:
        official = dict(values(config.read(theirs)[0]))
    except ConfigError:
        pytest.skip(f"{theirs.name} does not parse")
    ours = dict(values(config.read(OURS[theirs.name])[0]))
    different = [
        f"{key}: {ours.get(key)!r}, officially {official.get(key)!r}"
        for key in sorted(ours.keys() | official.keys())
        if not same(ours.get(key), official.get(key)) and not on_purpose(theirs.name, key)
    ]
    assert not different, "\n".join(different)


def values(node: Any, path: str = "", owner: str = "Global") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every value, without keys that nothing reads.

    Operations of a list are told apart by their names, so that one that is left out shows once.
    """
    if isinstance(node, Mapping):
        owner = str(node.get("name") or owner)
        for key, value in node.items():
            if not forgiven.reason(owner, key):
                inner = key if isinstance(value, Mapping) and "name" not in value else owner
                yield from values(value, f"{path}.{key}" if path else key, inner)
    elif isinstance(node, list) and any(isinstance(one, Mapping) for one in node):
        for place, one in enumerate(node):
            name = next(iter(one)) if isinstance(one, Mapping) and len(one) == 1 else ""
            yield from values(one, f"{path}[{'' if name else place}]", name or owner)
    else:
        yield path, node


def same(one: Any, two: Any) -> bool:
    """Return whether two values mean the same: null is as good as nothing, 1e-6 as "1e-6"."""
    if one in NOTHING and two in NOTHING:
        return True
    if isinstance(one, int | float) and isinstance(two, int | float):
        return float(one) == float(two)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, str) and isinstance(two, str):
        return Path(one) == Path(two)  # ./output/a/ is output/a
    return one == two


def on_purpose(name: str, key: str) -> bool:
    return any(fnmatch(name, file) and fnmatch(key, pattern) for file, pattern in ON_PURPOSE)


def test_a_changed_value_would_be_seen():
    """The comparison can fail: one number, one operation less."""
    path = OURS["ch_PP-OCRv3_det_student.yml"]
    before = dict(values(config.read(path)[0]))
    changed = dict(values(config.read(path, ["PostProcess.unclip_ratio=1.6"])[0]))
    assert [key for key in before if before[key] != changed[key]] == ["PostProcess.unclip_ratio"]
