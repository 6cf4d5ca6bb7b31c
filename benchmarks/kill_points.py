"""Kill -9 at twenty moments of a run of the real pipelines, and compare with an undisturbed one.

    python benchmarks/kill_points.py [KILLS]

Works in a copy of the configuration below a temporary folder, at smoke size with a checkpoint
every third step. When a killed run was all but done, the next one starts from an empty folder, so
that every kill falls into work. Prints each kill and, at the end, whether all outputs are equal.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OPTIONS = ("--env=smoke", "--pipelines=train", "--params=train.checkpoint_every=3")


def start(conf: Path) -> "subprocess.Popen[bytes]":
    """A run that makes what is missing or stale."""
    command = [sys.executable, "-m", "kedro", "run", "--only-missing-outputs", *OPTIONS]
    return subprocess.Popen(
        [*command, f"--conf-source={conf}"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DO_NOT_TRACK": "1"},
    )


def finish(conf: Path) -> float:
    """Seconds that the rest of the run takes."""
    began = time.monotonic()
    if start(conf).wait():
        sys.exit("a run that was not killed failed")
    return time.monotonic() - began


def digests(data: Path) -> dict[str, str]:
    """Content of each output in the ledger."""
    entries = (json.loads(path.read_text()) for path in (data / "runs" / "outputs").glob("*.json"))
    return {entry["output"]: entry["content"] for entry in entries}


def main(kills: int) -> None:
    """Kill that often; exit with the verdict."""
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
        done = different = 0
        while done < kills:
            run = start(conf)
            moment = moments.uniform(2, whole / 3)
            try:
                different += run.wait(moment) != 0
                print("finished before the kill; starts again from nothing", flush=True)
                different += digests(data) != expected
                shutil.rmtree(data)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                done += 1
                made = len(digests(data))
                print(f"kill {done} after {moment:.1f} s, {made} outputs", flush=True)
        print(f"the rest: {finish(conf):.0f} s", flush=True)
        different += digests(data) != expected
    sys.exit("outputs differ" if different else print("all outputs equal"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
