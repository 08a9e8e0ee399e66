"""The batches of recordings: two texts, as the labels that heads read in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import paddle

from ppocr.text.charset import Charset
from ppocr.text.nrtr import NRTRCodec
from ppocr.text.sar import SARCodec
from tests.parity.cases import dictionary_lines, skip_missing
from tests.parity.networks import architecture, characters_of

TEXTS = ("hello", "ab12c3")
WIDTH = 25
VALID_RATIO = (0.375, 0.5625)  # only heads that read label_sar read it
DICTIONARIES = {97: "ppocr/utils/en_dict.txt", 6625: "ppocr/utils/ppocr_keys_v1.txt"}
CODECS = {"label_sar": SARCodec, "label_gtc": NRTRCodec}


def is_known(stem: str) -> bool:
    """Return whether a recorded model read labels of a known dictionary."""
    return characters_of(stem) in DICTIONARIES and "head_list" in str(architecture(stem))


def batch_of(stem: str, reads: Sequence[str]) -> dict[str, paddle.Tensor]:
    """Return the entries that a recorded model read, or skip if its dictionary is not known."""
    characters = characters_of(stem)
    if characters not in DICTIONARIES:
        skip_missing(f"dictionary of {characters} classes")
    charset = Charset.of(dictionary_lines(DICTIONARIES[characters]), use_space_char=True)
    batch = {
        "length": np.array([len(text) for text in TEXTS]),
        "valid_ratio": np.array(VALID_RATIO),
    }
    for name in set(reads) & set(CODECS):
        codec = CODECS[name](charset)
        labels = [codec.padded(codec.encode(text).ids, WIDTH) for text in TEXTS]
        batch[name] = np.stack(labels)
    return {name: paddle.to_tensor(batch[name]) for name in reads}
