"""Components of the original that do not exist here yet, with the settings they are known by.

Facts, not code: a config that names one of them gets "is not here yet" instead of
"unknown", and slips in its keys are still found. What a registry has is looked up
there; this table is asked last, so an entry that has come true does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ppocr.config.errors import slips
from ppocr.config.hints import ANY
from ppocr.config.signatures import Setting, Signature

ANYWHERE = "any"
SAME_AS = {"cls": "rec"}  # the original looks both up in one list

PLANNED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "Architecture": {
        "any": {
            "DistillationModel": "model_type algorithm Models freeze_params pretrained",
        },
    },
    "Transform": {
        "any": {
            "GA_SPIN": "default_type loc_lr offsets stn in_channels out_channels",
            "STN_ON": "tps_inputsize tps_outputsize num_control_points tps_margins stn_activation",
            "TBSRN": (
                "scale_factor width height STN srb_nums mask hidden_units infer_mode in_planes"
            ),
            "TPS": "loc_lr model_name num_fiducial",
            "TSRN": "scale_factor width height STN srb_nums mask hidden_units infer_mode in_planes",
        },
    },
    "Backbone": {
        "cls": {
            "MobileNetV3": "model_name scale",
        },
        "det": {
            "MobileNetV3": "disable_se model_name scale",
            "PPHGNetV2_B4": "det",
            "PPHGNet_small": "det",
            "PPLCNetV3": "scale det lr_mult_list",
            "PPLCNetV4": "model_size det",
            "RepSVTR_det": "",
            "ResNet": "dcn_stage layers",
            "ResNet_SAST": "layers",
            "ResNet_vd": "in_channels layers dcn_stage out_indices",
        },
        "e2e": {
            "MobileNetV3": "scale model_name disable_se",
            "ResNet": "layers",
        },
        "kie": {
            "Kie_backbone": "in_channels",
            "LayoutLMForSer": "checkpoints num_classes pretrained",
            "LayoutLMv2ForRe": "checkpoints pretrained",
            "LayoutLMv2ForSer": "checkpoints num_classes pretrained",
            "LayoutXLMForRe": "checkpoints mode pretrained",
            "LayoutXLMForSer": "checkpoints mode num_classes pretrained",
        },
        "rec": {
            "DenseNet": "bottleneck growthRate input_channel reduction use_dropout",
            "EfficientNetb3_PREN": "in_channels",
            "MTB": "cnn_num",
            "MicroNet": "mode",
            "MobileNetV1Enhance": "last_conv_stride last_pool_kernel_size last_pool_type scale",
            "MobileNetV3": "model_name scale small_stride",
            "PPHGNetV2_B4": "text_rec",
            "PPHGNet_small": "det",
            "PPLCNetV3": "scale lr_mult_list",
            "PPLCNetV4": "model_size text_rec det",
            "RepSVTR": "",
            "ResNet": "layers",
            "ResNet31": "init_type out_channels layers",
            "ResNet32": "out_channels",
            "ResNet45": "strides",
            "ResNetFPN": "",
            "ResNetRFL": "use_cnt use_seq",
            "ResNet_ASTER": "in_channels n_group with_lstm",
            "SVTRNet": (
                "depth embed_dim img_size last_stage local_mixer mixer num_heads out_channels "
                "out_char_num patch_merging prenorm mlp_ratio qkv_bias qk_scale drop_rate "
                "last_drop attn_drop_rate drop_path_rate norm_layer sub_norm epsilon "
                "block_unit act sub_num use_lenhead"
            ),
            "SVTRv2": (
                "depths dims last_stage mixer num_heads sub_k use_pool use_pos_embed max_sz "
                "out_channels out_char_num mlp_ratio qkv_bias qk_scale drop_rate last_drop "
                "attn_drop_rate drop_path_rate act eps feat2d"
            ),
            "ShallowCNN": "in_channels hidden_dim",
            "ViT": "in_channels",
            "ViTParseQ": "img_size patch_size embed_dim depth num_heads mlp_ratio in_channels",
            "ViTSTR": "scale img_size patch_size embed_dim depth num_heads mlp_ratio seqlen",
        },
        "table": {
            "MobileNetV3": "disable_se model_name scale",
            "PPLCNet": "scale pretrained use_ssld",
            "PPLCNetV2_base": "scale pretrained use_ssld",
            "ResNet_vd": "layers",
            "ResNet": "layers",
            "TableResNetExtra": "gcb_config layers",
        },
    },
    "Neck": {
        "any": {
            "CSPPAN": "out_channels kernel_size num_csp_blocks use_depthwise act",
            "CTFPN": "",
            "DBFPN": "out_channels use_asf",
            "EASTFPN": "model_name",
            "FCEFPN": "in_channels out_channels has_extra_convs extra_stage",
            "FPN": "out_channels",
            "FPN_UNet": "in_channels out_channels",
            "LKPAN": "out_channels mode intracl",
            "PGFPN": "in_channels",
            "PRENFPN": "d_model dropout max_len n_r",
            "RFAdaptor": "use_s2v use_v2s",
            "RSEFPN": "out_channels shortcut",
            "RepLKFPN": "out_channels dilated_kernel_size shortcut kernel_size",
            "RepLKPAN": "out_channels dilated_kernel_size intracl kernel_size mode",
            "SASTFPN": "with_cab",
            "SequenceEncoder": (
                "encoder_type hidden_size out_channels with_linear depth dims hidden_dims "
                "use_guide num_heads qkv_bias mlp_ratio drop_rate attn_drop_rate drop_path "
                "kernel_size qk_scale"
            ),
            "TableFPN": "out_channels",
        },
    },
    "Head": {
        "any": {
            "ABINetHead": (
                "max_length d_model nhead num_layers dim_feedforward dropout iter_size "
                "use_lang image_size"
            ),
            "AsterHead": "sDim attDim max_len_labels",
            "AttentionHead": "hidden_size",
            "CANHead": "attdecoder in_channel max_text_length out_channel ratio",
            "CPPDHead": (
                "ch dim vis_seq out_channels num_layer drop_path_rate max_len rec_layer "
                "num_heads pos_len"
            ),
            "CTCHead": "fc_decay mid_channels return_feats",
            "CT_Head": "in_channels hidden_dim num_classes",
            "ClsHead": "class_dim",
            "DBHead": "k kernel_list fix_nan aux_in_channels",
            "DRRGHead": (
                "in_channels k_at_hops num_adjacent_linkages node_geo_feat_len pooling_scale "
                "pooling_output_size nms_thr min_width max_width comp_shrink_ratio comp_ratio "
                "comp_score_thr text_region_thr center_region_thr center_region_area_thr "
                "local_graph_thr"
            ),
            "EASTHead": "model_name",
            "FCEHead": "in_channels fourier_degree",
            "MultiHead": "head_list",
            "NRTRHead": "max_text_length nrtr_dim num_decoder_layers num_encoder_layers beam_size",
            "PFHeadLocal": "k mode fix_nan kernel_list",
            "PGHead": "character_dict_path character_length",
            "PRENHead": "",
            "PSEHead": "hidden_dim out_channels",
            "ParseQHead": (
                "max_text_length embed_dim dec_num_heads dec_mlp_ratio dec_depth perm_num "
                "perm_forward perm_mirrored decode_ar refine_iters dropout"
            ),
            "RFLHead": "batch_max_legnth hidden_size out_channels use_cnt use_seq in_channels",
            "RobustScannerHead": (
                "enc_outchannles encode_value hybrid_dec_dropout hybrid_dec_rnn_layers mask "
                "max_text_length padding_idx position_dec_rnn_layers start_idx"
            ),
            "SARHead": (
                "enc_dim max_text_length enc_bi_rnn enc_drop_rnn enc_gru dec_bi_rnn "
                "dec_drop_rnn dec_gru d_k pred_dropout pred_concat"
            ),
            "SASTHead": "",
            "SATRNHead": "enc_cfg dec_cfg",
            "SDMGRHead": (
                "num_chars visual_dim fusion_dim node_input node_embed edge_input edge_embed "
                "num_gnn num_classes bidirectional"
            ),
            "SLAHead": "hidden_size loc_reg_num max_text_length fc_decay use_attn",
            "SPINAttentionHead": "hidden_size",
            "SRNHead": "hidden_dims max_text_length num_decoder_TUs num_encoder_TUs num_heads",
            "TableAttentionHead": "hidden_size loc_reg_num max_text_length loc_type in_max_len",
            "TableMasterHead": "d_ff dropout headers loc_reg_num max_text_length",
            "Transformer": (
                "beam_size d_model num_encoder_layers nhead num_decoder_layers max_len "
                "dim_feedforward attention_dropout_rate residual_dropout_rate scale_embedding"
            ),
            "VLHead": "max_text_length n_dim n_layers n_position training_step",
        },
    },
    "Loss": {
        "any": {
            "ACELoss": "weight",
            "AsterLoss": "weight size_average ignore_index sequence_normalize sample_normalize",
            "AttentionLoss": "",
            "CANLoss": "",
            "CELoss": "ignore_index smoothing with_all weight",
            "CPPDLoss": "ignore_index sideloss_weight smoothing",
            "CTCLoss": "use_focal_loss weight",
            "CTLoss": "",
            "CenterLoss": "num_classes feat_dim center_file_path weight",
            "ClsLoss": "",
            "CombinedLoss": "loss_config_list",
            "DBLoss": "alpha balance_loss beta main_loss_type ohem_ratio eps",
            "DRRGLoss": "ohem_ratio",
            "DistillCTCLogits": "key model_name_pairs reduction weight",
            "DistillationCTCLoss": "key model_name_list multi_head weight",
            "DistillationDBLoss": (
                "alpha balance_loss beta main_loss_type model_name_list ohem_ratio weight eps "
                "name key"
            ),
            "DistillationDKDLoss": "alpha beta dis_head key model_name_pairs multi_head weight",
            "DistillationDMLLoss": (
                "key maps_name model_name_pairs weight act dis_head multi_head use_log name"
            ),
            "DistillationDilaDBLoss": (
                "alpha balance_loss beta key main_loss_type model_name_pairs ohem_ratio "
                "weight eps name"
            ),
            "DistillationDistanceLoss": "key mode model_name_pairs weight name",
            "DistillationKLDivLoss": "model_name_pairs key multi_head dis_head name weight",
            "DistillationLossFromOutput": "key model_name_list reduction weight",
            "DistillationNRTRLoss": "key model_name_list multi_head smoothing weight",
            "DistillationSARLoss": "key model_name_list multi_head weight",
            "DistillationSERDMLLoss": "act key model_name_pairs use_log weight",
            "DistillationVQADistanceLoss": "index key mode model_name_pairs weight",
            "DistillationVQASerTokenLayoutLMLoss": "key model_name_list num_classes weight",
            "EASTLoss": "",
            "FCELoss": "fourier_degree num_sample ohem_ratio",
            "LossFromOutput": "key reduction",
            "MultiLoss": "loss_config_list weight_1 weight_2 gtc_loss",
            "NRTRLoss": "smoothing weight",
            "PGLoss": "tcl_bs max_text_length max_text_nums pad_num eps",
            "PRENLoss": "",
            "PSELoss": "alpha kernel_sample_mask ohem_ratio reduction",
            "ParseQLoss": "",
            "RFLLoss": "",
            "SARLoss": "weight",
            "SASTLoss": "",
            "SATRNLoss": "",
            "SDMGRLoss": "node_weight edge_weight ignore",
            "SLALoss": "loc_loss loc_weight structure_weight",
            "SPINAttentionLoss": "ignore_index",
            "SRNLoss": "",
            "StrokeFocusLoss": "character_dict_path",
            "TableAttentionLoss": "loc_weight structure_weight",
            "TableMasterLoss": "ignore_index",
            "TelescopeLoss": "",
            "VLLoss": "mode weight_mas weight_res",
            "VQASerTokenLayoutLMLoss": "key num_classes",
        },
    },
    "PostProcess": {
        "any": {
            "ABINetLabelDecode": "",
            "CANLabelDecode": "",
            "CPPDLabelDecode": "",
            "CTCLabelDecode": "character_dict_path use_space_char",
            "CTPostProcess": "box_type",
            "ClsPostProcess": "",
            "DBPostProcess": (
                "box_thresh max_candidates thresh unclip_ratio use_dilation score_mode box_type"
            ),
            "DRRGPostProcess": "link_thr",
            "DistillationCTCLabelDecode": "key model_name multi_head",
            "DistillationDBPostProcess": (
                "box_thresh key max_candidates model_name thresh unclip_ratio use_dilation "
                "score_mode box_type"
            ),
            "DistillationRePostProcess": "key model_name",
            "DistillationSerPostProcess": "class_path key model_name",
            "EASTPostProcess": "cover_thresh nms_thresh score_thresh",
            "FCEPostProcess": (
                "scales fourier_degree num_reconstr_points decoding_type score_thr nms_thr "
                "alpha beta box_type"
            ),
            "LaTeXOCRDecode": "rec_char_dict_path",
            "None": "",
            "PGPostProcess": "score_thresh mode character_dict_path valid_set point_gather_mode",
            "PRENLabelDecode": "",
            "PSEPostProcess": "box_thresh box_type min_area scale thresh",
            "ParseQLabelDecode": "",
            "RFLLabelDecode": "",
            "SASTPostProcess": (
                "expand_scale nms_thresh sample_pts_num score_thresh shrink_ratio_of_width"
            ),
            "SATRNLabelDecode": "",
            "SEEDLabelDecode": "",
            "SPINLabelDecode": "use_space_char",
            "SRNLabelDecode": "",
            "TableLabelDecode": "merge_no_span_structure character_dict_path",
            "TableMasterLabelDecode": "box_shape merge_no_span_structure character_dict_path",
            "VLLabelDecode": "",
            "VQAReTokenLayoutLMPostProcess": "",
            "VQASerTokenLayoutLMPostProcess": "class_path",
            "ViTSTRLabelDecode": "",
        },
    },
    "Metric": {
        "any": {
            "CANMetric": "main_indicator",
            "CNTMetric": "main_indicator",
            "CTMetric": "main_indicator",
            "ClsMetric": "main_indicator",
            "DetFCEMetric": "main_indicator",
            "DetMetric": "main_indicator",
            "DistillationMetric": "base_metric_name key main_indicator ignore_space",
            "E2EMetric": "mode gt_mat_dir character_dict_path main_indicator",
            "KIEMetric": "main_indicator",
            "LaTeXOCRMetric": "main_indicator cal_bleu_score",
            "RecMetric": "ignore_space is_filter main_indicator",
            "SRMetric": "main_indicator",
            "TableMetric": "box_format compute_bbox_metric main_indicator del_thead_tbody",
            "VQAReTokenMetric": "main_indicator",
            "VQASerTokenMetric": "main_indicator",
        },
    },
    "Optimizer": {
        "any": {
            "Adadelta": "clip_norm epsilon lr rho",
            "Adam": "beta1 beta2 clip_norm group_lr lr regularizer training_step",
            "AdamW": (
                "beta1 beta2 clip_norm clip_norm_global epsilon lr no_weight_decay_name "
                "one_dim_param_no_weight_decay regularizer weight_decay"
            ),
            "Momentum": "clip_norm_global lr momentum weight_decay",
            "RMSProp": "lr momentum rho epsilon regularizer",
        },
    },
    "Schedule": {
        "any": {
            "Const": "learning_rate warmup_epoch",
            "Cosine": "learning_rate warmup_epoch",
            "CyclicalCosine": "learning_rate cycle warmup_epoch",
            "DecayLearningRate": "end_lr epochs factor learning_rate",
            "Linear": "end_lr epochs learning_rate power step_each_epoch warmup_epoch",
            "LinearWarmupCosine": "learning_rate start_lr min_lr warmup_steps",
            "MultiStepDecay": "gamma learning_rate milestones warmup_epoch",
            "OneCycle": (
                "max_lr warmup_epoch divide_factor end_learning_rate phase_pct "
                "anneal_strategy three_phase learning_rate"
            ),
            "Piecewise": "decay_epochs values warmup_epoch",
            "Step": "gamma learning_rate step_size",
            "TwoStepCosine": "learning_rate warmup_epoch",
        },
    },
    "Regularizer": {
        "any": {
            "L1": "factor",
            "L2": "factor",
        },
    },
    "Dataset": {
        "any": {
            "KieDataset": "data_dir label_file_list ratio_list transforms",
            "LMDBDataSet": "data_dir transforms",
            "LMDBDataSetSR": "data_dir transforms ext_op_transform_idx",
            "LMDBDataSetTableMaster": "data_dir transforms",
            "LaTeXOCRDataSet": (
                "data data_dir min_dimensions max_dimensions batch_size_per_pair "
                "keep_smaller_batches transforms"
            ),
            "MultiScaleDataSet": (
                "data_dir ds_width ext_op_transform_idx label_file_list transforms"
            ),
            "PGDataSet": "data_dir label_file_list ratio_list transforms",
            "PubTabDataSet": "data_dir label_file_list transforms ratio_list",
            "PubTabTableRecDataset": "data_dir label_file_list ratio_list transforms",
            "SimpleDataSet": "data_dir label_file_list transforms ratio_list ext_op_transform_idx",
        },
    },
    "Sampler": {
        "any": {
            "MultiScaleSampler": "divided_factor first_bs fix_bs is_training scales",
        },
    },
    "Collate": {
        "any": {
            "DictCollator": "",
            "DyMaskCollator": "",
            "DataCollator": "",
            "ListCollator": "",
            "SSLRotateCollate": "",
        },
    },
    "Op": {
        "any": {
            "ABINetLabelEncode": "ignore_index",
            "ABINetRecAug": "",
            "ABINetRecResizeImg": "image_shape",
            "BaseDataAugmentation": (
                "crop_prob reverse_prob noise_prob jitter_prob blur_prob hsv_aug_prob"
            ),
            "CANLabelEncode": "lower",
            "CPPDLabelEncode": "ch ignore_index",
            "CTCLabelEncode": "",
            "CTLabelEncode": "",
            "ClsLabelEncode": "",
            "ClsResizeImg": "image_shape",
            "ColorJitter": "brightness saturation contrast hue",
            "CopyPaste": "objects_paste_ratio limit_paste",
            "DRRGTargets": "",
            "DecodeImage": "channel_first img_mode",
            "DetLabelEncode": "",
            "DetResizeForTest": "image_shape limit_side_len limit_type resize_long",
            "E2ELabelEncodeTest": "",
            "E2ELabelEncodeTrain": "",
            "E2EResizeForTest": "max_side_len valid_set",
            "EASTProcessTrain": "background_ratio image_shape min_crop_side_ratio min_text_size",
            "EastRandomCropData": "keep_ratio max_tries size",
            "FCENetTargets": (
                "fourier_degree resample_step center_region_shrink_ratio level_size_divisors "
                "level_proportion_range"
            ),
            "Fasttext": "path",
            "GrayImageChannelFormat": "inverse",
            "GrayRecResizeImg": "image_shape inter_type resize_type scale",
            "GroupRandomCropPadding": "",
            "GroupRandomHorizontalFlip": "",
            "GroupRandomRotate": "",
            "IaaAugment": "augmenter_args",
            "KeepKeys": "keep_keys",
            "KieLabelEncode": "character_dict_path class_path norm directed",
            "KieResize": "img_scale",
            "LaTeXOCRLabelEncode": "rec_char_dict_path",
            "LatexImageFormat": "",
            "LatexTestTransform": "",
            "LatexTrainTransform": "bitmap_prob",
            "MakeBorderMap": "shrink_ratio thresh_max thresh_min total_epoch",
            "MakeCentripetalShift": "",
            "MakePseGt": "kernel_num min_shrink_ratio size",
            "MakeShrink": "",
            "MakeShrinkMap": "min_text_size shrink_ratio total_epoch",
            "MinMaxResize": "min_dimensions max_dimensions",
            "NormalizeImage": "mean order scale std",
            "PGProcessTrain": (
                "batch_size use_resize use_random_crop min_crop_size min_text_size "
                "max_text_size point_gather_mode max_text_length max_text_nums tcl_len "
                "tcl_ratio character_dict_path"
            ),
            "PRENLabelEncode": "",
            "PRENResizeImg": "image_shape",
            "Pad": "size size_div",
            "PaddingTableImage": "size",
            "ParseQLabelEncode": "",
            "ParseQRecAug": "aug_type geometry_p deterioration_p colorjitter_p",
            "RFLLabelEncode": "",
            "RFLRecResizeImg": "image_shape interpolation padding",
            "RandomCrop": "size max_tries keep_ratio",
            "RandomCropFlip": "crop_ratio iter_num min_area_ratio pad_ratio epsilon",
            "RandomCropPolyInstances": "crop_ratio min_side_ratio",
            "RandomPerspective": "prob",
            "RandomRotatePolyInstances": "rotate_ratio max_angle pad_with_fixed_color pad_value",
            "RandomScale": "",
            "RandomScaling": "size scale",
            "RecAug": (
                "tia_prob crop_prob reverse_prob noise_prob jitter_prob blur_prob hsv_aug_prob"
            ),
            "RecConAug": "ext_data_num image_shape max_text_length prob",
            "RecResizeImg": "image_shape infer_mode eval_mode character_dict_path padding",
            "Resize": "size",
            "ResizeNormalize": "size interpolation",
            "ResizeTableImage": "max_len resize_bboxes",
            "RobustScannerRecResizeImg": "image_shape max_text_length width_downsample_ratio",
            "SARRecResizeImg": "image_shape width_downsample_ratio",
            "SASTProcessTrain": (
                "image_shape max_text_size min_crop_side_ratio min_crop_size min_text_size"
            ),
            "SATRNLabelEncode": "lower",
            "SEEDLabelEncode": "character_dict_path",
            "SPINLabelEncode": "",
            "SPINRecResizeImg": "image_shape interpolation mean std",
            "SRLabelEncode": "character_dict_path",
            "SRNLabelEncode": "",
            "SRNRecResizeImg": "image_shape",
            "SRResize": "imgH imgW down_sample_scale keep_ratio min_ratio mask",
            "SSLRotateResize": "image_shape padding select_all mode",
            "SVTRRecAug": "aug_type geometry_p deterioration_p colorjitter_p",
            "SVTRRecResizeImg": "image_shape padding",
            "ScaleAlignedShort": "",
            "SquareResizePad": "target_size pad_ratio pad_with_fixed_color pad_value",
            "TableBoxEncode": "in_box_format out_box_format",
            "TableLabelEncode": (
                "learn_empty_box loc_reg_num max_text_length merge_no_span_structure "
                "replace_empty_cell_token"
            ),
            "TableMasterLabelEncode": (
                "learn_empty_box loc_reg_num max_text_length merge_no_span_structure "
                "replace_empty_cell_token"
            ),
            "TensorizeEntitiesRelations": "",
            "ToCHWImage": "",
            "VLLabelEncode": "",
            "VLRecResizeImg": "image_shape",
            "VQAReTokenChunk": "max_seq_len entities_labels infer_mode",
            "VQAReTokenRelation": "",
            "VQASerTokenChunk": "max_seq_len infer_mode",
            "VQATokenLabelEncode": (
                "algorithm class_path contains_re order_method use_textline_bbox_info "
                "add_special_ids infer_mode ocr_engine"
            ),
            "VQATokenPad": (
                "max_seq_len return_attention_mask pad_to_max_seq_len return_token_type_ids "
                "truncation_strategy return_overflowing_tokens return_special_tokens_mask "
                "infer_mode"
            ),
            "ViTSTRLabelEncode": "ignore_index",
        },
    },
}

# settings that hold sections of another kind
PARTS: Mapping[str, Mapping[str, str]] = {
    "DistillationModel": {"Models": "Architecture"},
    "MultiHead": {"head_list": "Head"},
    "CombinedLoss": {"loss_config_list": "Loss"},
    "MultiLoss": {"loss_config_list": "Loss"},
}

# the keys of sections that a setting holds
INSIDE: Mapping[tuple[str, str], str] = {
    ("CANHead", "attdecoder"): (
        "is_train input_size hidden_size encoder_out_channel dropout dropout_ratio word_num "
        "counting_decoder_out_channel attention"
    ),
    ("CANHead", "attention"): "attention_dim word_conv_kernel",
    ("TableResNetExtra", "gcb_config"): "ratio headers att_scale fusion_type layers",
}

# values of a setting that change what a component is
VARIANTS: Mapping[tuple[str, str], frozenset[str]] = {
    ("SequenceEncoder", "encoder_type"): frozenset({"fc", "svtr", "cascadernn", "lightsvtr"}),
}


def signature(kind: str, name: str, model_type: str) -> Signature | None:
    """Return what is known of a component that is not here yet, or None."""
    table = PLANNED.get(kind, {})
    for scope in _scopes(model_type):
        keys = table.get(scope, {}).get(name)
        if keys is not None:
            settings = {key: Setting(key, ANY) for key in keys.split()}
            parts = {"transforms": "Op"} if kind == "Dataset" else dict(PARTS.get(name, {}))
            return Signature(name, "", settings, {"parts": parts}, open=True)
    return None


def _scopes(model_type: str) -> tuple[str, ...]:
    return (model_type, SAME_AS.get(model_type, model_type), ANYWHERE)


def variant(name: str, section: Mapping[str, Any]) -> str:
    """Return the setting that asks for a variant that is not here yet, as 'key value'."""
    for (owner, key), values in VARIANTS.items():
        if owner == name and isinstance(section.get(key), str) and section[key] in values:
            return f"{key} '{section[key]}'"
    return ""


def names(kind: str, model_type: str) -> list[str]:
    """Return the names of a kind that are known for a model type."""
    table = PLANNED.get(kind, {})
    return sorted({name for scope in _scopes(model_type) for name in table.get(scope, {})})


def slip(key: str, known: Iterable[str], taken: Iterable[str]) -> str:
    """Return the known key that ``key`` is one slip away from, if that one is missing.

    The keys of a component that is not here are not all known, so only what is very
    likely a mistake is reported.
    """
    used = set(taken) - {"name"}  # every entry of a list is given one
    free = [one for one in known if one not in used and len(one) > 2]
    return next((one for one in free if slips(key, one) == 1), "")
