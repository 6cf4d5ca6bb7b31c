"""Files and folders that appear whole or not at all; a folder's ``manifest.json`` proves it.

What is new is written beside its place under a temporary name, flushed to disk (its folders too,
from the innermost outwards) and renamed. A folder that is already there steps aside first
(``<name>.previous``) and is deleted last. A kill before the renames leaves the old folder, between
them the old one aside, after them the new one. Only writers rename: a reader that comes between
the two renames reads the folder that stepped aside. What lies under a temporary name already, a
link of a stranger's folder above all, is removed, never followed.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from spatial_dual.datasets.limits import DATASET_BYTES
from spatial_dual.datasets.reading import is_within, read_json

MANIFEST = "manifest.json"
Read = TypeVar("Read")

logger = logging.getLogger(__name__)


class IncompleteFolderError(ValueError):
    """A folder whose files are not those of its manifest; the message names file and reason."""


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Replace ``folder`` by what ``fill`` writes into the empty folder it is handed.

    Raises:
        FileExistsError: the folder holds files of somebody else, which would be lost.
    """
    settle(folder)
    temporary = unfinished(folder)
    remove(temporary)
    make_folder(folder.parent)
    temporary.mkdir()
    try:
        _fill_and_flush(temporary, fill)
        publish(folder)
    except BaseException:
        # a full disk should not stay full of what is of no use
        remove(temporary)
        raise


def unfinished(path: Path) -> Path:
    """Where the replacement of a file or folder is written."""
    return path.with_name(f"{path.name}.unfinished")


def publish(folder: Path) -> None:
    """Put what is in ``unfinished(folder)``, files flushed, in the place of ``folder``.

    Raises:
        FileExistsError: the folder holds files of somebody else, which would be lost.
    """
    _check_own(folder, unfinished(folder))
    for inner, _, _ in os.walk(unfinished(folder), topdown=False):
        flush(Path(inner))
    previous = _previous(folder)
    try:
        if folder.exists():
            remove(previous)  # of an attempt killed while it deleted that
            folder.rename(previous)
        unfinished(folder).rename(folder)
    except BaseException:
        settle(folder)
        raise
    flush(folder.parent)
    remove(previous)


def settle(folder: Path) -> None:
    """Put back what stepped aside for a replacement that never came; for writers alone."""
    if (place := stored(folder)) != folder:
        place.rename(folder)


def stored(folder: Path) -> Path:
    """Where the folder is to be read: where it stepped aside to, as long as it is not replaced."""
    previous = _previous(folder)
    aside = not folder.exists() and previous.is_dir() and not previous.is_symlink()
    return previous if aside else folder


def identity(folder: Path) -> tuple[int, int] | None:
    """Device and inode of what is stored; another one once it is replaced, None if absent."""
    try:
        status = stored(folder).stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def read_folder(folder: Path, read: Callable[[Path], Read]) -> Read:
    """What ``read`` makes of the folder, once that is verified; see ``read_unreplaced``.

    Raises:
        IncompleteFolderError: no manifest, or a file that is missing, cut or changed.
    """
    return read_unreplaced(folder, lambda place: read(verify_folder(place)))


def read_unreplaced(folder: Path, read: Callable[[Path], Read]) -> Read:
    """What ``read`` makes of the folder, whose place it is handed.

    A folder that is replaced while it is read is read again, so that nothing is put together from
    the old one and the new one.
    """
    while True:
        before = identity(folder)
        try:
            result = read(stored(folder))
        except (OSError, ValueError):
            if identity(folder) == before:
                raise
            continue
        if identity(folder) == before:
            return result


