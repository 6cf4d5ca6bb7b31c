"""Progress with remaining time, for anything that takes more than a moment."""

import sys
from collections.abc import Iterable

from tqdm import tqdm


def progress_bar(
    name: str, total: int, unit: str = "image", hidden: bool = False, done: int = 0
) -> "tqdm[None]":
    """A bar to ``update``; close it or use it in a ``with``."""
    # a pipe keeps every refresh as text: refresh rarely there
    interval = 0.5 if sys.stderr.isatty() else 20.0
    return tqdm(
        total=total, initial=done, desc=name, unit=unit, mininterval=interval, disable=hidden
    )


def batch_ranges(count: int, size: int, name: str) -> Iterable[range]:
    """Consecutive row ranges of at most ``size``, with a bar over the rows."""
    with progress_bar(name, count) as bar:
        for start in range(0, count, size):
            rows = range(start, min(start + size, count))
            yield rows
            bar.update(len(rows))
