"""Examples of record shards: the caption that is drawn rules every column of its view."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.training.record_source import RecordSource, prefixed, to_tensor

ROWS, CAPTIONS = 6, 4


def numbers(views: int) -> np.ndarray:
    """(records, views, 2): the record and the view, counted from the first caption."""
    rows, columns = np.mgrid[:ROWS, CAPTIONS - views : CAPTIONS]
    return np.stack([rows, columns], axis=-1).astype(np.int32)


@pytest.fixture
def tokens(tmp_path: Path) -> Records:
    captions = numbers(CAPTIONS)
    whole = np.arange(ROWS, dtype=np.float16)[:, None]
    return write_records(tmp_path / "tokens", [{"text": captions, "clip": whole}])


@pytest.fixture
def graphs(tmp_path: Path) -> Records:
    views = numbers(1 + CAPTIONS)
    return write_records(tmp_path / "graphs", [{"gold_codes": views, "gold_stated": views}])


@pytest.fixture
def source(tokens: Records, graphs: Records) -> RecordSource:
    return RecordSource(
        captions=CAPTIONS,
        whole={"clip": (tokens, "clip")},
        by_caption={"text": (tokens, "text")},
        text_view=prefixed(graphs, "gold", ("codes", "stated"), "told"),
        image_view={"seen": (graphs, "gold_codes")},
    )


def load(source: RecordSource, indices: np.ndarray, seed: int = 0) -> dict[str, torch.Tensor]:
    return source.load(indices, torch.Generator().manual_seed(seed))


def test_all_views_of_an_example_are_of_the_same_record_and_caption(source: RecordSource) -> None:
    indices = np.array([5, 0, 3, 3] * 50)
    batch = load(source, indices)
    records, captions = batch["text"].unbind(dim=1)
    assert records.tolist() == indices.tolist() == batch["clip"][:, 0].tolist()
    assert torch.equal(batch["told_codes"], batch["text"])
    assert torch.equal(batch["told_stated"], batch["text"])
    assert batch["seen"][:, 0].tolist() == indices.tolist()
    assert set(batch["seen"][:, 1].tolist()) == {-1}  # the view before the first caption's
    counts = captions.bincount(minlength=CAPTIONS)
    assert counts.min() > 30
    assert len(source) == ROWS


def test_the_generator_alone_decides_the_captions(source: RecordSource) -> None:
    indices = np.arange(ROWS)
    first, again, other = (load(source, indices, seed) for seed in (1, 1, 2))
    assert torch.equal(first["text"], again["text"])
    assert not torch.equal(first["text"], other["text"])


def test_shards_of_other_lengths_are_refused(tokens: Records, tmp_path: Path) -> None:
    short = write_records(tmp_path / "short", [{"id": ["a"], "codes": np.zeros((1, 5))}])
    with pytest.raises(ValueError, match=r"differ in length: .*short.*: 1"):
        RecordSource(CAPTIONS, {"clip": (tokens, "clip")}, image_view={"seen": (short, "codes")})


@pytest.mark.parametrize(
    ("values", "dtype", "shape"),
    [
        (np.zeros((2, 4, 6, 3), np.uint8), torch.uint8, (2, 3, 4, 6)),
        (np.zeros((2, 4), np.uint16), torch.int64, (2, 4)),
        (np.zeros((2, 4), np.uint8), torch.int64, (2, 4)),
        (np.zeros((2, 4), np.float16), torch.float32, (2, 4)),
    ],
)
def test_arrays_become_tensors_that_networks_read(
    values: np.ndarray, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    tensor = to_tensor(values)
    assert tensor.dtype == dtype
    assert tensor.shape == shape


def test_pictures_keep_their_pixels() -> None:
    picture = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    assert to_tensor(picture)[1, 2, 3, 5] == picture[1, 3, 5, 2]
