import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.rendered import RenderedScenesDataset


def test_load_gives_a_source_and_draws_nothing_yet():
    source = RenderedScenesDataset(counts={"train": 10**9, "test": 2}, image_size=32).load()
    assert source.splits() == {"train": 10**9, "test": 2}
    (chunk,) = source.chunks("test", 5)
    assert chunk["image"].shape == (2, 32, 32, 3)


def test_memory_does_not_grow_with_the_split():
    source = RenderedScenesDataset(counts={"train": 10**6}, image_size=32, workers=1).load()
    assert next(iter(source.chunks("train", 2)))["id"] == ["train-0000000", "train-0000001"]


def test_errors_name_the_reason():
    with pytest.raises(DatasetError, match="workers must be at least 1"):
        RenderedScenesDataset(counts={"train": 1}, workers=0).load()
    with pytest.raises(DatasetError, match="read only"):
        RenderedScenesDataset(counts={"train": 1}).save({})
