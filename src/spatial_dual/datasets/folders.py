"""Folders that appear whole or not at all, and prove it: ``manifest.json`` lists size and SHA-256.

A folder is made beside its place under a temporary name, flushed to disk and renamed. When one is
already there it steps aside first (``<name>.previous``) and is deleted last. A kill before the
renames leaves the old folder, between them the old one aside (the next access puts it back), after
them the new one. What lies under a temporary name already, a link of a stranger's folder above all,
is removed, never followed.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "manifest.json"

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
    temporary.mkdir(parents=True)
    try:
        _fill_and_flush(temporary, fill)
        publish(folder)
    except Exception:
        # a full disk should not stay full of what is of no use
        remove(temporary)
        raise


def unfinished(folder: Path) -> Path:
    """Where the replacement of a folder or file is written."""
    return folder.with_name(f"{folder.name}.unfinished")


def publish(folder: Path) -> None:
    """Put what is flushed to disk in ``unfinished(folder)`` in the place of ``folder``.

    Raises:
        FileExistsError: the folder holds files of somebody else, which would be lost.
    """
    _check_own(folder, unfinished(folder))
    flush(unfinished(folder))
    previous = _previous(folder)
    if folder.exists():
        remove(previous)  # of an attempt killed while it deleted that
        folder.rename(previous)
    unfinished(folder).rename(folder)
    flush(folder.parent)
    remove(previous)


def settle(folder: Path) -> None:
    """Put back what stepped aside for a replacement that never came."""
    if _previous(folder).exists() and not folder.exists():
        _previous(folder).rename(folder)


def verify_folder(folder: Path) -> None:
    """Check that every file of the manifest is there, byte for byte.

    Raises:
        IncompleteFolderError: no manifest, or a file that is missing, cut or changed.
    """
    settle(folder)
    try:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
    except FileNotFoundError:
        raise IncompleteFolderError(
            f"{folder}: no {MANIFEST}, so it was never finished; run the stage that makes it"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise IncompleteFolderError(f"{folder / MANIFEST}: unreadable manifest: {error}") from error
    for name, stated in listed.items():
        path = folder / name
        if not path.is_file():
            raise IncompleteFolderError(f"{path}: missing; run the stage that makes {folder.name}")
        found = {"bytes": path.stat().st_size}
        if found["bytes"] == stated["bytes"]:
            found["sha256"] = file_digest(path)
        for key, value in found.items():
            if value != stated[key]:
                raise IncompleteFolderError(
                    f"{path}: {key} is {value}, {MANIFEST} says {stated[key]}; run the stage that "
                    f"makes {folder.name}"
                )


def is_whole(folder: Path) -> bool:
    """Whether ``verify_folder`` finds nothing wrong; what it finds in a finished one is logged."""
    try:
        verify_folder(folder)
    except IncompleteFolderError as error:
        if folder.exists():
            logger.warning("%s", error)
        return False
    return True


def write_file(path: Path, content: bytes) -> None:
    """Replace one file atomically: temporary name, flush to disk, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(path)
    try:
        with create(temporary) as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    temporary.rename(path)


def create(path: Path) -> BinaryIO:
    """A new, empty file in the place of one of this name; a link is removed, not followed."""
    path.unlink(missing_ok=True)
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
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
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
