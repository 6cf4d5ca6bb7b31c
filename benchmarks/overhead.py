"""What Kedro, fingerprints and manifests cost beside the work, at smoke size and scaled up.

    python benchmarks/overhead.py [ROWS_RATIO DEFAULT_CPU_S]

Runs ``train`` of the environment smoke from nothing, in a copy of the configuration below a
temporary folder, and charges every second to what runs at that moment: nodes (with the chunks that
are made while they are saved), reading and writing of data, hashing of record shards, hashing of
models and the rest, fsync, our hooks, Kedro. Of the last five, shards and fsync grow with the data:
ROWS_RATIO times as many rows (default 7000 to 136); the others are the same in the default run of
DEFAULT_CPU_S (1237, `train` in the README), whose models have the sizes of those of smoke.
"""

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

BEGAN = time.process_time(), time.perf_counter()

from kedro.framework.session import KedroSession  # noqa: E402
from kedro.framework.startup import bootstrap_project  # noqa: E402
from kedro.io import DataCatalog  # noqa: E402
from kedro.pipeline.node import Node  # noqa: E402

from spatial_dual import hooks  # noqa: E402
from spatial_dual.chunks import ChunkSeries  # noqa: E402
from spatial_dual.datasets import folders, shard_folder, shard_writer  # noqa: E402
from spatial_dual.parameter_check import ParameterCheck  # noqa: E402
from spatial_dual.runs import fingerprints  # noqa: E402
from spatial_dual.runs.hooks import RunRecords  # noqa: E402

PROJECT = Path(__file__).resolve().parents[1]
GROWING, FIXED = ("shards", "fsync"), ("hashing", "hooks", "kedro")


class Account:
    """CPU and wall seconds of this process by what was innermost at the time."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.wall: Counter[str] = Counter()
        self._running = ["kedro"]
        self._since = BEGAN

    def switch(self) -> None:
        now = time.process_time(), time.perf_counter()
        self.seconds[self._running[-1]] += now[0] - self._since[0]
        self.wall[self._running[-1]] += now[1] - self._since[1]
        self._since = now

    def charge(self, owner: Any, name: str, what: str | Callable[..., str]) -> None:
        """Charge all calls of ``owner.name`` to ``what``, or to what that says of its arguments."""
        inner: Callable[..., Any] = getattr(owner, name)

        @wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.switch()
            self._running.append(what if isinstance(what, str) else what(*args, **kwargs))
            try:
                return inner(*args, **kwargs)
            finally:
                self.switch()
                self._running.pop()

        setattr(owner, name, timed)


def hashed(path: Path) -> str:
    """Shards of records grow with the rows; models and the rest do not."""
    return "shards" if path.suffix == ".arrow" else "hashing"


def watch(account: Account) -> None:
    """Charge nodes, data, hashing, fsync and hooks."""
    account.charge(Node, "run", "nodes")
    for name in ("load", "save"):
        account.charge(DataCatalog, name, "data")
    made = ChunkSeries.covering

    def covering(self: ChunkSeries, start: int, stop: int) -> Any:
        chunks = made(self, start, stop)
        step = type("Step", (), {"next": staticmethod(lambda: next(chunks, None))})
        account.charge(step, "next", "nodes")
        return iter(step.next, None)

    ChunkSeries.covering = covering  # type: ignore[method-assign]
    for module in (folders, shard_folder, shard_writer, fingerprints):
        if hasattr(module, "file_digest"):
            account.charge(module, "file_digest", hashed)
        if hasattr(module, "flush"):
            account.charge(module, "flush", "fsync")
    ours = (RunRecords, hooks.StageCosts, hooks.ClearProgress, hooks.PlanPipelines, ParameterCheck)
    for hook in ours:
        for name in [n for n in vars(hook) if n.startswith(("before_", "after_", "on_"))]:
            account.charge(hook, name, "hooks")


def main(ratio: float, default: float) -> None:
    """Run and print."""
    account = Account()
    watch(account)
    with tempfile.TemporaryDirectory() as name:
        conf, data = Path(name) / "conf", Path(name) / "data"
        shutil.copytree(PROJECT / "conf", conf)
        settings = conf / "smoke" / "globals.yml"
        settings.write_text(settings.read_text().replace("data/smoke", str(data)))
        bootstrap_project(PROJECT)
        with KedroSession.create(PROJECT, env="smoke", conf_source=str(conf)) as session:
            session.run(pipeline_names=["train"])
    account.switch()
    for what, seconds in account.seconds.most_common():
        print(f"{what:8} {seconds:7.2f} CPU-s {account.wall[what]:7.2f} s")
    fixed = sum(account.seconds[what] for what in FIXED)
    growing = sum(account.seconds[what] for what in GROWING)
    print(f"smoke: {fixed + growing:.1f} of {sum(account.seconds.values()):.1f} CPU-s")
    scaled = fixed + ratio * growing
    print(f"default run: {scaled:.1f} of {default:.0f} CPU-s = {scaled / default:.2%}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:] or ("51.5", "1237")))
