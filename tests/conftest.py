import os

# before torch and numpy are loaded: the tests run beside each other, one core each
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project_path() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not at {folder}")
    return folder
