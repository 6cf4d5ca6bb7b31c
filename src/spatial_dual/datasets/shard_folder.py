"""Folders of record shards: written whole, checked, and mended shard by shard.

A folder is written as ``<folder>.unfinished`` and takes the place of its predecessor when whole
(see ``spatial_dual.datasets.folders``). Its manifest is renewed with every shard, so that after a
kill the next attempt with the same recipe goes on there; shards that are sound in a damaged
folder of the same recipe are taken over.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from spatial_dual.chunks import ChunkSeries
from spatial_dual.datasets.folders import (
    MANIFEST,
    file_digest,
    flush,
    make_folder,
    publish,
    read_unreplaced,
    remove,
    settle,
    unfinished,
    write_file,
)
from spatial_dual.datasets.reading import BadFileError, read_json
from spatial_dual.datasets.record_columns import Chunk, RecordsError, batches
from spatial_dual.datasets.shard_manifest import MANIFEST_VERSION, Shard, check_manifest, shard_name
from spatial_dual.datasets.shard_writer import ShardWriter

RECIPE = "recipe"
"""File beside the shards that names what they are made of; no part of their content."""

logger = logging.getLogger(__name__)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of complete records; checks that each shard is there with its stated size.

    Raises:
        RecordsError: no manifest (never finished), another version, or a shard missing or cut.
    """
    return read_unreplaced(folder, _manifest_of_complete)


def damages(folder: Path) -> list[str]:
    """What is wrong with finished records; reads every shard (about 1 GB a second).

    Raises:
        RecordsError: no manifest that can be read.
    """
    return read_unreplaced(
        folder, lambda place: list(_damaged(place, _stated(place)["shards"]).values())
    )


def write_shards(
    folder: Path, chunks: Iterable[Chunk], rows_per_shard: int, recipe: str | None
) -> None:
    """Replace the records in ``folder``.

    Args:
        folder: their place.
        chunks: of a ``ChunkSeries`` only those are made that shards need which are not there.
        rows_per_shard: rows of all shards but the last.
        recipe: names what a series is made of, the number of rows in a shard aside; None makes
            all shards.
    """
    settle(folder)
    if isinstance(chunks, ChunkSeries) and recipe is not None:
        _write_absent(folder, chunks, rows_per_shard, recipe)
    else:
        _empty(unfinished(folder))
        writer = ShardWriter(unfinished(folder), rows_per_shard, {})
        try:
            writer.write(batches(folder, chunks), 0)
            writer.write_manifest()
        except Exception:
            # a full disk should not stay full of what is of no use
            remove(unfinished(folder))
            raise
    publish(folder)


def _manifest_of_complete(folder: Path) -> dict[str, Any]:
    manifest = _stated(folder)
    for shard in manifest["shards"]:
        _check_size(folder, shard)
    return manifest


def _write_absent(folder: Path, series: ChunkSeries, rows_per_shard: int, recipe: str) -> None:
    bounds = [*range(0, series.rows, rows_per_shard), series.rows]
    sizes = [stop - start for start, stop in pairwise(bounds)]
    there = _take_over(folder, recipe, sizes)
    if there:
        logger.info("%s: %d of %d shards are there already", folder, len(there), len(sizes))
    writer = ShardWriter(unfinished(folder), rows_per_shard, there)
    writer.write_manifest()
    for first, last in _runs([number for number in range(len(sizes)) if number not in there]):
        start, stop = bounds[first], bounds[last + 1]
        made = batches(folder, series.covering(start, stop), writer.schema)
        writer.write(_cut(made, start % series.size, stop - start), first)


def _take_over(folder: Path, recipe: str, sizes: list[int]) -> dict[int, Shard]:
    """Gather the sound shards that a killed attempt or a damaged folder left, by number."""
    place = unfinished(folder)
    if place.is_symlink() or _recipe_of(place) != recipe:
        _empty(place)
        write_file(place / RECIPE, recipe.encode())
    there = _sound(place, sizes)
    stored = _sound(folder, sizes) if _recipe_of(folder) == recipe else {}
    if len(stored) < len(sizes):  # a whole folder is made again on purpose
        for number in stored.keys() - there.keys():
            (place / shard_name(number)).unlink(missing_ok=True)
            _link_or_copy(folder / shard_name(number), place / shard_name(number))
            there[number] = stored[number]
    for path in place.iterdir():
        if path.name not in (RECIPE, MANIFEST, *map(shard_name, there)):
            remove(path)
    return there


def _sound(folder: Path, sizes: list[int]) -> dict[int, Shard]:
    """Shards, by number, that are as the manifest says and have as many rows as they should."""
    try:
        listed = _stated(folder)["shards"]
    except RecordsError:
        return {}
    damaged = _damaged(folder, listed)
    sound = {shard["file"]: shard for shard in listed if shard["file"] not in damaged}
    names = [shard_name(number) for number in range(len(sizes))]
    return {
        number: sound[name]
        for number, name in enumerate(names)
        if name in sound and sound[name]["rows"] == sizes[number]
    }


def _stated(folder: Path) -> dict[str, Any]:
    """The manifest, whatever the shards are.

    Raises:
        RecordsError: there is none that can be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise RecordsError(
            f"{folder}: no {MANIFEST}, so these records were never finished; run the stage that "
            "writes them again"
        )
    try:
        manifest = read_json(path)
    except BadFileError as error:
        raise RecordsError(str(error)) from error
    version = manifest.get("version") if isinstance(manifest, dict) else None
    if version != MANIFEST_VERSION:
        raise RecordsError(
            f"{path}: version {version!r}, expected {MANIFEST_VERSION}; write the records again"
        )
    try:
        return check_manifest(manifest)
    except ValueError as error:
        raise RecordsError(f"{path}: {error}; write the records again") from error


def _check_size(folder: Path, shard: Shard) -> None:
    path = folder / shard["file"]
    size = path.stat().st_size if path.is_file() and not path.is_symlink() else None
    if size != shard["bytes"]:
        found = "missing" if size is None else f"{size} bytes"
        raise RecordsError(f"{path}: {found}, the manifest says {shard['bytes']} bytes")


def _damaged(folder: Path, shards: list[Shard]) -> dict[str, str]:
    """What is wrong, by file name, with those that are not as the manifest says."""
    found = {}
    for shard in shards:
        path = folder / shard["file"]
        try:
            _check_size(folder, shard)
            if file_digest(path) != shard["sha256"]:
                found[path.name] = f"{path}: its content changed since it was written (SHA-256)"
        except RecordsError as error:
            found[path.name] = str(error)
    return found


def _recipe_of(folder: Path) -> str | None:
    path = folder / RECIPE
    return path.read_text() if path.is_file() else None


def _empty(folder: Path) -> None:
    remove(folder)
    make_folder(folder.parent)
    folder.mkdir()


def _link_or_copy(shard: Path, place: Path) -> None:
    try:
        os.link(shard, place)
    except OSError:  # not every file system has hard links, and some refuse those of other owners
        remove(place)
        shutil.copyfile(shard, place)
        flush(place)


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    firsts = [number for number in numbers if number - 1 not in numbers]
    lasts = [number for number in numbers if number + 1 not in numbers]
    return list(zip(firsts, lasts, strict=True))


def _cut(made: Iterable[pa.RecordBatch], skip: int, rows: int) -> Iterator[pa.RecordBatch]:
    """``rows`` rows after the first ``skip``."""
    for batch in made:
        part = batch.slice(skip, rows)
        skip = max(0, skip - batch.num_rows)
        rows -= part.num_rows
        yield part
