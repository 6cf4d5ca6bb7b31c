"""The command of a run, rebuilt from its manifest, which may be a stranger's.

Nothing of it is run as it stands. Of ``kedro run`` those options are taken over that choose nodes,
parameters and one of the project's own environments. ``--conf-source`` and ``--config`` name files
that can name any class, and ``--runner`` imports what it names: with these a run is refused.
"""

from collections.abc import Sequence
from pathlib import Path

import click

RUNNERS = ("SequentialRunner", "ThreadRunner", "ParallelRunner")
_NAMES = (
    *(["--pipelines"], ["--pipeline", "-p"], ["--env", "-e"], ["--params"], ["--runner", "-r"]),
    *(["--nodes", "-n"], ["--tags", "-t"], ["--from-nodes"], ["--to-nodes"]),
    *(["--from-inputs"], ["--to-outputs"]),
)
_RUN = click.Command(
    "run",
    params=[
        *(click.Option(names, multiple=True) for names in _NAMES),
        click.Option(["--async"], is_flag=True),
        click.Option(["--only-missing-outputs"], is_flag=True),
    ],
    add_help_option=False,
)


class CommandRefusedError(ValueError):
    """A command that is not run again; the message is the reason."""


def rebuilt_command(command: Sequence[str], environments: Path) -> list[str]:
    """``kedro run`` with the same options, but for ``--only-missing-outputs``.

    Args:
        command: as it stands in the manifest.
        environments: the project's folder ``conf``.

    Raises:
        CommandRefusedError: another program, an option that is not taken over, or a value that
            leads out of the project.
    """
    if list(command[:2]) != ["kedro", "run"]:
        raise CommandRefusedError("it was not started by `kedro run`")
    try:
        values = _RUN.make_context("kedro run", list(command[2:])).params
    except click.UsageError as error:
        raise CommandRefusedError(error.format_message()) from error
    own = {path.name for path in environments.iterdir() if path.is_dir()}
    for option, known in (("env", own), ("runner", RUNNERS)):
        if foreign := [value for value in values[option] if value not in known]:
            raise CommandRefusedError(f"--{option}={foreign[0]}; known: {', '.join(sorted(known))}")
    if any("${" in value for value in values["params"]):
        raise CommandRefusedError("--params holds an interpolation")
    flags = ["--async"] if values.pop("async") else []
    del values["only_missing_outputs"]
    rebuilt = (
        f"--{name.replace('_', '-')}={value}" for name, given in values.items() for value in given
    )
    return ["kedro", "run", *rebuilt, *flags]
