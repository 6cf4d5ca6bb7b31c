"""What the fuzzers of readers share: folders of strange files, and a round trip of what is read."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from spatial_dual.datasets.photos.catalog import PhotosDataset
from spatial_dual.datasets.quarantine import Finding, Quarantine
from spatial_dual.datasets.record_schema import AlignedRecordValidator
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.scene.graph import SceneGraph

MEMORY = Path("/dev/shm")
"""Where flushing costs nothing, for what is tried is reading."""


@contextmanager
def folder(**files: bytes | str) -> Iterator[Path]:
    """A folder of files; "_" in their names stands for "."."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        for name, content in files.items():
            data = content.encode(errors="surrogatepass") if isinstance(content, str) else content
            (Path(place) / name.replace("_", ".")).write_bytes(data)
        yield Path(place)


@contextmanager
def own_error(kind: type[Exception], named: object) -> Iterator[None]:
    """The reader's own error, which names the file or field, ends what is read; no other does."""
    try:
        yield
    except kind as error:
        if str(named) not in str(error):
            raise


def survives(load: Callable[[], Any]) -> None:
    """Records of a source are saved, loaded and read again without a change, findings too."""
    parts, again = (list(load().chunks("train", 3)) for _ in range(2))
    findings = [part for part in parts if isinstance(part, Finding)]
    chunks = [part for part in parts if not isinstance(part, Finding)]
    assert findings == [part for part in again if isinstance(part, Finding)]
    quarantine = Quarantine("train", max(len(findings), 1), 1.0, findings)
    text = json.dumps(quarantine.to_dict(), ensure_ascii=False).encode().decode()
    assert Quarantine.from_dict(json.loads(text)) == quarantine
    if not chunks:
        return
    validator = AlignedRecordValidator()
    with folder() as place:
        write_records(place / "r", validator.validate(chunks))
        stored = validator.validate(Records(place / "r"))
        assert isinstance(stored, Records)
        for name in chunks[0]:
            read = [row for chunk in chunks for row in chunk[name]]
            held = stored.chunk(range(len(stored)), [name])[name]
            assert all(np.array_equal(a, b) for a, b in zip(read, held, strict=True)), name
        for row in stored.values("graph"):
            assert not row or SceneGraph.from_json(row).to_json() == row


def photos(place: Path) -> Any:
    """All photographs of a folder are to train on."""
    return PhotosDataset(str(place), image_size=8, val_share=0, test_share=0).load()
