"""Model folders with flipped bytes, under a memory limit: named or equal, and no signal."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.faults.catalog_types import TYPES
from tests.faults.child import outcomes
from tests.faults.profile import inputs
from tests.faults.test_model_folders import agree

NAMED = "named: "


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("model", "perceiver", "whole model", "stanza package"):
        (folder / name).mkdir()
        TYPES[name].dataset(folder / name).save(TYPES[name].value(1))
    return folder


def load_flipped(given: tuple[Path, Path, str, int, bool]) -> str:
    """How a folder is loaded with bits flipped in a file, its manifest agreeing or not."""
    stored, place, name, seed, agrees = given
    rng = np.random.default_rng(seed)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(stored / name, place)
    files = sorted(path for path in place.rglob("*") if path.is_file())
    file = files[rng.integers(len(files))]
    data = np.frombuffer(file.read_bytes(), np.uint8).copy()
    for _ in range(rng.integers(1, 5)):
        data[rng.integers(min(len(data), 4096))] ^= np.uint8(1 << rng.integers(8))
    file.write_bytes(data.tobytes())
    if agrees:
        agree(place)
    kind = TYPES[name]
    try:
        found = kind.content(kind.dataset(place).load())
    except Exception as error:
        return f"{NAMED}{type(error).__name__}: {error}"
    expected = kind.content(kind.dataset(stored / name).load())
    return "equal" if found == expected else f"another value, {file.relative_to(place)}"


@pytest.mark.parametrize("name", ["model", "perceiver", "stanza package", "whole model"])
def test_named_or_equal(whole: Path, tmp_path: Path, name: str) -> None:
    count = inputs(*((3, 40) if name == "whole model" else (20, 1_000)))
    tries = [(whole, tmp_path / "f", name, seed, False) for seed in range(count)]
    wrong = {n: said for n, said in enumerate(outcomes(load_flipped, tries)) if is_wrong(said)}
    assert wrong == {}


def is_wrong(said: str) -> bool:
    """Neither equal nor named by its file."""
    return said != "equal" and not (said.startswith(NAMED) and "/f/" in said)


@pytest.mark.parametrize("name", ["model", "perceiver", "whole model"])
def test_of_a_stranger_without_a_signal(whole: Path, tmp_path: Path, name: str) -> None:
    """His manifest agrees, so other weights are what he says they are."""
    count = inputs(*((3, 40) if name == "whole model" else (20, 1_000)))
    tries = [(whole, tmp_path / "f", name, seed, True) for seed in range(count)]
    said = outcomes(load_flipped, tries)
    assert [each for each in said if each.startswith(("signal", "raised"))] == []
    named = [each for each in said if each.startswith(NAMED)]
    assert [each for each in named if "/f" not in each] == []