def verify_folder(folder: Path) -> Path:
    """Check that every file of the manifest is there, byte for byte, and no other.

    Files whose names begin with a dot do not count. Gives the folder's place.

    Raises:
        IncompleteFolderError: no manifest, a file that is missing, cut or changed, a link out of
            the folder, or a file that the manifest does not list.
    """
    folder = stored(folder)
    again = f"run the stage that makes {folder.name}"
    listed = _listed(folder)
    for name, stated in listed.items():
        path = folder / name
        if not path.is_file() or not is_within(path, folder):
            raise IncompleteFolderError(f"{path}: missing; {again}")
        found: dict[str, Any] = {"bytes": path.stat().st_size}
        if found["bytes"] == stated["bytes"]:
            found["sha256"] = file_digest(path)
        for key, value in found.items():
            if value != stated[key]:
                raise IncompleteFolderError(
                    f"{path}: {key} is {value}, {MANIFEST} says {stated[key]}; {again}"
                )
    there = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir())
    for name in (str(path.relative_to(folder)) for path in there):
        if name not in listed and name != MANIFEST and not Path(name).name.startswith("."):
            raise IncompleteFolderError(
                f"{folder}: holds {name}, which its {MANIFEST} does not list; move it away, or "
                f"{again}"
            )
    return folder


def _listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of each file, as the manifest states them."""
    path = folder / MANIFEST
    if not path.exists():
        raise IncompleteFolderError(
            f"{folder}: no {MANIFEST}, so it was never finished; run the stage that makes it"
        )
    try:
        listed: dict[str, dict[str, Any]] = read_json(path)["files"]
        for stated in listed.values():
            stated["bytes"], stated["sha256"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IncompleteFolderError(f"{path}: unreadable manifest: {error!r}") from error
    return listed


def is_whole(folder: Path) -> bool:
    """Whether ``verify_folder`` finds nothing wrong; what it finds in a finished one is logged."""
    try:
        read_unreplaced(folder, verify_folder)
    except IncompleteFolderError as error:
        if folder.exists():
            logger.warning("%s", error)
        return False
    return True


def write_file(path: Path, content: bytes) -> None:
    """Replace one file atomically."""
    replace_file(path, lambda temporary: temporary.write_bytes(content))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Replace one file atomically by what ``write`` writes to the path that it is handed."""
    replace_files({path: write})


def replace_files(writes: Mapping[Path, Callable[[Path], object]]) -> None:
    """Replace files of one folder, all flushed to disk before the first takes its place."""
    folder = next(iter(writes)).parent
    make_folder(folder)
    try:
        for path, write in writes.items():
            create(unfinished(path)).close()
            write(unfinished(path))
            flush(unfinished(path))
        for path in writes:
            unfinished(path).rename(path)
    except BaseException:
        for path in writes:
            unfinished(path).unlink(missing_ok=True)
        raise
    flush(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and those that it lies in, each of them durable."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)


def create(path: Path) -> BinaryIO:
    """A new, empty file in the place of one of this name; a link is removed, not followed."""
    remove(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or a link, but nothing that a link names."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none that can be read."""
    try:
        return dict(read_json(path, DATASET_BYTES))
    except (TypeError, ValueError):
        return {}


def file_digest(path: Path) -> str:
    """SHA-256 of a file; read once a process unless its size, time or inode changes."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns, status.st_ino)


def flush(path: Path) -> None:
    """Make a file or the entries of a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill_and_flush(folder: Path, fill: Callable[[Path], None]) -> None:
    fill(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = {
        str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in files
    }
    (folder / MANIFEST).write_text(json.dumps({"files": listed}, indent=1) + "\n")
    for path in [*files, folder / MANIFEST]:
        flush(path)


def _check_own(folder: Path, replacement: Path) -> None:
    if (folder / MANIFEST).exists() or not folder.exists():
        return
    own = {path.name for path in replacement.iterdir()}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in own)
    if strange:
        raise FileExistsError(
            f"{folder}: holds {strange[0]}, which is not of what is written here; move it away or "
            "name another folder"
        )


def _previous(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.previous")


@cache
def _sha256(path: Path, size: int, changed_ns: int, inode: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
