import numpy as np
import pytest
import torch
from safetensors.torch import load_model, save_model

from spatial_dual.models.image_tokenizer import (
    ImageTokenizer,
    ImageTokenizerConfig,
    from_uint8,
    image_tokenizer_loss,
    to_uint8,
    token_grid,
)
from spatial_dual.models.patches import PatchConfig, PatchDecoder, principal_patches
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit

TINY = ImageTokenizerConfig(codes=16, code_dim=4, channels=8, coarse_blocks=1, fine_blocks=0)


@pytest.fixture
def tokenizer() -> ImageTokenizer:
    torch.manual_seed(0)
    model = ImageTokenizer(TINY)
    model(torch.rand(4, 3, 32, 32) * 2 - 1)  # k-means start of the codebook
    return model.eval()


def images(count: int, height: int = 32, width: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, height, width, generator=generator) * 2 - 1


def test_shapes_follow_the_patch(tokenizer):
    codes = tokenizer.encode(images(2, 32, 48))
    assert codes.shape == (2, 4 * 6)
    assert codes.dtype == torch.long
    assert tokenizer.features(codes).shape == (2, 24, TINY.code_dim)
    assert tokenizer.decode(codes, height=4).shape == (2, 3, 32, 48)
    assert tokenizer.codebook.shape == (TINY.codes, TINY.code_dim)


def test_codes_are_the_nearest_code_vectors(tokenizer):
    pictures = images(3)
    vectors = tokenizer.encoder(pictures).flatten(2).transpose(1, 2)
    nearest = (vectors[:, :, None] - tokenizer.codebook).square().sum(-1).argmin(-1)
    assert torch.equal(tokenizer.encode(pictures), nearest)


def test_forward_decodes_the_codes_it_reports(tokenizer):
    output = tokenizer(images(2))
    expected = tokenizer.decode(output.codes)
    torch.testing.assert_close(output.images.clamp(-1, 1), expected)


def test_encoding_changes_nothing_even_in_training_mode(tokenizer):
    tokenizer.train()
    before = {name: value.clone() for name, value in tokenizer.state_dict().items()}
    first = tokenizer.encode(images(2))
    assert torch.equal(first, tokenizer.encode(images(2)))
    for name, value in tokenizer.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_dead_codes_restart(tokenizer):
    far = 1e3
    with torch.no_grad():
        for name in ("embed", "embed_avg"):
            getattr(tokenizer.quantiser._codebook, name)[:, 1:] = far
        tokenizer.quantiser._codebook.cluster_size[:, 1:] = 0
    pictures = images(8)
    assert tokenizer.encode(pictures).unique().numel() == 1
    tokenizer.train()
    tokenizer(pictures)
    tokenizer.eval()
    assert tokenizer.codebook.abs().max() < far / 10
    assert tokenizer.encode(pictures).unique().numel() > TINY.codes / 2


class Shapes:
    """Ten images of one coloured square each."""

    def __len__(self) -> int:
        return 10

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, torch.Tensor]:
        canvas = torch.full((len(indices), 3, 32, 32), 200, dtype=torch.uint8)
        for row, index in enumerate(indices.tolist()):
            canvas[row, index % 3, 8:24, index : index + 16] = 20
        return {"images": canvas}


def trained(steps: int) -> tuple[ImageTokenizer, list[dict[str, float]]]:
    torch.manual_seed(0)
    model = ImageTokenizer(TINY)
    model.start_from(from_uint8(Shapes().load(np.arange(10), torch.Generator())["images"]))
    config = FitConfig(steps, 8, 3e-3, warmup_steps=5, ema_decay=0.5, precision="float32")
    return model, fit("tokenizer", model, image_tokenizer_loss, Shapes(), config).rows


def test_training_lowers_the_loss_and_is_reproducible():
    model, rows = trained(60)
    assert rows[-1]["squared"] < 0.75 * rows[0]["squared"]
    again, _ = trained(60)
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_weights_round_trip_through_safetensors(tokenizer, tmp_path):
    save_model(tokenizer, str(tmp_path / "model.safetensors"))
    restored = ImageTokenizer(TINY).eval()
    load_model(restored, tmp_path / "model.safetensors")
    codes = tokenizer.encode(images(2))
    assert torch.equal(restored.encode(images(2)), codes)
    assert torch.equal(restored.decode(codes), tokenizer.decode(codes))


def test_principal_patches_reproduce_images_of_that_rank():
    basis, mean = torch.linalg.qr(torch.randn(192, 5))[0].T.reshape(5, 3, 8, 8), torch.rand(3)
    grid = torch.randn(2, 5, 4, 4) * torch.tensor([5.0, 4, 3, 2, 1])[:, None, None]
    pictures = torch.nn.functional.conv_transpose2d(grid, basis, mean, stride=8)
    found, colour = principal_patches(pictures, 8, 6)
    torch.testing.assert_close(colour, pictures.mean(dim=(0, 2, 3)))
    flat = found.flatten(1)
    torch.testing.assert_close(flat @ flat.T, torch.eye(6), atol=1e-5, rtol=0)
    model = ImageTokenizer(ImageTokenizerConfig(codes=4, code_dim=8, channels=8))
    model.start_from(pictures)
    torch.testing.assert_close(model.decoder(model.encoder(pictures)), pictures, atol=1e-4, rtol=0)


def test_wider_decoder_starts_as_the_one_it_copies(tokenizer):
    wide = PatchDecoder(PatchConfig(dim=7, channels=8, coarse_blocks=1, fine_blocks=0))
    wide.copy_from(tokenizer.decoder)
    grid = token_grid(tokenizer.features(tokenizer.encode(images(2))))
    joined = torch.cat([grid, torch.randn(2, 3, 4, 4)], dim=1)
    torch.testing.assert_close(wide(joined), tokenizer.decoder(grid))


def test_decoders_of_other_shape_are_refused(tokenizer):
    with pytest.raises(ValueError, match="differ in shape"):
        PatchDecoder(PatchConfig(dim=4, channels=16, coarse_blocks=1)).copy_from(tokenizer.decoder)
    with pytest.raises(ValueError, match="below the source"):
        PatchDecoder(PatchConfig(dim=3, channels=8)).copy_from(tokenizer.decoder)


def test_pixels_round_trip():
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(from_uint8(pixels)), pixels)
    assert from_uint8(pixels).aminmax() == (-1, 1)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_pixels_that_are_no_numbers_are_refused(value):
    images = torch.zeros(2, 3, 4, 4)
    images[1, 2, 3, 0] = value
    with pytest.raises(FloatingPointError, match="in 1 of 96 places"):
        to_uint8(images)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("codes", 1), ("code_dim", 0), ("decay", 1.5), ("channels", 7), ("unshuffle", -2)],
)
def test_bad_settings_are_named_with_their_value(setting, value):
    with pytest.raises(ValueError, match=f"{setting}.*{value}"):
        ImageTokenizerConfig(**{setting: value})


def test_sizes_that_do_not_fit_are_refused(tokenizer):
    with pytest.raises(ValueError, match="30x32"):
        tokenizer.encode(images(1, 30, 32))
    with pytest.raises(ValueError, match="24 tokens"):
        tokenizer.decode(torch.zeros(1, 24, dtype=torch.long))
