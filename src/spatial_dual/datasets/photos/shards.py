"""Rows of sharded Parquet files."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kedro.io import DatasetError

from spatial_dual.datasets.limits import MOST_CAPTIONS, PICTURE_BYTES, TEXT_BYTES
from spatial_dual.datasets.photos.rows import PhotoRow
from spatial_dual.datasets.photos.source import SPLITS

REQUIRED = ("id", "image", "captions")
OPTIONAL = ("depth", "depth_min_m", "depth_max_m", "depth_unit_m", "instances")
_LIMITS = {
    "image": PICTURE_BYTES,
    "depth": PICTURE_BYTES,
    "instances": TEXT_BYTES,
    "captions": TEXT_BYTES,
}


class ParquetListing:
    """Rows of ``*.parquet`` files: the columns ``REQUIRED``, and ``OPTIONAL`` where there are any.

    ``image`` may also be the struct ``{bytes, path}`` that image data sets use, ``captions`` one
    text, and ``id`` a number.

    Args:
        files: read in this order.
        split_of: split of an id.

    Raises:
        DatasetError: a file that is not Parquet, lacks a column, or has one of another type.
    """

    def __init__(self, files: list[Path], split_of: Callable[[str], str]) -> None:
        for file in files:
            _check_schema(file)
        self._files = files
        self._split_of = split_of

    def splits(self) -> dict[str, int]:
        """Rows of each split; reads only the ids."""
        return dict(self._counts)

    def rows(self, split: str) -> Iterator[PhotoRow]:
        """The rows of a split in the order of the files.

        Raises:
            DatasetError: a file breaks off.
        """
        for file in self._files:
            with _named(file):
                yield from self._rows_of(file, split)

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for file in self._files:
            with _named(file), pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(columns=["id"]):
                    counts.update(map(self._split_of, _ids(batch)))
        return {split: counts[split] for split in SPLITS}

    def _rows_of(self, file: Path, split: str) -> Iterator[PhotoRow]:
        with pq.ParquetFile(file) as parquet:
            present = [name for name in OPTIONAL if name in parquet.schema_arrow.names]
            # one by one: a few bytes of a repeated or compressed value unpack to any size
            for row in parquet.iter_batches(1, columns=[*REQUIRED, *present]):
                (identifier,) = _ids(row)
                if self._split_of(identifier) == split:
                    yield _photo_row(file, identifier, row)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{file}: cannot be read to its end: {error}") from error


def _photo_row(file: Path, identifier: str, batch: pa.RecordBatch) -> PhotoRow:
    if problem := _problem(batch):
        return PhotoRow(str(file), identifier, None, None, problem=problem)
    (row,) = batch.to_pylist()
    image, captions = row["image"], row["captions"]
    return PhotoRow(
        file=str(file),
        id=identifier,
        image=image.get("bytes") if isinstance(image, Mapping) else image,
        captions=[captions] if isinstance(captions, str) else captions,
        depth=row.get("depth"),
        depth_range=(row.get("depth_min_m"), row.get("depth_max_m")),
        depth_unit=row.get("depth_unit_m"),
        instances=row.get("instances"),
    )


def _problem(row: pa.RecordBatch) -> str:
    """Why a row should not become Python values, "" if it may."""
    try:
        row.validate(full=True)
    except pa.ArrowException as error:
        return f"values that are damaged: {str(error).partition(chr(10))[0]}"
    for name, limit in _LIMITS.items():
        if name in row.schema.names and row.column(name).nbytes > limit:
            return f"{name}: {row.column(name).nbytes} bytes, at most {limit}"
    kind = row.schema.field("captions").type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        (count,) = pc.list_value_length(row.column("captions")).to_pylist()
        if count and count > MOST_CAPTIONS:
            return f"captions: {count}, at most {MOST_CAPTIONS}"
    return ""


def _ids(batch: pa.RecordBatch) -> list[str]:
    """Ids as text, "" where there is none; bytes that are no UTF-8 get marks of replacement."""
    column = batch.column("id")
    if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
        return ["" if number is None else str(number) for number in column.to_pylist()]
    data = column.cast(pa.large_binary()).to_pylist()
    return ["" if name is None else name.decode(errors="replace") for name in data]


def _check_schema(file: Path) -> None:
    try:
        schema = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{file}: not a Parquet file: {error}") from error
    missing = [name for name in REQUIRED if name not in schema.names]
    if missing:
        raise DatasetError(
            f"{file}: no column {', '.join(missing)}; it has {', '.join(schema.names)}"
        )
    for name, (fits, wanted) in _TYPES.items():
        if name in schema.names and not fits(schema.field(name).type):
            raise DatasetError(f"{file}: column {name} is {schema.field(name).type}, not {wanted}")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_null(kind)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _is_bytes(kind.field("bytes").type)
    return _is_bytes(kind)


def _is_texts(kind: pa.DataType) -> bool:
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return _is_text(kind.value_type if listed else kind)


_TYPES: Mapping[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "id": (lambda kind: _is_text(kind) or pa.types.is_integer(kind), "text or whole numbers"),
    "image": (_is_image, "encoded pictures (binary)"),
    "captions": (_is_texts, "lists of texts"),
    "depth": (_is_bytes, "encoded pictures (binary)"),
    **dict.fromkeys(("depth_min_m", "depth_max_m", "depth_unit_m"), (_is_number, "numbers")),
    "instances": (_is_text, "JSON text"),
}
