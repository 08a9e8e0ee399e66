"""The Global section: settings of a run, and the values it offers to the parts of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ppocr.config import signatures
from ppocr.config.errors import demand
from ppocr.config.schema import Match, match
from ppocr.config.section import as_section
from ppocr.config.signatures import Signature

SECTION = "Global"
DEFAULT_SEED = 1024
DEFAULT_BAD_RATIO = 0.01  # of the rows of a set that may be unreadable

# What operators, post-processes and heads may ask for by name; nothing else of Global reaches them.
OFFERED = (
    "character_dict_path",
    "use_space_char",
    "max_text_length",
    "infer_mode",
    "label_list",
    "rm_symbol",
    "valid_set",
    "class_path",
    "img_scale",
    "max_text_nums",
    "num_heads",
    "tcl_len",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """Everything that may stand in Global, with its type and default."""

    # what runs and where
    use_gpu: bool = False
    use_xpu: bool = False
    use_npu: bool = False
    use_mlu: bool = False
    use_gcu: bool = False
    seed: int | None = None
    plugins: list[str] = field(default_factory=list)
    strict: bool = True
    model_name: str | None = None

    # how long, how often
    epoch_num: int
    print_batch_step: int = 10
    log_smooth_window: int = 20
    save_epoch_step: int = 1
    eval_batch_step: int | list[int] | None = None
    eval_batch_epoch: int | None = None
    calc_epoch_interval: int = 1
    cal_metric_during_train: bool = False
    early_stop: int | dict[str, Any] | None = None
    max_hours: float | None = None
    stall_s: float = 1800.0  # a run in which nothing moves for so long is ended
    rank_stall_s: float = 60.0  # one of several processes that is silent for so long ends them all

    # weights and files
    pretrained_model: str | None = None
    pretrained_character_dict_path: str | None = None
    checkpoints: str | None = None
    allow_partial: bool | list[str] | None = None
    resume: bool | str | None = None
    resume_override: bool = False
    save_model_dir: str = "./output/"
    save_inference_dir: str | None = None
    save_res_path: str | None = None
    keep_checkpoints: int | None = None
    on_save_error: Literal["stop", "warn"] = "stop"

    # number formats and memory
    use_amp: bool = False
    amp_level: Literal["O1", "O2"] = "O2"
    amp_dtype: Literal["float16", "bfloat16"] = "float16"
    amp_custom_black_list: list[str] = field(default_factory=list)
    amp_custom_white_list: list[str] = field(default_factory=list)
    scale_loss: float = 1.0
    use_dynamic_loss_scaling: bool = False
    use_sync_bn: bool = False
    find_unused_parameters: bool = False
    to_static: bool = False
    d2s_train_image_shape: list[int] | None = None
    accumulate_steps: int = 1
    freeze: list[str] = field(default_factory=list)  # patterns of what is not trained

    # averaging of weights
    use_ema: bool = False
    ema_decay: float = 0.9998
    ema_decay_type: Literal["threshold", "exponential", "normal"] = "threshold"

    # reports
    use_visualdl: bool = False
    use_tensorboard: bool = False
    use_wandb: bool = False
    print_mem_info: bool = True
    max_bad_ratio: float | None = None
    eval_unreadable: Literal["fail", "wrong"] = "fail"  # what a sample to evaluate is then

    # export
    export_with_pir: bool = True
    export_onnx: bool = False
    export_networks: str | list[str] | None = None  # of a distillation; "all" for every one

    # inference from a checkpoint
    infer_img: str | None = None
    infer_list: str | None = None
    infer_mode: bool = False

    # offered to the parts of a model
    character_dict_path: str | None = None
    use_space_char: bool = False
    max_text_length: int = 25
    max_text_nums: int | None = None
    label_list: list[Any] | None = None
    rm_symbol: bool | None = None
    valid_set: str | None = None
    class_path: str | None = None
    img_scale: list[int] | None = None
    num_heads: int | None = None
    tcl_len: int | None = None
    box_format: str | None = None
    kie_det_model_dir: str | None = None
    kie_rec_model_dir: str | None = None


def signature() -> Signature:
    """Return what Global takes."""
    return signatures.called(signatures.need(__name__, General.__name__), SECTION)


def compare(config: Mapping[str, Any]) -> Match:
    """Return Global's values and what is wrong with them; nothing is raised."""
    return match(signature(), as_section(config.get(SECTION) or {}))


def read(config: Mapping[str, Any]) -> General:
    """Return Global as a typed value, or a ConfigError that lists what does not fit."""
    result = compare(config)
    demand(result.problems)
    return General(**result.arguments)


def seed(config: Mapping[str, Any]) -> int:
    """Return the seed of the run that a config describes."""
    given = (config.get(SECTION) or {}).get("seed")
    return DEFAULT_SEED if given is None else given


def bad_ratio(config: Mapping[str, Any]) -> float:
    """Return which share of the rows of a set may be unreadable before a run is ended."""
    given = (config.get(SECTION) or {}).get("max_bad_ratio")
    return DEFAULT_BAD_RATIO if given is None else float(given)


def offers(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Global gives of the values that parts may ask for by name."""
    section = config.get(SECTION) or {}
    return {key: section[key] for key in OFFERED if section.get(key) is not None}
