"""Kill -9 at many moments of runs of the real pipelines, and compare with an undisturbed one.

    python benchmarks/kill_points.py [KILLS]

Works in a copy of the configuration below a temporary folder, at smoke size with a checkpoint
every third step. Each run is a fork of this process, which has imported everything already, so
that kills fall into work and not into imports. When a killed run was all but done, the next one
starts from an empty folder. Prints each kill and, at the end, whether all outputs are equal.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a fork has none of its threads
os.environ["DO_NOT_TRACK"] = "1"

import torch._dynamo  # noqa: F401
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

import spatial_dual.training.fit  # noqa: F401

PROJECT = Path(__file__).resolve().parents[1]
LONGEST = 6.0
"""Seconds: kills fall as often into the first as into the last of them."""


def start(conf: Path) -> int:
    """Process of a run that makes what is missing or stale."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.setsid()
        log = os.open(conf.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for stream in (1, 2):
            os.dup2(log, stream)
        bootstrap_project(PROJECT)
        with KedroSession.create(
            PROJECT,
            env="smoke",
            conf_source=str(conf),
            runtime_params={"train": {"checkpoint_every": 3}},
        ) as session:
            session.run(pipeline_names=["train"], only_missing_outputs=True)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def wait(process: int, seconds: float) -> int | None:
    """Exit status of the process; None if it still runs after so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None


def finish(conf: Path) -> float:
    """Seconds that the rest of the run takes."""
    began = time.monotonic()
    if wait(start(conf), 1e9):
        sys.exit("a run that was not killed failed:\n" + (conf.parent / "log").read_text()[-3000:])
    return time.monotonic() - began


def digests(data: Path) -> dict[str, str]:
    """Content of each output in the ledger."""
    entries = (json.loads(path.read_text()) for path in (data / "runs" / "outputs").glob("*.json"))
    return {entry["output"]: entry["content"] for entry in entries}


def main(kills: int) -> str | None:
    """Kill that often; gives what is wrong, or None."""
    with tempfile.TemporaryDirectory() as name:
        workplace = Path(name)
        conf, data = workplace / "conf", workplace / "data"
        shutil.copytree(PROJECT / "conf", conf)
        settings = conf / "smoke" / "globals.yml"
        settings.write_text(settings.read_text().replace("data/smoke", str(data)))
        whole = finish(conf)
        expected = digests(data)
        print(f"undisturbed: {whole:.0f} s, {len(expected)} outputs", flush=True)
        shutil.rmtree(data)
        moments = random.Random(0)
        done = passes = different = 0
        while done < kills:
            run = start(conf)
            moment = moments.uniform(0.2, LONGEST)
            code = wait(run, moment)
            if code is None:
                os.kill(run, signal.SIGKILL)
                os.waitpid(run, 0)
                done += 1
                made = len(digests(data))
                print(f"kill {done} after {moment:.1f} s, {made} outputs", flush=True)
            else:
                passes += 1
                different += code != 0 or digests(data) != expected
                print(f"finished before the kill: pass {passes}; from nothing again", flush=True)
                shutil.rmtree(data)
        print(f"the rest: {finish(conf):.0f} s", flush=True)
        different += digests(data) != expected
        print(f"{done} kills, {passes + 1} finished runs, {different} of them differ", flush=True)
    return "outputs differ" if different else None


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
