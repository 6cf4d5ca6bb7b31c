import numpy as np
import pytest
import torch

from spatial_dual.models.clip import ClipConfig, ClipEncoder, clip_loss
from spatial_dual.models.conditions import condition_tokens
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit

TINY = ClipConfig(
    vocabulary_size=20, image_size=16, patch=8, text_length=8, dim=8, width=16, layers=1, heads=2
)


@pytest.fixture
def encoder() -> ClipEncoder:
    torch.manual_seed(0)
    return ClipEncoder(TINY).eval()


def captions(rows: list[list[int]]) -> torch.Tensor:
    padded = [[BOS_ID, *row, EOS_ID] + [PAD_ID] * (6 - len(row)) for row in rows]
    return torch.tensor(padded)


def test_features_have_unit_length(encoder):
    image, text = (
        encoder.image_features(torch.rand(3, 3, 16, 16)),
        encoder.text_features(captions([[5, 6], [7]])),
    )
    assert image.shape == (3, TINY.dim)
    assert text.shape == (2, TINY.dim)
    for features in (image, text):
        torch.testing.assert_close(features.norm(dim=1), torch.ones(len(features)))


def test_text_is_pooled_at_the_first_eos(encoder):
    ids = captions([[5, 19, 6]])
    states = encoder.text_tokens(ids)[:, 4]
    expected = torch.nn.functional.normalize(encoder.model.text_projection(states), dim=-1)
    torch.testing.assert_close(encoder.text_features(ids), expected)


def test_what_follows_eos_has_no_influence(encoder):
    ids = captions([[5, 6]])
    noisy = ids.clone()
    noisy[:, 4:] = 11
    torch.testing.assert_close(encoder.text_features(ids), encoder.text_features(noisy))
    torch.testing.assert_close(encoder.text_features(ids), encoder.text_features(ids[:, :4]))


def test_token_features_cover_the_grid_and_the_text(encoder):
    assert encoder.image_tokens(torch.rand(2, 3, 16, 16)).shape == (2, 4, TINY.width)
    assert encoder.text_tokens(captions([[5], [6]])).shape == (2, 8, TINY.width)


def test_too_long_captions_are_refused(encoder):
    with pytest.raises(ValueError, match="9 tokens"):
        encoder.text_features(torch.full((1, 9), EOS_ID))


class ColouredImages:
    """Eight images, one for each set of bright channels, and a word for each."""

    def __len__(self) -> int:
        return 8

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, torch.Tensor]:
        bright = torch.from_numpy(indices)[:, None] >> torch.arange(3) & 1
        pictures = (255 * bright[:, :, None, None]).expand(-1, -1, 16, 16).to(torch.uint8)
        return {"images": pictures, "ids": captions([[4 + int(i)] for i in indices])}


def test_training_pairs_images_with_their_captions():
    torch.manual_seed(0)
    model = ClipEncoder(TINY)
    config = FitConfig(80, 8, 3e-3, warmup_steps=5, ema_decay=0.5, precision="float32")
    rows = fit("clip", model, clip_loss, ColouredImages(), config).rows
    assert rows[0]["accuracy"] < 0.5
    assert rows[-1]["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("setting", "value"),
    [("heads", 3), ("patch", 5), ("text_length", 2), ("layers", 0), ("vocabulary_size", 3)],
)
def test_bad_settings_are_named_with_their_value(setting, value):
    with pytest.raises(
        ValueError, match=f"{setting}.*{value}|{value}.*{setting}|{setting} {value}"
    ):
        ClipConfig(**{"vocabulary_size": 20, setting: value})


def test_text_tokens_end_with_the_first_eos(encoder: ClipEncoder) -> None:
    ids = captions([[5, 6], [7]])
    tokens = encoder.text_condition(ids)
    real = [int((row == EOS_ID).nonzero()[0]) + 1 for row in ids]
    known = condition_tokens(tokens)[1]
    assert known.sum(dim=1).tolist() == real
    assert all(row[:n].all() for row, n in zip(known, real, strict=True))
    torch.testing.assert_close(encoder.text_condition(encoder.trimmed(ids)), tokens[:, : max(real)])


def test_image_patches_are_averaged_to_a_grid() -> None:
    torch.manual_seed(0)
    encoder = ClipEncoder(ClipConfig(9, 32, 4, 8, dim=8, width=8, layers=1, heads=2))
    images = torch.rand(2, 3, 32, 32)
    states = encoder.image_tokens(images)  # 8 × 8
    found = encoder.image_condition(images)
    assert found.shape == (2, 16, 8)
    first = states[:, [0, 1, 8, 9]].mean(dim=1)
    torch.testing.assert_close(found[:, 0], torch.nn.functional.layer_norm(first, (8,)))
