import numpy as np
import pytest
import torch

from spatial_dual.models.text_tokenizer import EOS_ID, PAD_ID, TextTokenizer
from spatial_dual.training.token_sources import CaptionedImages, ImageCrops


class Columns:
    """Records held in memory."""

    def __init__(self, **columns: object) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def array(self, name, indices):
        return self.columns[name][indices]

    def values(self, name, indices=None):
        return [self.columns[name][i] for i in (range(len(self)) if indices is None else indices)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def records() -> Columns:
    """Images whose red and green are the pixel's row and column; an object at rows 40, 41."""
    rows, columns = np.mgrid[:64, :48].astype(np.uint8)
    image = np.stack([rows, columns, np.zeros_like(rows)], axis=-1)
    instances = ((rows == 40) | (rows == 41)) & (columns == 20)
    return Columns(
        image=np.repeat(image[None], 40, axis=0),
        instances=np.repeat(instances[None].astype(np.uint8), 40, axis=0),
        captions=[["red cup"], ["a red cup on the table", "lamp"]] * 20,
    )


def test_crops_are_windows_of_the_image_or_their_mirror(records):
    crops = ImageCrops(records, 16).load(np.arange(40), generator())["images"].int()
    assert crops.shape == (40, 3, 16, 16)
    assert (crops[:, 0].diff(dim=1) == 1).all()
    steps = crops[:, 1].diff(dim=2).flatten(1)
    mirrored = (steps == -1).all(dim=1)
    assert (mirrored | (steps == 1).all(dim=1)).all()
    assert 5 < mirrored.sum() < 35


def test_object_crops_are_centred_on_the_object(records):
    crops = ImageCrops(records, 16, object_share=1).load(np.arange(40), generator())["images"]
    assert set(crops[:, 0, 8, 0].tolist()) == {40, 41}


def test_crops_without_objects_reach_the_whole_image(records):
    indices = np.tile(np.arange(40), 5)
    crops = ImageCrops(records, 16, object_share=0).load(indices, generator())["images"]
    first = crops[:, 0, 0, 0]
    assert first.min() == 0
    assert first.max() == 48


def test_images_smaller_than_the_crop_are_taken_whole(records):
    assert ImageCrops(records, 100).load(np.arange(2), generator())["images"].shape[2:] == (48, 48)


def test_same_generator_same_batch(records):
    crops = ImageCrops(records, 16)
    first, again, other = (crops.load(np.arange(8), generator(s))["images"] for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_captions_belong_to_their_images_and_are_trimmed(records):
    tokenizer = TextTokenizer.train([t for c in records.columns["captions"] for t in c], 128)
    pairs = CaptionedImages(records, tokenizer, 20)
    batch = pairs.load(np.arange(40), generator())
    assert batch["images"].shape == (40, 3, 64, 48)
    assert (batch["ids"] != PAD_ID).any(dim=0).all()
    assert (batch["ids"] == EOS_ID).sum(dim=1).eq(1).all()
    texts = tokenizer.decode_batch(batch["ids"].numpy())
    assert set(texts[::2]) == {"red cup"}
    assert set(texts[1::2]) == {"a red cup on the table", "lamp"}


def test_longer_captions_are_drawn_more_often(records):
    records.columns["captions"] = [["a" * 10, "b" * 90], []] * 20
    tokenizer = TextTokenizer.train(["a" * 10, "b" * 90], 128)
    pairs = CaptionedImages(records, tokenizer, 100)
    indices = np.tile(np.arange(40), 20)
    texts = tokenizer.decode_batch(pairs.load(indices, generator())["ids"].numpy())
    assert set(texts[1::2]) == {""}
    share = np.mean([text.startswith("b") for text in texts[::2]])
    assert share == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("settings", [{"size": 0}, {"size": 8, "object_share": 1.5}])
def test_bad_settings_are_refused(records, settings):
    with pytest.raises(ValueError, match=r"got (0|1\.5)"):
        ImageCrops(records, **settings)
