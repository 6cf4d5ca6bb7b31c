"""Small checkpoints of the real classes with random weights, saved as the hub's are."""

import json
from pathlib import Path

import torch
import transformers as tf

LABELS = {0: "cup", 1: "table", 2: "lamp"}
NAMES = {"id2label": LABELS, "label2id": {name: k for k, name in LABELS.items()}}


def save(folder: Path, model, processor) -> Path:
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:  # larger than at the start of a training, so that outputs differ
                weights.normal_(std=0.3)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def swin() -> tf.SwinConfig:
    return tf.SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )


def dinov2() -> tf.Dinov2Config:
    return tf.Dinov2Config(
        image_size=56,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )


def dpt_processor(side: int, multiple: int):
    return tf.DPTImageProcessorPil(
        size={"height": side, "width": side}, keep_aspect_ratio=True, ensure_multiple_of=multiple
    )


def depth_anything(folder: Path, kind: str = "metric") -> Path:
    torch.manual_seed(0)
    config = tf.DepthAnythingConfig(
        backbone_config=dinov2(),
        neck_hidden_sizes=[8, 8, 8, 8],
        reassemble_hidden_size=16,
        fusion_hidden_size=8,
        head_hidden_size=4,
        depth_estimation_type=kind,
        max_depth=20,
    )
    return save(folder, tf.DepthAnythingForDepthEstimation(config), dpt_processor(56, 14))


def dpt(folder: Path, **stated) -> Path:
    torch.manual_seed(1)
    config = tf.DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=16,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        is_hybrid=False,
        **stated,
    )
    model = tf.DPTForDepthEstimation(config)
    return save(folder, model, tf.DPTImageProcessorPil(size={"height": 32, "width": 32}))


def zoedepth(folder: Path) -> Path:
    torch.manual_seed(2)
    backbone = tf.BeitConfig(
        image_size=64,
        patch_size=16,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = tf.ZoeDepthConfig(
        backbone_config=backbone,
        backbone_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        bottleneck_features=8,
        num_attractors=[2, 2, 2, 2],
        bin_embedding_dim=8,
        num_relative_features=4,
        num_out_features=[4, 4, 4, 4],
        bin_configurations=[{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"}],
    )
    processor = tf.ZoeDepthImageProcessorPil(size={"height": 64, "width": 64})
    return save(folder, tf.ZoeDepthForDepthEstimation(config), processor)


def mask2former(folder: Path) -> Path:
    torch.manual_seed(3)
    config = tf.Mask2FormerConfig(
        backbone_config=swin(),
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        dim_feedforward=16,
        num_queries=6,
        **NAMES,
    )
    processor = tf.Mask2FormerImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    return save(folder, tf.Mask2FormerForUniversalSegmentation(config), processor)


def clip_tokenizer(words: tuple[str, ...]) -> tf.CLIPTokenizer:
    pieces = [letter for word in words for letter in word]
    ends = [f"{letter}</w>" for letter in pieces]
    # OWLv2 takes a query whose first token is 0 for padding, so no text may begin with it
    vocabulary = dict.fromkeys(["!", "<|startoftext|>", "<|endoftext|>", *pieces, *ends])
    return tf.CLIPTokenizer(
        vocab={piece: k for k, piece in enumerate(vocabulary)}, merges=[], model_max_length=16
    )


def oneformer(folder: Path) -> Path:
    torch.manual_seed(4)
    config = tf.OneFormerConfig(
        backbone_config=swin(),
        num_queries=6,
        text_encoder_width=32,
        text_encoder_num_layers=1,
        text_encoder_vocab_size=100,
        text_encoder_n_ctx=2,
        conv_dim=32,
        mask_dim=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        dim_feedforward=16,
        **NAMES,
    )
    folder.mkdir()
    classes = {str(k): {"name": name, "isthing": 1} for k, name in LABELS.items()}
    (folder / "classes.json").write_text(json.dumps(classes))
    pictures = tf.OneFormerImageProcessorPil(
        size={"shortest_edge": 64, "longest_edge": 96},
        repo_path=str(folder),
        class_info_file="classes.json",
        num_text=4,
    )
    words = clip_tokenizer(("the", "task", "is", "instance"))
    processor = tf.OneFormerProcessor(pictures, words)
    return save(folder, tf.OneFormerForUniversalSegmentation(config), processor)


def detr(folder: Path, kind: str = "DetrForObjectDetection") -> Path:
    torch.manual_seed(5)
    backbone = tf.ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = tf.DetrConfig(
        backbone_config=backbone,
        num_queries=6,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        **NAMES,
    )
    processor = tf.DetrImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    return save(folder, getattr(tf, kind)(config), processor)


def grounding_dino(folder: Path) -> Path:
    torch.manual_seed(6)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *LABELS.values()]
    tokenizer = tf.BertTokenizer(vocab={word: k for k, word in enumerate(words)})
    text = tf.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    backbone = swin()
    backbone.set_output_features_output_indices(["stage2", "stage3", "stage4"], None)
    config = tf.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=text,
        num_queries=6,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_text_len=32,
    )
    pictures = tf.GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    processor = tf.GroundingDinoProcessor(pictures, tokenizer)
    return save(folder, tf.GroundingDinoForObjectDetection(config), processor)


def owl(folder: Path, kind: str = "Owlv2") -> Path:
    torch.manual_seed(7)
    tokenizer = clip_tokenizer(tuple(LABELS.values()))
    config = getattr(tf, f"{kind}Config")(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
        },
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
        },
        projection_dim=16,
    )
    side = {"height": 64, "width": 64}
    pictures = getattr(tf, f"{kind}ImageProcessorPil")(size=side)
    processor = getattr(tf, f"{kind}Processor")(pictures, tokenizer)
    return save(folder, getattr(tf, f"{kind}ForObjectDetection")(config), processor)


def owlv2(folder: Path) -> Path:
    return owl(folder)


def owlvit(folder: Path) -> Path:
    return owl(folder, "OwlViT")
