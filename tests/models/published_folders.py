"""Tiny GPT-2 and CLIP checkpoints of the real classes, saved as published ones are."""

from pathlib import Path

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

TEXTS = [
    "a red cup on the wooden table",
    "the lamp is to the left of the blue book",
    "a man behind the tablecloth sees café lights",
]


def gpt2(folder: Path, texts: list[str] = TEXTS, dim: int = 16, positions: int = 512) -> Path:
    """``GPT2LMHeadModel`` with a byte-level BPE learnt from the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([f" {text}" for text in texts], trainer)
    words = tf.GPT2Tokenizer(tokenizer_object=tokenizer)
    words.save_pretrained(folder)
    torch.manual_seed(3)
    end = tokenizer.token_to_id("<|endoftext|>")
    config = tf.GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_positions=positions,
        n_embd=dim,
        n_layer=2,
        n_head=2,
        bos_token_id=end,
        eos_token_id=end,
    )
    tf.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    """``CLIPModel`` of 32² pixels and 12 tokens, with tokenizer and image processor."""
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = tf.CLIPTokenizer({word: i for i, word in enumerate(words)}, [])
    tokenizer.save_pretrained(folder)
    tower = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": 8,
    }
    ends = {"bos_token_id": 52, "eos_token_id": 53, "pad_token_id": 53}
    torch.manual_seed(4)
    config = tf.CLIPConfig(
        text_config=tower | ends | {"vocab_size": len(words), "max_position_embeddings": 12},
        vision_config=tower | {"image_size": 32, "patch_size": 8},
        projection_dim=8,
    )
    tf.CLIPModel(config).save_pretrained(folder)
    size = {"shortest_edge": 32}
    crop = {"height": 32, "width": 32}
    tf.CLIPImageProcessorPil(size=size, crop_size=crop).save_pretrained(folder)
    return folder
