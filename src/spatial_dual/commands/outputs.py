"""What the subcommands write: lines on standard output, and pictures."""

import os
import stat
import sys
from pathlib import Path

from spatial_dual.commands.errors import CommandError
from spatial_dual.printing import printable


def open_streams() -> None:
    """Make sure of the three standard streams before any file is opened.

    A file that is opened while one of them is closed would take its place, and get the messages
    that libraries write there.

    Raises:
        CommandError: standard output is closed, so the result would be lost.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    if sys.stdout is None:
        raise CommandError("standard output is closed; send it to a file or to /dev/null")
    # what the terminal's encoding has no sign for is written as its escape
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """Write a line to standard output.

    Raises:
        CommandError: it cannot be written.
        BrokenPipeError: the reader has enough.
    """
    try:
        print(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritten(error) from error


def warn(line: str) -> None:
    """Write a line to standard error."""
    print(printable(line), file=sys.stderr)


def flush() -> None:
    """Write out what is left.

    Raises:
        CommandError, BrokenPipeError: as ``say``.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        silence()
        raise
    except OSError as error:
        raise _unwritten(error) from error


def silence() -> None:
    """Keep Python from writing what is left at its end into what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_replaceable(path: Path) -> None:
    """See that a file can be written at ``path``, and replaces nothing but a file of the user's.

    Raises:
        CommandError: no such folder, or there is a folder, link, pipe or device, a file that is
            read-only, or one of another user.
    """
    name = printable(path)
    if not path.parent.is_dir():
        raise CommandError(f"{name}: there is no folder {path.parent}")
    try:
        found = path.lstat()
    except FileNotFoundError:
        if os.access(path.parent, os.W_OK | os.X_OK):
            return
        raise CommandError(f"{name}: its folder is read-only; name another") from None
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
    if stat.S_ISDIR(found.st_mode):
        raise CommandError(f"{name}: is a folder; name a file in it, such as {name}/out.png")
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "a pipe or device"
        raise CommandError(f"{name}: is {kind}, not a file; name another")
    if not found.st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
        raise CommandError(f"{name}: is read-only; name another")
    if os.geteuid() not in (0, found.st_uid):
        raise CommandError(f"{name}: belongs to another user; name another")


def _unwritten(error: OSError) -> CommandError:
    silence()
    return CommandError(f"standard output cannot be written: {error.strerror}")
