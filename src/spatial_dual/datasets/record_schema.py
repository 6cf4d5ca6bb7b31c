"""Schema of the aligned record (image, text, 3DSG), checked whenever one is saved or loaded.

Catalog entries name it: ``validator: spatial_dual.datasets.record_schema.AlignedRecordValidator``.

A record of version 1 has the columns

- ``schema_version`` uint8; ``id``, a text of its own;
- ``graph``: the gold scene graph as JSON, "" if there is none; ``place``: text, "" if unknown;
- ``labels``: noun of each instance; ``captions``; texts in the normal form of ``scene.text``;

and, unless it is a text or a graph without a picture,

- ``image`` uint8 (side, side, 3); ``depth`` float16 (side, side), metres, 0 = unknown;
- ``instances`` uint8 (side, side), k = pixels of ``labels[k - 1]``; ``camera``: JSON object.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spatial_dual.chunks import ChunkSeries
from spatial_dual.datasets.camera_json import read_camera
from spatial_dual.datasets.record_columns import Chunk, RecordsError
from spatial_dual.datasets.records import Records
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.text import clean_caption, clean_label

SCHEMA_VERSION = 1
TEXT_COLUMNS = ("id", "graph", "captions", "labels", "place")
PICTURE_COLUMNS = ("image", "depth", "instances", "camera")
_SAMPLED = 4
"""Rows whose content is checked on load; all were checked when they were saved."""


class AlignedRecordValidator:
    """Kedro validator of aligned records: chunks on their way to disk, ``Records`` from it."""

    def validate(self, data: Records | Chunk | Iterable[Chunk]) -> Records | Iterable[Chunk]:
        """The data; chunks are checked and stamped with the version as they are read.

        Ids are compared within all that is read: of a series, what its reader asks for at once.

        Raises:
            RecordsError: names record, column and reason; for a stream, when it comes to it.
        """
        if isinstance(data, Records):
            _check_stored(data)
            return data
        if isinstance(data, ChunkSeries):
            return replace(data, through=lambda make, rows: _checked(data.through(make, rows)))
        return _checked([data] if isinstance(data, Mapping) else data)


def check_chunk(chunk: Mapping[str, Any]) -> None:
    """Check every row of a chunk of columns.

    Raises:
        RecordsError: names the first record that breaks the schema, column and reason.
    """
    names = set(chunk) - {"schema_version"}
    pictured = bool(names & set(PICTURE_COLUMNS))
    wanted = {*TEXT_COLUMNS, *(PICTURE_COLUMNS if pictured else ())}
    if names != wanted:
        raise RecordsError(
            f"columns {', '.join(sorted(names))}; version {SCHEMA_VERSION} of the record has "
            f"{', '.join(sorted(wanted))}"
        )
    if pictured:
        _check_shapes(chunk)
    for values in zip(*(chunk[name] for name in wanted), strict=True):
        row = dict(zip(wanted, values, strict=True))
        try:
            _check_row(row)
        except (ValueError, TypeError, AttributeError) as reason:
            raise RecordsError(f"record {row['id']!r}: {reason}") from reason


def _checked(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    seen: set[str] = set()
    for chunk in chunks:
        check_chunk(chunk)
        ids = list(chunk["id"])
        if repeated := next((name for name in ids if name in seen or ids.count(name) > 1), None):
            raise RecordsError(f"record {repeated!r}: its id is not its own")
        seen.update(ids)
        yield {"schema_version": np.full(len(ids), SCHEMA_VERSION, np.uint8), **chunk}


def _check_stored(records: Records) -> None:
    if not len(records):
        return
    found = {None}
    if "schema_version" in records.columns:
        found = set(records.array("schema_version", range(len(records))).tolist())
    if found != {SCHEMA_VERSION}:
        raise RecordsError(
            f"{records.folder}: records of schema version {sorted(found, key=str)}, this program "
            f"reads {SCHEMA_VERSION}; run the scenes stage again"
        )
    try:
        check_chunk(next(records.chunks(_SAMPLED)))
    except RecordsError as error:
        raise RecordsError(f"{records.folder}: {error}") from error


def _check_shapes(chunk: Mapping[str, Any]) -> None:
    rows, side = len(chunk["id"]), np.shape(chunk["image"])[1]
    for name, dtype, shape in (
        ("image", np.uint8, (rows, side, side, 3)),
        ("depth", np.float16, (rows, side, side)),
        ("instances", np.uint8, (rows, side, side)),
    ):
        column = np.asarray(chunk[name])
        if column.dtype != dtype or column.shape != shape:
            raise RecordsError(
                f"column {name!r} is {column.dtype} {column.shape}, not {np.dtype(dtype)} {shape}"
            )


def _check_row(row: Mapping[str, Any]) -> None:
    if not row["id"] or not isinstance(row["id"], str):
        raise ValueError("no id")
    if row["graph"]:
        SceneGraph.from_json(row["graph"])
    for caption in row["captions"]:
        if not caption or clean_caption(caption) != caption:
            raise ValueError(f"caption {caption!r} is not in normal form")
    for label in row["labels"]:
        if clean_label(label) != label:
            raise ValueError(f"label {label!r} is not in normal form")
    if not isinstance(row["place"], str):
        raise ValueError(f"place {row['place']!r} is no text")
    if "image" in row:
        _check_picture(row)


def _check_picture(row: Mapping[str, Any]) -> None:
    if not len(row["captions"]):
        raise ValueError("a picture without caption")
    read_camera(row["camera"])
    if not (np.isfinite(row["depth"]).all() and row["depth"].min() >= 0):
        raise ValueError("depth is not finite or below 0")
    if row["instances"].max() > len(row["labels"]):
        raise ValueError(
            f"instance {row['instances'].max()} has no label, there are {len(row['labels'])}"
        )
