"""Files of another version of the program: refused in a sentence that names them, or stale.

Checkpoints are in ``test_checkpoint`` and ``test_other_training``.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.graphs.caption_sets import read_captions
from spatial_dual.datasets.json_objects import JSONObjectDataset
from spatial_dual.datasets.quarantine import Quarantine
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.record_schema import AlignedRecordValidator
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.models.text_tokenizer import TextTokenizer
from spatial_dual.runs.manifest import ManifestError, load_manifests
from spatial_dual.scene.graph import GraphFormatError, SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary
from spatial_dual.tables.rating_form import read_returned
from tests.faults.catalog_types import TYPES
from tests.faults.records import record
from tests.faults.test_model_folders import agree
from tests.faults.test_readers_of_json import GRAPH, KEY, MANIFEST, OWN, RATINGS, VSD


def _without(chunk: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in chunk.items() if key != name}


STORED = [
    *("model", "whole model", "perceiver", "stanza package", "records", "scene records"),
    *("json object", "paper table", "run results", "loss curves"),
]


def versions(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each field under another name, and one more."""
    for name in body:
        yield {("old_" * (key == name)) + key: value for key, value in body.items()}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("stored")
    for name in STORED:
        (place / name).mkdir()
        TYPES[name].dataset(place / name).save(TYPES[name].value(1))
    return place


def changed_files(name: str, place: Path) -> Iterator[tuple[Path, str]]:
    """Files of a stored value that state a schema, and their content in other versions."""
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        text = path.read_text("utf-8", "replace")
        if path.suffix == ".json":
            for body in versions(json.loads(text)):
                yield path, json.dumps(body)
        elif path.suffix == ".jsonl":
            first, _, rest = text.partition("\n")
            yield path, f'{{"name": "dual"}}\n{first}\n{rest}'
        elif name == "run results":
            yield path, text.replace("value", "old_value")


@pytest.mark.parametrize("name", STORED)
def test_values_of_the_catalog(stored: Path, tmp_path: Path, name: str) -> None:
    """A stranger's manifest agrees with them; nothing is half-read."""
    kind = TYPES[name]
    whole = kind.content(kind.dataset(stored / name).load())
    tried = 0
    for path, content in changed_files(name, stored / name):
        place = tmp_path / str(tried)
        shutil.copytree(stored / name, place)
        file = place / path.relative_to(stored / name)
        file.write_text(content)
        if file.name != "manifest.json" and "records" not in name:
            agree(place)
        tried += 1
        try:
            found = kind.content(kind.dataset(place).load())
        except DatasetError as error:
            assert str(place) in str(error)  # noqa: PT017  # some are read
            continue
        assert found == whole, path
    assert tried > 0


@pytest.mark.parametrize("kind", [Vocabulary, TextTokenizer, Quarantine])
@pytest.mark.parametrize("content", ["{}", "[]", "3", "null", '{"version": 0}', '{"words": 3}'])
def test_objects_of_the_data_folder(tmp_path: Path, kind: type, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    dataset = JSONObjectDataset(
        filepath=str(tmp_path / "x.json"), **{"class": f"{kind.__module__}.{kind.__name__}"}
    )
    with pytest.raises(DatasetError, match=rf"x\.json: not for {kind.__name__} as it is now"):
        dataset.load()


STAMP = {"schema_version": np.ones(1, np.uint8)}
OTHER_RECORDS = {
    "no version": record(),
    **{f"version {n}": record(schema_version=np.full(1, n, np.uint8)) for n in (0, 2)},
    **{f"no {name}": _without(record() | STAMP, name) for name in record()},
    "one more": record(**STAMP, caption=["a cup"]),
}


@pytest.mark.parametrize("name", OTHER_RECORDS)
def test_records(tmp_path: Path, name: str) -> None:
    folder = write_records(tmp_path / "r", [OTHER_RECORDS[name]]).folder
    with pytest.raises(RecordsError, match=r"/r: (records of schema )?(version|columns)"):
        AlignedRecordValidator().validate(Records(folder))


@pytest.mark.parametrize("body", versions(GRAPH))
def test_graphs(body: dict[str, Any]) -> None:
    with pytest.raises(GraphFormatError, match=r"\$"):
        SceneGraph.from_json(json.dumps(body))


@pytest.mark.parametrize("version", [0, 2, "1", 1.5, None])
def test_versions_of_graphs(version: object) -> None:
    with pytest.raises(GraphFormatError, match="schema_version"):
        SceneGraph.from_json(json.dumps(GRAPH | {"schema_version": version}))


READERS: dict[str, tuple[Any, type[Exception], Callable[[Path], object]]] = {
    "manifest": (MANIFEST, ManifestError, lambda path: load_manifests(path.parent)),
    "caption set": (OWN[0], DatasetError, read_captions),
    "VSD": (VSD[0], DatasetError, read_captions),
    "rating": (
        RATINGS,
        ValueError,
        lambda path: read_returned(KEY, {path.name: json.loads(path.read_text())}),
    ),
}
NEEDED = {"manifest": {"id", "status", "command", "git"}}
"""Fields without which a file says too little; the others have a value of before."""


@pytest.mark.parametrize("name", READERS)
def test_files_of_others(tmp_path: Path, name: str) -> None:
    body, own, read = READERS[name]
    for field, changed in zip(body, versions(body), strict=True):
        path = tmp_path / "x.json"
        path.write_text(json.dumps([changed] if name in ("caption set", "VSD") else changed))
        if name == "VSD" and field == "img_id":
            continue  # of no use for captions
        if field in NEEDED.get(name, body):
            with pytest.raises(own, match=r"x\.json: "):
                read(path)
        else:
            assert read(path)
