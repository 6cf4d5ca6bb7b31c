"""What every catalog type of ours promises."""

import base64
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kedro.io import AbstractDataset, DatasetError
from PIL import Image
from plotly.graph_objects import Figure, Scatter
from torch import nn

from spatial_dual.datasets.figures import FigureDataset, InteractiveFigureDataset
from spatial_dual.datasets.json_objects import JSONObjectDataset
from spatial_dual.datasets.loss_curves import LossCurvesDataset
from spatial_dual.datasets.models import ModelDataset
from spatial_dual.datasets.record_shards import RecordShardsDataset
from spatial_dual.datasets.scene_records import SceneRecordsDataset
from spatial_dual.datasets.whole_model import WholeModelDataset
from spatial_dual.models.spatial_dual import SpatialDual
from tests.models.whole import CAPTIONS, make_whole


@dataclass(frozen=True)
class TinyConfig:
    width: int = 3
    kernel: tuple[int, int] = (1, 2)


class Tiny(nn.Module):
    Config = TinyConfig

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(5, config.width)
        self.output = nn.Linear(config.width, 5, bias=False)
        self.output.weight = self.embedding.weight  # tied, as in a language model


class BrokenTiny(Tiny):
    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        raise OSError("disk full")


@dataclass(frozen=True)
class Words:
    words: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"words": list(self.words)}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> "Words":
        return cls(tuple(body["words"]))


class BrokenWords(Words):
    def to_dict(self) -> dict[str, Any]:
        raise OSError("disk full")


class BrokenFigure(Figure):
    def to_json(self, *args: Any, **kwargs: Any) -> str:
        raise OSError("disk full")


class BrokenImage:
    def save(self, stream: Any, format: str) -> None:
        stream.write(b"half")
        raise OSError("disk full")


def tiny(seed: int) -> Tiny:
    model = Tiny(TinyConfig())
    with torch.no_grad():
        model.embedding.weight.fill_(seed)
    return model


def broken_tiny(seed: int) -> Tiny:
    return BrokenTiny(TinyConfig())


