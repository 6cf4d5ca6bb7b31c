"""The fault tests in full, and kills of the real pipelines; writes ``docs/faults.md``.

    python benchmarks/faults.py [KILLS] [FACTOR]

FACTOR multiplies the inputs of the test suite: 600 makes 10⁶ of them. ``make faults`` runs it with
1 000 kills. A part that fails is written down as it is, and the exit status says so.
"""

import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOG = PROJECT / "docs" / "faults.md"
HEAD = """# What the fault tests tried

Written by `make faults` (`benchmarks/faults.py`). Every run of the test suite tries a small part of
it; `tests/faults/` holds the tests.
"""


def run(command: list[str], **more: str) -> tuple[int, list[str], float]:
    """Exit status, lines and seconds of a command, whose output is shown too."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout or ():
        print(line, end="", flush=True)
        lines.append(line.rstrip())
    return process.wait(), lines, time.monotonic() - began


def section(title: str, command: str, found: tuple[int, list[str], float], kept: str) -> str:
    """One part of the log: the lines that match."""
    code, lines, seconds = found
    said = "\n".join(line for line in lines if re.search(kept, line))
    return (
        f"\n## {title}\n\n`{command}`: {'passed' if code == 0 else f'failed ({code})'}, "
        f"{seconds / 60:.0f} minutes.\n\n```text\n{said}\n```\n"
    )


def main(kills: str, factor: str) -> int:
    """Run both parts and write the log."""
    commit = subprocess.check_output(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, text=True
    )
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    cores = len(os.sched_getaffinity(0))
    head = f"\n{day}, commit {commit.strip()}, {platform.machine()}, {cores} cores.\n"
    tests = [sys.executable, "-m", "pytest", "tests/faults", "-q", "-rs", "-p", "no:cacheprovider"]
    tried = run(tests, FAULTS="long", FAULTS_FACTOR=factor)
    shown = f"FAULTS=long FAULTS_FACTOR={factor} pytest tests/faults"
    text = section("Inputs", shown, tried, r"^(inputs tried|FAILED|ERROR|SKIPPED)|passed|failed")
    LOG.write_text(HEAD + head + text)
    killed = run([sys.executable, "benchmarks/kill_points.py", kills])
    shown = f"python benchmarks/kill_points.py {kills}"
    text += section("Kills", shown, killed, r"^(undisturbed|the rest|\d+ kills|outputs)|failed")
    LOG.write_text(HEAD + head + text)
    return tried[0] or killed[0]


if __name__ == "__main__":
    options = [*sys.argv[1:], "1000", "600"]
    sys.exit(main(options[0], options[1 if len(sys.argv) > 2 else -1]))
