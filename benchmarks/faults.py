"""The fault tests in full, and kills of the real pipelines; writes the end of ``docs/faults.md``.

    python benchmarks/faults.py [KILLS]

``make faults`` runs it, with 1 000 kills. Both parts keep a log in ``build/faults``, and the page
is written anew while they run: a run that was stopped says how far it came, and the next one goes
on there. Delete that folder to start over. The exit status says whether anything failed.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "faults.md"
LOGS = PROJECT / "build" / "faults"
TESTS, KILLS = LOGS / "tests.jsonl", LOGS / "kills.jsonl"
HEADING = "## The last run of `make faults`"
SECONDS = 20.0
"""Between two looks at the logs."""


def read(log: Path) -> list[dict[str, Any]]:
    """Lines of a log; one that is being written is left out."""
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def of_tests(lines: list[dict[str, Any]]) -> str:
    """A row for each file of tests; of a test that was repeated the last time counts."""
    last = {line["test"]: line for line in lines}
    files = defaultdict(list)
    for name, line in last.items():
        files[name.partition("::")[0].rpartition("/")[2]].append(line)
    rows = []
    for name, found in sorted(files.items()):
        outcomes = Counter(line["outcome"] for line in found)
        tried, seconds = (sum(line[key] for line in found) for key in ("tried", "seconds"))
        cells = [outcomes["passed"], outcomes["skipped"], outcomes["failed"]]
        rows.append(f"| {name} | {' | '.join(map(str, cells))} | {tried:,} | {seconds:.0f} |")
    failed = [line["test"] for line in last.values() if line["outcome"] == "failed"]
    return "\n".join(
        [
            f"Inputs and injected faults: {sum(line['tried'] for line in last.values()):,}.",
            "",
            "| file of `tests/faults` | passed | skipped | failed | tried | seconds |",
            "|---|---|---|---|---|---|",
            *rows,
            *(f"\nFailed: `{name}`." for name in failed),
        ]
    )


def of_kills(lines: list[dict[str, Any]]) -> str:
    """How many kills, where, and in how many runs."""
    points = sum((Counter(line["kills"]) for line in lines), Counter())
    calls = ", ".join(f"{name} {count}" for name, count in points.most_common() if name != "moment")
    minutes = sum(line["seconds"] for line in lines) / 60
    return (
        f"Kills of the real pipelines: {points.total():,}, of which {points['moment']:,} at a "
        f"moment of CPU time and the others at a call ({calls or 'none'}); {len(lines)} runs came "
        f"to their end after them, in {minutes:.0f} minutes, all of them with the files of an "
        "undisturbed run, byte for byte."
    )


def write_page(state: str) -> None:
    """Put the figures under the page's last heading."""
    tests, kills = read(TESTS), read(KILLS)
    commits = ", ".join(dict.fromkeys(line["commit"] for line in [*tests, *kills]))
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    machine = f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores"
    parts = [f"{day} UTC, commit {commits}, {machine}. {state}", of_tests(tests), of_kills(kills)]
    kept = PAGE.read_text().partition(HEADING)[0].rstrip()
    PAGE.write_text("\n\n".join([kept, HEADING, *parts]) + "\n")


def run(command: list[str], what: str, **more: str) -> bool:
    """Whether a command succeeds; the page is written anew as it goes on."""
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **more})
    while process.poll() is None:
        write_page(f"{what}: not yet at their end.")
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return process.returncode == 0


def main(kills: int) -> int:
    """Run both parts."""
    LOGS.mkdir(parents=True, exist_ok=True)
    commit = subprocess.check_output(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, text=True
    ).strip()
    done = sum(sum(line["kills"].values()) for line in read(KILLS))
    points = [sys.executable, "-m", "benchmarks.kill_points", str(max(kills - done, 0)), str(KILLS)]
    tests = [sys.executable, "-m", "pytest", "tests/faults", "-q", "-rs", "-p", "no:cacheprovider"]
    began = time.monotonic()
    well = run(points, "Kills", FAULTS_COMMIT=commit)
    seed = str(int(commit, 16))
    settings = {"FAULTS": "long", "FAULTS_LOG": str(TESTS), "FAULTS_SEED": seed}
    well &= run(tests, "Tests", FAULTS_COMMIT=commit, **settings)
    minutes = (time.monotonic() - began) / 60
    write_page(f"Complete, {'nothing' if well else 'something'} failed; {minutes:.0f} minutes.")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