def picture(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def interactive(seed: int) -> Figure:
    lines = ([seed, 2], [1, seed])
    parts = zip(("loss", "kl"), lines, strict=True)
    return Figure([Scatter(name=part, x=[10, 20], y=line) for part, line in parts])


def record_chunks(seed: int) -> dict[str, Any]:
    return {"id": ["a", "b"], "depth": np.full((2, 4, 4), seed, np.float32)}


def broken_chunks(seed: int) -> Any:
    yield record_chunks(seed)
    raise OSError("disk full")


def scene_chunks(seed: int) -> dict[str, Any]:
    captions = [["a cup on a table"], ["nothing"]]
    image = np.full((2, 16, 16, 3), seed, np.uint8)
    return {"id": ["a", "b"], "image": image, "graph": ["", ""], "captions": captions}


def broken_scenes(seed: int) -> Any:
    yield scene_chunks(seed)
    raise OSError("disk full")


def curves(seed: int) -> dict[str, Any]:
    rows = [{"step": 10, "loss": seed / 3}, {"step": 20, "loss": 0.1, "kl": 0.2}]
    return {"name": "dual", "steps": 20, "skipped": 0, "rows": rows}


def whole(seed: int) -> SpatialDual:
    model = make_whole()
    with torch.no_grad():
        model.parts.visual_decoder.get_parameter("decoder.linear.bias").fill_(seed / 4)
    return model


def broken_whole(seed: int) -> SpatialDual:
    return SpatialDual(replace(whole(seed).parts, dual=broken_tiny(seed)))


@dataclass(frozen=True)
class Case:
    dataset: Callable[[Path], AbstractDataset]
    value: Callable[[int], Any]
    broken: Callable[[int], Any]
    content: Callable[[Any], Any]
    has_manifest: bool = True


HERE = f"{__name__}."
CASES = {
    "model": Case(
        lambda path: ModelDataset(filepath=str(path / "m"), **{"class": f"{HERE}Tiny"}),
        tiny,
        broken_tiny,
        lambda model: model.output.weight.tolist(),
    ),
    "json object": Case(
        lambda path: JSONObjectDataset(filepath=str(path / "w.json"), **{"class": f"{HERE}Words"}),
        lambda seed: Words(("a", str(seed))),
        lambda seed: BrokenWords(()),
        lambda words: words.words,
        has_manifest=False,
    ),
    "figure": Case(
        lambda path: FigureDataset(filepath=str(path / "f.png")),
        picture,
        lambda seed: BrokenImage(),
        lambda image: np.asarray(image).tolist(),
        has_manifest=False,
    ),
    "interactive figure": Case(
        lambda path: InteractiveFigureDataset(filepath=str(path / "f.json")),
        interactive,
        lambda seed: BrokenFigure(),
        lambda figure: figure.to_dict()["data"],
        has_manifest=False,
    ),
    "records": Case(
        lambda path: RecordShardsDataset(filepath=str(path / "r")),
        record_chunks,
        broken_chunks,
        lambda records: (
            np.concatenate([c["depth"] for c in records.chunks(2)]).tolist()
            if hasattr(records, "chunks")
            else records["depth"].tolist()
        ),
    ),
    "scene records": Case(
        lambda path: SceneRecordsDataset(filepath=str(path / "s")),
        scene_chunks,
        broken_scenes,
        lambda records: (
            [sorted(chunk) for chunk in records.chunks(9)]
            if hasattr(records, "chunks")
            else [sorted(records)]
        ),
    ),
    "loss curves": Case(
        lambda path: LossCurvesDataset(filepath=str(path / "c.jsonl")),
        curves,
        lambda seed: {**curves(seed), "name": object()},
        lambda curves: curves,
        has_manifest=False,
    ),
    "whole model": Case(
        lambda path: WholeModelDataset(filepath=str(path / "w")),
        whole,
        broken_whole,
        lambda model: model.draw(CAPTIONS[:1], steps=2)[0].image.tolist(),
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_round_trip(case: Case, tmp_path: Path) -> None:
    dataset = case.dataset(tmp_path)
    assert not dataset.exists()
    dataset.save(case.value(1))
    assert dataset.exists()
    assert case.content(case.dataset(tmp_path).load()) == case.content(case.value(1))


def test_save_replaces(case: Case, tmp_path: Path) -> None:
    dataset = case.dataset(tmp_path)
    dataset.save(case.value(1))
    names = files(tmp_path).keys()
    dataset.save(case.value(2))
    assert case.content(dataset.load()) == case.content(case.value(2))
    assert files(tmp_path).keys() == names


def test_equal_values_give_equal_bytes(case: Case, tmp_path: Path) -> None:
    case.dataset(tmp_path / "a").save(case.value(1))
    case.dataset(tmp_path / "b").save(case.value(1))
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_cut_file_does_not_exist(case: Case, tmp_path: Path) -> None:
    dataset = case.dataset(tmp_path)
    dataset.save(case.value(1))
    for name, content in files(tmp_path).items():
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        assert not dataset.exists(), name
        with pytest.raises(DatasetError):
            case.content(dataset.load())
        (tmp_path / name).write_bytes(content)
    assert dataset.exists()


def test_a_changed_byte_is_named(case: Case, tmp_path: Path, caplog: Any) -> None:
    if not case.has_manifest:
        pytest.skip("a single file is compared with the ledger of outputs")
    dataset = case.dataset(tmp_path)
    dataset.save(case.value(1))
    for name, content in files(tmp_path).items():
        if Path(name).name == "manifest.json":
            continue  # its own digest is in the ledger of outputs
        middle = len(content) // 2
        changed = bytes([content[middle] ^ 1])
        (tmp_path / name).write_bytes(content[:middle] + changed + content[middle + 1 :])
        caplog.clear()
        assert not dataset.exists(), name
        assert Path(name).name in caplog.text
        (tmp_path / name).write_bytes(content)
    assert dataset.exists()


def test_a_failing_save_is_never_taken_for_data(case: Case, tmp_path: Path) -> None:
    dataset = case.dataset(tmp_path)
    with pytest.raises(DatasetError):
        dataset.save(case.broken(1))
    assert not dataset.exists()
    dataset.save(case.value(1))
    with pytest.raises(DatasetError):
        dataset.save(case.broken(2))
    assert case.content(dataset.load()) == case.content(case.value(1))


def test_preview(case: Case, tmp_path: Path) -> None:
    dataset = case.dataset(tmp_path)
    dataset.save(case.value(1))
    preview = dataset.preview()
    kind = inspect.signature(dataset.preview).return_annotation.__name__
    if kind == "JSONPreview":
        assert json.loads(preview)
    elif kind == "ImagePreview":
        assert base64.b64decode(preview).startswith(b"\x89PNG")
    elif kind == "PlotlyPreview":
        assert [line["name"] for line in preview["data"]] == ["loss", "kl"]
        assert preview["data"][0]["x"] == [10, 20]
    else:
        assert kind == "TablePreview"
        assert all(len(row) == len(preview["columns"]) for row in preview["data"])
