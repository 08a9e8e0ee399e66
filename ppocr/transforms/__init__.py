"""One image in, one image out: everything that happens to a sample before it is in a batch.

`OPS` and `AUGMENTERS` are the tables of names that a config may use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ppocr.config import ConfigError, Problem, Registry, Section, named, offers, plain
from ppocr.config.errors import NOWHERE

if TYPE_CHECKING:
    from ppocr.transforms.base import Sample

OPS = Registry(
    "Op",
    "ppocr.transforms",
    {
        "any": {
            "AttnLabelEncode": ".encode_rec",
            "BaseDataAugmentation": ".augment_rec",
            "CTCLabelEncode": ".encode_rec",
            "ClsLabelEncode": ".encode_rec",
            "ClsResizeImg": ".resize_rec",
            "ColorJitter": ".augment_color",
            "CopyPaste": ".copy_paste",
            "DecodeImage": ".decode",
            "DetLabelEncode": ".encode_det",
            "DetResizeForTest": ".resize_det",
            "EastRandomCropData": ".crop_det",
            "IaaAugment": ".augment_det",
            "KeepKeys": ".keep",
            "MakeBorderMap": ".target_db",
            "MakeShrinkMap": ".target_db",
            "MultiLabelEncode": ".encode_rec",
            "NRTRLabelEncode": ".encode_rec",
            "NormalizeImage": ".normalize",
            "RandAugment": ".rand_augment",
            "RandomCropImgMask": ".crop_mask",
            "RecAug": ".augment_rec",
            "RecConAug": ".augment_rec",
            "RecResizeImg": ".resize_rec",
            "ResizeImage": ".resize_cls",
            "SARLabelEncode": ".encode_rec",
            "SVTRRecResizeImg": ".resize_rec",
            "ToCHWImage": ".normalize",
        }
    },
)

AUGMENTERS = Registry(
    "Augmenter",
    "ppocr.transforms",
    {
        "any": {
            "Affine": ".augment_geometry",
            "Crop": ".augment_geometry",
            "Fliplr": ".augment_geometry",
            "Flipud": ".augment_geometry",
            "Resize": ".augment_geometry",
            "Rot90": ".augment_geometry",
            "Rotate": ".augment_geometry",
            "ShearX": ".augment_geometry",
            "ShearY": ".augment_geometry",
            "Add": ".augment_color",
            "AdditiveGaussianNoise": ".augment_color",
            "AverageBlur": ".augment_color",
            "GammaContrast": ".augment_color",
            "GaussianBlur": ".augment_color",
            "Grayscale": ".augment_color",
            "Invert": ".augment_color",
            "JpegCompression": ".augment_color",
            "LinearContrast": ".augment_color",
            "MedianBlur": ".augment_color",
            "MotionBlur": ".augment_color",
            "Multiply": ".augment_color",
        }
    },
)


def create_operators(
    op_param_list: Sequence[Mapping[str, Any]], global_config: Mapping[str, Any] | None = None
) -> list[Any]:
    """Return the operations that a ``transforms`` list describes.

    ``global_config`` is the Global section: operations that ask for one of its offered values
    (character_dict_path, max_text_length, ...) get it unless the list says otherwise. All
    problems of all operations come together in one ConfigError.
    """
    offered = offers({"Global": global_config or {}})
    problems: list[Problem] = []
    operators = []
    for number, entry in enumerate(op_param_list, start=1):
        try:
            operators.append(OPS.build(op_section(entry, number), offers=offered))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return operators


def op_section(entry: Mapping[str, Any] | str, number: int = 1) -> Section:
    """Return one entry of a ``transforms`` list, {Name: settings}, as a section with a name."""
    place = getattr(entry, "place", NOWHERE)
    name, settings = named(entry, place)
    if not name:
        text = f"operation {number} should be one name with its settings, is {plain(entry)!r:.60}"
        raise ConfigError(Problem(place, text))
    section = Section({**settings, "name": name}, settings.place)
    section.places = {"name": settings.place, **settings.places}
    section.origins, section.computed = dict(settings.origins), dict(settings.computed)
    section.lenient, section.told = settings.lenient, settings.told
    return section


def transform(sample: Sample, ops: Iterable[Callable[[Sample], Sample]] | None = None) -> Sample:
    """Return the sample after all operations, one by one; `Rejected` is raised, not returned.

    `ppocr.transforms.base.Compose` gives the same with geometry fused.
    """
    for op in ops or ():
        sample = op(sample)
    return sample
