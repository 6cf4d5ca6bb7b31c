import numpy as np
import pytest
import torch

from spatial_dual.models.clip import ClipConfig, ClipEncoder
from spatial_dual.models.encoding import TokenEncoder
from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig, from_uint8
from spatial_dual.models.text_tokenizer import TextTokenizer

CAPTIONS = [["a red cup"], ["a blue book", "a lamp on a table", "one too many"]]


@pytest.fixture(scope="module")
def encoder() -> TokenEncoder:
    torch.manual_seed(0)
    text = TextTokenizer.train([t for texts in CAPTIONS for t in texts], 128)
    image = ImageTokenizer(ImageTokenizerConfig(codes=8, code_dim=4, channels=8))
    image(torch.rand(4, 3, 16, 16))
    clip = ClipEncoder(
        ClipConfig(text.vocabulary_size, 16, 8, text_length=12, dim=8, width=16, layers=1, heads=2)
    )
    return TokenEncoder(image, text, clip, 12, captions_per_record=2, device=torch.device("cpu"))


@pytest.fixture
def chunk() -> dict[str, object]:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    return {"id": ["x", "y"], "image": pixels, "captions": CAPTIONS}


def test_chunk_holds_what_each_encoder_gives(encoder, chunk):
    encoded = encoder.encode_chunk(chunk)
    pictures = from_uint8(torch.from_numpy(chunk["image"]).permute(0, 3, 1, 2))
    codes = encoder.image_tokenizer.encode(pictures).numpy()
    assert encoded["image_codes"].dtype == np.uint16
    assert np.array_equal(encoded["image_codes"], codes)
    assert encoded["clip_image"].dtype == np.float16
    assert encoded["clip_image"].shape == (2, 8)
    second = encoder.text_tokenizer.encode_batch(["a lamp on a table"], 12)
    assert np.array_equal(encoded["text_codes"][1, 1], second[0])
    feature = encoder.clip.text_features(torch.from_numpy(second.astype(np.int64)))
    torch.testing.assert_close(
        torch.from_numpy(encoded["clip_text"][1, 1]).float(), feature[0].detach(), atol=1e-3, rtol=0
    )
    patches = encoder.clip.image_condition(pictures).detach()
    stored = torch.from_numpy(encoded["clip_image_tokens"]).float()
    torch.testing.assert_close(stored, patches, atol=1e-2, rtol=0)
    assert np.array_equal(encoded["clip_ids"], encoded["text_codes"])  # this CLIP's own words


def test_records_with_fewer_captions_repeat_them(encoder, chunk):
    encoded = encoder.encode_chunk(chunk)
    assert encoded["text_codes"].shape == (2, 2, 12)
    assert np.array_equal(encoded["text_codes"][0, 0], encoded["text_codes"][0, 1])


def test_record_without_captions_has_the_empty_one(encoder, chunk):
    encoded = encoder.encode_chunk(chunk | {"captions": [["a"], []]})
    assert encoder.text_tokenizer.decode_batch(encoded["text_codes"][1]) == ["", ""]
