"""Processes that die at a chosen change of the file system."""

import os
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

FORK = get_context("fork")
EVENTS = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"}


def killed_at(event: int, work: Callable[[], Any]) -> bool:
    """Whether a process of its own died at its n-th change of a file or folder."""

    def run() -> None:
        seen = 0

        def watch(name: str, arguments: Any) -> None:
            nonlocal seen
            seen += name in EVENTS
            if seen > event:
                os._exit(9)

        sys.addaudithook(watch)
        work()
        os._exit(0)

    process = FORK.Process(target=run)
    process.start()
    process.join()
    assert process.exitcode in (0, 9)
    return process.exitcode == 9
