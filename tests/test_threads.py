"""Commands and runs share a machine's cores, unless the user has set otherwise."""

import os
import subprocess
import sys

import pytest

ENTRIES = ("spatial_dual.settings", "spatial_dual.commands.main")
SHOW = """
import importlib, os, sys
module = importlib.import_module(sys.argv[1])
if hasattr(module, "main"):
    try:
        module.main(["graph", "--image", "absent.png"])
    except SystemExit:
        pass
print(os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("chosen", [{}, {"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"}])
def test_threads_sleep_while_they_wait(entry: str, chosen: dict[str, str]) -> None:
    outside = {name: text for name, text in os.environ.items() if not name.startswith("OMP_")}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW, entry],
        env=outside | chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = chosen or {
        "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    assert shown.stdout.split() == list(wanted.values())
