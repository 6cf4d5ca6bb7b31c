"""Rows of VSDv1 and VSDv2 (github zhaoyucs/VSD): a JSON list for each split, images elsewhere."""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from spatial_dual.datasets.limits import DATASET_BYTES
from spatial_dual.datasets.photos.folder import is_picture
from spatial_dual.datasets.photos.rows import PhotoRow
from spatial_dual.datasets.photos.source import SPLITS
from spatial_dual.datasets.reading import BadFileError, found_below, read_json


class VsdListing:
    """Rows of ``<prefix>…train.json``, ``…val.json`` and ``…test.json``.

    A row is ``{"img_id", "triple_list": [{"s", "p", "o", "s_bbox", "o_bbox"}, …], "captions"}``;
    ``img_id`` is the name of an image file, with or without its suffix.

    Args:
        annotations: folder of the JSON files.
        images: folder of the images, subfolders too (Visual Genome comes in two).
        prefix: of the JSON files' names, where a folder holds those of both versions.

    Raises:
        DatasetError: no such folder, or no JSON file of a split in it.
    """

    def __init__(self, annotations: Path, images: Path, prefix: str = "") -> None:
        for folder in (annotations, images):
            if not folder.is_dir():
                raise DatasetError(f"{folder}: no such folder")
        self._annotations = annotations
        self._folder = images
        self._prefix = prefix
        self._read = cache(self._read_split)

    def splits(self) -> dict[str, int]:
        """Rows of each split; one without a file has none."""
        return {split: len(self._read(split)) for split in SPLITS if self._files(split)}

    def rows(self, split: str) -> Iterator[PhotoRow]:
        """The rows of a split in the order of its file.

        Raises:
            DatasetError: no file of that split, several, or one that is not such a list.
        """
        rows = self._read(split)
        [file] = self._files(split)
        for row in rows:
            fields = row if isinstance(row, dict) else {}
            name = str(fields.get("img_id") or "")
            yield PhotoRow(
                file=str(file),
                id=name,
                # one that is not there is named, but never looked for elsewhere
                image=self._images.get(name, self._folder / Path(name).name),
                captions=_listed(fields.get("captions")),
                triples=_listed(fields.get("triple_list")),
                root=self._folder,
            )

    @cached_property
    def _images(self) -> dict[str, Path]:
        """Image files by name, and by name without suffix."""
        paths = sorted(filter(is_picture, self._folder.rglob("*")), reverse=True)
        return {path.stem: path for path in paths} | {path.name: path for path in paths}

    def _files(self, split: str) -> list[Path]:
        return found_below(self._annotations, f"{self._prefix}*{split}.json")

    def _read_split(self, split: str) -> list[Any]:
        files = self._files(split)
        if len(files) != 1:
            found = ", ".join(file.name for file in files) or "none"
            raise DatasetError(
                f"{self._annotations}: one file {self._prefix}*{split}.json is needed, found: "
                f"{found}; --params=vsd.prefix=… tells versions apart"
            )
        try:
            rows = read_json(files[0], DATASET_BYTES)
        except BadFileError as error:
            raise DatasetError(str(error)) from error
        if not isinstance(rows, list):
            raise DatasetError(f"{files[0]}: expected a list of photos, got {type(rows).__name__}")
        return rows


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
