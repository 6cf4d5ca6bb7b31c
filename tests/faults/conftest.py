"""With ``FAULTS_LOG``: a JSON line for each test in that file; what passed is not tried again."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import profile

LOG = os.environ.get("FAULTS_LOG")
COMMIT = os.environ.get("FAULTS_COMMIT", "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not LOG or not Path(LOG).exists():
        return
    lines = map(json.loads, Path(LOG).read_text().splitlines())
    done = {line["test"] for line in lines if line["outcome"] != "failed"}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in done])
    items[:] = [item for item in items if item.nodeid not in done]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    profile.tried = 0
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if LOG and (report.when == "call" or report.outcome != "passed"):
        line = {
            "test": report.nodeid,
            "outcome": report.outcome,
            "seconds": round(report.duration, 2),
            "tried": profile.tried,
            "commit": COMMIT,
        }
        with open(LOG, "a") as stream:
            stream.write(json.dumps(line) + "\n")
