"""Write weights in another format: .pdparams to .safetensors, or back.

    python tools/convert_weights.py output/rec/best_accuracy rec.safetensors
    python tools/convert_weights.py rec.safetensors rec.pdparams

Names, shapes and numbers stay as they are, and so does the dictionary that the weights were
trained with, where it is known: in the notes of a .safetensors file, in a .states file beside
.pdparams. Every command takes either format as Global.pretrained_model. .safetensors needs
pip install safetensors.

Exit status: 0 written; 65 the file is damaged or holds no weights; 66 it is not there; 73 the
output exists or cannot be written.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).resolve().parents if (p / "ppocr").is_dir())))

import argparse
import json
from collections.abc import Sequence

from ppocr.pipeline.trained_with import KEY, noted_with
from ppocr.utils import checkpoints, exits, pickles, runtime, safetensors_file
from ppocr.utils.checkpoints import PARAMS, SAFETENSORS, STATES
from ppocr.utils.exits import OutputError, UsageError
from ppocr.utils.logs import say


def main(argv: Sequence[str]) -> int:
    """Return 0 when the weights are written."""
    given = _parser().parse_args(argv)
    target = Path(given.target)
    if target.suffix not in (PARAMS, SAFETENSORS):
        raise UsageError(f"the output ends in {PARAMS} or {SAFETENSORS}, not {target.name}")
    beside = target.with_suffix(STATES)
    for one in (target, beside) if target.suffix == PARAMS else (target,):
        if one.exists() and not given.force:
            raise OutputError(f"{one} exists; --force replaces it")
    runtime.prepare(announce=False)
    with runtime.quiet_paddle_import():
        from ppocr.modeling.weights import read_params

    found = checkpoints.find(given.source, weights_only=True).params
    arrays, kept = read_params(found), noted_with(found)
    if target.suffix == SAFETENSORS:
        notes = {KEY: json.dumps(kept[KEY], ensure_ascii=False)} if kept else {}
        safetensors_file.write(target, arrays, {"format": "pd", **notes})
    else:
        pickles.write(target, arrays)
        if kept:
            pickles.write(beside, kept, protocol=2)
    size = sum(one.nbytes for one in arrays.values())
    say(f"{target}: {len(arrays)} arrays, {size / 1e6:.1f} MB, from {found}")
    if kept:
        say(f"with the {len(kept[KEY]['character_dict'])} lines of the dictionary it was made for")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", help="weights: a prefix, a file of either format, an address")
    parser.add_argument("target", help="the file to write; its ending says the format")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    return parser


if __name__ == "__main__":
    sys.exit(exits.run(main, sys.argv[1:]))
