"""A value to save for every type of the catalog that is saved, and how its content is compared."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from kedro.io import AbstractDataset
from PIL import Image

from spatial_dual.datasets.bytes_file import BytesDataset
from spatial_dual.datasets.kedro_files import JSONDataset, TextDataset
from spatial_dual.datasets.kedro_tables import CSVDataset
from spatial_dual.datasets.paper_files import PaperFigureDataset, PaperTableDataset
from spatial_dual.datasets.perceivers import PerceiverDataset
from spatial_dual.datasets.run_results import RunResultsDataset
from spatial_dual.datasets.run_rows import RunRowsDataset
from spatial_dual.datasets.stanza_package import StanzaPackageDataset
from spatial_dual.figures.forms import Picture
from spatial_dual.tables.table import Cell, Column, Row, Table
from spatial_dual.training.checkpoint import CheckpointStore, Progress
from tests.contracts.test_datasets import CASES
from tests.models.whole import make_whole


@dataclass(frozen=True)
class Kind:
    """A type of the catalog.

    Attributes:
        dataset: in a folder.
        value: one for each number.
        content: what is compared of a loaded value.
        in_forms: several files, which may be of two saves after a kill; then nothing exists.
    """

    dataset: Callable[[Path], Any]
    value: Callable[[int], Any]
    content: Callable[[Any], Any]
    in_forms: bool = False


class Checkpoint:
    """``CheckpointStore`` with the methods of a catalog type: ``fit`` saves, not Kedro."""

    def __init__(self, folder: Path) -> None:
        self._store = CheckpointStore(folder)

    def save(self, data: Progress) -> None:
        self._store.save(data)

    def load(self) -> Progress | None:
        return self._store.load("this training")

    def exists(self) -> bool:
        return self._store.path.exists()


def progress(seed: int) -> Progress:
    return Progress(seed, "this training", {"model.weight": torch.full((9, 9), float(seed))})


def perceiver(seed: int) -> Any:
    found = make_whole().parts.perceiver
    with torch.no_grad():
        next(found.parameters()).fill_(seed)
    return found


def table(seed: int) -> Table:
    rows = (Row(name="r", cells=(Cell(mean=seed + 0.5, seeds=1),)),)
    return Table(number=2, title="T", columns=(Column(heading="x"),), rows=rows)


def frame(seed: int) -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b"], "value": [seed, 0.5]})


def rows(data: pd.DataFrame) -> Any:
    return data.to_dict("list")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".pt"}


def same(value: Any) -> Any:
    return value


def _of_contract(name: str) -> Kind:
    case = CASES[name]
    return Kind(case.dataset, case.value, case.content)


TYPES: dict[str, Kind] = {name: _of_contract(name) for name in CASES} | {
    "perceiver": Kind(
        lambda path: PerceiverDataset(filepath=str(path / "p")),
        perceiver,
        lambda found: next(found.parameters()).flatten()[:3].tolist(),
    ),
    "bytes": Kind(
        lambda path: BytesDataset(filepath=str(path / "b.pt")), lambda n: bytes([n]) * 99, same
    ),
    "json": Kind(
        lambda path: JSONDataset(filepath=str(path / "j.json")), lambda n: {"value": n}, same
    ),
    "text": Kind(
        lambda path: TextDataset(filepath=str(path / "t.md")), lambda n: f"line {n}\n" * 9, same
    ),
    "csv": Kind(
        lambda path: CSVDataset(filepath=str(path / "c.csv"), save_args={"index": False}),
        frame,
        rows,
    ),
    "run results": Kind(
        lambda path: RunResultsDataset(filepath=str(path / "r.csv"), columns=["id", "value"]),
        frame,
        rows,
    ),
    "run rows": Kind(
        lambda path: RunRowsDataset(filepath=str(path / "runs" / "one.csv")), frame, rows
    ),
    "stanza package": Kind(
        lambda path: StanzaPackageDataset(filepath=str(path / "s")),
        lambda n: {"pos.pt": bytes([n]) * 9, "depparse.pt": bytes([n]) * 20},
        files,
    ),
    "paper table": Kind(
        lambda path: PaperTableDataset(filepath=str(path / "table_2")), table, same, in_forms=True
    ),
    "paper figure": Kind(
        lambda path: PaperFigureDataset(filepath=str(path / "figure_5")),
        lambda n: Picture(picture(n), "Title"),
        same,
        in_forms=True,
    ),
    "checkpoint": Kind(
        Checkpoint,
        progress,
        lambda found: found and (found.step, found.below("model.")["weight"].tolist()),
    ),
}


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.full((8, 8, 3), seed, np.uint8))


def types_of(found: AbstractDataset) -> str:
    return f"{type(found).__module__}.{type(found).__name__}"
