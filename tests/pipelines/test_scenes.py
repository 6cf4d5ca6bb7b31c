import numpy as np
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from spatial_dual.datasets.record_shards import RecordShardsDataset
from spatial_dual.datasets.rendered import RenderedScenesDataset
from spatial_dual.pipelines.scenes import create_pipeline
from spatial_dual.render.scenes import render_scene


def test_scenes_stream_into_shards(tmp_path):
    counts = {"train": 7, "val": 2, "test": 3}
    shards = {
        f"scenes_{split}": RecordShardsDataset(str(tmp_path / split), rows_per_shard=3)
        for split in counts
    }
    catalog = DataCatalog(
        {
            "scene_source": RenderedScenesDataset(counts, seed=4, image_size=32, workers=1),
            "params:scenes": MemoryDataset({"chunk_rows": 2, "max_bad_share": 0.0}),
            **shards,
        }
    )
    saved = SequentialRunner().run(create_pipeline(), catalog)
    for split, count in counts.items():
        records = shards[f"scenes_{split}"].load()
        assert len(records) == count
        expected = render_scene(4, split, count - 1, 32)
        np.testing.assert_array_equal(records.array("image", [count - 1])[0], expected["image"])
        np.testing.assert_array_equal(records.array("depth", [count - 1])[0], expected["depth"])
        assert records.values("captions", [count - 1]) == [expected["captions"]]
        assert records.values("graph", [count - 1]) == [expected["graph"]]
    assert len(list((tmp_path / "train").glob("shard-*.arrow"))) == 3
    assert all(saved[f"quarantine_{split}"].load().findings == [] for split in counts)
