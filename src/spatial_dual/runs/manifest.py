"""One JSON file for each run: what was run, with what, on what, and what came out."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from spatial_dual.datasets.folders import write_file
from spatial_dual.runs.lock import RunLock
from spatial_dual.runs.recipe import flat, plain

Manifest = dict[str, Any]
_OPTIONS = {  # names of Kedro's run parameters → options of `kedro run`
    "env": "env",
    "pipeline_names": "pipelines",
    "node_names": "nodes",
    "from_nodes": "from-nodes",
    "to_nodes": "to-nodes",
    "from_inputs": "from-inputs",
    "to_outputs": "to-outputs",
    "tags": "tags",
    "namespaces": "namespaces",
    "runtime_params": "params",
}


def new_manifest(run_params: Mapping[str, Any], parameters: Any) -> Manifest:
    """What is known of a run before its first node."""
    return {
        "id": run_params["run_id"],
        "status": "running",
        "started": now(),
        "pid": os.getpid(),
        "command": kedro_command(run_params),
        "git": _git(Path(run_params["project_path"])),
        "parameters": plain(parameters),
        "versions": {"python": platform.python_version()}
        | {found.name: found.version for found in distributions()},
        "machine": {**platform.uname()._asdict(), "cpus": len(os.sched_getaffinity(0))},
    }


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write or replace ``folder/<id>.json``."""
    content = json.dumps(manifest, indent=1, default=str) + "\n"
    write_file(folder / f"{manifest['id']}.json", content.encode())


def load_manifests(folder: Path) -> dict[str, Manifest]:
    """All runs by id, oldest first; one that ended without saying so was killed."""
    manifests = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    alive = RunLock(folder).is_held()
    for manifest in manifests:
        if manifest["status"] == "running" and not (alive and manifest is manifests[-1]):
            manifest["status"] = "killed"
    return {manifest["id"]: manifest for manifest in manifests}


def kedro_command(run_params: Mapping[str, Any]) -> list[str]:
    """The command that starts a run with these parameters."""
    options = []
    for name, option in _OPTIONS.items():
        value = run_params.get(name)
        if isinstance(value, Mapping):
            value = [f"{key}={leaf}" for key, leaf in flat(value)] if value else None
        if value:
            options.append(f"--{option}={value if isinstance(value, str) else ','.join(value)}")
    return ["kedro", "run", *options]


def now() -> str:
    """UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(project: Path) -> dict[str, Any]:
    """Commit, and whether files differ from it; empty outside a repository."""

    def ask(*arguments: str) -> str:
        command = ["git", "-C", str(project), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {}
