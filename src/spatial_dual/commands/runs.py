"""``spatial-dual runs``: list the runs of a data folder, show one, compare two, reproduce one."""

import json
import re
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from spatial_dual.commands.errors import CommandError
from spatial_dual.runs.fingerprints import differences
from spatial_dual.runs.manifest import ONLY_MISSING, Manifest, ManifestError, load_manifests

_COMPARED = ("git", "parameters", "versions", "machine", "outputs")


def run(options: Namespace) -> None:
    """Carry out ``list``, ``show``, ``diff`` or ``reproduce``."""
    folder = Path(options.data) / "runs"
    try:
        manifests = load_manifests(folder)
    except ManifestError as error:
        raise CommandError(str(error)) from error
    if not manifests:
        raise CommandError(f"{folder}: no runs yet; name another data folder with --data DIR")
    chosen = [_find(manifests, given) for given in options.ids]
    {"list": _list, "show": _show, "diff": _diff, "reproduce": _reproduce}[options.action](
        folder, manifests, chosen
    )


def _find(manifests: dict[str, Manifest], given: str) -> Manifest:
    """The run whose id begins so; "last" and "last-1" count from the end."""
    ids = list(manifests)
    if counted := re.fullmatch(r"last(?:-(\d+))?", given):
        back = int(counted[1] or 0)
        matching = ids[-1 - back : len(ids) - back] if back < len(ids) else []
    else:
        matching = [name for name in ids if name.startswith(given)]
    if len(matching) != 1:
        raise CommandError(f"{given!r} names {len(matching)} runs; there are {', '.join(ids[-5:])}")
    return manifests[matching[0]]


def _list(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    if chosen:
        raise CommandError("list takes no id; show takes one or several")
    for manifest in manifests.values():
        git = manifest["git"]
        commit = git.get("commit", "")[:9] + ("+" if git.get("dirty") else "")
        seconds = f"{manifest['seconds']:.0f} s" if "seconds" in manifest else ""
        command = shlex.join(manifest["command"])
        print(f"{manifest['id']}  {manifest['status']:8} {seconds:>8}  {commit:10}  {command}")


def _show(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    if not chosen:
        raise CommandError("show takes the beginning of an id, or last, last-1, …")
    for manifest in chosen:
        print(json.dumps(manifest, indent=1))


def _diff(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    if len(chosen) != 2:
        raise CommandError("diff takes two runs")
    for line in differences(*map(_compared, chosen)):
        print(line)


def _reproduce(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    """Run the same command again and compare what comes out.

    Raises:
        CommandError: the code is another's, the run fails, or an output differs.
    """
    if len(chosen) != 1:
        raise CommandError("reproduce takes one run")
    (manifest,) = chosen
    _check_code(manifest)
    command = [part for part in manifest["command"] if part != ONLY_MISSING]
    print(shlex.join(command), file=sys.stderr)
    if command[0] == "kedro":
        command = [sys.executable, "-m", *command]
    if subprocess.run(command, check=False).returncode:
        raise CommandError("the run failed")
    again = list(load_manifests(folder).values())[-1]
    outputs = manifest.get("outputs", {})
    # the first run may have found some outputs up to date, which the second makes too
    again["outputs"] = {k: v for k, v in again.get("outputs", {}).items() if k in outputs}
    changed = differences(_compared(manifest), _compared(again))
    for line in changed:
        print(line)
    if any(line.startswith("outputs ") for line in changed):
        raise CommandError("outputs differ; see above what else does")
    print(f"{len(outputs)} outputs, all equal to those of {manifest['id']}")


def _check_code(manifest: Manifest) -> None:
    commit = manifest["git"].get("commit")
    if manifest["git"].get("dirty"):
        raise CommandError(
            f"{manifest['id']} ran with uncommitted changes on {commit}, which are not kept"
        )
    ask = ["git", "rev-parse", "HEAD"]
    here = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    if here != commit:
        raise CommandError(f"{manifest['id']} ran commit {commit}; first: git checkout {commit}")


def _compared(manifest: Manifest) -> dict[str, Any]:
    return {kind: manifest.get(kind, {}) for kind in _COMPARED}
