"""Kill -9 at many points of runs of the real pipelines, and compare with an undisturbed run.

    python -m benchmarks.kill_points [KILLS] [LOG]

Runs the stages from data to drawings, at less than smoke size, in a temporary folder, with a
checkpoint every second step. Kedro reads its configuration once: each run is a fork of this process
where Kedro has called the first hook of a run, and takes up what the run before it left. One run
in two dies at a file-system call that changes the data folder (seen with ``ptrace``), the others
after some of their CPU time. A run that comes to its end must leave the files of the undisturbed
run, byte for byte; the next starts from an empty folder. Only then its kills count, and LOG gets a
JSON line of them.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a fork has none of its threads
os.environ["DO_NOT_TRACK"] = "1"

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from spatial_dual.runs import fingerprints, hooks, manifest
from spatial_dual.runs.code import CodeReader
from spatial_dual.runs.fingerprints import Fingerprints
from tests.faults.syscalls import Tracer, wait_for_tracer

PROJECT = Path(__file__).resolve().parents[1]
SIZES: dict[str, Any] = {
    "image_size": 64,
    "train": {"max_steps": 4, "checkpoint_every": 2},
    "generate": {"count": 4, "from_gold_count": 2, "chunk_rows": 2, "steps": 2},
}
PIPELINES = ["train", "generate"]
COSTLY = ["draw_depth_views"]
"""Nodes that take as long as all others together, and save what other nodes save too."""
SCENES = "{train: 16, val: 4, test: 6}"
CALLS, SECONDS = 60, 8.0
"""A kill falls below so many calls or CPU-seconds, rather early: the longest node takes less, and a
run's start about 20 calls."""
COMMIT = os.environ.get("FAULTS_COMMIT", "")
OF_RUNS = ("run", "cost", "page", "table")
"""In names of files that tell seconds and runs, which are others each time."""


def cheap_nodes() -> list[str]:
    """Names of the nodes that are run."""
    nodes = sum((pipelines[name] for name in PIPELINES), Pipeline([])).nodes
    return [node.name for node in nodes if node.name not in COSTLY]


def write_conf(workplace: Path) -> Path:
    """A copy of the configuration that is small and writes to ``workplace/data``."""
    conf = workplace / "conf"
    shutil.copytree(PROJECT / "conf", conf)
    paths = conf / "smoke" / "globals.yml"
    paths.write_text(paths.read_text().replace("data/smoke", str(workplace / "data")))
    scenes = conf / "smoke" / "catalog_scenes.yml"
    scenes.write_text(scenes.read_text().replace("{train: 96, val: 16, test: 24}", SCENES))
    return conf


def files(data: Path) -> dict[str, str]:
    """SHA-256 of each file, those left out that tell of runs."""
    found = (path for path in sorted(data.rglob("*")) if path.is_file())
    names = {str(path.relative_to(data)): path for path in found}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not any(word in name for word in OF_RUNS)
    }


class InForkError(BaseException):
    """Leads a fork out of the hook."""


