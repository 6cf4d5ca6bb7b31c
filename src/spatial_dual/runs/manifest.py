"""One JSON file for each run: what was run, with what, on what, and what came out."""

import errno
import json
import logging
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import click
from filelock import BaseFileLock, FileLock, Timeout
from pydantic import BaseModel, FiniteFloat, ValidationError

from spatial_dual.datasets.folders import create, read_object, write_file
from spatial_dual.datasets.reading import BadFileError, read_json
from spatial_dual.runs.fingerprints import plain

Manifest = dict[str, Any]
logger = logging.getLogger(__name__)
ONLY_MISSING = "--only-missing-outputs"
LAST = "last"  # a file with number and start of the last run
RESERVE = "reserve"  # a file that a run frees at its end, so that a full disk can take the manifest


class _Stated(BaseModel, strict=True):
    """What manifests are read for."""

    id: str
    status: str
    command: list[str]
    git: dict[str, str | bool]
    number: int = 0
    seconds: FiniteFloat = 0.0
    pid: int = 0
    outputs: dict[str, str] = {}


class FolderInUseError(click.ClickException):
    """Another run writes to the same folder; the message names it."""


class UnusableFolderError(click.ClickException):
    """Nothing can be written to the data folder; the message says why and what to do."""


class ManifestError(ValueError):
    """A file among the manifests that is none; the message names it."""


def new_manifest(run_params: Mapping[str, Any], parameters: Any) -> Manifest:
    """What is known of a run before its first node."""
    typed = click.get_current_context(silent=True)  # None where Python started the run
    return {
        "id": run_params["run_id"],
        "status": "running",
        "started": now(),
        "pid": os.getpid(),
        "command": ["kedro", *sys.argv[1:]] if typed else list(sys.orig_argv),
        "git": _git(Path(run_params["project_path"])),
        "parameters": plain(parameters),
        "versions": {"python": platform.python_version()} | _packages(),
        "machine": {**platform.uname()._asdict(), "cpus": len(os.sched_getaffinity(0))},
    }


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write or replace ``folder/<id>.json``; that of a run at its end finds room on a full disk."""
    if manifest["status"] != "running":
        (folder / RESERVE).unlink(missing_ok=True)
    content = json.dumps(manifest, indent=1, default=str) + "\n"
    write_file(folder / f"{manifest['id']}.json", content.encode())


def load_manifests(folder: Path) -> dict[str, Manifest]:
    """All runs by id, in the order in which they began; one that ended unsaid was killed.

    Raises:
        ManifestError: a file is damaged.
    """
    manifests = sorted(map(_load, sorted(folder.glob("*.json"))), key=_number)
    for manifest in manifests:
        if manifest["status"] == "running" and not (manifest is manifests[-1] and _is_held(folder)):
            manifest["status"] = "killed"
    return {manifest["id"]: manifest for manifest in manifests}


def lock_runs(folder: Path) -> BaseFileLock:
    """Keep other runs out until the lock is released or this process ends, however it ends.

    Raises:
        FolderInUseError: another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if lock := _take(folder):
        with create(folder / RESERVE) as reserve:
            reserve.write(bytes(1 << 20))
        return lock
    run = next(reversed(load_manifests(folder).values()))
    raise FolderInUseError(
        f"{folder.parent} is being written by run {run['id']} (process {run['pid']}: "
        f"{shlex.join(run['command'])}); wait for that run or stop it, or give this one a folder "
        "of its own (data in conf/<env>/globals.yml)"
    )


@contextmanager
def usable(data: Path) -> Iterator[None]:
    """What writes the first files of a run.

    Raises:
        UnusableFolderError: it fails for a full disk or a data folder that is read-only.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            (data / "runs" / RESERVE).unlink(missing_ok=True)
            what = "less than 1 MiB is free there; make room"
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            what = f"cannot be written to ({error.strerror}); make it writable"
        else:
            raise
        raise UnusableFolderError(
            f"{data}: {what}, or give the run another folder (data in conf/<env>/globals.yml); "
            "nothing there was changed"
        ) from error


def number_run(folder: Path, manifest: Manifest) -> None:
    """Give a run the number after the last run's: its place, whatever the clock says."""
    last = read_object(folder / LAST)
    number = last.get("number")
    if not isinstance(number, int):
        with suppress(ManifestError):
            number = max(map(_number, load_manifests(folder).values()), default=0)
    manifest["number"] = (number or 0) + 1
    if str(last.get("started", "")) > manifest["started"]:
        logger.warning(
            "The clock was set back: the last run began at %s, this one at %s; runs are kept in "
            "the order in which they ran",
            last["started"],
            manifest["started"],
        )
    content = {"number": manifest["number"], "started": manifest["started"]}
    write_file(folder / LAST, json.dumps(content).encode())


def resumed(command: list[str]) -> str:
    """The command that goes on where a run ended."""
    return shlex.join([*(part for part in command if part != ONLY_MISSING), ONLY_MISSING])


def now() -> str:
    """UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _load(path: Path) -> Manifest:
    try:
        manifest = read_json(path)
        _Stated.model_validate(manifest)
    except BadFileError as error:
        raise ManifestError(f"{error}; move it elsewhere or delete it") from error
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise ManifestError(
            f"{path}: not the manifest of a run: {field}: {error.errors()[0]['msg']}; move it "
            "elsewhere or delete it"
        ) from error
    return dict(manifest)


def _number(manifest: Manifest) -> int:
    return int(manifest.get("number", 0))


def _is_held(folder: Path) -> bool:
    """Whether a run is on; of a folder that is read-only it cannot be known that none is."""
    try:
        return _take(folder) is None
    except OSError:
        return True


def _take(folder: Path) -> BaseFileLock | None:
    """The lock of the folder, given back when it is no longer referred to; None if it is held."""
    lock = FileLock(folder / "lock")
    with suppress(Timeout):
        lock.acquire(blocking=False)
    return lock if lock.is_locked else None


def _packages() -> dict[str, str]:
    read = (found.metadata for found in distributions())  # each access would parse it again
    return {metadata["Name"]: metadata["Version"] for metadata in read}


def _git(project: Path) -> dict[str, Any]:
    """Commit, and whether files differ from it; empty outside a repository."""
    ask = partial(subprocess.run, cwd=project, capture_output=True, text=True, check=True)
    try:
        commit = ask(["git", "rev-parse", "HEAD"]).stdout.strip()
        return {"commit": commit, "dirty": bool(ask(["git", "status", "--porcelain"]).stdout)}
    except (OSError, subprocess.CalledProcessError):
        return {}
