import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner

from spatial_dual.datasets.record_shards import RecordShardsDataset


def make_chunk(start, rows=3):
    return {
        "id": [str(row) for row in range(start, start + rows)],
        "image": np.full((rows, 2, 2), start, np.uint8),
    }


def stream():
    return (make_chunk(start) for start in (0, 3, 6))


def test_a_node_that_returns_an_iterator_is_saved_as_one_stream(tmp_path):
    dataset = RecordShardsDataset(str(tmp_path / "records"), rows_per_shard=4)
    catalog = DataCatalog({"records": dataset})
    SequentialRunner().run(pipeline([node(stream, None, "records")]), catalog)
    records = dataset.load()
    assert records.values("id") == [str(row) for row in range(9)]
    np.testing.assert_array_equal(records.array("image", [2, 8])[:, 0, 0], [0, 6])


def test_one_mapping_is_one_chunk(tmp_path):
    dataset = RecordShardsDataset(str(tmp_path))
    dataset.save(make_chunk(0))
    assert len(dataset.load()) == 3


def test_exists_only_when_complete(tmp_path):
    dataset = RecordShardsDataset(str(tmp_path / "records"), rows_per_shard=2)
    assert not dataset.exists()
    dataset.save(stream())
    assert dataset.exists()
    (tmp_path / "records" / "shard-00001.arrow").write_bytes(b"cut")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"shard-00001.arrow: 3 bytes"):
        dataset.load()


def test_preview_is_a_small_table(tmp_path):
    dataset = RecordShardsDataset(str(tmp_path))
    dataset.save(stream())
    table = dataset.preview(nrows=2)
    assert table["columns"] == ["id", "image"]
    assert table["data"] == [["0", "uint8 2×2"], ["1", "uint8 2×2"]]
