"""What a file is that was taken for a checkpoint, and what to do instead."""

from __future__ import annotations

from pathlib import Path

EXPORTED = (".pdiparams", ".pdmodel", ".onnx", ".nb")  # and inference.json
TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # what PyTorch wrote first before it wrote zip archives
NEEDS_CONVERSION = "a PyTorch file: names and shapes have to be converted for Paddle first"
NEEDS_TRAINING_WEIGHTS = (
    "a model that was exported, which cannot be trained or exported again: name the weights it was "
    "made from (.pdparams; official ones are in archives that end in _train.tar)"
)
_TAR_MARK, _TAR_AT = b"ustar", 257
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"Rar!", b"7z\xbc\xaf")


def kind_of(data: bytes, name: str) -> str:
    """Return what the beginning of a file, or its name, tells that it is; '' if nothing."""
    if not data:
        return "empty"
    if data[:2] == b"PK":
        known = name.endswith((".pth", ".pt", ".bin"))
        return (
            NEEDS_CONVERSION if known else f"a zip archive: to be unpacked, or {NEEDS_CONVERSION}"
        )
    if data.startswith(_PACKED) or data[_TAR_AT : _TAR_AT + len(_TAR_MARK)] == _TAR_MARK:
        return "an archive: unpack it, and name the .pdparams file that is in it"
    start = data[:512].lstrip().lower()
    if start.startswith(b"<"):
        return "a web page: the download gave no weights, look at the address"
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS: `git lfs pull` brings the file itself"
    if name.endswith(EXPORTED) or (name.endswith(".json") and start.startswith(b"{")):
        return NEEDS_TRAINING_WEIGHTS
    return ""


def is_exported(prefix: Path) -> bool:
    """Return whether an exported model stands where a checkpoint was looked for."""
    folders = (prefix,) if prefix.is_dir() else ()
    beside = any(prefix.with_name(prefix.name + one).is_file() for one in EXPORTED)
    return beside or any(one.suffix in EXPORTED for folder in folders for one in folder.iterdir())
