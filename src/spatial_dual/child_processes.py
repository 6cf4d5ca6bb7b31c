"""Worker processes that do not outlive the process that started them."""

import os
import threading
import time
from multiprocessing import parent_process

HANG_SECONDS = 600.0
"""A worker that has been waited for so long counts as hung; far above a chunk or a step."""


def end_with_parent(grace: float = 0.0) -> None:
    """End this process when the one that started it has ended, however that ended.

    Called by a worker at its start; it then watches the pipe that the kernel closes.

    Args:
        grace: seconds that are left to end in order.
    """
    threading.Thread(target=_watch, args=(grace,), daemon=True).start()


def _watch(grace: float) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        time.sleep(grace)
        os._exit(1)
