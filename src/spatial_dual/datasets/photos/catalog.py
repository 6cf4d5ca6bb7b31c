"""Catalog types of photographs: read only, one for each layout."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from spatial_dual.datasets.photos.folder import FolderListing
from spatial_dual.datasets.photos.rows import RecordShape
from spatial_dual.datasets.photos.shards import ParquetListing
from spatial_dual.datasets.photos.source import HashSplit, Listing, PhotoSource
from spatial_dual.datasets.photos.vsd import VsdListing
from spatial_dual.datasets.reading import found_below


class PhotosDataset(AbstractDataset[None, PhotoSource]):
    """A folder of Parquet shards (or one such file), or of pictures with captions beside them.

    Args:
        path: the folder or file.
        image_size: side of the square records in pixels.
        max_objects: instances kept of a photo, the largest ones.
        val_share: share of the photos in "val", by a hash of the id.
        test_share: share of the photos in "test".
        fov_deg: assumed vertical field of view of the square crop.
        metadata: kept for Kedro plugins, unused.

    Raises:
        DatasetError: on load, no path, nothing to read there, or a file without a needed column.
    """

    def __init__(
        self,
        path: str | None,
        image_size: int = 128,
        max_objects: int = 8,
        val_share: float = 0.05,
        test_share: float = 0.1,
        fov_deg: float = 55.0,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = path
        self._shape = RecordShape(image_size, max_objects, fov_deg)
        self._shares = {"val": val_share, "test": test_share}
        self.metadata = metadata

    def load(self) -> PhotoSource:
        """The source; no picture is read yet."""
        if not self._path:
            raise DatasetError(
                "no photographs given: add --params=photos.path=FOLDER, a folder of *.parquet "
                "files, or of pictures with captions beside them (name.jpg, name.txt)"
            )
        return PhotoSource(self._listing(Path(self._path)), self._shape)

    def save(self, data: None) -> None:
        """Photographs are never written; raises DatasetError."""
        raise DatasetError("photographs are read only")

    def _listing(self, path: Path) -> Listing:
        split_of = HashSplit(**self._shares)
        files = [path] if path.is_file() else found_below(path, "*.parquet")
        if files:
            return ParquetListing(files, split_of)
        listing = FolderListing(path, split_of)
        if not any(listing.splits().values()):
            raise DatasetError(
                f"{path}: no *.parquet file and no picture there; photos.path must name their "
                "folder"
            )
        return listing

    def _exists(self) -> bool:
        return bool(self._path) and Path(str(self._path)).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, **vars(self._shape), **self._shares}


class VsdDataset(AbstractDataset[None, PhotoSource]):
    """VSDv1 or VSDv2: annotations in one folder, images in another (see ``vsd.VsdListing``).

    Args:
        path: folder of ``*train.json``, ``*val.json`` and ``*test.json``.
        images: folder of the images.
        prefix: of the JSON files' names, where the folder holds those of both versions.
        image_size, max_objects, fov_deg: as of ``PhotosDataset``.
        metadata: kept for Kedro plugins, unused.

    Raises:
        DatasetError: on load, a folder that is not given or not there.
    """

    def __init__(
        self,
        path: str | None,
        images: str | None,
        prefix: str = "",
        image_size: int = 256,
        max_objects: int = 8,
        fov_deg: float = 55.0,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = path
        self._images = images
        self._prefix = prefix
        self._shape = RecordShape(image_size, max_objects, fov_deg)
        self.metadata = metadata

    def load(self) -> PhotoSource:
        """The source; no picture is read yet."""
        if not (self._path and self._images):
            raise DatasetError(
                "VSD needs two folders: --params=vsd.path=JSON_FOLDER,vsd.images=IMAGE_FOLDER"
            )
        listing = VsdListing(Path(self._path), Path(self._images), self._prefix)
        return PhotoSource(listing, self._shape)

    def save(self, data: None) -> None:
        """VSD is never written; raises DatasetError."""
        raise DatasetError("VSD is read only")

    def _exists(self) -> bool:
        return all(folder and Path(folder).is_dir() for folder in (self._path, self._images))

    def _describe(self) -> dict[str, Any]:
        return {
            "path": self._path,
            "images": self._images,
            "prefix": self._prefix,
            **vars(self._shape),
        }
