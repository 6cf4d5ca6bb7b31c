"""``spatial-dual runs``: list the runs of a data folder, show one, compare two, reproduce one."""

import json
import re
import shlex
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from spatial_dual.commands.errors import CommandError
from spatial_dual.commands.outputs import say, warn
from spatial_dual.printing import printable
from spatial_dual.runs.fingerprints import differences
from spatial_dual.runs.manifest import Manifest, ManifestError, load_manifests
from spatial_dual.runs.reproduction import CommandRefusedError, rebuilt_command

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
    actions: dict[str, Callable[[Path, dict[str, Manifest], list[Manifest]], None]] = {
        "list": _list,
        "show": _show,
        "diff": _diff,
        "reproduce": partial(_reproduce, confirmed=options.yes),
    }
    actions[options.action](folder, manifests, chosen)


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
        say(
            printable(
                f"{manifest['id']}  {manifest['status']:8} {seconds:>8}  {commit:10}  {command}"
            )
        )


def _show(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    if not chosen:
        raise CommandError("show takes the beginning of an id, or last, last-1, …")
    for manifest in chosen:
        say(json.dumps(manifest, indent=1))


def _diff(folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest]) -> None:
    if len(chosen) != 2:
        raise CommandError("diff takes two runs")
    for line in differences(*map(_compared, chosen)):
        say(printable(line))


def _reproduce(
    folder: Path, manifests: dict[str, Manifest], chosen: list[Manifest], confirmed: bool
) -> None:
    """Show the command of a run, run it again once that is confirmed, compare what comes out.

    Raises:
        CommandError: the code is another's, the command is refused, the run fails, or an output
            differs.
    """
    if len(chosen) != 1:
        raise CommandError("reproduce takes one run")
    (manifest,) = chosen
    outputs = manifest.get("outputs", {})
    if not outputs:
        raise CommandError(f"{manifest['id']} names no outputs, so there is nothing to compare")
    _check_code(manifest)
    try:
        command = rebuilt_command(manifest["command"], Path("conf"))
    except CommandRefusedError as error:
        raise CommandError(f"{manifest['id']} cannot be reproduced: {error}") from error
    _confirm(command, confirmed)
    if subprocess.run([sys.executable, "-m", *command], check=False).returncode:
        raise CommandError("the run failed")
    new = [made for made in load_manifests(folder).values() if made["id"] not in manifests]
    if len(new) != 1:
        raise CommandError(f"{len(new)} new runs in {folder}, not one; name its --data folder")
    (again,) = new
    # the first run may have found some outputs up to date, which the second makes too
    again["outputs"] = {k: v for k, v in again.get("outputs", {}).items() if k in outputs}
    changed = differences(_compared(manifest), _compared(again))
    for line in changed:
        say(printable(line))
    if any(line.startswith("outputs ") for line in changed):
        raise CommandError("outputs differ; see above what else does")
    say(printable(f"{len(outputs)} outputs, all equal to those of {manifest['id']}"))


def _confirm(command: list[str], confirmed: bool) -> None:
    warn(shlex.join(command))
    if confirmed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise CommandError("add --yes to run this command, which the manifest names")
    if not click.confirm("Run this command?", err=True):
        raise CommandError("not run")


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
