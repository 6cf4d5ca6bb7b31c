"""Files of strangers: regular files alone, of limited size, below their folder."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from spatial_dual.datasets.limits import TEXT_BYTES


class BadFileError(ValueError):
    """A file that is not read; the message names it and the reason.

    Attributes:
        reason: alone.
    """

    def __init__(self, name: object, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason


def read_bytes(path: Path | str, limit: int) -> bytes:
    """Content of a regular file; a pipe would be waited for, a device never ends.

    Args:
        path: of the file, or of a link to one.
        limit: most bytes.

    Raises:
        BadFileError: no such file, no regular one, one that cannot be read or is too large.
    """
    try:
        # without O_NONBLOCK a pipe is waited for already here
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadFileError(path, "not a regular file")
            if status.st_size > limit:
                raise BadFileError(path, f"{status.st_size} bytes, more than {limit}")
            return stream.read(status.st_size)
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        if isinstance(error, BadFileError):
            raise
        raise BadFileError(path, getattr(error, "strerror", None) or str(error)) from error


def read_json(path: Path | str, limit: int = TEXT_BYTES) -> Any:
    """Value of a JSON file in UTF-8.

    Raises:
        BadFileError: as of ``read_bytes``; not JSON, or nested too deeply to be read.
    """
    return parse_json(read_bytes(path, limit), str(path))


def parse_json(text: str | bytes, name: str) -> Any:
    """Value of JSON text.

    Args:
        text: a str, or UTF-8.
        name: of the file, for errors.

    Raises:
        BadFileError: not JSON, or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise BadFileError(name, "not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise BadFileError(name, f"not JSON: {error}") from error


def found_below(folder: Path, pattern: str) -> list[Path]:
    """Files in a folder that match a pattern, sorted; links that lead out of it are none."""
    return sorted(path for path in folder.glob(pattern) if is_within(path, folder))


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, stays below a folder."""
    return path.resolve().is_relative_to(folder.resolve())
