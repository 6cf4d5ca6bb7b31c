import json
from pathlib import Path

import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.caption_sets import CaptionSetsDataset

OWN = Path(__file__).parents[2] / "data" / "captions.json"
FACTUAL = """image_id,region_id,caption,scene_graph
7,8,"a red boat tied to a dock","( boat , is , red ) , ( boat , tie to , dock )"
"""
VSD = [
    {
        "captions": ["a cat behind a sofa", "a sofa"],
        "triple_list": [{"s": "cat", "p": "behind", "o": "sofa"}],
    }
]


def test_own_captions_are_complete() -> None:
    own = CaptionSetsDataset(str(OWN)).load()["own"]
    assert own.form == "graphs"
    assert len(set(own.captions)) == len(own.triplets) == len(own.labels) == 200
    for labels, triplets in zip(own.labels, own.triplets, strict=True):
        assert {end for s, _, o in triplets for end in (s, o)} <= set(labels)


def test_data_sets_go_by_their_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "dev.csv").write_text(FACTUAL)
    (tmp_path / "v1_val.json").write_text(json.dumps(VSD))
    sets = CaptionSetsDataset(str(OWN), str(tmp_path)).load()
    assert set(sets) == {"own", "factual_dev", "v1_val"}
    assert sets["factual_dev"].attributes == [[("boat", "red")]]
    assert sets["factual_dev"].triplets == [[("boat", "tie to", "dock")]]
    assert sets["v1_val"].captions == ["a cat behind a sofa", "a sofa"]
    assert sets["v1_val"].triplets == [[("cat", "behind", "sofa")]] * 2


@pytest.mark.parametrize("content", ["{", "[]", '[{"caption": "a cat"}]', '{"a": 1}'])
def test_other_forms_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x_val.json").write_text(content)
    with pytest.raises(DatasetError, match=r"x_val\.json: (neither|not JSON)"):
        CaptionSetsDataset(str(OWN), str(tmp_path)).load()


def test_a_folder_without_captions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no .*val\.json"):
        CaptionSetsDataset(str(OWN), str(tmp_path)).load()


def test_annotations_are_never_written() -> None:
    with pytest.raises(DatasetError, match="not allowed"):
        CaptionSetsDataset(str(OWN)).save(None)
