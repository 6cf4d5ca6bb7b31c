"""Captions with what they, or their pictures, are annotated to say; to judge parsers by."""

import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from kedro.io import AbstractDataset, DatasetError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from spatial_dual.datasets.graphs.factual import read_pairs
from spatial_dual.datasets.graphs.source import GraphRow
from spatial_dual.datasets.limits import DATASET_BYTES
from spatial_dual.datasets.reading import BadFileError, found_below, read_json
from spatial_dual.scene.graph import SceneGraph, Triplet
from spatial_dual.scene.text import UnicodeText

PATTERNS = ("*val.json", "dev.csv*")
"""The validation parts of VSD and of FACTUAL."""
Form = Literal["pictures", "factual", "graphs"]


@dataclass(frozen=True)
class CaptionSet:
    """Captions and what is annotated of each, in one of three forms.

    Attributes:
        form: "pictures" (VSD: some triplets of the picture, of which a caption may state any),
            "factual" (graphs in FACTUAL's words) or "graphs" (all that a caption states).
        captions: the texts.
        triplets: of each caption.
        attributes: (label, attribute) of each caption; empty for "pictures".
        labels: nouns of each caption; empty for "pictures".
    """

    form: Form
    captions: list[str]
    triplets: list[list[Triplet]]
    attributes: list[list[tuple[str, str]]]
    labels: list[list[str]]


class CaptionSetsDataset(AbstractDataset[None, dict[str, CaptionSet]]):
    """Our own annotated captions, and those of data sets in a folder; read only.

    Args:
        filepath: file of ours; its set is called "own".
        path: folder in and below which files of ``PATTERNS`` are read, called by their names;
            None for no more than our own.
        metadata: kept for Kedro plugins, unused.

    Raises:
        DatasetError: on load, no file in the folder, or one of another form.
    """

    def __init__(
        self, filepath: str, path: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._own = Path(filepath)
        self._path = path
        self.metadata = metadata

    def load(self) -> dict[str, CaptionSet]:
        """All sets."""
        own = {"own": read_captions(self._own)}
        if self._path is None:
            return own
        folder = Path(self._path)
        files = sorted(f for pattern in PATTERNS for f in found_below(folder, f"**/{pattern}"))
        if not files:
            raise DatasetError(f"{self._path}: no {' or '.join(PATTERNS)} in it")
        return own | {_name(file): read_captions(file) for file in files}

    def save(self, data: None) -> None:
        """Annotations are never written; raises DatasetError."""
        raise DatasetError("annotated captions are read only")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._own), "path": self._path}


def read_captions(file: Path) -> CaptionSet:
    """The captions of one file.

    Raises:
        DatasetError: it is of none of the forms.
    """
    try:
        if ".csv" in file.suffixes:
            pairs = [row for row in read_pairs(file) if isinstance(row, GraphRow)]
            return of_graphs("factual", [(row.captions[0], row.graph) for row in pairs])
        rows = read_json(file, DATASET_BYTES)
        is_vsd = isinstance(rows, list) and isinstance(rows[0], dict) and "triple_list" in rows[0]
        if is_vsd:
            return _of_pictures(_VSD.validate_python(rows))
        return _of_facts(_OWN.validate_python(rows))
    except BadFileError as error:
        raise DatasetError(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DatasetError(
            f"{file}: neither VSD's form nor ours: {where}: {first['msg']}"
        ) from error
    except (OSError, EOFError, ValueError, IndexError, csv.Error, zlib.error) as error:
        raise DatasetError(f"{file}: neither VSD's form nor ours: {error!r}") from error


class _Triple(BaseModel):
    s: UnicodeText
    p: UnicodeText
    o: UnicodeText


class _Picture(BaseModel):
    captions: list[UnicodeText]
    triple_list: list[_Triple]


class _Facts(BaseModel):
    caption: UnicodeText
    relations: list[tuple[UnicodeText, UnicodeText, UnicodeText]]
    objects: list[tuple[UnicodeText, list[UnicodeText]]]


_VSD = TypeAdapter(list[_Picture])
_OWN = TypeAdapter(Annotated[list[_Facts], Field(min_length=1)])


def _name(file: Path) -> str:
    return file.name.split(".")[0] if ".csv" not in file.suffixes else f"factual_{file.stem[:3]}"


def _of_pictures(rows: Iterable[_Picture]) -> CaptionSet:
    pairs = [
        (caption, [(t.s, t.p, t.o) for t in row.triple_list])
        for row in rows
        for caption in row.captions
    ]
    empty: list[list[Any]] = [[] for _ in pairs]
    return CaptionSet("pictures", [c for c, _ in pairs], [t for _, t in pairs], empty, empty)


def of_graphs(form: Form, pairs: Sequence[tuple[str, SceneGraph]]) -> CaptionSet:
    """Captions and graphs as a set of a form."""
    return CaptionSet(
        form,
        [caption for caption, _ in pairs],
        [[*graph.triplets(), *_without(graph)] for _, graph in pairs],
        [list(_described(graph)) for _, graph in pairs],
        [[item.label for item in graph.objects] for _, graph in pairs],
    )


def _without(graph: SceneGraph) -> Iterator[Triplet]:
    """What annotations write of a thing that is lacking."""
    return ((s, "without", o) for s, p, o in graph.negated_triplets() if p == "with")


def _described(graph: SceneGraph) -> Iterator[tuple[str, str]]:
    return ((item.label, word) for item in graph.objects for word in item.attributes)


def _of_facts(rows: list[_Facts]) -> CaptionSet:
    return CaptionSet(
        "graphs",
        [row.caption for row in rows],
        [row.relations for row in rows],
        [[(label, word) for label, words in row.objects for word in words] for row in rows],
        [[label for label, _ in row.objects] for row in rows],
    )
