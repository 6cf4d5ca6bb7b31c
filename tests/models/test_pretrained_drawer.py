"""A published architecture with random weights, saved to a folder and evaluated from there."""

import json

import numpy as np
import pytest
import torch

from spatial_dual.models.pretrained_drawer import PretrainedDrawer

diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    target = tmp_path_factory.mktemp("model")
    letters = [*"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz")]
    words = [*letters, "<|startoftext|>", "<|endoftext|>"]
    (target / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (target / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(target / "vocab.json"), str(target / "merges.txt"), model_max_length=77
    )
    torch.manual_seed(0)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=77,
            bos_token_id=len(words) - 2,
            eos_token_id=len(words) - 1,
        )
    )
    blocks = {"block_out_channels": (8, 8), "norm_num_groups": 4}
    pipeline = diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(
            **blocks,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
        ),
        text_encoder=text,
        tokenizer=tokenizer,
        unet=diffusers.UNet2DConditionModel(
            **blocks,
            sample_size=8,
            layers_per_block=1,
            cross_attention_dim=8,
            attention_head_dim=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=diffusers.DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(target / "pipeline", safe_serialization=True)
    return target / "pipeline"


def test_a_folder_draws_repeatably_at_the_asked_size(folder):
    drawer = PretrainedDrawer(str(folder))
    how = {"size": 24, "steps": 2, "guidance": 2.0}
    images = drawer.draw(["a cup", "a box"], **how, seed=1)
    assert images.shape == (2, 24, 24, 3)
    assert images.dtype == np.uint8
    assert np.array_equal(
        images, PretrainedDrawer(str(folder)).draw(["a cup", "a box"], **how, seed=1)
    )
    assert not np.array_equal(images, drawer.draw(["a cup", "a box"], **how, seed=2))


def test_an_absent_model_is_named(tmp_path):
    with pytest.raises(ValueError, match="absent"):
        PretrainedDrawer(str(tmp_path / "absent"))
