"""All scenes of a data set as a stream of column chunks, drawn by several processes."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from spatial_dual import child_processes
from spatial_dual.chunks import Chunk, ChunkSeries, Make
from spatial_dual.render.scenes import render_chunk
from spatial_dual.render.splits import SPLITS

_AHEAD = 2
"""Chunks in work or waiting for each worker: what memory holds does not grow with the data."""


class LostWorkerError(RuntimeError):
    """A process that draws scenes was killed or hangs; the message says what to do."""


class SceneSource:
    """A seeded set of rendered scenes.

    The records depend on neither ``workers`` nor the size of the chunks.

    Args:
        counts: scenes of each split.
        seed: of the data set.
        image_size: height and width of the pictures.
        short_captions, detailed_captions: captions of each style per scene.
        workers: processes; by default one for each processor that this process may use.

    Raises:
        ValueError: an unknown split, or a number that is too small.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        seed: int = 0,
        image_size: int = 128,
        short_captions: int = 2,
        detailed_captions: int = 2,
        workers: int | None = None,
    ) -> None:
        unknown = set(counts) - set(SPLITS)
        if unknown:
            raise ValueError(f"scenes: no split {sorted(unknown)}; there are {', '.join(SPLITS)}")
        if min(counts.values(), default=0) < 0:
            raise ValueError(f"scenes: negative number of scenes in {dict(counts)}")
        if image_size < 16:
            raise ValueError(f"scenes: image_size must be at least 16 pixels, got {image_size}")
        if workers is not None and workers < 1:
            raise ValueError(f"scenes: workers must be at least 1, got {workers}")
        self._counts = dict(counts)
        self._seed = seed
        self._size = image_size
        self._captions = (short_captions, detailed_captions)
        self._workers = workers or len(os.sched_getaffinity(0))

    def splits(self) -> dict[str, int]:
        """Scenes of each split."""
        return dict(self._counts)

    def chunks(self, split: str, size: int) -> ChunkSeries:
        """Records of a split as columns, ``size`` scenes at a time.

        Columns: those of ``render_scene``; image (n, H, W, 3), depth and instances (n, H, W) are
        arrays, the others lists.

        Raises:
            ValueError: the source has no such split, or ``size`` is below 1.
        """
        if split not in self._counts:
            raise ValueError(f"scenes: no split {split!r}; there are {', '.join(self._counts)}")
        if size < 1:
            raise ValueError(f"scenes: chunks need at least 1 row, got {size}")
        count = self._counts[split]
        short, detailed = self._captions
        render = partial(
            render_chunk, self._seed, split, size=self._size, short=short, detailed=detailed
        )
        alone = self._workers == 1 or count <= size
        through = map if alone else self._in_parallel
        return ChunkSeries(count, size, render, f"render {split}", through)

    def _in_parallel(self, make: Make, ranges: Iterable[range]) -> Iterator[Chunk]:
        # Spawned, not forked: the parent may hold locks of other libraries' threads.
        context = multiprocessing.get_context("spawn")
        watch = child_processes.end_with_parent
        with ProcessPoolExecutor(self._workers, context, watch) as pool:
            pending: deque[Future[Chunk]] = deque()
            for rows in ranges:
                if len(pending) == _AHEAD * self._workers:
                    yield _result(pool, pending.popleft())
                pending.append(pool.submit(make, rows))
            while pending:
                yield _result(pool, pending.popleft())


def _result(pool: ProcessPoolExecutor, future: "Future[Chunk]") -> Chunk:
    seconds = child_processes.HANG_SECONDS
    try:
        return future.result(seconds)
    except BrokenProcessPool as error:
        lost = "was killed, perhaps for lack of memory"
        raise LostWorkerError(_advice(lost)) from error
    except TimeoutError as error:
        for process in pool._processes.values():  # else the pool would wait for them at its end
            process.kill()
        raise LostWorkerError(_advice(f"has given nothing for {seconds:.0f} s")) from error


def _advice(what: str) -> str:
    return (
        f"scenes: a process that draws them {what}; what is finished is kept: run again with "
        "--only-missing-outputs, with fewer workers in the catalog entry if memory is short"
    )
