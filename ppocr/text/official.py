"""The dictionaries of the original: where they belong, how many lines, which checksum.

Those that follow a rule are part of this project (``rules.py``); the others are named here so that
a missing or altered one can be told from the real one. A model's classes are the lines of its
dictionary: one line more or less moves all that follow.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import PurePosixPath

ADDRESS = "https://raw.githubusercontent.com/PaddlePaddle/PaddleOCR/main/{path}"
HOME = "ppocr/utils/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One official dictionary; of those of later releases no size or checksum is on record."""

    path: str
    lines: int = 0
    bytes: int = 0
    sha256: str = ""

    @property
    def name(self) -> str:
        """What the command line calls it: its file name, with a folder where two share it."""
        short = PurePosixPath(self.path).stem
        first = next(one for one in KNOWN if PurePosixPath(one.path).stem == short)
        if first.path == self.path:
            return short
        return self.path.removeprefix(HOME).removesuffix(".txt")

    @property
    def address(self) -> str:
        """Where the original keeps it."""
        return ADDRESS.format(path=self.path)


def find(path: str) -> Entry | None:
    """Return the official dictionary that belongs at this path, if there is one.

    The path may be absolute or begin with `./`.
    """
    wanted = PurePosixPath(str(path).replace("\\", "/")).parts
    for entry in KNOWN:
        parts = PurePosixPath(entry.path).parts
        if wanted[-len(parts) :] == parts:
            return entry
    return None


def named(name: str) -> Entry | None:
    """Return the official dictionary of this name (`ppocr_keys_v1`, `dict/en_dict`) or path."""
    wanted = name.replace("\\", "/").removeprefix("./").removesuffix(".txt")
    for entry in KNOWN:
        stem = entry.path.removesuffix(".txt")
        if wanted in (entry.name, stem, stem.removeprefix(HOME)):
            return entry
    return find(name)


def alike(name: str) -> list[str]:
    """Return official names that resemble one that is not known, the likeliest first."""
    names = [entry.name for entry in KNOWN]
    close = difflib.get_close_matches(name.removesuffix(".txt"), names, n=3, cutoff=0.5)
    inside = [one for one in names if name in one and one not in close]
    return (close + inside)[:5]


def by_sha256(sha256: str) -> Entry | None:
    """Return the official dictionary with this checksum, wherever the file lies."""
    return next((entry for entry in ENTRIES if entry.sha256 == sha256), None)


