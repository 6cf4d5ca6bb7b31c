"""A CLIP checkpoint as the frozen encoder, against transformers' own road of it."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers as tf

from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.models.clip import ClipConfig, ClipEncoder
from spatial_dual.models.conditions import condition_tokens
from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.models.published_clip import PublishedClip
from spatial_dual.models.text_tokenizer import TextTokenizer
from tests.models.published_folders import TEXTS, clip

WORDS = TextTokenizer.train(TEXTS, 200)
CAPTIONS = ["a cup", "the lamp is left", "words " * 9]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("checkpoints") / "clip")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ClipEncoder:
    return ClipEncoder.from_published(str(folder), "tokens.clip.pretrained")


@torch.no_grad()
def test_caption_features_are_those_of_transformers(folder, encoder) -> None:
    theirs = tf.CLIPModel.from_pretrained(folder).eval()
    tokenizer = tf.AutoTokenizer.from_pretrained(folder)
    words = tokenizer(
        CAPTIONS, padding="max_length", truncation=True, max_length=12, return_tensors="pt"
    )
    ids = encoder.caption_ids(CAPTIONS, WORDS)
    assert torch.equal(ids, words["input_ids"])
    expected = F.normalize(theirs.get_text_features(**words).pooler_output, dim=-1)
    torch.testing.assert_close(encoder.text_features(ids), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("side", [32, 64])
def test_image_features_are_those_of_transformers(folder, encoder, side: int) -> None:
    """Up to the rounding of its resized pixels to whole numbers."""
    shades = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    pixels = shades.repeat(side // 8, axis=1).repeat(side // 8, axis=2)
    theirs = tf.CLIPModel.from_pretrained(folder).eval()
    processor = tf.CLIPImageProcessorPil.from_pretrained(folder)
    given = processor(list(pixels), return_tensors="pt")["pixel_values"]
    images = from_uint8(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    difference = (encoder.config.published.pixels(images) - given).abs()
    assert difference.max() < 0.06  # of a deviation: it clips between rows and columns
    assert (difference < 0.02).float().mean() > 0.99
    expected = F.normalize(theirs.get_image_features(pixel_values=given).pooler_output, dim=-1)
    assert (encoder.image_features(images) * expected).sum(dim=1).min() > 0.9999


@torch.no_grad()
def test_conditions_are_tokens_of_both_towers(folder, encoder) -> None:
    """Text tokens up to the end token, which this checkpoint pads with too."""
    ids = encoder.caption_ids(CAPTIONS, WORDS)
    tokens, known = condition_tokens(encoder.text_condition(ids))
    end = tf.CLIPConfig.from_pretrained(folder).text_config.eos_token_id
    assert known.sum(dim=1).tolist() == [row.index(end) + 1 for row in ids.tolist()]
    images = torch.rand(2, 3, 40, 40) * 2 - 1
    pixels = encoder.config.published.pixels(images)
    patches = encoder.image_condition(images)
    states = encoder.model.vision_model(pixel_values=pixels).last_hidden_state[:, 1:]
    side = min(4, round(states.shape[1] ** 0.5))
    assert patches.shape == (2, side**2, 16)
    assert encoder.condition_dims("tokens") == {"image": patches.shape[2], "text": tokens.shape[2]}
    assert encoder.condition_dims("global") == {"image": 8, "text": 8}


def test_towers_may_differ_in_width() -> None:
    tower = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    sizes = {
        "text_config": tower | {"hidden_size": 4, "vocab_size": 9, "eos_token_id": 3},
        "vision_config": tower | {"hidden_size": 6, "image_size": 8, "patch_size": 4},
        "projection_dim": 5,
    }
    published = PublishedClip(sizes, "", (0.5,) * 3, (0.5,) * 3)
    encoder = ClipEncoder(ClipConfig(9, 8, 4, 8, dim=5, width=6, heads=2, published=published))
    assert encoder.condition_dims("tokens") == {"image": 6, "text": 4}
    assert encoder.image_condition(torch.rand(1, 3, 8, 8)).shape == (1, 4, 6)
    assert encoder.text_condition(torch.tensor([[1, 5, 3, 0]])).shape == (1, 4, 4)


@torch.no_grad()
def test_a_saved_encoder_needs_no_checkpoint(encoder, tmp_path: Path) -> None:
    save_model(tmp_path / "clip", encoder)
    loaded = load_model(tmp_path / "clip", ClipEncoder)
    ids = loaded.caption_ids(CAPTIONS, WORDS)
    assert torch.equal(ids, encoder.caption_ids(CAPTIONS, WORDS))
    assert torch.equal(loaded.text_features(ids), encoder.text_features(ids))
    images = torch.rand(1, 3, 40, 40)
    assert torch.equal(loaded.image_features(images), encoder.image_features(images))


def test_it_is_frozen(encoder) -> None:
    assert not any(weights.requires_grad for weights in encoder.parameters())


def test_a_name_that_is_nowhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tokens\.clip\.pretrained .* folder made by save_pre"):
        ClipEncoder.from_published(str(tmp_path / "absent"), "tokens.clip.pretrained")
