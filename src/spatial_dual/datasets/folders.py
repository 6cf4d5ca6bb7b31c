"""Folders that appear whole or not at all, and prove it: ``manifest.json`` lists size and SHA-256.

A folder is made beside its place under a temporary name, flushed to disk and renamed. When one is
already there it steps aside first (``<name>.previous``) and is deleted last. A kill before the
renames leaves the old folder, between them the old one aside (the next access puts it back), after
them the new one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

MANIFEST = "manifest.json"


class IncompleteFolderError(ValueError):
    """A folder whose files are not those of its manifest; the message names file and reason."""


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Replace ``folder`` by what ``fill`` writes into the empty folder it is handed."""
    _settle(folder)
    temporary = folder.with_name(f"{folder.name}.unfinished")
    previous = _previous(folder)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    fill(temporary)
    files = sorted(path for path in temporary.rglob("*") if path.is_file())
    listed = {
        str(path.relative_to(temporary)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in files
    }
    (temporary / MANIFEST).write_text(json.dumps({"files": listed}, indent=1) + "\n")
    for path in [*files, temporary / MANIFEST, temporary]:
        _flush(path)
    if folder.exists():
        folder.rename(previous)
    temporary.rename(folder)
    _flush(folder.parent)
    shutil.rmtree(previous, ignore_errors=True)


def verify_folder(folder: Path) -> None:
    """Check that every file of the manifest is there, byte for byte.

    Raises:
        IncompleteFolderError: no manifest, or a file that is missing, cut or changed.
    """
    _settle(folder)
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
            found["sha256"] = _sha256(path)
        for key, value in found.items():
            if value != stated[key]:
                raise IncompleteFolderError(
                    f"{path}: {key} is {value}, {MANIFEST} says {stated[key]}; run the stage that "
                    f"makes {folder.name}"
                )


def write_file(path: Path, content: bytes) -> None:
    """Replace one file atomically: temporary name, flush to disk, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.unfinished")
    temporary.write_bytes(content)
    _flush(temporary)
    temporary.rename(path)


def _settle(folder: Path) -> None:
    if _previous(folder).exists() and not folder.exists():
        _previous(folder).rename(folder)


def _previous(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.previous")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
