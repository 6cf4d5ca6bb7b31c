"""One run at a time in one data folder."""

import fcntl
import os
from pathlib import Path

from click import ClickException


class FolderInUseError(ClickException):
    """Another run writes to the same folder; the message names it."""


class RunLock:
    """A lock of this process on ``folder``.

    The system takes it back when the process ends, however it ends; only the name of its holder
    stays in the file.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self, holder: str) -> None:
        """Take the lock until ``release`` or the end of the process.

        Raises:
            FolderInUseError: another process holds it.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(self._descriptor):
            other = os.read(self._descriptor, 4096).decode()
            self.release()
            raise FolderInUseError(
                f"{self._path.parent.parent} is being written by {other}; wait for that run or "
                "stop it, or give this one a folder of its own (data in conf/<env>/globals.yml)"
            )
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, holder.encode())

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether another process holds it."""
        if not self._path.exists():
            return False
        descriptor = os.open(self._path, os.O_RDWR)
        try:
            return not _lock(descriptor)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
