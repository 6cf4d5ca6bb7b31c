"""Between Python columns and Arrow columns: the types that records may hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

Column = Sequence[Any] | np.ndarray
Chunk = Mapping[str, Column]


class RecordsError(ValueError):
    """Records that cannot be written or read; the message names folder, column and reason."""


def batches(
    folder: Path, chunks: Iterable[Chunk], schema: pa.Schema | None = None
) -> Iterator[pa.RecordBatch]:
    """Chunks as record batches of one schema; waits while a column's type is still unknown."""
    waiting: list[pa.RecordBatch] = []
    for chunk in chunks:
        batch = _to_batch(folder, chunk)
        if schema is None:
            waiting.append(batch)
            found = _unified(folder, waiting)
            if any(_has_null(field.type) for field in found):
                continue
            schema = found
            yield from (_cast(folder, held, schema) for held in waiting)
        else:
            yield _cast(folder, batch, schema)
    if schema is None and waiting:
        found = _unified(folder, waiting)
        schema = pa.schema([(field.name, _null_to_string(field.type)) for field in found])
        yield from (_cast(folder, held, schema) for held in waiting)


def _to_batch(folder: Path, chunk: Chunk) -> pa.RecordBatch:
    lengths = {name: len(column) for name, column in chunk.items()}
    if len(set(lengths.values())) > 1:
        raise RecordsError(f"{folder}: columns of one chunk differ in length: {lengths}")
    arrays = [_to_arrow(folder, name, column) for name, column in chunk.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(chunk))


def _to_arrow(folder: Path, name: str, column: Column) -> pa.Array:
    try:
        if not isinstance(column, np.ndarray) or column.ndim < 2:
            return pa.array(column)
        if column.dtype == bool:
            raise TypeError("arrays of bool have no zero-copy form; store uint8")
        rows, *shape = column.shape
        if not rows:
            return pa.nulls(0)
        flat = pa.array(np.ascontiguousarray(column).reshape(-1))
        storage = pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape)))
        return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(flat.type, shape), storage)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise RecordsError(f"{folder}: column {name!r} cannot be stored: {error}") from error


def _unified(folder: Path, batches: list[pa.RecordBatch]) -> pa.Schema:
    try:
        schemas = [batch.schema for batch in batches]
        return pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise RecordsError(f"{folder}: chunks differ in their columns: {error}") from error


def _cast(folder: Path, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if set(batch.schema.names) != set(schema.names):
        raise RecordsError(
            f"{folder}: a chunk has columns {batch.schema.names}, the first had {schema.names}"
        )
    columns = []
    for field in schema:
        column = batch.column(field.name)
        if column.type != field.type:
            if _is_tensor(field.type) or _is_tensor(column.type):
                raise RecordsError(
                    f"{folder}: column {field.name!r} is {column.type}, in the first chunk it was "
                    f"{field.type}"
                )
            try:
                column = column.cast(field.type)
            except pa.ArrowException as error:
                raise RecordsError(f"{folder}: column {field.name!r}: {error}") from error
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _has_null(kind: pa.DataType) -> bool:
    return pa.types.is_null(kind) or (pa.types.is_list(kind) and _has_null(kind.value_type))


def _null_to_string(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_null_to_string(kind.value_type))
    return pa.string() if pa.types.is_null(kind) else kind


def _is_tensor(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.FixedShapeTensorType)


def is_numeric(kind: pa.DataType) -> bool:
    """Whether rows of this type stack to one array without copying."""
    return _is_tensor(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def to_numpy(column: pa.Array) -> np.ndarray:
    """Read-only view ``(rows, ...)`` of a numeric column, without copying."""
    if not _is_tensor(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=True))
    flat = column.storage.flatten().to_numpy(zero_copy_only=True)
    return np.asarray(flat.reshape(len(column), *column.type.shape))
