"""Published VQGANs as tokenizers, against diffusers' own class and a reference of taming's."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

pytest.importorskip("diffusers", reason="published VQGANs need diffusers")

from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.models.decoders import VisualDecoder, VisualDecoderConfig
from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from spatial_dual.models.vqgan_checkpoints import load_vqgan
from tests.models import taming_reference
from tests.models.graphs import SHAPE, random_tags
from tests.models.vqgan_folders import CODES, DIM, save_diffusers, taming_state, vq_model

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1


@pytest.fixture
def tokenizer(tmp_path: Path) -> ImageTokenizer:
    return load_vqgan(str(save_diffusers(tmp_path / "vq")))


def nearest(vectors: torch.Tensor, codebook: torch.Tensor) -> torch.Tensor:
    flat = vectors.flatten(2).transpose(1, 2)
    return ((flat[:, :, None] - codebook) ** 2).sum(-1).argmin(-1)


@torch.no_grad()
def test_codes_and_pictures_are_those_of_diffusers(tokenizer: ImageTokenizer) -> None:
    theirs = vq_model()
    _, _, (_, _, indices) = theirs.quantize(theirs.encode(IMAGES).latents)
    codes = tokenizer.encode(IMAGES)
    assert codes.shape == (2, 64)
    assert codes.flatten().tolist() == indices.flatten().tolist()
    assert len(codes.unique()) > 3
    pictures = theirs.decode(theirs.encode(IMAGES).latents).sample.clamp(-1, 1)
    torch.testing.assert_close(tokenizer.decode(codes), pictures, atol=1e-4, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("ending", ["ckpt", "safetensors"])
def test_taming_files_compute_what_taming_computes(tmp_path: Path, ending: str) -> None:
    state, path = taming_state(), tmp_path / f"last.{ending}"
    if ending == "ckpt":
        torch.save({"state_dict": state, "global_step": 7}, path)
    else:
        save_file(state, path)
    tokenizer = load_vqgan(str(path))
    assert tokenizer.config.vqgan.attends == (False, True)
    assert tokenizer.config.vqgan.decoder_attends == (True, False)
    vectors = taming_reference.encode(state, IMAGES)
    torch.testing.assert_close(tokenizer.encoder(IMAGES), vectors, atol=1e-4, rtol=1e-4)
    codebook = state["quantize.embedding.weight"]
    codes = tokenizer.encode(IMAGES)
    assert torch.equal(codes, nearest(vectors, codebook))
    assert len(codes.unique()) > 3
    drawn = taming_reference.decode(state, codebook[codes].transpose(1, 2).unflatten(2, (8, 8)))
    torch.testing.assert_close(tokenizer.decode(codes), drawn.clamp(-1, 1), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_gumbel_quantiser_takes_the_largest_logit(tmp_path: Path) -> None:
    state = taming_state(gumbel=True)
    torch.save(state, tmp_path / "gumbel.pt")
    tokenizer = load_vqgan(str(tmp_path / "gumbel.pt"))
    vectors = taming_reference.encode(state, IMAGES)
    logits = taming_reference.conv(state, "quantize.proj", vectors, 0).flatten(2)
    assert torch.equal(tokenizer.encode(IMAGES), logits.argmax(dim=1))
    assert torch.equal(tokenizer.codebook, state["quantize.embed.weight"])


@torch.no_grad()
def test_without_unused_codes_images_keep_theirs(tokenizer: ImageTokenizer) -> None:
    codes = tokenizer.encode(IMAGES)
    used = codes.unique()
    smaller = tokenizer.keeping(used)
    assert smaller.config.codes == len(used) < CODES
    assert torch.equal(smaller.quantiser.published, used)
    assert torch.equal(used[smaller.encode(IMAGES)], codes)
    torch.testing.assert_close(smaller.decode(smaller.encode(IMAGES)), tokenizer.decode(codes))
    again = smaller.keeping(torch.tensor([0, 2]))
    assert again.quantiser.published.tolist() == [int(used[0]), int(used[2])]


@torch.no_grad()
def test_a_saved_tokenizer_keeps_codes_and_their_published_numbers(
    tokenizer: ImageTokenizer, tmp_path: Path
) -> None:
    smaller = tokenizer.keeping(torch.tensor([1, 5, 20]))
    save_model(tmp_path / "saved", smaller)
    loaded = load_model(tmp_path / "saved", ImageTokenizer)
    assert loaded.config == smaller.config
    assert loaded.quantiser.published.tolist() == [1, 5, 20]
    assert torch.equal(loaded.encode(IMAGES), smaller.encode(IMAGES))


@torch.no_grad()
def test_the_visual_decoder_starts_at_the_vqgans_pictures(
    tokenizer: ImageTokenizer, tmp_path: Path
) -> None:
    decoder = VisualDecoder(VisualDecoderConfig(SHAPE, tokenizer.config.patches)).eval()
    decoder.start_from(tokenizer)
    codes = tokenizer.encode(IMAGES)
    drawn = decoder(tokenizer.features(codes), random_tags(2))
    torch.testing.assert_close(drawn.clamp(-1, 1), tokenizer.decode(codes), atol=1e-4, rtol=1e-4)
    save_model(tmp_path / "decoder", decoder)
    loaded = load_model(tmp_path / "decoder", VisualDecoder)
    torch.testing.assert_close(loaded(tokenizer.features(codes), random_tags(2)), drawn)


def test_only_published_codes_are_chosen_from() -> None:
    trained = ImageTokenizer(ImageTokenizerConfig(codes=4, code_dim=2, channels=4))
    with pytest.raises(TypeError, match="published"):
        trained.keeping(torch.tensor([0]))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: torch.save({"state_dict": {"a": torch.zeros(1)}}, path), "is missing"),
        (lambda path: torch.save({"callbacks": Path}, path), "'state_dict' by itself"),
        (lambda path: path.write_bytes(b"nothing"), "cannot be read as tensors"),
    ],
)
def test_files_that_are_no_vqgan_are_named_with_the_reason(tmp_path, make, reason) -> None:
    path = tmp_path / "other.ckpt"
    make(path)
    with pytest.raises(ValueError, match=reason) as caught:
        load_vqgan(str(path))
    assert str(path) in str(caught.value)


def test_a_name_that_is_nowhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"tokens\.image_tokenizer\.pretrained .* cannot be loaded"
    ):
        load_vqgan(str(tmp_path / "absent"))


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    state = taming_state()
    state["post_quant_conv.weight"] = torch.zeros(8, DIM + 1, 1, 1)
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(ValueError, match="do not fit"):
        load_vqgan(str(tmp_path / "odd.pt"))
