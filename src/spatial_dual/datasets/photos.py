"""Real photographs with captions, from sharded Parquet files, as the project's records."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset, DatasetError

from spatial_dual.datasets.photo_rows import BadRow, read_photo

logger = logging.getLogger(__name__)

REQUIRED = ("id", "image", "captions")
OPTIONAL = ("depth", "depth_min_m", "depth_max_m", "instances")
_ARRAYS = ("image", "depth", "instances")
_ROWS_READ = 64


class PhotoSource:
    """Photographs of a folder of ``*.parquet`` files (or one file), in splits, as record chunks.

    Columns read: ``id``, ``image`` (encoded picture), ``captions`` (list of strings) and, where
    there are any, ``depth`` (8-bit PNG, code c = 1 + round(254 ln(z/lo) / ln(hi/lo)), 0 = none,
    lo and hi in ``depth_min_m`` and ``depth_max_m``) and ``instances`` (JSON list of
    ``{"label", "box": [x0, y0, x1, y1] in 0..1, "mask_rle": COCO code or null}``).
    A photo without depth has depth 0 everywhere, one without instances has no labels: perception
    fills both. Cameras are assumed (``fov_deg``, pitch and height unknown).

    Bad rows are left out, logged with file, id and reason, and kept in ``quarantined``.

    Args:
        path: folder or file.
        image_size: side of the square records in pixels.
        max_objects: instances kept of a photo, the largest ones.
        val_share: share of the photos in ``val``, by a hash of the id.
        test_share: share of the photos in ``test``.
        max_bad_share: share of a split's rows that may be bad before reading fails.
        fov_deg: assumed vertical field of view of the square crop.
    """

    def __init__(
        self,
        path: Path | str,
        image_size: int,
        max_objects: int,
        val_share: float,
        test_share: float,
        max_bad_share: float,
        fov_deg: float,
    ) -> None:
        if min(val_share, test_share) < 0 or val_share + test_share >= 1:
            raise ValueError(f"shares of val {val_share} and test {test_share} leave no train")
        self.quarantined: dict[str, str] = {}
        self._files = _parquet_files(Path(path))
        self._image_size = image_size
        self._max_objects = max_objects
        self._shares = (val_share, test_share)
        self._max_bad_share = max_bad_share
        self._fov_deg = fov_deg

    def splits(self) -> dict[str, int]:
        """Rows of each split, bad ones still counted; reads only the ids."""
        return dict(self._counts)

    def chunks(self, split: str, size: int) -> Iterator[dict[str, Any]]:
        """Records of a split, ``size`` rows at a time, in the order of the files.

        Columns: id, image uint8 (n, H, W, 3), depth float16 (n, H, W) metres, instances uint8
        (n, H, W), labels, camera (JSON), graph (""), captions, place ("").

        Raises:
            DatasetError: unknown split, or more bad rows than ``max_bad_share``.
        """
        if split not in self._counts:
            raise DatasetError(f"no split {split!r}; there are {', '.join(self._counts)}")
        rows: list[dict[str, Any]] = []
        bad: list[str] = []
        for file, row in self._rows(split):
            try:
                rows.append(read_photo(row, self._image_size, self._max_objects, self._fov_deg))
            except BadRow as reason:
                self.quarantined[f"{file}: {row['id']}"] = str(reason)
                bad.append(f"{file}: {row['id']}: {reason}")
                logger.warning("photo left out: %s", bad[-1])
                self._check_share(split, bad)
            if len(rows) == size:
                yield _stack(rows)
                rows = []
        if rows:
            yield _stack(rows)

    @cached_property
    def _counts(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for file in self._files:
            ids = pq.read_table(file, columns=["id"]).column("id").to_pylist()
            counts.update(self._split_of(identifier) for identifier in ids)
        return {split: counts[split] for split in ("train", "val", "test")}

    def _split_of(self, identifier: str | None) -> str:
        digest = hashlib.blake2b((identifier or "").encode(), digest_size=8).digest()
        share = int.from_bytes(digest, "big") / 2**64
        val, test = self._shares
        return "test" if share < test else "val" if share < test + val else "train"

    def _rows(self, split: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for file in self._files:
            with pq.ParquetFile(file) as parquet:
                present = [name for name in OPTIONAL if name in parquet.schema_arrow.names]
                for batch in parquet.iter_batches(_ROWS_READ, columns=[*REQUIRED, *present]):
                    ids = batch.column("id").to_pylist()
                    chosen = [i for i, name in enumerate(ids) if self._split_of(name) == split]
                    for row in batch.take(pa.array(chosen, pa.int64())).to_pylist():
                        yield file, row

    def _check_share(self, split: str, bad: list[str]) -> None:
        total = self._counts[split]
        if len(bad) > self._max_bad_share * total:
            listed = "\n  ".join(bad[:20])
            raise DatasetError(
                f"{len(bad)} of the {total} photos of split {split!r} are bad, at most a share of "
                f"{self._max_bad_share} may be:\n  {listed}"
            )


class PhotoShardsDataset(AbstractDataset[None, PhotoSource]):
    """Catalog type of ``PhotoSource``: read only; the arguments are those of ``PhotoSource``.

    Raises:
        DatasetError: on load, no path, no Parquet file there, or a file without a needed column.
    """

    def __init__(
        self,
        path: str | None,
        image_size: int = 128,
        max_objects: int = 8,
        val_share: float = 0.05,
        test_share: float = 0.1,
        max_bad_share: float = 0.02,
        fov_deg: float = 55.0,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = path
        self._options: dict[str, Any] = {
            "image_size": image_size,
            "max_objects": max_objects,
            "val_share": val_share,
            "test_share": test_share,
            "max_bad_share": max_bad_share,
            "fov_deg": fov_deg,
        }
        self.metadata = metadata

    def load(self) -> PhotoSource:
        """The source; nothing but file footers is read yet."""
        if not self._path:
            raise DatasetError(
                "no folder of photographs given: add --params=photos.path=FOLDER, a folder of "
                "*.parquet files"
            )
        return PhotoSource(self._path, **self._options)

    def save(self, data: None) -> None:
        """Photographs are never written; raises DatasetError."""
        raise DatasetError("photographs are read only")

    def _exists(self) -> bool:
        return bool(self._path) and Path(str(self._path)).exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, **self._options}


def _parquet_files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.glob("*.parquet"))
    if not files:
        raise DatasetError(f"{path}: no *.parquet file there; photos.path must name their folder")
    for file in files:
        try:
            names = pq.read_schema(file).names
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f"{file}: not a Parquet file: {error}") from error
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            raise DatasetError(f"{file}: no column {', '.join(missing)}; it has {', '.join(names)}")
    return files


def _stack(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: np.stack(column) if name in _ARRAYS else column for name, column in columns.items()
    }