class Kills:
    """The hook in which this process stays, while its forks run on.

    Args:
        workplace: temporary folder.
        kills: how many to count.
        log: gets a line for each run that came to its end.
    """

    def __init__(self, workplace: Path, kills: int, log: Path | None) -> None:
        self._data, self._workplace = workplace / "data", workplace
        self._wanted, self._log = kills, log
        self._random = random.Random(time.time_ns())
        self._runs = self._counted = 0

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Returns in forks alone."""
        self._run_params = run_params
        with suppress(InForkError):
            self._read_code(pipeline, catalog)
            expected = self._undisturbed()
            while self._counted < self._wanted:
                self._one_pass(expected)
            sys.exit()

    def _read_code(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Read once what cannot change between two runs: our code, and what is installed."""
        reader = CodeReader(hooks.PACKAGE, self._workplace / "code_digests")
        reader.reached_by = cache(reader.reached_by)
        follow = cache(reader.follow)
        reader.follow = lambda modules: follow(tuple(modules))
        fingerprints.CodeReader = lambda *_: reader
        manifest._packages, manifest._git = cache(manifest._packages), cache(manifest._git)
        Fingerprints(self._data, pipeline, catalog, hooks.PACKAGE).stale(pipeline)

    def _undisturbed(self) -> dict[str, str]:
        """Files of an undisturbed run; what it imported is imported here for all others."""
        began = time.monotonic()
        self._finish()
        expected = files(self._data)
        print(f"undisturbed: {time.monotonic() - began:.0f} s, {len(expected)} files", flush=True)
        for name in (self._workplace / "modules").read_text().split():
            if name not in sys.modules:
                with suppress(ImportError):  # of names that Cython made up
                    import_module(name)
        return expected

    def _one_pass(self, expected: dict[str, str]) -> None:
        """Kill runs until one comes to its end; count the kills if all is as it should be."""
        began, points = time.monotonic(), Counter[str]()
        shutil.rmtree(self._data)
        while self._counted + points.total() < self._wanted:
            if not (point := self._killed()):
                break
            points[point] += 1
        else:
            self._finish()
        found = files(self._data)
        if wrong := sorted(name for name, _ in expected.items() ^ found.items()):
            sys.exit(f"after kills at {dict(points)} files differ: {', '.join(wrong)}")
        self._counted += points.total()
        seconds = round(time.monotonic() - began)
        print(f"{self._counted} kills, last {seconds} s: {dict(points)}, files equal", flush=True)
        if self._log:
            line = json.dumps({"kills": points, "seconds": seconds, "commit": COMMIT})
            with self._log.open("a") as stream:
                stream.write(line + "\n")

    def _killed(self) -> str:
        """Where a run died; "" if it came to its end before."""
        point = "moment"
        if self._random.random() < 0.5:
            tracer = Tracer(self._fork(traced=True), str(self._data))
            _, _, point, status = tracer.run("kill", int(CALLS * self._random.random() ** 2))
        else:
            _, status = os.waitpid(self._fork(seconds=SECONDS * self._random.random() ** 3), 0)
        code = os.waitstatus_to_exitcode(status)
        self._check(code in (0, -signal.SIGKILL, -signal.SIGPROF))
        return point if code else ""

    def _finish(self) -> None:
        """Run to the end."""
        self._check(os.waitpid(self._fork(), 0)[1] == 0)

    def _check(self, is_well: bool) -> None:
        if not is_well:
            sys.exit("a run failed:\n" + (self._workplace / "log").read_text()[-3000:])

    def _fork(self, seconds: float = 0.0, traced: bool = False) -> int:
        """Process of a run that makes what is missing or stale.

        Raises:
            InForkError: in that process.
        """
        self._runs += 1
        if child := os.fork():
            return child
        self._run_params["run_id"] = f"run {self._runs}"
        log = os.open(self._workplace / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for stream in (1, 2):
            os.dup2(log, stream)
        if traced:
            wait_for_tracer()
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF, which nobody handles; 0 is never
        raise InForkError


def main(kills: int, log: Path | None) -> None:
    """Kill that often; exits with the reason if anything is lost."""
    lead = os.getpid()
    with tempfile.TemporaryDirectory() as name:
        try:
            bootstrap_project(PROJECT)
            conf = write_conf(Path(name))
            with KedroSession.create(
                PROJECT, env="smoke", conf_source=str(conf), runtime_params=SIZES
            ) as session:
                session._hook_manager.register(Kills(Path(name), kills, log))
                session.run(
                    pipeline_names=PIPELINES, node_names=cheap_nodes(), only_missing_outputs=True
                )
            (Path(name) / "modules").write_text("\n".join(sorted(sys.modules)))
            os._exit(0)  # a fork: this process has left by SystemExit
        finally:
            if os.getpid() != lead:
                traceback.print_exc()
                os._exit(1)


if __name__ == "__main__":
    options = sys.argv[1:]
    main(int(options[0]) if options else 20, Path(options[1]) if len(options) > 1 else None)