# fmt: off
ENTRIES: tuple[Entry, ...] = (
    Entry("ppocr/utils/EN_symbol_dict.txt", 94, 188,
          "851dfc1ebb105245410e2cde220b8610194b8a50f9d70b9e839795bbcb3587fb"),
    Entry("ppocr/utils/dict/ar_dict.txt", 117, 273,
          "6e8d24e8eb45635cee81f7cac5694f632fac7fd0c664ab2b2b798abd28f97ff0"),
    Entry("ppocr/utils/dict/arabic_dict.txt", 161, 405,
          "637c27c88512c22089bef927b34ada08f748dc132ac70facd68d8202384c2726"),
    Entry("ppocr/utils/dict/be_dict.txt", 145, 357,
          "2fe10f4c9f3f8f8830645fadfac4a8c4ca3ddead9a72b4edd8d2244b506e5adb"),
    Entry("ppocr/utils/dict/bengali_dict.txt", 74, 296,
          "2b531a28609ae8e4ea7da7686ae7932ce7f93d8a121d8f3ed26a64b3075796bb"),
    Entry("ppocr/utils/dict/bg_dict.txt", 140, 341,
          "c46af0e70cb288404591c1594fafcbb582f344f216dd77facd048680dfcd0c72"),
    Entry("ppocr/utils/dict/bm_dict.txt", 160, 640,
          "3f79a3f8aa71ee33e8418f9c12e47412d155e16dfb467c14b80ba1e375e6ece3"),
    Entry("ppocr/utils/dict/chinese_cht_dict.txt", 8421, 33443,
          "832551fee1f2fbc97508772d81ebdc8dba12c00de97a35c71c9ddf43ddac1a83"),
    Entry("ppocr/utils/dict/cyrillic_dict.txt", 163, 410,
          "369a82c6c8c479784a5d726448b83b1eafb5fef0a4129a5eaa3929625ddcd132"),
    Entry("ppocr/utils/dict/devanagari_dict.txt", 167, 508,
          "b5f1be6d8bbff1a19fb96c5d4ca96a423380234bb7d2ce0e07b5838adb4d18ea"),
    Entry("ppocr/utils/dict/en_dict.txt", 63, 126,
          "e1f9b09d757e60b89b6c5c701b40e4da62e44f9ff556b73959c50edda12cd530"),
    Entry("ppocr/utils/dict/fa_dict.txt", 136, 330,
          "e46379da738faf556560468e333e0add75feb2698349298374a38b19d945dcae"),
    Entry("ppocr/utils/dict/french_dict.txt", 136, 324,
          "b77870a69f833120eb2120889acd19ae79f6cd9fdedc03bdc6b3b40aeb0c92df"),
    Entry("ppocr/utils/dict/german_dict.txt", 143, 346,
          "79f9988bf85879b0ded6204c0aadfca91eb86f1e4c98268be7fe194ccc670962"),
    Entry("ppocr/utils/dict/gujarati_dict.txt", 48, 198,
          "eb9801d744991ddd4bf99af7577453d035ebf9fec5a17902a94e01552b7e2b56"),
    Entry("ppocr/utils/dict/hi_dict.txt", 162, 488,
          "20202636010cff122936153afa7264f9bfc998ecf172b3d1c3433c28da34b11c"),
    Entry("ppocr/utils/dict/it_dict.txt", 118, 266,
          "4fedfb1920eddd6dced38c73caac39ab422fde3de29b6901727ca64de913928d"),
    Entry("ppocr/utils/dict/japan_dict.txt", 4399, 17332,
          "1dcfcb41eec90576a945b3084f22ade11ced506e24f14879245b071698f308e8"),
    Entry("ppocr/utils/dict/ka_dict.txt", 153, 452,
          "fad3f765943275eec2134a6fbc9b52785426641104d4e7db3a159dc73f341dde"),
    Entry("ppocr/utils/dict/kazakh_dict.txt", 42, 126,
          "f6dbd62868d056512ddae9f834efa32f624a3254694eeaaca18314746ad31a55"),
    Entry("ppocr/utils/dict/kie_dict/xfund_class_list.txt", 4, 29,
          "dfd6de77536439e3998a1f4eb7c6bebd4d8041554ea1aeeeede2bc49b7f7f90d"),
    Entry("ppocr/utils/dict/korean_dict.txt", 3688, 14480,
          "aa1fdc8ae8f7cd40a0ec4edb472eb0421e11427e6ccfee9915440742c18b0a20"),
    Entry("ppocr/utils/dict/latex_symbol_dict.txt", 111, 366,
          "20ab2e20273365103c346cadd89e0a164906ced4ab5e1e6cec18edf482f291a0"),
    Entry("ppocr/utils/dict/latin_dict.txt", 185, 468,
          "8e6d4e3629788c35c31f7e530287d6147b549bb7a265bd6708bb281134429e2c"),
    Entry("ppocr/utils/dict/layout_dict/layout_cdla_dict.txt", 10, 86,
          "4c0843d65b18c5e1833e66c6ed92c9f294bb5cbab918bd16a10002c5b74e2915"),
    Entry("ppocr/utils/dict/layout_dict/layout_publaynet_dict.txt", 5, 29,
          "c9a355895de2929e2eb4318efa1bddd1616fb4c1ab28805e61bc8afc84958935"),
    Entry("ppocr/utils/dict/layout_dict/layout_table_dict.txt", 1, 6,
          "7ed9ac3831f7d8525696b390cde2ece4c1df132a433268072a47b4d42a6e8931"),
    Entry("ppocr/utils/dict/mr_dict.txt", 153, 452,
          "eaaee26b361b2c182dd70f929d90c71672671643de00bc275f8590c0959f1872"),
    Entry("ppocr/utils/dict/ne_dict.txt", 153, 452,
          "079c779444fc9b39f6532f3a87aa5e557630662eb4abd60b1c4ebee71cfbbac6"),
    Entry("ppocr/utils/dict/oc_dict.txt", 96, 210,
          "e1e765a4aafd0040624ad45f89ee4d16f54f22f172ff7ecf82db37f73b375de5"),
    Entry("ppocr/utils/dict/parseq_dict.txt", 94, 188,
          "851dfc1ebb105245410e2cde220b8610194b8a50f9d70b9e839795bbcb3587fb"),
    Entry("ppocr/utils/dict/pu_dict.txt", 130, 305,
          "4732ea2c497ed31f96150bdbf43e191ef7f9d65fedfcb21d092e8785efe8793f"),
    Entry("ppocr/utils/dict/rs_dict.txt", 91, 194,
          "9518bd2c437d3455d159a7704017c16ae4a74e4b2c494d3db54be0181dcd6f1b"),
    Entry("ppocr/utils/dict/rsc_dict.txt", 134, 324,
          "c9663355bb3706960e57af5e4704feb02c9ff3ead0329addbe1cd2bee68843c5"),
    Entry("ppocr/utils/dict/ru_dict.txt", 125, 313,
          "d06f34bb0a13e1461a99c14977447736b535e803d51ade9d4f745beaa3da7e44"),
    Entry("ppocr/utils/dict/spin_dict.txt", 68, 136,
          "dceb9255c6319245dda3b559b64aea94d408955d6f331300d594c810d1f5b04b"),
    Entry("ppocr/utils/dict/ta_dict.txt", 128, 352,
          "e93e694814afd9ff1e918b6f4bb4267fb4c65a9344ee5d7464f9135b90c0a270"),
    Entry("ppocr/utils/dict/table_dict.txt", 277, 894,
          "6b37865290dc6a296c7f128b2c6c2f7718d9d6708088e18fbf3056fc318c28e7"),
    Entry("ppocr/utils/dict/table_master_structure_dict.txt", 39, 435,
          "234e25aa46080740a992693cd4c1a7bbc91c435ac44158edd1f42f0163d5e8ae"),
    Entry("ppocr/utils/dict/table_structure_dict.txt", 28, 298,
          "1e2375e0be0ea6627fda5c5aa60abde65c62defaefc015d00cb49b88736bc170"),
    Entry("ppocr/utils/dict/table_structure_dict_ch.txt", 48, 578,
          "68d344a84b726e043f390122240ff2b2ced2949b2a80ce9b61ae955054d190ef"),
    Entry("ppocr/utils/dict/te_dict.txt", 151, 429,
          "ee9946a60d7701977474e89883694a4ca20eaa3868a23334bf7940dcd008f0f9"),
    Entry("ppocr/utils/dict/ug_dict.txt", 131, 301,
          "40bf14e27191ed3ca0db62c37015f4b41afb1310bdc8fc195181dad5a1d82dc3"),
    Entry("ppocr/utils/dict/uk_dict.txt", 142, 348,
          "e485e475e4f9656854338714909ea8c536cebcb833c47aa151207c32e0247f5b"),
    Entry("ppocr/utils/dict/ur_dict.txt", 137, 332,
          "63d2fcaaeaa5b5ec805630f8736e084bf9617139664cdee45ad8ebc6f45cac9f"),
    Entry("ppocr/utils/dict/xi_dict.txt", 110, 250,
          "d665d9df4d49f96ff3cd1dcf2d53084d00fe1670747dd9a93b58b9dda10efa15"),
    Entry("ppocr/utils/dict90.txt", 90, 180,
          "74cb151bb2eedcff2159e2d36000cf9c3e3f59ce319c76183042c3b1ef67faf1"),
    Entry("ppocr/utils/en_dict.txt", 95, 190,
          "5662df9d2d03f0e8ca0d3b0649d6acbab904b6a14b3d3521463c71c37c668ce3"),
    Entry("ppocr/utils/ic15_dict.txt", 36, 72,
          "71e9aa833ec424844f3670bb5f1a2851867b9ce963f78df531e45d3a4c77dd72"),
    Entry("ppocr/utils/ppocr_keys_v1.txt", 6623, 26250,
          "a1c84d9bdb9ab29043c58896224d32941783eb821629618416dcb08f12886492"),
)
# fmt: on

# Dictionaries of later releases: where they belong; of some the classes of their models tell how
# many lines they have. No checksum is on record, so no file is refused for its size.
LATER: tuple[Entry, ...] = (
    Entry("ppocr/utils/dict/ppocrv4_doc_dict.txt", 15629),
    Entry("ppocr/utils/dict/ppocrv5_dict.txt", 18383),
    *(
        Entry(f"ppocr/utils/dict/ppocrv5_{script}_dict.txt")
        for script in (
            *("arabic", "cyrillic", "devanagari", "el", "en", "eslav"),
            *("korean", "latin", "ta", "te", "th"),
        )
    ),
)
# files directly in ppocr/utils come first: `en_dict` is the one that recognisers are trained with
KNOWN: tuple[Entry, ...] = tuple(
    sorted((*ENTRIES, *LATER), key=lambda entry: (entry.path.count("/"), entry.path))
)
