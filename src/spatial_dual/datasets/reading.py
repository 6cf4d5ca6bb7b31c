"""Files of strangers: regular files alone, of limited size, below their folder."""

import json
import os
import stat
from pathlib import Path
from typing import Any

from spatial_dual.datasets.limits import TEXT_BYTES


class BadFileError(ValueError):
    """A file that is not read; the message names it and the reason."""


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
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise BadFileError(f"{path}: not a regular file")
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        if isinstance(error, BadFileError):
            raise
        raise BadFileError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > limit:
        raise BadFileError(f"{path}: more than {limit} bytes")
    return data


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
        raise BadFileError(f"{name}: not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise BadFileError(f"{name}: not JSON: {error}") from error


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path, all links followed, stays below a folder."""
    return path.resolve().is_relative_to(folder.resolve())
