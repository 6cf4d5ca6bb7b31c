"""Rows of a plain folder: pictures, and beside each a text file with a caption a line."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from spatial_dual.datasets.photos.rows import PhotoRow
from spatial_dual.datasets.photos.source import SPLITS

SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".jp2", ".heic"),
)
"""Files that are taken for pictures; whether they are is seen when they are opened."""


class FolderListing:
    """``<name>.jpg`` (or another of ``SUFFIXES``) with captions in ``<name>.txt``, subfolders too.

    The id is the picture's path below the folder.

    Args:
        folder: to look through.
        split_of: split of an id.
    """

    def __init__(self, folder: Path, split_of: Callable[[str], str]) -> None:
        self._folder = folder
        self._split_of = split_of

    def splits(self) -> dict[str, int]:
        """Pictures of each split."""
        counts = Counter(self._split_of(name) for name, _ in self._pictures)
        return {split: counts[split] for split in SPLITS}

    def rows(self, split: str) -> Iterator[PhotoRow]:
        """The pictures of a split in the order of their names."""
        for name, path in self._pictures:
            if self._split_of(name) == split:
                captions = path.with_suffix(".txt")
                yield PhotoRow(_text(path), name, path, captions, root=self._folder)

    @cached_property
    def _pictures(self) -> list[tuple[str, Path]]:
        paths = sorted(path for path in self._folder.rglob("*") if is_picture(path))
        return [(_text(path.relative_to(self._folder)), path) for path in paths]


def is_picture(path: Path) -> bool:
    """Whether something calls itself a picture; whether it is a file is seen when it is read."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def _text(path: Path) -> str:
    """The path as UTF-8: what old archives named otherwise gets marks of replacement."""
    return os.fsencode(path).decode(errors="replace")
