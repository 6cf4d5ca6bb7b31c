"""``kedro run --env=vsd`` on a folder laid out as VSD."""

import json
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from spatial_dual.datasets.records import Records
from spatial_dual.scene.graph import SceneGraph
from tests.datasets.photos.vsd_folder import make_vsd
from tests.perception.hub import checkpoints

COUNTS = {"train": 5, "val": 2, "test": 2}


def test_scenes_to_scene_graphs(project_path: Path, tmp_path: Path) -> None:
    annotations, images = make_vsd(tmp_path, COUNTS)
    gone = sorted(images.rglob("train*.png"))[0]
    gone.unlink()
    parameters = {
        "vsd": {"path": str(annotations), "images": str(images)},
        "image_size": 64,
        "scenes": {"max_bad_share": 0.3},
        # the real classes with small random weights: a test does not ask the hub
        "perception": {
            "hub": {
                "depth": str(checkpoints.depth_anything(tmp_path / "depth_anything")),
                "instances": str(checkpoints.mask2former(tmp_path / "mask2former")),
            }
        },
        "train": {"device": "cpu"},
    }
    bootstrap_project(project_path)
    with KedroSession.create(
        tmp_path,  # so that the data lie there
        env="vsd",
        conf_source=str(project_path / "conf"),
        runtime_params=parameters,
    ) as session:
        session.run(pipeline_names=["scenes", "perception", "scene_graphs"])
    data = tmp_path / "data/vsd"
    quarantine = json.loads((data / "08_reporting/quarantine_train.json").read_text())
    assert quarantine["counts"] == {"record": 1}
    assert quarantine["findings"][0]["id"] == gone.stem
    for split, count in (COUNTS | {"train": COUNTS["train"] - 1}).items():
        graphs = Records(data / f"03_primary/graphs_{split}")
        scenes = Records(data / f"02_intermediate/scenes_{split}")
        assert len(graphs) == len(scenes) == count
        rows = json.loads((annotations / f"{split}.json").read_text())
        stated = {
            row["img_id"]: [(t["s"], t["p"], t["o"]) for t in row["triple_list"]] for row in rows
        }
        for name, text in zip(graphs.values("id"), graphs.values("gold"), strict=True):
            assert set(stated[name]) <= set(SceneGraph.from_json(text).triplets())
