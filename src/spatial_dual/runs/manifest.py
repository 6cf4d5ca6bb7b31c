"""One JSON file for each run: what was run, with what, on what, and what came out."""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import click
from filelock import BaseFileLock, FileLock, Timeout
from pydantic import BaseModel, FiniteFloat, ValidationError

from spatial_dual.datasets.folders import create, write_file
from spatial_dual.datasets.reading import BadFileError, read_json
from spatial_dual.runs.fingerprints import plain

Manifest = dict[str, Any]
ONLY_MISSING = "--only-missing-outputs"
RESERVE = "reserve"  # a file that a run frees at its end, so that a full disk can take the manifest


class _Stated(BaseModel, strict=True):
    """What manifests are read for."""

    id: str
    status: str
    command: list[str]
    git: dict[str, str | bool]
    seconds: FiniteFloat = 0.0
    pid: int = 0
    outputs: dict[str, str] = {}


class FolderInUseError(click.ClickException):
    """Another run writes to the same folder; the message names it."""


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
    """All runs by id, oldest first; one that ended without saying so was killed.

    Raises:
        ManifestError: a file is damaged.
    """
    manifests = [_load(path) for path in sorted(folder.glob("*.json"))]
    for manifest in manifests:
        if manifest["status"] == "running" and not (
            manifest is manifests[-1] and _take(folder) is None
        ):
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
